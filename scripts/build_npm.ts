/**
 * `deno task build:npm`: every package of the workspace as an npm package, unpacked in `npm/<name>/`
 * and packed in `npm/tarballs/`.
 *
 * The sources have `isolatedDeclarations` and `erasableSyntaxOnly`, so each file is translated by
 * itself, JavaScript and declarations alike: no type check, no `node_modules`. Types are checked by
 * `deno task check` before and by `deno task test:npm` after.
 *
 * @module
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { KEYWORDS, REPOSITORY } from "./repository.ts";
import { mustRun } from "./run.ts";
import { importsOf, packageName, parseSource, replaceSpecifiers, sourceFiles } from "./source.ts";
import { type Member, members, ROOT } from "./workspace.ts";

const OUTPUT = join(ROOT, "npm");
const TARBALLS = join(OUTPUT, "tarballs");
const KYSELY_RANGE = ">=0.28.17 <0.30 || 0.30.0-beta.2";
/** What a package uses in an entry of its own, and only those need who import that entry. */
const OPTIONAL_PEERS: Readonly<Record<string, string>> = { "@opentelemetry/api": "^1.9.0" };
/** The oldest Node of a package whose own dependencies need a newer one than the others. */
const ENGINES: Readonly<Record<string, string>> = { "@kysera/cli": ">=20.19" };
const COMPILER_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  strict: true,
  exactOptionalPropertyTypes: true,
};

const all = members();
const byName = new Map(all.map((member) => [member.name, member]));

rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(TARBALLS, { recursive: true });
const manifests = new Map(all.map((member) => [member.name, build(member)]));
for (const member of all) {
  const manifest = manifests.get(member.name)!;
  // Whoever depends on a package with a peer has to name that peer, or hand it on to its own users.
  if (siblingsOf(member.name).some((name) => manifests.get(name)!.peerDependencies)) {
    manifest.peerDependencies = { ...manifest.peerDependencies, kysely: KYSELY_RANGE };
  }
  writeFileSync(
    join(directoryOf(member), "package.json"),
    JSON.stringify(manifest, null, 2) + "\n",
  );
}
await pack();

interface Manifest {
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional: true }>;
  [field: string]: unknown;
}

/** Emits the files of one package and says what its package.json has to hold. */
function build(member: Member): Manifest {
  const output = directoryOf(member);
  const specifiers = new Set<string>();
  for (const file of sourceFiles(member)) {
    for (const specifier of emit(member, file, output)) specifiers.add(specifier);
  }
  if (existsSync(join(member.dir, "README.md"))) {
    copyFileSync(join(member.dir, "README.md"), join(output, "README.md"));
  }
  copyFileSync(join(ROOT, "LICENSE"), join(output, "LICENSE"));

  const folder = member.path === "." ? "" : member.path;
  const description = describe(join(member.dir, member.exports["."]!));
  return {
    name: member.name,
    version: member.version,
    ...(description ? { description } : {}),
    license: member.license,
    keywords: [...KEYWORDS, ...member.path === "." ? [] : [member.path.split("/").at(-1)!]],
    homepage: folder ? `${REPOSITORY}/tree/main/${folder}#readme` : `${REPOSITORY}#readme`,
    bugs: `${REPOSITORY}/issues`,
    repository: {
      type: "git",
      url: `git+${REPOSITORY}.git`,
      ...(folder ? { directory: folder } : {}),
    },
    type: "module",
    sideEffects: false,
    engines: { node: ENGINES[member.name] ?? ">=20" },
    exports: {
      ...Object.fromEntries(
        Object.entries(member.exports).map(([name, file]) => [name, {
          types: file.replace(/\.ts$/, ".d.ts"),
          default: file.replace(/\.ts$/, ".js"),
        }]),
      ),
      "./package.json": "./package.json",
    },
    ...binOf(member),
    ...dependenciesOf(member, specifiers),
    publishConfig: { access: "public" },
  };
}

/** The programs of a package, which begin with the line that says what runs them. */
function binOf({ name, dir, bin }: Member): { bin?: Record<string, string> } {
  const programs = Object.entries(bin);
  for (const [, file] of programs) {
    if (readFileSync(join(dir, file), "utf8").startsWith("#!/usr/bin/env node\n")) continue;
    throw new Error(`Cannot build ${name}: "${file}" does not begin with "#!/usr/bin/env node"`);
  }
  if (programs.length === 0) return {};
  return { bin: Object.fromEntries(programs.map(([name, file]) => [name, emitted(file)])) };
}

/** `./bin.ts` becomes `bin.js`: npm removes the dot when it publishes, and warns. */
function emitted(file: string): string {
  return file.replace(/^\.\//, "").replace(/\.ts$/, ".js");
}

/** Writes the JavaScript and the declarations of one file; returns what they import from outside. */
function emit(member: Member, file: string, output: string): string[] {
  if (!file.endsWith(".ts")) {
    throw new Error(`Cannot build ${member.name}: it imports "${file}", which is not TypeScript`);
  }
  const text = replaceSpecifiers(
    parseSource(file),
    (specifier) => specifier.startsWith(".") ? specifier.replace(/\.ts$/, ".js") : specifier,
  );
  const input = { fileName: file, compilerOptions: COMPILER_OPTIONS, reportDiagnostics: true };
  const outside: string[] = [];
  for (
    const [extension, result] of [
      [".js", ts.transpileModule(text, input)],
      [".d.ts", ts.transpileDeclaration(text, input)],
    ] as const
  ) {
    const [problem] = result.diagnostics ?? [];
    if (problem) {
      const message = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
      throw new Error(`Cannot build ${member.name}: ${relative(ROOT, file)}: ${message}`);
    }
    const target = join(output, relative(member.dir, file).replace(/\.ts$/, extension));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(
      target,
      extension === ".js" ? result.outputText : dropRepeatedSymbols(result.outputText),
    );
    for (const { specifier } of importsOf(parseSource(target))) {
      if (!specifier.startsWith(".")) outside.push(specifier);
      else if (!specifier.endsWith(".js")) {
        throw new Error(`Cannot build ${member.name}: "${specifier}" is left in ${target}`);
      }
    }
  }
  return outside;
}

/**
 * TypeScript declares a method such as `[Symbol.asyncDispose]()` twice where it translates a file by
 * itself: once as a property at the head of the class, and once as it is.
 */
function dropRepeatedSymbols(declarations: string): string {
  const property = /^ {4}\[Symbol\.(\w+)\]: .*;\n/gm;
  return declarations.replace(
    property,
    (line, name) => declarations.includes(`\n    [Symbol.${name}](`) ? "" : line,
  );
}

function dependenciesOf(
  member: Member,
  specifiers: ReadonlySet<string>,
): Pick<Manifest, "dependencies" | "peerDependencies" | "peerDependenciesMeta"> {
  const dependencies: Record<string, string> = {};
  const peerDependencies: Record<string, string> = {};
  for (const specifier of [...specifiers].sort()) {
    const name = packageName(specifier);
    const sibling = byName.get(name);
    const listed = member.imports[specifier] ?? member.imports[name];
    if (name === member.name) continue;
    else if (name === "kysely") peerDependencies[name] = KYSELY_RANGE;
    else if (name in OPTIONAL_PEERS && listed) peerDependencies[name] = OPTIONAL_PEERS[name]!;
    else if (sibling) dependencies[name] = `^${sibling.version}`;
    else if (listed?.startsWith("node:") && listed === specifier) continue;
    else if (listed?.startsWith("npm:")) dependencies[name] = versionRange(listed);
    else {
      throw new Error(
        `Cannot build ${member.name}: it imports "${specifier}", which is neither Kysely nor ` +
          `another package of the workspace, and which the "imports" of its deno.json do not list`,
      );
    }
  }
  const optional = Object.keys(peerDependencies).filter((name) => name in OPTIONAL_PEERS);
  return {
    ...(Object.keys(dependencies).length > 0 ? { dependencies } : {}),
    ...(Object.keys(peerDependencies).length > 0 ? { peerDependencies } : {}),
    ...(optional.length > 0
      ? {
        peerDependenciesMeta: Object.fromEntries(
          optional.map((name) => [name, { optional: true as const }]),
        ),
      }
      : {}),
  };
}

/** `npm:@scope/name@^1.2.3/path` says `^1.2.3`. */
function versionRange(target: string): string {
  const range = /^npm:(?:@[^/]+\/)?[^@/]+@([^/]+)/.exec(target)?.[1];
  if (!range) throw new Error(`Cannot build: "${target}" names no version`);
  return range;
}

/** Every package of the workspace that this one depends on, directly or not. */
function siblingsOf(name: string, found: Set<string> = new Set<string>()): string[] {
  for (const sibling of Object.keys(manifests.get(name)!.dependencies ?? {})) {
    if (!byName.has(sibling) || found.has(sibling)) continue;
    found.add(sibling);
    siblingsOf(sibling, found);
  }
  return [...found];
}

/** The first paragraph of the comment at the top of the main entry. */
function describe(entry: string): string | undefined {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(entry, "utf8"))?.[1];
  const [paragraph] = comment?.replaceAll(/^[ \t]*\* ?/gm, "").trim().split(/\n\s*\n|\n@/) ?? [];
  return paragraph?.replaceAll(/\s+/g, " ") || undefined;
}

function directoryOf(member: Member): string {
  return join(OUTPUT, member.name.replace(/^@[^/]+\//, ""));
}

async function pack(): Promise<void> {
  const output = await mustRun(
    ["npm", "pack", "--json", "--pack-destination", TARBALLS, ...all.map(directoryOf)],
    { cwd: OUTPUT, stdio: ["ignore", "pipe", "inherit"] },
  );
  const packed: { filename: string; entryCount: number }[] = Object.values(JSON.parse(output));
  for (const { filename, entryCount } of packed) {
    const size = Math.ceil(statSync(join(TARBALLS, filename)).size / 1024);
    console.log(`npm/tarballs/${filename}: ${entryCount} files, ${size} KiB`);
  }
}
