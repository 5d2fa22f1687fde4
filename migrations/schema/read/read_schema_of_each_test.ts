import { readSchema } from "@kysera/migrations/schema";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { named, tableOf, withDb, withRich } from "../../../tests/migrations/_databases.ts";
import { runScript } from "../../../tests/migrations/_run_script.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

onEveryDialect("readSchema() of PostgreSQL", (dialect) => {
  it("reads types, sequences and routines", () =>
    withRich(dialect, (schema) => {
      assert.deepEqual(schema.enums[0]?.values, ["sad", "it's ok", "happy"]);
      const users = tableOf(schema, "users");
      assert.equal(named(users.columns, "mood").type.kind, "enum");
      const moods = named(users.columns, "moods").type;
      assert.deepEqual([moods.text, moods.name, moods.array], ["mood[]", "mood", true]);
      assert.equal(named(users.columns, "age").type.kind, "domain");
      assert.deepEqual(
        schema.domains.map(({ name, nullable, checks, type }) => [
          name,
          nullable,
          checks[0]?.definition,
          type.name,
        ]),
        [["positive", false, "CHECK ((VALUE > 0))", "int4"]],
      );
      assert.deepEqual(schema.composites[0]?.attributes.map(({ name }) => name), ["street", "zip"]);
      assert.equal(schema.ranges[0]?.subtype, "double precision");
      const id = named(users.columns, "id").identity;
      assert.deepEqual(id, { kind: "always", options: "START WITH 10 INCREMENT BY 2" });
      assert.deepEqual(named(users.columns, "number").identity, {
        kind: "by default",
        options: null,
      });
      const ticket = named(schema.sequences, "ticket");
      assert.deepEqual(ticket.ownedBy, { table: "fast", column: "id" });
      assert.deepEqual([ticket.increment, ticket.cycle], ["-5", true]);
      assert.deepEqual(
        schema.routines.map(({ name, kind, parameters }) =>
          // Before PostgreSQL 14 the mode is not written.
          `${kind} ${name}(${parameters.replace(/^IN /, "")})`
        ),
        [
          "function add(a integer, b integer)",
          "function add(a text)",
          "procedure forget(who bigint)",
          "aggregate total(integer)",
          "function touch()",
        ],
      );
      assert.ok(schema.routines.every(({ definition }) => !definition.includes("kysera_")));
    }));

  it("reads policies, triggers, rules, comments and partitions", () =>
    withRich(dialect, (schema) => {
      const posts = tableOf(schema, "posts");
      assert.deepEqual(posts.rowSecurity, { enabled: true, forced: true });
      assert.deepEqual(posts.policies, [
        {
          name: "own",
          command: "all",
          permissive: true,
          roles: ["public"],
          using: "(author_id = 1)",
          withCheck: "(title IS NOT NULL)",
          comment: "rows of one",
        },
        {
          name: "tenant",
          command: "select",
          permissive: false,
          roles: ["public"],
          using: "(tenant_id = 1)",
          withCheck: null,
          comment: null,
        },
      ]);
      assert.equal(named(posts.checks, "not_all").validated, false);
      assert.equal(posts.exclusions.length, 1);
      assert.equal(named(posts.triggers, "counted").enabled, "no");
      const users = tableOf(schema, "users");
      const touched = named(users.triggers, "touched");
      assert.deepEqual(
        [touched.timing, touched.events, touched.level],
        ["before", ["insert", "update"], "row"],
      );
      assert.deepEqual(users.rules.map(({ name }) => name), ["quiet"]);
      assert.equal(users.comment, "those who've come");
      assert.equal(named(users.columns, "email").comment, "where to write");
      assert.equal(named(users.checks, "named").comment, "short");
      const title = named(posts.indexes, "posts_title");
      assert.deepEqual(
        [title.predicate, title.parts[0]?.expression, title.parts[0]?.order, title.parts[0]?.nulls],
        ["(tenant_id > 0)", "lower(title)", "desc", "last"],
      );
      assert.deepEqual(named(posts.indexes, "posts_include").include, ["room"]);
      assert.equal(named(posts.indexes, "posts_hash").method, "hash");
      assert.match(named(users.indexes, "on public.users").definition, / ON users USING btree/);
      assert.equal(tableOf(schema, "logs").partitioning.by, "RANGE (at)");
      const part = tableOf(schema, "logs_2026");
      assert.deepEqual(part.parents, [{ schema: null, name: "logs" }]);
      assert.equal(part.indexes[0]?.inherited, true);
      assert.equal(part.primaryKey?.inherited, true);
      assert.deepEqual(tableOf(schema, "fast").options, {
        fillfactor: "70",
        "replica identity": "full",
        unlogged: "true",
      });
      const counts = named(schema.views, "counts");
      assert.deepEqual([counts.materialized, counts.indexes[0]?.unique], [true, true]);
      assert.deepEqual(named(schema.views, "second").options, {
        check_option: "local",
        security_barrier: "true",
      });
    }));

  it("reads several schemas, and writes names of others with theirs", () =>
    withDb(dialect, async (db) => {
      const own = (await readSchema(db)).defaultSchema;
      const other = `${own} "other"`;
      const table = sql.id(other, "t");
      await sql`create schema ${sql.id(other)}`.execute(db);
      try {
        await sql`create type ${sql.id(other, "kind")} as enum ('a')`.execute(db);
        await sql`create table ${table} (id integer primary key, kind ${sql.id(other, "kind")})`
          .execute(db);
        await sql`create table t (id integer references ${table})`.execute(db);
        const both = await readSchema(db, { schemas: [own, other] });
        assert.deepEqual(both.tables.map(({ schema, name }) => [schema, name]), [
          [null, "t"],
          [other, "t"],
        ]);
        assert.deepEqual(both.schemas, [null, other]);
        assert.equal(both.tables[0]?.foreignKeys[0]?.referencedSchema, other);
        const turned = await readSchema(db, { schemas: [other] });
        assert.deepEqual(turned.tables[0]?.columns[1]?.type.schema, null);
        assert.equal(turned.tables[0]?.columns[1]?.type.text, "kind");
      } finally {
        await sql`drop schema ${sql.id(other)} cascade`.execute(db);
      }
    }));
}, ["postgres", "pglite"]);

onEveryDialect("readSchema() of MariaDB", (dialect) => {
  it("reads its own kinds of objects", () =>
    withRich(dialect, (schema) => {
      const users = tableOf(schema, "users");
      assert.deepEqual(named(users.columns, "mood").type.values, ["sad", "it's ok", "happy"]);
      assert.equal(named(users.columns, "updated_at").onUpdate, "current_timestamp()");
      assert.equal(named(users.columns, "twice").generated?.stored, false);
      assert.equal(named(users.columns, "email").comment, "where to 'write'");
      assert.equal(users.comment, "those who've come");
      assert.equal(named(users.indexes, "words").method, "fulltext");
      assert.equal(named(tableOf(schema, "posts").indexes, "title_start").parts[0]?.prefix, 10);
      assert.match(named(users.triggers, "another").definition, /follows `first_one`/);
      assert.equal(tableOf(schema, "parts").partitioning.by, "range (to_days(`at`))");
      const numbered = tableOf(schema, "numbered");
      assert.equal(named(numbered.columns, "id").default, "nextval(`ticket`)");
      assert.equal(named(numbered.columns, "hidden").hidden, true);
      assert.equal(named(schema.sequences, "ticket").increment, "5");
      const second = named(schema.views, "second");
      assert.deepEqual(second.options, { check_option: "local", security: "invoker" });
      const active = named(schema.views, "active");
      assert.deepEqual(active.columns.map(({ nullable }) => nullable), [false, false, true]);
      assert.doesNotMatch(active.definition, /kysera_/);
      assert.deepEqual(schema.routines.map(({ kind, name }) => `${kind} ${name}`), [
        "procedure forget",
        "event often",
        "function twice",
      ]);
    }));
}, ["mysql"]);

onEveryDialect("readSchema() of SQLite", (dialect) => {
  it("reads what only the text of a table says", () =>
    withRich(dialect, (schema) => {
      const users = tableOf(schema, "users");
      assert.equal(named(users.columns, "id").identity?.kind, "auto increment");
      assert.equal(named(users.columns, "twice").generated?.stored, false);
      assert.equal(named(users.checks, "named").expression, "length(name) < 100 and name <> '),('");
      assert.equal(named(users.uniques, "together").columns[1], "number");
      const posts = tableOf(schema, "posts");
      assert.deepEqual(posts.options, { "without rowid": "true" });
      assert.deepEqual(posts.primaryKey?.columns, ["id", "part"]);
      assert.equal(posts.foreignKeys[0]?.deferrable, "initially deferred");
      const odd = named(posts.foreignKeys, "odd");
      assert.deepEqual([odd.referencedTable, odd.onUpdate], ['odd "name"', "set null"]);
      const title = named(posts.indexes, "posts_title");
      assert.deepEqual(
        [title.predicate, title.parts[0]?.expression, title.parts[0]?.order],
        ["title is not null", "lower(title)", "desc"],
      );
      assert.equal(named(posts.indexes, "posts_author").parts[1]?.collation, "nocase");
      assert.deepEqual(tableOf(schema, 'odd "name"').options, { strict: "true" });
      assert.equal(tableOf(schema, 'odd "name"').columns[0]?.identity, null);
      assert.equal(tableOf(schema, "words").kind, "virtual");
      assert.deepEqual(schema.tables.map(({ name }) => name).sort(), [
        'odd "name"',
        "posts",
        "users",
        "words",
      ]);
      assert.equal(named(schema.views, "active").triggers[0]?.timing, "instead of");
      assert.equal(named(schema.views, "second").columns[0]?.name, "one");
    }));

  it("reads on where a view is broken, and what is attached", () =>
    withDb(dialect, async (db) => {
      await runScript(
        db,
        `create table a (id integer); create view good as select id from a;
         create view bad as select id from nowhere; attach ':memory:' as other;
         create table other.b (id integer primary key desc)`,
      );
      const schema = await readSchema(db, { schemas: ["main", "other"] });
      assert.deepEqual(schema.views.map(({ name, columns }) => [name, columns.length]), [
        ["bad", 0],
        ["good", 1],
      ]);
      assert.deepEqual(schema.tables.map(({ schema, name }) => [schema, name]), [
        [null, "a"],
        ["other", "b"],
      ]);
      // For historical reasons it is not the number of the row.
      assert.equal(schema.tables[1]?.columns[0]?.identity, null);
    }));
}, ["sqlite"]);
