/**
 * `deno task bench:types`: what queries cost the type checker, on a schema of a hundred tables.
 *
 * The number is TypeScript's count of type instantiations for one query more: the difference between
 * a file of thirty and a file of ten, by twenty, so that what is paid once does not count. `--check`
 * exits with 1 where a query of the DAL costs more than its budget against bare Kysely, or where
 * something does not compile.
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const AT_MOST = 1.25;
const TABLES = 100;
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

const SCHEMA = `import type { Generated, Kysely } from "kysely";
interface Database { ${Array.from({ length: TABLES }, (_, n) => table(n)).join("\n")} }
declare const executor: Kysely<Database>;
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

const host = ts.createCompilerHost(options);
const files = new Map<string, ts.SourceFile>();

function instantiations(way: Way, queries: number): number {
  const entry = join(dirname(fileURLToPath(import.meta.url)), "_generated.ts");
  const text = way.imports + SCHEMA +
    Array.from({ length: queries }, (_, n) => way.line(n)).join("\n");
  const program = ts.createProgram([entry], options, {
    ...host,
    fileExists: (path) => path === entry || host.fileExists(path),
    readFile: (path) => path === entry ? text : host.readFile(path),
    getSourceFile(path, version) {
      if (path === entry) return ts.createSourceFile(path, text, version);
      let file = files.get(path);
      if (file === undefined) {
        file = host.getSourceFile(path, version);
        if (file !== undefined) files.set(path, file);
      }
      return file;
    },
  });
  const problems = program.getSemanticDiagnostics(program.getSourceFile(entry));
  if (problems.length > 0) {
    const text = ts.flattenDiagnosticMessageText(problems[0]!.messageText, "\n");
    throw new Error(`Cannot measure ${way.name}: ${text}`);
  }
  return program.getInstantiationCount();
}

const costOf = (way: Way): number => (instantiations(way, 30) - instantiations(way, 10)) / 20;

let over = 0;
for (const [title, query] of [["select", select], ["join of three", join3]] as const) {
  const base = costOf(bare(query));
  console.log(`\n${title}`);
  for (const way of [bare(query), dal(query), prepared(query)]) {
    const cost = costOf(way);
    const ratio = cost / base;
    const budget = way.name === "createQuery" ? AT_MOST : undefined;
    if (budget !== undefined && ratio > budget) over++;
    print(way.name, cost, ratio, budget);
  }
}
console.log("\nrepository, against a select");
print(repository.name, costOf(repository), costOf(repository) / costOf(bare(select)), undefined);
if (process.argv.includes("--check") && over > 0) process.exitCode = 1;

function print(name: string, cost: number, ratio: number, budget: number | undefined): void {
  const limit = budget === undefined
    ? ""
    : `  at most ${budget.toFixed(2)}: ${ratio > budget ? "over" : "ok"}`;
  console.log(
    `  ${name.padEnd(18)}${cost.toFixed(0).padStart(8)} instantiations ${
      ratio.toFixed(2)
    }x${limit}`,
  );
}
