import assert from "node:assert/strict";
import { it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import { onEveryDialect, type TestDialectName } from "../../../tests/support/matrix.ts";

/** Values that are easily lost, for each dialect. */
const SCRIPTS: Readonly<Record<Exclude<TestDialectName, "pglite">, string>> = {
  sqlite: `
    create table nodes (id integer primary key, parent_id integer references nodes (id),
      t text, r real, b blob, big integer, total numeric generated always as (big + 1));
    insert into nodes (id, parent_id, t, r, b, big) values
      (1, 2, 'it''s; -- "x"', 0.1, x'00ff', 9007199254740993), (2, 1, null, 1e300, x'', -1);`,
  postgres: `
    create type mood as enum ('so; so', 'it''s');
    create table nodes (id integer generated always as identity primary key,
      parent_id integer references nodes (id), t text, r double precision, b bytea, big bigint,
      m mood, at timestamptz, tags text[], j jsonb, n numeric(30, 10), s serial,
      total bigint generated always as (big + 1) stored);
    insert into nodes (id, parent_id, t, r, b, big, m, at, tags, j, n) overriding system value values
      (1, 2, 'it''s; -- "x" \\', 0.1, '\\x00ff', 9007199254740993, 'so; so', '2026-01-01 12:00:00.123456+02',
       '{a,"b;c"}', '{"a": "''"}', 12345678901234567890.0000000001),
      (2, 1, null, 'NaN', '', -1, null, null, null, null, null);`,
  mysql: `
    create table nodes (id integer not null auto_increment primary key, parent_id integer,
      t text, r double, b blob, big bigint, m enum('so; so', 'x'), at timestamp null, f bit(9),
      n decimal(30, 10), total bigint generated always as (big + 1),
      constraint of_parent foreign key (parent_id) references nodes (id));
    set foreign_key_checks = 0;
    insert into nodes (id, parent_id, t, r, b, big, m, at, f, n) values
      (1, 2, 'it''s; -- "x" \\\\', 0.1, x'00ff', 9007199254740993, 'so; so', '2026-01-01 12:00:00',
       b'100000001', 12345678901234567890.0000000001),
      (2, 1, null, 1e300, '', -1, null, null, null, null);
    set foreign_key_checks = 1;`,
};

onEveryDialect("kysera db dump", (dialect) => {
  it("writes a script that brings everything back", async () => {
    await withDatabase(dialect, async ({ project, name }) => {
      const script = SCRIPTS[dialect.name as keyof typeof SCRIPTS];
      await project.write(
        "migrations/001_a.sql",
        `${script}\ncreate view v as select id from nodes;`,
      );
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      const dump = await project.on(dialect)(["db", "dump"]);
      assert.equal(dump.code, 0, dump.stderr);
      assert.match(dump.stdout, /9007199254740993/);
      const written = await project.json(["db", "dump", "--output", "backup.sql"]);
      assert.equal(written.code, 0, written.error?.message);

      const restore = ["db", "restore", "backup.sql"];
      assert.equal((await project.json(restore)).code, 4);
      const confirmed = ["--yes", "--confirm", name];
      const restored = await project.json([...restore, ...confirmed]);
      assert.equal(restored.code, 0, restored.error?.message);
      assert.ok(restored.data.dropped.includes("table nodes"));
      assert.equal((await project.on(dialect)(["db", "dump"])).stdout, dump.stdout);
      assert.equal((await project.json(["migrate", "status"])).data.pending, 0);

      const only = ["db", "dump", "--tables", "nodes"];
      const rows = await project.json([...only, "--data-only"]);
      assert.doesNotMatch(rows.data.sql, /create table|kysera_migration/i);
      const schema = await project.json([...only, "--schema-only"]);
      assert.doesNotMatch(schema.data.sql, /insert into|create table .?kysera_migration/i);
      await project.write("rows.sql", rows.data.sql);
      assert.equal((await project.json(["db", "restore", "rows.sql", "--keep"])).code, 1);
      await project.json(["db", "dump", "--schema-only", "-o", "schema.sql"]);
      await project.json(["db", "restore", "schema.sql", ...confirmed]);
      const kept = await project.json(["db", "restore", "rows.sql", "--keep"]);
      assert.equal(kept.code, 0, kept.error?.message);
      assert.deepEqual((await project.json([...only, "--data-only"])).data.sql, rows.data.sql);
      assert.equal((await project.json(["db", "dump", "-t", "node"])).code, 2);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
