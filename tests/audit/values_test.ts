/** Entries hold values exactly, on each dialect, and give them back. */
import { asOf, diff, getAuditLogs, restoreFromAudit } from "@kysera/audit";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { createTriggers, openWorld } from "./_world.ts";

const TABLE: Readonly<Record<TestDialect["dialect"], string>> = {
  postgres: `create table kinds (id int8 primary key, big int8, dec numeric(30,10), dbl float8,
    bytes bytea, day date, moment timestamptz, plain timestamp, flag boolean, doc jsonb, list int[],
    uid uuid, span interval, txt text, twice int generated always as (7) stored)`,
  sqlite: `create table kinds (id integer primary key, big integer, dec text, dbl real, bytes blob,
    day text, moment text, plain text, flag integer, doc text, list text, uid text, span text,
    txt text, twice integer generated always as (7))`,
  mysql: `create table kinds (id bigint primary key, big bigint, dec_ decimal(30,10), dbl double,
    small float, bytes varbinary(20), day date, moment datetime(6), plain datetime(6),
    flag tinyint(1), doc json, bits bit(12), txt text, twice int generated always as (7) stored)`,
};

const ROW: Readonly<Record<TestDialect["dialect"], string>> = {
  postgres: `(9007199254740993, 9223372036854775807, 12345678901234567890.0123456789, 0.1,
    '\\x00ff10', '2024-02-29', '2024-02-29 12:34:56.123456+00', '2024-02-29 12:34:56.654321', true,
    '{"n": 12345678901234567890, "s": "a\\"b"}', '{1,2,null}', '00000000-0000-0000-0000-00000000000a',
    '1 mon 2 days', 'quote '' slash \\ ünï 😀')`,
  sqlite:
    `(9007199254740993, 9223372036854775807, '12345678901234567890.0123456789', 0.1, x'00ff10',
    '2024-02-29', '2024-02-29T12:34:56.123456Z', '', 1, '{"n": 12345678901234567890}', '[1,2]', 'u',
    's', 'quote '' slash \\ ünï 😀')`,
  mysql: `(9007199254740993, 9223372036854775807, 12345678901234567890.0123456789, 0.1, 0.1,
    x'00ff10', '2024-02-29', '2024-02-29 12:34:56.123456', '2024-02-29 12:34:56.654321', 1,
    '{"n": 12345678901234567890}', b'101010101010', 'quote '' slash \\\\ ünï 😀')`,
};

/** What the database itself says of the row, whatever drivers make of it. */
async function printed(db: Kysely<any>, dialect: TestDialect): Promise<unknown> {
  const { rows } = dialect.dialect === "postgres"
    ? await sql`select k::text from kinds k`.execute(db)
    : dialect.dialect === "sqlite"
    ? await sql`select quote(id), quote(big), quote(dec), quote(dbl), quote(bytes), quote(moment),
        quote(txt), typeof(flag) from kinds`.execute(db)
    : await sql`select hex(concat_ws('|', id, big, dec_, dbl, small + 0e0, hex(bytes), day, moment,
        plain, flag, doc, hex(bits), txt)) as t from kinds`.execute(db);
  return rows;
}

const valuesIn = (mode: "statement" | "trigger") => (dialect: TestDialect): void => {
  it("are what the row is inserted with again, to the last digit", async () => {
    const { db, executor, close } = await openWorld(dialect, { mode });
    try {
      const any: Kysely<any> = executor;
      await sql.raw(TABLE[dialect.dialect]).execute(db);
      const names = dialect.dialect === "mysql"
        ? "id, big, dec_, dbl, small, bytes, day, moment, plain, flag, doc, bits, txt"
        : "id, big, dec, dbl, bytes, day, moment, plain, flag, doc, list, uid, span, txt";
      await sql.raw(`insert into kinds (${names}) values ${ROW[dialect.dialect]}`).execute(db);
      const before = await printed(db, dialect);
      if (mode === "trigger") await createTriggers(db, {}, ["kinds"]);
      await any.deleteFrom("kinds").execute();
      const [entry] = await getAuditLogs(any, { table: "kinds" });
      assert.equal(entry!.entity_id, "9007199254740993");
      assert.equal(entry!.old_values!.id, 9007199254740993n);
      assert.equal(entry!.old_values!.big, 9223372036854775807n);
      assert.equal(entry!.old_values!.dbl, 0.1);
      assert.equal(
        entry!.old_values![dialect.dialect === "mysql" ? "dec_" : "dec"],
        "12345678901234567890.0123456789",
      );
      const bytes = entry!.old_values!.bytes;
      if (dialect.dialect === "sqlite") assert.deepEqual(bytes, { $bytes: "00ff10" });
      else assert.equal(bytes, "\\x00ff10");

      await restoreFromAudit(any, "kinds", entry!.id);
      assert.deepEqual(await printed(db, dialect), before);

      // The same by an UPDATE.
      await any.updateTable("kinds").set({
        big: 1,
        bytes: null,
        txt: null,
        dbl: 2,
        moment: null,
        doc: null,
      }).execute();
      const [changed] = await getAuditLogs(any, { table: "kinds" });
      assert.deepEqual(Object.keys(diff(changed!)).sort(), [
        "big",
        "bytes",
        "dbl",
        "doc",
        "moment",
        "txt",
      ]);
      await restoreFromAudit(any, "kinds", changed!.id);
      assert.deepEqual(await printed(db, dialect), before);
    } finally {
      await close();
    }
  });

  it("are told of tables with very many columns", async () => {
    const { db, executor, close } = await openWorld(dialect, { mode });
    try {
      const columns = Array.from({ length: 150 }, (_, i) => `c${i} integer default ${i}`);
      await sql.raw(`create table wide (id integer primary key, ${columns.join(", ")})`)
        .execute(db);
      if (mode === "trigger") await createTriggers(db, {}, ["wide"]);
      const any: Kysely<any> = executor;
      await any.insertInto("wide").values({ id: 1 }).execute();
      const row = await asOf(any, "wide", 1, new Date(Date.now() + 60_000));
      assert.equal(Object.keys(row!).length, 151);
      assert.equal(row!["c149"], 149);
    } finally {
      await close();
    }
  });
};

for (const mode of ["statement", "trigger"] as const) {
  onEveryDialect(`the values of an entry, by ${mode}`, valuesIn(mode));
}
