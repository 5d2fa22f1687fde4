/** Statements that are kept prepared, while another session changes what they were prepared for. */
import { parseDatabaseError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { pgDialect, postgresJsDialect } from "@kysera/dialects";
import { type Dialect, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import pg from "pg";
import postgres from "postgres";
import { noServer, ownSchema } from "./_server_test.ts";

const DRIVERS: Readonly<Record<string, (url: string, schema: string) => Dialect>> = {
  "pgDialect({ preparedStatements })": (url, schema) =>
    pgDialect({
      pool: new pg.Pool({ connectionString: url, max: 1, options: `-c search_path=${schema}` }),
      preparedStatements: 100,
    }),
  "postgresJsDialect()": (url, schema) =>
    postgresJsDialect({
      database: postgres(url, { max: 1, connection: { search_path: schema }, onnotice() {} }),
    }),
};

for (const [driver, makeDialect] of Object.entries(DRIVERS)) {
  describe(`kept statements of ${driver}`, { skip: noServer ?? false }, () => {
    /** A table `wid` of an own schema, a database whose statements are kept, and another session. */
    async function inTable(
      body: (db: Kysely<any>, change: (statement: string) => Promise<void>) => Promise<void>,
    ): Promise<void> {
      const { url, schema, drop } = await ownSchema();
      const db = new Kysely<any>({ dialect: makeDialect(url, schema) });
      const other = new pg.Client({ connectionString: url, options: `-c search_path=${schema}` });
      await other.connect();
      try {
        await other.query("create table wid (id serial primary key, v int)");
        await body(db, async (statement) => void await other.query(statement));
      } finally {
        await db.destroy();
        await other.end();
        await drop();
      }
    }

    const insert = (db: Kysely<any>, v: unknown): Promise<any> =>
      db.insertInto("wid").values({ v }).returning("v").executeTakeFirstOrThrow();
    const find = (db: Kysely<any>, v: unknown): Promise<any[]> =>
      db.selectFrom("wid").selectAll().where("v", "=", v).execute();
    async function keep(db: Kysely<any>): Promise<void> {
      for (let i = 0; i < 4; i++) {
        await insert(db, i);
        await find(db, i);
      }
    }
    const kept = async (db: Kysely<any>): Promise<number> => {
      const { rows } = await sql<{ n: string }>`
        select count(*) as n from pg_prepared_statements where statement like '%"wid"%'`.execute(
        db,
      );
      return Number(rows[0]!.n);
    };

    const CHANGES: readonly [name: string, statements: string[], value: unknown][] = [
      ["int to bigint", ["alter table wid alter v type bigint"], 3_000_000_000],
      ["int to text", ["alter table wid alter v type text"], "some text"],
      ["int to numeric", ["alter table wid alter v type numeric"], "1.5"],
      [
        "int to timestamptz",
        ["alter table wid alter v type timestamptz using now()"],
        "2020-01-01T00:00:00Z",
      ],
      [
        "int to uuid",
        ["alter table wid alter v type uuid using gen_random_uuid()"],
        "7b0a8f3c-6a7f-4f4e-9d3c-000000000001",
      ],
      [
        "another table of that name",
        ["drop table wid", "create table wid (id serial primary key, v text, w int)"],
        "some text",
      ],
      ["another column", [
        "alter table wid add w int",
        "alter table wid drop v",
        "alter table wid add v text",
      ], "x"],
      ["a renamed column that is replaced", [
        "alter table wid rename v to old",
        "alter table wid add v jsonb",
      ], '{"a":1}'],
    ];
    for (const [name, statements, value] of CHANGES) {
      it(`are right after ${name}`, () =>
        inTable(async (db, change) => {
          await keep(db);
          assert.ok(await kept(db) >= 2);
          for (const statement of statements) await change(statement);
          for (let i = 0; i < 4; i++) {
            await insert(db, value);
            if (name !== "a renamed column that is replaced") {
              assert.equal((await find(db, value)).length, i + 1);
            }
          }
          // Prepared again, and the old ones do not pile up.
          assert.ok(await kept(db) <= 6);
        }));

      it(`are right after ${name}, in transactions`, () =>
        inTable(async (db, change) => {
          await keep(db);
          for (const statement of statements) await change(statement);
          let failures = 0;
          for (let i = 0; i < 6; i++) {
            try {
              await withTransaction(db, (tx) => insert(tx.db, value));
            } catch {
              failures++;
              assert.equal(i, 0, "one error, and then right");
            }
          }
          assert.ok(failures <= 1);
        }));
    }

    it("are right after DISCARD ALL and DEALLOCATE ALL", () =>
      inTable(async (db) => {
        for (const statement of [sql`deallocate all`, sql`discard all`]) {
          await keep(db);
          await statement.execute(db);
          await sql`select set_config('search_path', (select nspname from pg_namespace n
            join pg_class c on c.relnamespace = n.oid where c.relname = 'wid' limit 1), false)`
            .execute(db);
          for (let i = 0; i < 4; i++) await insert(db, i);

          await sql`deallocate all`.execute(db);
          let attempts = 0;
          await withTransaction(db, async (tx) => {
            attempts++;
            await insert(tx.db, 1);
          }, { retry: { attempts: 2, baseDelay: 1 } });
          assert.ok(attempts <= 2);
        }
      }));

    it("stay where the values are wrong and not the statement", () =>
      inTable(async (db) => {
        await keep(db);
        const before = await kept(db);
        for (let i = 0; i < 20; i++) {
          await assert.rejects(insert(db, "no number"), { code: "22P02" });
          await assert.rejects(
            withTransaction(db, async (tx) => {
              await insert(tx.db, 1);
              await insert(tx.db, 3_000_000_000);
            }),
            { code: "22003" },
          );
        }
        assert.equal((await insert(db, 5)).v, 5);
        assert.ok(await kept(db) <= before + 12, `${before} became ${await kept(db)}`);
      }));
  });
}

it("a statement that is stale inside a transaction has a named error", () => {
  for (
    const thrown of [
      { code: "0A000", routine: "RevalidateCachedQuery", severity: "ERROR" },
      { code: "26000", severity: "ERROR" },
    ]
  ) {
    const error = parseDatabaseError(Object.assign(new Error("x"), thrown), "postgres");
    assert.equal(error.retryable, true);
    assert.match(error.message, /changed since it was prepared; run the whole transaction again/);
  }
  const other = Object.assign(new Error("x"), { code: "0A000", routine: "transformX" });
  assert.equal(parseDatabaseError(other, "postgres").retryable, false);
});
