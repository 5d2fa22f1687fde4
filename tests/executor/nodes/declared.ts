/** The kinds of Kysely's operation nodes and their properties, as Kysely's own declarations say. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface DeclaredProperty {
  readonly name: string;
  /** The declared type, as it is written. */
  readonly type: string;
  readonly optional: boolean;
  /** Whether it holds a list. */
  readonly list: boolean;
  /** The kinds that the type names; `OperationNode` stands for any kind. */
  readonly kinds: readonly string[];
}

export interface Declarations {
  /** Kysely's version. */
  readonly version: string;
  /** The properties of each kind other than `kind` itself. */
  readonly nodes: ReadonlyMap<string, readonly DeclaredProperty[]>;
  /** The kinds that `OperationNodeKind` lists. */
  readonly kinds: readonly string[];
}

/** Reads the declarations of the Kysely that is installed. */
export function readDeclarations(): Declarations {
  const index = new URL(import.meta.resolve("kysely"));
  const directory = index.pathname.includes("/dist/") ? new URL("./", index) : undefined;
  const folder = fileURLToPath(
    new URL("operation-node/", directory ?? new URL("./dist/", index)),
  );
  const texts = readdirSync(folder).filter((file) => file.endsWith(".d.ts"))
    .map((file) => readFileSync(`${folder}${file}`, "utf8").replace(/\/\*[\s\S]*?\*\//g, ""));
  const aliases = typeAliases(texts);
  const nodes = new Map<string, readonly DeclaredProperty[]>();
  for (const text of texts) {
    for (const [, name, body] of text.matchAll(INTERFACE)) {
      const kind = /\bkind: '(\w+)';/.exec(body!)?.[1];
      if (kind === undefined) continue;
      if (kind !== name) throw new Error(`${name} declares the kind ${kind}`);
      nodes.set(kind, propertiesOf(body!, aliases));
    }
  }
  const union = texts.map((text) => /type OperationNodeKind = ([^;]+);/.exec(text)?.[1])
    .find((found) => found !== undefined);
  return {
    version: versionOf(index),
    nodes,
    kinds: [...(union ?? "").matchAll(/'(\w+)'/g)].map(([, kind]) => kind!).sort(),
  };
}

const INTERFACE = /export interface (\w+) extends OperationNode \{([^}]*)\}/g;

const PROPERTY = /^\s*(?:readonly )?(\w+)(\?)?: ([^;]+);/gm;

function propertiesOf(
  body: string,
  aliases: ReadonlyMap<string, string>,
): readonly DeclaredProperty[] {
  return [...body.matchAll(PROPERTY)].filter(([, name]) => name !== "kind")
    .map(([, name, optional, type]) => ({
      name: name!,
      type: type!,
      optional: optional !== undefined,
      list: /\[\]|Array</.test(type!),
      kinds: [...resolve(type!, aliases).matchAll(/\b\w*Node\b/g)].map(([kind]) => kind),
    }));
}

/** Unions of nodes have names of their own, such as `ConstraintNode`. */
function typeAliases(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    texts.flatMap((text) => [...text.matchAll(/type (\w+) = ([^;]+);/g)])
      .map(([, name, type]) => [name!, type!]),
  );
}

function resolve(type: string, aliases: ReadonlyMap<string, string>): string {
  return type.replace(/\b\w+\b/g, (word) => {
    const alias = aliases.get(word);
    return alias === undefined || !/Node\b/.test(alias) || alias.includes("is(")
      ? word
      : resolve(alias, aliases);
  });
}

function versionOf(index: URL): string {
  for (const up of ["./", "../", "../../"]) {
    try {
      const text = readFileSync(new URL(`${up}package.json`, index), "utf8");
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === "kysely" && version !== undefined) return version;
    } catch {
      // It is further up.
    }
  }
  throw new Error("Cannot find Kysely's package.json");
}
