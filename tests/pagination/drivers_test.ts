import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import process from "node:process";
import { postgresJsDialect } from "@kysera/dialects";
import { Kysely, sql } from "kysely";
import postgres from "postgres";
import { bothWays } from "./_walk.ts";

const url = process.env["KYSERA_TEST_POSTGRES_URL"];

// This driver converts parameters by the type that the server wants
describe("paginateCursor() through postgres", {
  skip: url === undefined && "KYSERA_TEST_POSTGRES_URL is not set",
}, () => {
  let db: Kysely<any>;
  const table = `pages_${process.pid}_${Date.now()}`;

  before(async () => {
    db = new Kysely({
      dialect: postgresJsDialect({ database: postgres(url!, { max: 1, onnotice: () => {} }) }),
    });
    await sql`create table ${sql.table(table)} (
      id int primary key, at timestamptz, day date, big int8, done boolean, data bytea, mood text[]
    )`.execute(db);
    await sql`insert into ${sql.table(table)}
      select i, timestamptz '2026-01-01' + i * interval '1 microsecond', date '2026-01-01' + i / 2,
        9007199254740990 + i, i % 2 = 0, decode(lpad(to_hex(i), 4, '0'), 'hex'), array[i::text]
      from generate_series(1, 9) i`.execute(db);
    await sql`insert into ${sql.table(table)} (id) values (10)`.execute(db);
  });

  after(async () => {
    await sql`drop table ${sql.table(table)}`.execute(db);
    await db.destroy();
  });

  for (const column of ["at", "day", "big", "done", "data", "mood"]) {
    it(`keeps the values of ${column}`, async () => {
      const query = db.selectFrom(table).select("id");
      const expected = await query.orderBy(column).orderBy("id").execute();
      assert.deepEqual(await bothWays(query, { orderBy: [{ column }], limit: 2 }), expected);
    });
  }
});
