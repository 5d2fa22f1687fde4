/**
 * `deno task bench:types`: what queries cost the type checker, on a schema of a hundred tables.
 *
 * The number is TypeScript's count of type instantiations for one query more: what ten cost after
 * five that are like them, by ten, so that what is paid once does not count. Each way to write them
 * has a schema of its own, so that none has its types from another. `--check` exits with 1 where one
 * is over its budget against bare Kysely, or where something does not compile.
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const AT_MOST = 1.25;
/** A repository against one select. */
const AT_MOST_REPOSITORY = 0.5;
const TABLES = 100;
const WARM_UP = 5;
const COUNTED = 10;
const root = fileURLToPath(new URL("..", import.meta.url));

/** One way to write the same query; `n` is the number of the table. */
interface Way {
  readonly name: string;
  readonly imports: string;
  readonly line: (n: number) => string;
}

const table = (n: number): string =>
  `t${n}: {
  id: Generated<number>; owner_id: number; name: string; note: string | null; created_at: Date;
};`;

const SCHEMA = `import type { Generated } from "kysely";
export interface Database { ${Array.from({ length: TABLES }, (_, n) => table(n)).join("\n")} }
`;

const select = (n: number): string =>
  `selectFrom("t${n}").select(["id", "name"]).where("owner_id", "=", id).executeTakeFirst()`;
const join3 = (n: number): string =>
  `selectFrom("t${n} as a").innerJoin("t${n + 1} as b", "b.owner_id", "a.id")
    .leftJoin("t${n + 2} as c", "c.owner_id", "b.id").select(["a.id", "b.name", "c.note"])
    .where("a.id", "=", id).orderBy("b.name").execute()`;

const bare = (query: (n: number) => string): Way => ({
  name: "Kysely",
  imports: "",
  line: (n) =>
    `export const q${n} = (db: Kysely<Database>, id: number) => db.${query(n)};
    export const r${n} = q${n}(executor, 1);`,
});
const dal = (query: (n: number) => string): Way => ({
  name: "createQuery",
  imports: `import { createQuery, type DbContext } from "@kysera/dal";`,
  line: (n) =>
    `export const q${n} = createQuery((ctx: DbContext<Database>, id: number) => ctx.db.${query(n)});
    export const r${n} = q${n}(executor, 1);`,
});
const prepared = (query: (n: number) => string): Way => ({
  name: "prepareQuery",
  imports: `import { prepareQuery, type Params } from "@kysera/dal";`,
  line: (n) =>
    `export const q${n} = prepareQuery(executor, (db, { id }: Params<{ id: number }>) => db.${
      query(n).replace(/\.execute\w*\(\)$/, "")
    });
    export const r${n} = q${n}.execute({ id: 1 });`,
});
const repository: Way = {
  name: "createRepository",
  imports: `import { createRepository } from "@kysera/repository";`,
  line: (n) =>
    `export const q${n} = createRepository(executor, { tableName: "t${n}", primaryKey: "id" });
    export const r${n} = q${n}.findById(1);`,
};

const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  types: [],
  paths: paths(),
};

/** Where the packages are: Kysely where it is installed, ours in their folders. */
function paths(): Record<string, string[]> {
  const kysely = createRequire(import.meta.url).resolve("kysely").replace(/\.c?js$/, ".d.ts");
  const out: Record<string, string[]> = { kysely: [kysely] };
  const folders = [root, join(root, "plugins")].flatMap((folder) =>
    readdirSync(folder).map((name) => ({ name, path: join(folder, name, "mod.ts") }))
  );
  for (const { name, path } of folders) if (existsSync(path)) out[`@kysera/${name}`] = [path];
  return out;
}

/** What one more query costs in each of these ways. */
function costsOf(ways: readonly Way[]): number[] {
  const texts = new Map<string, string>();
  const path = (i: number, part: string) => join(root, "bench", `_generated_${i}_${part}.ts`);
  ways.forEach((way, i) => {
    const head = `${way.imports}
      import type { Kysely } from "kysely";
      import type { Database } from "./_generated_${i}_schema.ts";
      declare const executor: Kysely<Database>;
    `;
    const lines = (first: number, count: number): string =>
      head + Array.from({ length: count }, (_, n) => way.line(first + n)).join("\n");
    texts.set(path(i, "schema"), SCHEMA);
    texts.set(path(i, "warm_up"), lines(0, WARM_UP));
    texts.set(path(i, "counted"), lines(WARM_UP + 2, COUNTED));
  });
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram([...texts.keys()], options, {
    ...host,
    fileExists: (file) => texts.has(file) || host.fileExists(file),
    readFile: (file) => texts.get(file) ?? host.readFile(file),
    getSourceFile(file, version) {
      const text = texts.get(file);
      return text === undefined
        ? host.getSourceFile(file, version)
        : ts.createSourceFile(file, text, version);
    },
  });
  /** Checks a file, and counts what that takes. */
  const count = (way: Way, file: string): number => {
    const before = program.getInstantiationCount();
    const [problem] = program.getSemanticDiagnostics(program.getSourceFile(file));
    if (problem !== undefined) {
      const text = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
      throw new Error(`Cannot measure ${way.name}: ${text}`);
    }
    return program.getInstantiationCount() - before;
  };
  return ways.map((way, i) => {
    count(way, path(i, "warm_up"));
    return count(way, path(i, "counted")) / COUNTED;
  });
}

const queries = [["select", select], ["join of three", join3]] as const;
const groups = queries.map(([title, query]) => ({
  title,
  ways: [bare(query), dal(query), prepared(query)],
}));
const costs = costsOf([...groups.flatMap(({ ways }) => ways), repository]);
let over = 0;
for (const [i, { title, ways }] of groups.entries()) {
  console.log(`\n${title}`);
  for (const [j, way] of ways.entries()) {
    print(way.name, costs[3 * i + j]!, costs[3 * i]!, j === 0 ? undefined : AT_MOST);
  }
}
console.log("\nrepository, against a select");
print(repository.name, costs.at(-1)!, costs[0]!, AT_MOST_REPOSITORY);
if (process.argv.includes("--check") && over > 0) process.exitCode = 1;

function print(name: string, cost: number, base: number, budget: number | undefined): void {
  const ratio = cost / base;
  if (budget !== undefined && ratio > budget) over++;
  const limit = budget === undefined
    ? ""
    : `  at most ${budget.toFixed(2)}: ${ratio > budget ? "over" : "ok"}`;
  console.log(
    `  ${name.padEnd(18)}${cost.toFixed(0).padStart(8)} instantiations ${
      ratio.toFixed(2)
    }x${limit}`,
  );
}
