import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { it } from "node:test";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import type { ReadRow, Task } from "./zones_child.ts";

const ZONES = ["America/New_York", "Asia/Tokyo", "UTC"] as const;
/** The second and third are both 01:30 in New York, an hour apart; the last is never there. */
const TIMES = [
  "2026-07-01T12:00:00.123Z",
  "2026-11-01T05:30:00.000Z",
  "2026-11-01T06:30:00.000Z",
  "2026-03-08T02:30:00.000Z",
];
const CHILD = fileURLToPath(new URL("./zones_child.ts", import.meta.url));
const skip = "Deno" in globalThis ? false : "the child process is TypeScript, which Deno runs";

onEveryDialect("times that programs in several zones write", (dialect) => {
  const isMysql = dialect.dialect === "mysql";
  const url = process.env[isMysql ? "KYSERA_TEST_MYSQL_URL" : "KYSERA_TEST_POSTGRES_URL"];
  /** The tables, by the type of their columns. */
  const types: Readonly<Record<string, string>> = isMysql
    ? { zt_datetime: "datetime(3)", zt_timestamp: "timestamp(3) null" }
    : { zt_zoned: "timestamptz(3)", zt_plain: "timestamp(3)" };

  async function roundTrip(
    db: Kysely<any>,
    advised: boolean,
  ): Promise<ReadonlyMap<string, Record<string, ReadRow[]>>> {
    for (const [table, type] of Object.entries(types)) {
      await sql.raw(
        `create table ${table} (id integer primary key, created_at ${type}, updated_at ${type},
          deleted_at ${type})`,
      ).execute(db);
    }
    const { rows } = await sql<{ name: string }>`select ${
      sql.raw(isMysql ? "database()" : "current_schema()")
    } as name`.execute(db);
    const task: Omit<Task, "firstId"> = {
      dialect: isMysql ? "mysql" : "postgres",
      url: url!,
      within: rows[0]!.name,
      advised,
      tables: Object.keys(types),
    };
    await Promise.all(
      ZONES.map((zone, i) => run(zone, { ...task, write: TIMES, firstId: i * TIMES.length })),
    );
    return new Map(
      await Promise.all(
        ZONES.map(async (zone) => [zone, await run(zone, { ...task, firstId: 0 })] as const),
      ),
    );
  }

  /** The rows as they must be read, whoever has written them. */
  const wanted: ReadRow[] = ZONES.flatMap((_, zone) =>
    TIMES.map((time, i) => ({ id: zone * TIMES.length + i, created_at: time, deleted_at: time }))
  );

  it("come back as the same times, where the driver is set up for UTC", { skip }, async () => {
    const { db, close } = await dialect.open();
    try {
      for (const [zone, tables] of await roundTrip(db, true)) {
        for (const [table, rows] of Object.entries(tables)) {
          assert.deepEqual(rows, wanted, `${table}, read in ${zone}`);
        }
      }
    } finally {
      await close();
    }
  });

  it("are promised for columns with a zone alone, where it is not", { skip }, async () => {
    const { db, close } = await dialect.open();
    try {
      const read = await roundTrip(db, false);
      for (const [zone, tables] of read) {
        if (!isMysql) assert.deepEqual(tables["zt_zoned"], wanted, zone);
        const other = tables[isMysql ? "zt_datetime" : "zt_plain"]!;
        assert.notDeepEqual(other, wanted, zone);
      }
      // The doubled hour: what New York writes at 06:30Z it reads as something else, or the other one.
      const own = read.get("America/New_York")![isMysql ? "zt_datetime" : "zt_plain"]!;
      assert.equal(own[1]!.created_at, own[2]!.created_at);
    } finally {
      await close();
    }
  });
}, ["postgres", "mysql"]);

/** Runs the child in a time zone. */
async function run(zone: string, task: Task): Promise<Record<string, ReadRow[]>> {
  const child = spawn(process.execPath, [
    "run",
    "--allow-all",
    "--no-check",
    CHILD,
    JSON.stringify(task),
  ], { env: { ...process.env, TZ: zone }, stdio: ["ignore", "pipe", "pipe"] });
  const [out, error] = [[], []] as [string[], string[]];
  child.stdout.on("data", (chunk) => out.push(String(chunk)));
  child.stderr.on("data", (chunk) => error.push(String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  assert.equal(code, 0, error.join(""));
  return JSON.parse(out.join(""));
}
