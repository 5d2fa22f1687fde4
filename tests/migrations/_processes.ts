import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readSchema } from "@kysera/migrations/schema";
import { Kysely, sql } from "kysely";
import { uniqueName } from "../support/_names.ts";
import type { ChildResult, ChildTask } from "./_child.ts";
import { dialectOf } from "./_child.ts";
import { migrationsFor } from "./_migrations.ts";

const CHILD = fileURLToPath(new URL("./_child.ts", import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly result: ChildResult | undefined;
  readonly errors: string;
}

/** Runs migrations in a process of its own. */
export async function runChild(task: ChildTask): Promise<Ended> {
  const flags = "deno" in process.versions
    ? ["run", "--allow-all", "--no-check"]
    : process.execArgv.filter((flag) => flag.includes("strip-types"));
  const child = spawn(process.execPath, [...flags, CHILD, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, errors] = [[], []] as [string[], string[]];
  child.stdout.on("data", (chunk) => out.push(String(chunk)));
  child.stderr.on("data", (chunk) => errors.push(String(chunk)));
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const text = out.join("").trim();
      const result = text === "" ? undefined : JSON.parse(text);
      resolve({ code, signal, result, errors: errors.join("") });
    });
  });
}

/**
 * Has processes migrate the same databases at once, and asserts that each migration was applied once,
 * and that no process reports a failure that is none.
 *
 * @param shared the databases, as the test reaches them
 * @param task what each process does
 * @param processes how many there are
 */
export async function assertOnce(
  shared: Pick<SharedDatabases, "open">,
  task: ChildTask,
  processes: number,
): Promise<void> {
  const ended = await Promise.all(Array.from({ length: processes }, () => runChild(task)));
  for (const { code, errors } of ended) assert.equal(code, 0, errors);
  const names = migrationsFor(task.dialect).map(({ name }) => name);
  for (const [round, name] of task.within.entries()) {
    const executed = ended.flatMap(({ result }) => result!.executed[round]!);
    assert.deepEqual(executed.sort(), names, `round ${round}`);
    const db = await shared.open(name);
    try {
      const runs = await db.selectFrom("runs").select("name").orderBy("name").execute();
      assert.deepEqual(runs.map(({ name }) => name.slice(0, 3)), [
        "001",
        "002",
        "003",
        "004",
        "005",
      ]);
    } finally {
      await db.destroy();
    }
  }
}

/** Databases that more than one process can open. */
export interface SharedDatabases {
  readonly dialect: ChildTask["dialect"];
  readonly url: string;
  readonly within: readonly string[];
  open(within: string): Promise<Kysely<any>>;
  close(): Promise<void>;
}

/** Creates databases that more than one process can open. */
export async function shareDatabases(
  dialect: ChildTask["dialect"],
  count: number,
): Promise<SharedDatabases> {
  const names = Array.from({ length: count }, () => uniqueName());
  const url = process.env[
    dialect === "mysql" ? "KYSERA_TEST_MYSQL_URL" : "KYSERA_TEST_POSTGRES_URL"
  ] ?? "";
  const directory = dialect === "sqlite" ? await mkdtemp(join(tmpdir(), "kysera-")) : "";
  const within = dialect === "sqlite" ? names.map((name) => join(directory, name)) : names;
  const kind = dialect === "postgres" ? "schema" : "database";
  const admin = async (
    change: (db: Kysely<any>, name: string) => Promise<unknown>,
  ): Promise<void> => {
    if (dialect === "sqlite") return;
    const base = dialect === "postgres" ? "public" : new URL(url).pathname.slice(1);
    const db = new Kysely<any>({ dialect: await dialectOf({ dialect, url }, base) });
    try {
      for (const name of names) await change(db, name);
    } finally {
      await db.destroy();
    }
  };
  await admin((db, name) => sql`create ${sql.raw(kind)} ${sql.id(name)}`.execute(db));
  return {
    dialect,
    url,
    within,
    open: async (name) => new Kysely<any>({ dialect: await dialectOf({ dialect, url }, name) }),
    async close() {
      await admin((db, name) =>
        sql`drop ${sql.raw(kind)} ${sql.id(name)} ${dialect === "postgres" ? sql`cascade` : sql``}`
          .execute(db)
      );
      if (directory !== "") await rm(directory, { recursive: true });
    },
  };
}

/** What a database holds: how its tables and indexes are defined, and their rows. */
export async function dump(db: Kysely<any>, dialect: ChildTask["dialect"]): Promise<unknown> {
  // Other tests have schemas of their own on the same server.
  const { tables: found } = await readSchema(db);
  const tables = found.map(({ name }) => name).filter((name) => !name.startsWith("kysera_")).sort();
  const dumped: Record<string, unknown> = {};
  for (const name of tables) {
    const rows = await db.selectFrom(name).selectAll().execute();
    dumped[name] = {
      definition: await definitionOf(db, name, dialect),
      rows: rows.map((row) => JSON.stringify(row)).sort(),
    };
  }
  return dumped;
}

async function definitionOf(
  db: Kysely<any>,
  table: string,
  dialect: ChildTask["dialect"],
): Promise<unknown> {
  if (dialect === "mysql") {
    return (await sql`show create table ${sql.table(table)}`.execute(db)).rows;
  }
  if (dialect === "sqlite") {
    return (await sql`select sql from sqlite_master where tbl_name = ${table} order by name`
      .execute(db)).rows;
  }
  const { rows } = await sql`
    select a.attname as line, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull::text as more
    from pg_attribute a where a.attrelid = to_regclass(${table}) and a.attnum > 0
    union all
    select c.relname, i.indisvalid::text, i.indisunique::text
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = to_regclass(${table})
    order by 1`.execute(db);
  return rows;
}
