/**
 * The start of a program that is bundled: importing the bundle, creating an executor, and the first
 * query, on in-memory SQLite. Each turn is a process of its own, without compiled code of the turns
 * before; the bundles are minified, with Kysely in them, and what is imported lazily is in files of its
 * own.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { stop } from "esbuild";
import { bundle } from "../../scripts/bundle.ts";
import type { Turn } from "../_ratio.ts";
import { type Group, group, type Row } from "../_row.ts";

/** What every program does: `executor` says how the database gets its plugins. */
const program = (imports: string, executor: string): string => `
  import { nodeSqliteDialect } from "@kysera/dialects";
  import { Kysely } from "kysely";
  ${imports}
  export async function run(database) {
    const db = new Kysely({ dialect: nodeSqliteDialect({ database }) });
    const executor = ${executor};
    const rows = await executor.selectFrom("users").selectAll()
      .where("deleted_at", "is", null).orderBy("id").execute();
    if (rows.length !== 1) throw new Error("the query gave other rows");
  }`;

const CREATE = `import { createExecutor } from "@kysera/executor";`;
const PROGRAMS: Readonly<Record<string, string>> = {
  kysely: program("", "db"),
  executor: program(CREATE, "await createExecutor(db, [])"),
  "soft-delete": program(
    `${CREATE} import { softDeletePlugin } from "@kysera/soft-delete";`,
    `await createExecutor(db, [softDeletePlugin({ tables: ["users"] })])`,
  ),
  "three-plugins": program(
    `${CREATE}
     import { auditPlugin } from "@kysera/audit";
     import { softDeletePlugin } from "@kysera/soft-delete";
     import { timestampsPlugin } from "@kysera/timestamps";`,
    `await createExecutor(db, [
       softDeletePlugin({ tables: ["users"] }),
       timestampsPlugin({ tables: ["users"] }),
       auditPlugin({ tables: ["users"] }),
     ])`,
  ),
};

/** Prints the microseconds from before the import to the first result. */
const LOADER = `
  import { DatabaseSync } from "node:sqlite";
  import process from "node:process";
  const database = new DatabaseSync(":memory:");
  database.exec("create table users (id integer primary key, name text, deleted_at text, " +
    "created_at text, updated_at text); insert into users (name) values ('Ada'); " +
    "create table audit_logs (id integer primary key, table_name text, entity_id text, operation text, " +
    "old_values text, new_values text, changed_by text, changed_at text, metadata text, " +
    "request_id text, hash text)");
  const start = performance.now();
  const { run } = await import(new URL(process.argv[2], import.meta.url).href);
  await run(database);
  console.log((performance.now() - start) * 1000);`;

interface World {
  readonly folder: string;
}

const turn = ({ folder }: World, name: string): Turn => () =>
  Number(execFileSync(
    process.execPath,
    ["run", "-A", "--no-code-cache", "--no-config", "--cached-only", "loader.mjs", `./${name}.js`],
    { cwd: folder, encoding: "utf8" },
  ));

const row = (name: string, budget?: number): Row<World> => ({
  budget,
  turns: 10,
  sides: (world) => [turn(world, "kysely"), turn(world, name)],
});

/** On in-memory SQLite, in processes of their own. */
export const coldStartGroups: readonly Group[] = [
  group<World>({
    name: "cold-start",
    title: "From the import of a bundle to the first result, in-memory SQLite",
    sides: ["Kysely", "executor"],
    rows: {
      executor: row("executor", 1.5),
      "soft-delete": row("soft-delete", 1.5),
      "three-plugins": row("three-plugins"),
    },
    async open() {
      const folder = mkdtempSync(join(tmpdir(), "kysera-cold-start-"));
      try {
        // Each by itself: what programs share would be in files of its own.
        for (const [name, text] of Object.entries(PROGRAMS)) {
          for (const file of await bundle({ programs: { [name]: text }, withPeers: true })) {
            writeFileSync(join(folder, file.name), file.contents);
          }
        }
      } finally {
        await stop();
      }
      writeFileSync(join(folder, "loader.mjs"), LOADER);
      return { folder };
    },
    close: ({ folder }) => rmSync(folder, { recursive: true }),
  }),
];
