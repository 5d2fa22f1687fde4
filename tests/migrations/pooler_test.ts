import { pgDialect } from "@kysera/dialects";
import { createMigrationRunner } from "@kysera/migrations";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import process from "node:process";
import { uniqueName } from "../support/_names.ts";
import { matrix } from "../support/matrix.ts";
import { fuzzRuns } from "../support/random.ts";
import { dialectOf } from "./_child.ts";
import { migrationsFor } from "./_migrations.ts";
import { assertOnce } from "./_processes.ts";
import { dropDatabase, startPooler, whyNoPooler } from "./_pooler.ts";

const PROCESSES = 3;
/** A database costs more than a schema. */
const ROUNDS = Math.ceil(fuzzRuns(24) / 4);

const skip = matrix.find(({ name }) => name === "postgres")!.skip ?? whyNoPooler();
const title = `runners behind a pooler of transactions${skip === undefined ? "" : ` [${skip}]`}`;

describe(title, { skip: skip ?? false }, () => {
  it("apply each migration once, and leave no lock", async () => {
    const server = process.env["KYSERA_TEST_POSTGRES_URL"]!;
    const { default: pg } = await import("pg");
    const admin = new Kysely<any>({
      dialect: pgDialect({ pool: new pg.Pool({ connectionString: server, max: 1 }) }),
    });
    const within = Array.from({ length: ROUNDS }, () => uniqueName());
    const pooler = await startPooler(server);
    try {
      for (const name of within) await sql`create database ${sql.id(name)}`.execute(admin);
      const task = { dialect: "postgres", url: pooler.url, within, areDatabases: true } as const;
      const open = async (name: string) =>
        new Kysely<any>({ dialect: await dialectOf(task, name) });
      await assertOnce({ open }, task, PROCESSES);
      for (const name of within) {
        const db = await open(name);
        try {
          const runner = createMigrationRunner(db, migrationsFor("postgres"), { lockTimeout: 0 });
          assert.equal(await runner.lockHolder(), undefined);
          assert.deepEqual((await runner.up()).executed, []);
          const { rows } = await sql<{ count: string }>`
            select count(*) as count from pg_locks l join pg_database d on d.oid = l.database
            where l.locktype = 'advisory' and d.datname = current_database()`.execute(db);
          assert.equal(Number(rows[0]!.count), 0, "advisory locks");
        } finally {
          await db.destroy();
        }
      }
    } finally {
      await pooler.close();
      for (const name of within) await dropDatabase(admin, name);
      await admin.destroy();
    }
  });
});
