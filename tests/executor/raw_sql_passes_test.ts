import { createExecutorSync } from "@kysera/executor";
import { type RawBuilder, sql } from "kysely";
import {
  jsonArrayFrom as mysqlArrayFrom,
  jsonObjectFrom as mysqlObjectFrom,
} from "kysely/helpers/mysql";
import {
  jsonArrayFrom as postgresArrayFrom,
  jsonBuildObject as postgresBuildObject,
  jsonObjectFrom as postgresObjectFrom,
} from "kysely/helpers/postgres";
import {
  jsonArrayFrom as sqliteArrayFrom,
  jsonObjectFrom as sqliteObjectFrom,
} from "kysely/helpers/sqlite";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy, type DummyName } from "./dummy.ts";
import { deny, isRefusal, places } from "./raw_sql.ts";
import { hideDeleted } from "./world.ts";

describe(`rawSql: "deny" lets pass`, () => {
  const name = sql.ref("users.name");
  const expressions: Readonly<Record<string, readonly RawBuilder<any>[]>> = {
    "a literal, a value, a name": [
      sql`1`,
      sql`'it''s -- fine; select /* 1 */'`,
      sql`${5}`,
      sql`${"x"}`,
      sql`name`,
      sql`"name"`,
      sql`users.name`,
      sql`"users"."name"`,
      sql`null`,
      sql`current_timestamp`,
    ],
    "names and values that sql. makes": [
      sql`${name}`,
      sql`lower(${name})`,
      sql`${sql.id("users", "name")}`,
      sql`${sql.ref("name")} = ${sql.val("x")}`,
      sql`${sql.lit("x")} || ${sql.lit(5)}`,
      sql`${sql.join([1, 2, sql.ref("id")])}`,
      sql`(${sql.join([1, 2], sql` + `)})`,
      sql`id in (${sql.join([1, 2])})`,
    ],
    "FROM inside the functions that have one": [
      sql`extract(year from created_at)`,
      sql`EXTRACT(EPOCH FROM ${name})`,
      sql`trim(both ' ' from name)`,
      sql`trim(name)`,
      sql`substring(name from 1 for 2)`,
      sql`overlay(name placing 'x' from 2)`,
    ],
    "IS DISTINCT FROM": [
      sql`name is distinct from 'x'`,
      sql`name is not distinct from ${"x"}`,
    ],
    "functions, casts, CASE and operators": [
      sql`coalesce(name, 'none')`,
      sql`name::text`,
      sql`cast(id as varchar(10))`,
      sql`case when id > 1 then 'a' else 'b' end`,
      sql`id between 1 and 2`,
      sql`name like 'a%' escape '!'`,
      sql`(id, name) = (1, 'x')`,
      sql`id = any(${[1]})`,
      sql`id % 2 = 0 and not (id > 5 or id < 1)`,
      sql`id - 1`,
      sql`-id * .5 + 1e3`,
      sql`now() - interval '1 day'`,
      sql`pg_catalog.lower(name)`,
      sql`count(*) filter (where id > 1)`,
      sql`row_number() over (partition by name order by id rows between 1 preceding and current row)`,
      sql`string_agg(name, ', ' order by name)`,
      sql`percentile_cont(0.5) within group (order by id)`,
      sql`name collate "C"`,
      sql`tags[1]`,
      sql`array[1, 2, id]`,
      sql`tags[1:2]`,
    ],
    "JSON operators": [
      sql`data -> 'a' ->> 'b'`,
      sql`data #> '{a,b}'`,
      sql`data @> '{"a": 1}'`,
      sql`data ? 'a'`,
      sql`data @? '$.a[*]'`,
      sql`jsonb_path_query_first(data, '$.a')`,
    ],
    "words that begin statements, where they name a column": [
      sql`users.table`,
      sql`"select"`,
      sql`users."from"`,
    ],
  };
  for (const [what, list] of Object.entries(expressions)) {
    it(what, () => {
      for (const expression of list) {
        for (const place of ["the select list", "WHERE", "HAVING", "a function's argument"]) {
          const query = places[place]!(expression)(deny());
          assert.match(query.compile().sql, /"users"\."deleted_at" is null/);
        }
      }
    });
  }

  it("an expression in every place", () => {
    for (const [place, at] of Object.entries(places)) {
      assert.ok(at(sql`coalesce(name, ${"x"}) is not null`)(deny()).compile().sql, place);
    }
  });

  it("modifiers that lock rows", () => {
    const query = deny().selectFrom("users").selectAll();
    for (
      const modifier of [
        sql`for update`,
        sql`for no key update`,
        sql`for update skip locked`,
        sql`for share`,
        sql`for update of users nowait`,
        sql`limit 1`,
      ]
    ) {
      assert.match(query.modifyEnd(modifier).compile().sql, /is null (for|limit)/);
    }
    assert.match(query.forUpdate().skipLocked().compile().sql, /for update skip locked$/);
    assert.match(query.modifyFront(sql`all`).compile().sql, /^select all/);
  });

  it("sql.table and sql.id for a table in FROM, which are guarded", () => {
    for (const table of [sql.table("users"), sql.id("users"), sql.ref("users")]) {
      assert.equal(
        deny().selectFrom(table.as("u")).selectAll().compile().sql,
        `select * from "users" as "u" where "u"."deleted_at" is null`,
      );
    }
  });

  it("functions in FROM that read no table, whatever their letter case", () => {
    const db = deny();
    for (
      const call of [
        sql`unnest(${[1]}::int[])`,
        sql`generate_series(1, 10)`,
        sql`JSON_EACH(${"{}"})`,
        sql`jsonb_array_elements(users.data) with ordinality`,
      ]
    ) {
      db.selectFrom(call.as("f")).selectAll().compile();
      db.selectFrom("users").innerJoinLateral(call.as("f"), (join) => join.onTrue()).selectAll()
        .compile();
    }
    db.selectFrom((eb: any) => eb.fn("unnest", [eb.val([1])]).as("f")).selectAll().compile();
    const columns = sql`j(id, name)`;
    assert.equal(
      db.selectFrom(sql`jsonb_to_recordset(${"[]"})`.as<"j">(sql`j(id int, name text)`)).selectAll()
        .compile().sql,
      `select * from jsonb_to_recordset($1) as j(id int, name text)`,
    );
    db.selectFrom(sql`unnest(${[1]})`.as<"j">(columns)).selectAll().compile();
  });

  it("functions in FROM that the option tableFunctions names", () => {
    const executor = createExecutorSync(dummy(), [hideDeleted], {
      rawSql: "deny",
      tableFunctions: ["My_Rows"],
    });
    executor.selectFrom(sql`my_rows(1)`.as("f")).selectAll().compile();
    executor.selectFrom(sql`MY_ROWS(1)`.as("f")).selectAll().compile();
    assert.throws(
      () => executor.selectFrom(sql`other_rows(1)`.as("f")).selectAll().compile(),
      (error) => isRefusal(error) && /"tableFunctions"/.test((error as Error).message),
    );
    const above = createExecutorSync(executor, [], { tableFunctions: ["other_rows"] });
    above.selectFrom(sql`my_rows(1)`.as("f")).selectAll().compile();
    above.selectFrom(sql`other_rows(1)`.as("f")).selectAll().compile();
  });

  it("Kysely's queries among the parameters of a fragment, which are filtered", () => {
    const inner = dummy().selectFrom("posts").select("user_id");
    const { sql: text } = deny().selectFrom("tags").selectAll()
      .where(sql<boolean>`id in (${inner}) or exists (${inner})`).compile();
    assert.equal(text.match(/"posts"\."deleted_at" is null/g)?.length, 2);
  });

  it("relations that Kysely's own helpers read, which are filtered", () => {
    const posts = (eb: any) => eb.selectFrom("posts").select(["posts.id", "posts.title"]);
    const queries: [DummyName, (eb: any) => any][] = [
      ["postgres", (eb) => postgresArrayFrom(posts(eb)).as("p")],
      ["postgres", (eb) => postgresObjectFrom(posts(eb)).as("p")],
      ["mysql", (eb) => mysqlArrayFrom(posts(eb)).as("p")],
      ["mysql", (eb) => mysqlObjectFrom(posts(eb)).as("p")],
      ["sqlite", (eb) => sqliteArrayFrom(posts(eb)).as("p")],
      ["sqlite", (eb) => sqliteObjectFrom(posts(eb)).as("p")],
    ];
    for (const [name, relation] of queries) {
      const { sql: text } = deny(name).selectFrom("tags").select(relation).compile();
      assert.match(text, /from \(select .* from .posts. where .posts.\..deleted_at. is null\)/);
    }
    deny().selectFrom("users").select((eb) =>
      postgresBuildObject({ id: eb.ref("id"), name: sql`upper(name)` }).as("o")
    ).compile();
  });

  it("a MERGE's actions", () => {
    const merge = deny().mergeInto("users").using("posts", "posts.user_id", "users.id");
    merge.whenMatched().thenDelete().compile();
    merge.whenMatched().thenDoNothing().compile();
    merge.whenMatched().thenUpdateSet({ name: sql`upper(users.name)` }).compile();
  });

  it("column types, defaults and checks of a table that is created", () => {
    deny().schema.createTable("t")
      .addColumn("id", sql`bigint`, (c) => c.defaultTo(sql`gen_random_uuid()`))
      .addColumn("n", "integer", (c) => c.check(sql`n > 0`).generatedAlwaysAs(sql`id + 1`))
      .addColumn("at", "timestamp", (c) => c.defaultTo(sql`now()`))
      .addForeignKeyConstraint("f", ["n"], "users", ["id"], (c) => c.onDelete("cascade"))
      .modifyEnd(sql`tablespace fast`)
      .compile();
    deny().schema.createIndex("i").on("t").expression(sql`lower(name)`).where(sql`n`, "=", 1)
      .compile();
  });
});
