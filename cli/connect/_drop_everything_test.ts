import { sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../../tests/support/matrix.ts";
import { dropEverything } from "./_drop_everything.ts";

/** A name that would end the statement and run another one. */
const EVIL = `x") cascade; drop table kept; --`;

onEveryDialect("dropEverything()", (dialect) => {
  it("drops every object, and runs nothing that stands in a name", async () => {
    const { db, close } = await dialect.open();
    const doomed = `doomed_${crypto.randomUUID()}`;
    try {
      const [type, name] = [sql.id(EVIL), sql.id(`f${EVIL}`)];
      await sql`create schema ${sql.id(doomed)}`.execute(db);
      await sql`create table kept (id integer)`.execute(db);
      await sql`create type ${sql.id(doomed)}.${type} as enum ('a')`.execute(db);
      await sql`create domain ${sql.id(doomed)}.short as varchar(3)`.execute(db);
      await sql`create table ${sql.id(doomed)}.things (id serial, kind ${sql.id(doomed)}.${type})`
        .execute(db);
      await sql`create view ${sql.id(doomed)}.seen as select 1 as one`.execute(db);
      await sql`create materialized view ${sql.id(doomed)}.kept as select 1 as one`.execute(db);
      await sql`create function ${sql.id(doomed)}.${name}(${type} integer, b ${
        sql.id(doomed)
      }.${type}) returns integer
        language sql as 'select 1'`.execute(db);
      await sql`create procedure ${sql.id(doomed)}.done(${type} text) language sql as 'select 1'`
        .execute(db);
      const dropped = await dropEverything(db, doomed);
      assert.ok(dropped.includes(`function f${EVIL}`));
      assert.ok(dropped.length >= 6, String(dropped));
      assert.deepEqual((await sql`select * from kept`.execute(db)).rows, []);
      const { rows } = await sql`
        select relname as name from pg_class where relnamespace = (select oid from pg_namespace where nspname = ${doomed})
        union all select proname from pg_proc where pronamespace = (select oid from pg_namespace where nspname = ${doomed})
        union all select typname from pg_type where typnamespace = (select oid from pg_namespace where nspname = ${doomed})`
        .execute(db);
      assert.deepEqual(rows, []);
    } finally {
      await sql`drop schema if exists ${sql.id(doomed)} cascade`.execute(db).catch(() => {});
      await close();
    }
  });
}, ["postgres", "pglite"]);
