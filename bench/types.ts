/**
 * `deno task bench:types`: what queries cost the type checker, on a schema of a hundred tables.
 *
 * The number is TypeScript's count of type instantiations for one query more: what ten cost after
 * five that are like them, by ten, so that what is paid once does not count. Each way to write them
 * has a schema of its own, so that none has its types from another. Beside that it counts what a
 * program pays once for each thing that it takes from the packages, however many tables there are.
 * `--check` exits with 1 where one is over its budget against bare Kysely, or where something does
 * not compile; it takes the smallest schema alone.
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
/** What a program pays once for each thing, in instantiations. */
const AT_MOST_ONCE = 40_000;
/** The sizes of schemas that it is counted on. */
const SIZES = [10, 100, 500];
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

/** A program of some files that are not on the disk. */
function programOf(texts: ReadonlyMap<string, string>): ts.Program {
  const host = ts.createCompilerHost(options);
  return ts.createProgram([...texts.keys()], options, {
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
}

/** Checks a file, and counts what that takes. */
function countOf(program: ts.Program, file: string, what: string): number {
  const before = program.getInstantiationCount();
  const [problem] = program.getSemanticDiagnostics(program.getSourceFile(file));
  if (problem !== undefined) {
    const text = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
    throw new Error(`Cannot measure ${what}: ${text}`);
  }
  return program.getInstantiationCount() - before;
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
  const program = programOf(texts);
  const count = (way: Way, file: string): number => countOf(program, file, way.name);
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
const PROGRAM = `import { bindContext, createExecutor } from "@kysera/executor";
  import { createQuery, type DbContext, type Params, prepareQuery } from "@kysera/dal";
  import { createRepository } from "@kysera/repository";
  import { softDeletePlugin } from "@kysera/soft-delete";
  import { timestampsPlugin } from "@kysera/timestamps";
  const executor = await createExecutor(kysely, [softDeletePlugin(), timestampsPlugin()]);
`;
/** What a program does beside its queries, and the most that it may pay for all of it. */
const ONCE: Readonly<Record<string, { readonly text: string; readonly most?: number }>> = {
  "executor": { text: "export const a = executor;", most: AT_MOST_ONCE },
  "a context for each request": {
    text: "export const a = bindContext(executor, { auth: { userId: 1 } });",
    most: AT_MOST_ONCE,
  },
  "repository": {
    text: `const t0 = createRepository(bindContext(executor, {}), { tableName: "t0" });
      export const a = t0.find({ where: { id: 1 }, orderBy: "id" });`,
    most: AT_MOST_ONCE,
  },
  "createQuery and prepareQuery": {
    text: `const get = createQuery((ctx: DbContext<Database>, id: number) =>
        ctx.db.selectFrom("t0").selectAll().where("id", "=", id).execute());
      export const a = get(executor, 1);
      const by = prepareQuery(executor, (db, p: Params<{ id: number }>) =>
        db.selectFrom("t0").selectAll().where("id", "=", p.id));
      export const b = by.execute({ id: 1 });`,
    most: AT_MOST_ONCE,
  },
  "repository with relations": {
    text: `import { defineRelations } from "@kysera/repository";
      const relations = defineRelations<Database>()({
        t0: { others: { type: "hasMany", table: "t1", columns: { id: "owner_id" } } },
      });
      const t0 = createRepository(executor, { tableName: "t0", relations });
      export const a = t0.find({ include: { others: true } });`,
    most: AT_MOST_ONCE,
  },
};

const isCheck = process.argv.includes("--check");
for (const tables of isCheck ? SIZES.slice(0, 1) : SIZES) {
  console.log(`\nonce for a program of 20 queries on ${tables} tables, beyond Kysely`);
  const queries = Array.from(
    { length: 10 },
    (_, i) =>
      [select, join3].map((query, way) =>
        `export const q${way}_${i} = kysely.${query(i % (tables - 2))};`
      ).join("\n"),
  ).join("\n");
  const head = `import type { Generated, Kysely } from "kysely";
    interface Database { ${Array.from({ length: tables }, (_, n) => table(n)).join("\n")} }
    declare const kysely: Kysely<Database>;
    declare const id: number;
  `;
  const count = (name: string, text: string): number => {
    const file = join(root, "bench", "_generated_program.ts");
    return countOf(programOf(new Map([[file, head + text + queries]])), file, name);
  };
  const base = count("Kysely", "");
  for (const [name, { text, most }] of Object.entries(ONCE)) {
    const cost = count(name, PROGRAM + text) - base;
    if (most !== undefined && cost > most) over++;
    const limit = most === undefined ? "" : `  at most ${most}: ${cost > most ? "over" : "ok"}`;
    console.log(`  ${name.padEnd(30)}${String(cost).padStart(8)} instantiations${limit}`);
  }
}

if (isCheck && over > 0) process.exitCode = 1;

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
