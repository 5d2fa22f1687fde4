import {
  createExecutor,
  createExecutorSync,
  ExecutorError,
  ForeignQueryError,
  getRawDb,
  QueryRefusedError,
  RawSqlError,
} from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import { CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";
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
import { onEveryDialect } from "../support/matrix.ts";
import { dummy, type DummyName } from "./dummy.ts";
import { hideDeleted, inWorld, type World } from "./world.ts";

const deny = (name: DummyName = "postgres"): Kysely<any> =>
  createExecutorSync(dummy(name), [hideDeleted], { rawSql: "deny" });

type Build = (db: Kysely<any>) => { compile(): CompiledQuery };

/** Where an expression can stand. */
const places: Readonly<Record<string, (e: RawBuilder<any>) => Build>> = {
  "the select list": (e) => (db) => db.selectFrom("users").select(e.as("e")),
  "WHERE": (e) => (db) => db.selectFrom("users").selectAll().where(e),
  "a comparison": (e) => (db) => db.selectFrom("users").selectAll().where("id", "=", e),
  "ON": (e) => (db) => db.selectFrom("users").innerJoin("posts", (join) => join.on(e)).selectAll(),
  "ORDER BY": (e) => (db) => db.selectFrom("users").selectAll().orderBy(e),
  "GROUP BY": (e) => (db) => db.selectFrom("users").select("id").groupBy(e),
  "HAVING": (e) => (db) => db.selectFrom("users").select("id").groupBy("id").having(e),
  "LIMIT": (e) => (db) => db.selectFrom("users").select("id").limit(e),
  "SET": (e) => (db) => db.updateTable("users").set({ name: e }),
  "VALUES": (e) => (db) => db.insertInto("users").values({ name: e }),
  "RETURNING": (e) => (db) => db.deleteFrom("users").returning(e.as("e")),
  "a function's argument": (e) => (db) =>
    db.selectFrom("users").select((eb) => eb.fn("lower", [e]).as("e")),
  "an aggregate's filter": (e) => (db) =>
    db.selectFrom("users").select((eb) => eb.fn.countAll().filterWhere(e).as("e")),
  "a window": (e) => (db) =>
    db.selectFrom("users").select((eb) =>
      eb.fn.countAll().over((o) => o.partitionBy(e as any)).as("e")
    ),
  "CASE": (e) => (db) =>
    db.selectFrom("users").select((eb) => eb.case().when(e).then(1).end().as("e")),
  "a CAST": (e) => (db) => db.selectFrom("users").select((eb) => eb.cast(e, "text").as("e")),
  "DISTINCT ON": (e) => (db) => db.selectFrom("users").distinctOn(e).selectAll(),
  "a subquery": (e) => (db) =>
    db.selectFrom("users").selectAll().where(
      "id",
      "in",
      (eb: any) => eb.selectFrom("posts").select("user_id").where(e),
    ),
  "a common table expression": (e) => (db) =>
    db.with("c", (qc) => qc.selectFrom("users").select(e.as("e"))).selectFrom("c").selectAll(),
  "another raw fragment": (e) => (db) =>
    db.selectFrom("users").select(sql`coalesce(${sql`(${e})`}, 1)`.as("e")),
  "ON CONFLICT": (e) => (db) =>
    db.insertInto("users").values({ id: 1 }).onConflict((c) =>
      c.column("id").doUpdateSet({ name: e })
    ),
};

function isRefusal(error: unknown): true {
  assert.ok(error instanceof RawSqlError, `it threw ${error}`);
  assert.ok(error instanceof ExecutorError);
  assert.equal(error.code, "RAW_SQL");
  assert.equal(error.name, "RawSqlError");
  assert.match(error.message, /^Cannot run raw SQL through this executor: /);
  assert.match(error.message, /write it with the query builder, or run it on getRawDb\(executor\)/);
  return true;
}

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

describe(`rawSql: "deny" refuses`, () => {
  const fragments: Readonly<Record<string, readonly RawBuilder<any>[]>> = {
    "a subquery": [
      sql`(select max(id) from users)`,
      sql`(SELECT 1)`,
      sql`exists (select 1 from users)`,
      sql`id in (select id from users)`,
      sql`array(select id from users)`,
      sql`array[id, (select max(id) from users)]`,
      sql`coalesce((table users), 1)`,
      sql`(values (1)) union select id from users`,
      sql`(with x as (select 1) select * from x)`,
      sql`lower((select name from users limit 1))`,
      sql`(${sql`select id from users`})`,
      sql`${sql.raw("(select 1)")}`,
      sql`(select${sql` id `}from users)`,
    ],
    "clauses that name a table": [
      sql`1 from users`,
      sql`1 as x from users, secrets`,
      sql`true join users on true`,
      sql`1 union all table users`,
      sql`1 into outfile 'x'`,
    ],
    "comments, several statements, and what cannot be read for sure": [
      sql`1 -- and`,
      sql`1 /* and */`,
      sql`1; drop table users`,
      sql`'open`,
      sql`"open`,
      sql`$$quoted$$`,
      sql`$a$quoted$a$`,
      sql`'a\\'`,
      sql`1from users`,
      sql`1\u0000`,
    ],
    "brackets that leave the place they stand in": [
      sql`1)`,
      sql`(1`,
      sql`1) or (1=1`,
      sql`${sql`(`} 1`,
    ],
    "functions that read tables or run SQL by their arguments": [
      sql`query_to_xml('select * from users', true, true, '')`,
      sql`table_to_xml('users', true, true, '')`,
      sql`database_to_xml(true, true, '')`,
      sql`dblink('host=x', 'select 1')`,
      sql`QUERY_TO_XML ('select 1', true, true, '')`,
      sql`"query_to_xml"('select 1', true, true, '')`,
      sql`ts_stat('select 1')`,
      sql`pg_read_file('/etc/passwd')`,
    ],
    "statements": [
      sql`delete from users`,
      sql`update users set name = 1`,
      sql`insert into users values (1)`,
      sql`truncate users`,
      sql`copy users to stdout`,
      sql`call f()`,
    ],
  };
  for (const [what, list] of Object.entries(fragments)) {
    for (const [place, at] of Object.entries(places)) {
      it(`${what}, in ${place}`, () => {
        for (const fragment of list) {
          assert.throws(() => at(fragment)(deny()).compile(), isRefusal);
        }
      });
    }
  }

  const users = sql`users`;
  const builds: Readonly<Record<string, readonly Build[]>> = {
    "a raw table in FROM, a join, USING and a write's target": [
      (db) => db.selectFrom(users.as("u")).selectAll(),
      (db) => db.selectFrom(sql`users, secrets`.as("u")).selectAll(),
      (db) => db.selectFrom(sql`(users)`.as("u")).selectAll(),
      (db) => db.selectFrom(sql`only users`.as("u")).selectAll(),
      (db) => db.selectFrom(sql`${sql.table("users")}, ${sql.table("posts")}`.as("u")).selectAll(),
      (db) => db.selectFrom("tags").innerJoin(users.as("u"), "u.id", "tags.id").selectAll(),
      (db) => db.selectFrom("tags").leftJoin(sql`users`.as("u"), (j) => j.onTrue()).selectAll(),
      (db) => db.deleteFrom("tags").using(users.as("u")).whereRef("u.id", "=", "tags.id"),
      (db) => db.updateTable("tags").from(users.as("u")).set({ n: 1 }),
      (db) => db.updateTable(users.as("u") as any).set({ n: 1 }),
      (db) => db.deleteFrom(users.as("u") as any),
      (db) =>
        db.mergeInto("tags").using(users.as("u"), "u.id", "tags.id").whenMatched().thenDelete(),
    ],
    "functions in FROM that it does not know": [
      (db) => db.selectFrom(sql`all_users()`.as("u")).selectAll(),
      (db) => db.selectFrom(sql`generate_series(1, 2), users`.as("u")).selectAll(),
      (db) => db.selectFrom(sql`generate_series(1, 2) union table users`.as("u")).selectAll(),
      (db) => db.selectFrom((eb: any) => eb.fn("all_users", []).as("u")).selectAll(),
    ],
    "raw common table expressions": [
      (db) => db.with("c", () => sql`select * from users` as any).selectFrom("c").selectAll(),
    ],
    "a comma that goes on with FROM after ON, or with SET": [
      (db) =>
        db.selectFrom("tags").innerJoin("notes", (j) => j.on(sql<boolean>`true, users`))
          .selectAll(),
      (db) => db.updateTable("users").set({ name: sql`'x', role = 'admin'` }),
      (db) =>
        db.insertInto("users").values({ id: 1 })
          .onConflict((c) => c.column("id").doUpdateSet({ name: sql`'x', role = 'admin'` })),
    ],
    "a raw alias that is more than a name and its columns": [
      (db) => db.selectFrom(sql.table("tags").as<"t">(sql`t, users`)).selectAll(),
      (db) => db.selectFrom(sql.table("tags").as<"t">(sql`t where true union table x`)).selectAll(),
      (db) => db.selectFrom("tags").select((eb) => eb.ref("id").as<"x">(sql`x, (select 1) as y`)),
      (db) =>
        db.selectFrom((eb: any) => eb.fn("unnest", []).as(sql`x(a) cross join users as y(b)`))
          .selectAll(),
    ],
    "a column of SET that is more than a name": [
      (db) => db.updateTable("users").set(sql`name = 'a', role` as any, "x"),
      (db) => db.updateTable("users").set(sql`name = (select 1) || role` as any, "x"),
    ],
    "a function's name that holds SQL": [
      (db) => db.selectFrom("users").select((eb) => eb.fn("1 from users --" as any, []).as("x")),
      (db) => db.selectFrom("users").select((eb) => eb.fn("(select 1) + abs", ["id"]).as("x")),
      (db) => db.selectFrom("users").select((eb) => eb.fn.agg("query_to_xml", ["id"]).as("x")),
      (db) => db.selectFrom("users").select((eb) => eb.fn("", ["id"]).as("x")),
    ],
    "raw SQL at the end of a statement that names a table": [
      (db) => db.selectFrom("tags").selectAll().modifyEnd(sql`union all table users`),
      (db) => db.selectFrom("tags").selectAll().modifyEnd(sql`, users`),
      (db) => db.selectFrom("users").selectAll().modifyFront(sql`* from users union select`),
    ],
    "a name of a guarded table inside a fragment": [
      (db) => db.selectFrom("tags").select(sql`${sql.table("users")}`.as("x")),
    ],
  };
  for (const [what, list] of Object.entries(builds)) {
    it(what, () => {
      for (const build of list) {
        assert.throws(() => build(deny()).compile(), isRefusal, build.toString());
      }
    });
  }

  it("what SQLite takes for a subquery after IN", () => {
    const db = deny("sqlite");
    for (
      const condition of [
        sql<boolean>`id in users`,
        sql<boolean>`id not in "users"`,
        sql<boolean>`id in [users]`,
        sql<boolean>`id in main.users`,
        sql<boolean>`id in 'users'`,
        sql<boolean>`id in ${sql.ref("users")}`,
        sql<boolean>`id in ${sql.table("users")}`,
        sql<boolean>`id in ${sql.id("users")}`,
        sql<boolean>`id in ${sql.lit("users")}`,
        sql<boolean>`id in ${sql`users`}`,
      ]
    ) {
      assert.throws(() => db.selectFrom("tags").selectAll().where(condition).compile(), isRefusal);
    }
    // Where the builder sees the IN, the table becomes the subquery that it stands for.
    for (const operator of ["in", sql`in`] as const) {
      for (const table of [sql`users`, sql.ref("users"), sql.lit("users")]) {
        const query = db.selectFrom("tags").selectAll().where("id", operator as any, table);
        assert.equal(
          query.compile().sql,
          `select * from "tags" where "id" in (select * from "users" where "users"."deleted_at" is null)`,
        );
      }
    }
    db.selectFrom("tags").selectAll().where(sql<boolean>`id in (1, 2, size)`).compile();
  });

  it("comments as MySQL knows them", () => {
    for (const fragment of [sql`1 # x`, sql`1 /*! union select */`, sql`"a\\""`]) {
      assert.throws(
        () => deny("mysql").selectFrom("tags").select(fragment.as("x")).compile(),
        isRefusal,
      );
    }
  });
});

onEveryDialect(`an executor with rawSql: "deny"`, (dialect) => {
  const options = { executor: { rawSql: "deny" } } as const;
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body, options));
  };

  test("refuses raw queries, wherever they are run", async ({ executor, db }) => {
    const raw = sql`select * from users`;
    await assert.rejects(raw.execute(executor), isRefusal);
    await assert.rejects(executor.executeQuery(raw.compile(db)), isRefusal);
    await assert.rejects(executor.executeQuery(CompiledQuery.raw("select 1")), isRefusal);
    await assert.rejects(executor.transaction().execute((trx) => raw.execute(trx)), isRefusal);
    await assert.rejects(executor.connection().execute((c) => raw.execute(c)), isRefusal);
    await assert.rejects(sql`select 1`.execute(executor.withoutPlugins()), isRefusal);
    await assert.rejects(
      async () => await executor.getExecutor().stream(raw.compile(db), 10).next(),
      isRefusal,
    );
    assert.equal((await raw.execute(getRawDb(executor as Kysely<any>))).rows.length, 4);
  });

  test("refuses every query that it did not compile", async ({ executor, db }) => {
    for (const table of ["users", "tags"] as const) {
      const foreign = db.selectFrom(table).select("id").compile();
      await assert.rejects(executor.executeQuery(foreign), ForeignQueryError);
      const own = executor.selectFrom(table).select("id").compile();
      await executor.executeQuery(own);
      await assert.rejects(executor.executeQuery({ ...own }), ForeignQueryError);
      await assert.rejects(
        executor.executeQuery({ ...own, sql: "select * from users" }),
        ForeignQueryError,
      );
      assert.throws(() => Object.assign(own, { sql: "select * from users" }), TypeError);
    }
  });

  test("has introspection all the same", async ({ executor }) => {
    const tables = await executor.introspection.getTables();
    assert.ok(tables.some(({ name }) => name === "users"));
    await executor.introspection.getSchemas();
    await executor.transaction().execute(async (trx) => {
      assert.ok((await trx.introspection.getTables()).length >= 3);
    });
  });

  test("builds schemas all the same", async ({ executor }) => {
    const { schema } = executor;
    await schema.createTable("things")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("n", "integer", (column) => column.notNull().defaultTo(sql`(1 + 1)`))
      .addColumn("at", "timestamp", (column) => column.defaultTo(sql`current_timestamp`))
      .addCheckConstraint("positive", sql`n > 0`)
      .execute();
    await schema.createIndex("things_n").on("things").column("n").execute();
    await schema.alterTable("things").addColumn("label", "varchar(10)").execute();
    await schema.createView("visible").as(executor.selectFrom("users").select("id")).execute();
    const view = executor as unknown as Kysely<{ visible: { id: number } }>;
    assert.equal((await view.selectFrom("visible").selectAll().execute()).length, 3);
    await schema.dropView("visible").execute();
    await schema.dropTable("things").execute();
  });

  test("has transactions and savepoints all the same", async ({ executor, db }) => {
    const count = async (): Promise<number> =>
      (await db.selectFrom("tags").select("id").where("id", ">", 9).execute()).length;
    await executor.transaction().execute((trx) =>
      trx.insertInto("tags").values({ id: 10, label: "ten" }).execute()
    );
    const trx = await executor.startTransaction().execute();
    const point = await trx.savepoint("a").execute();
    await point.insertInto("tags").values({ id: 11, label: "eleven" }).execute();
    await (await point.rollbackToSavepoint("a").execute()).releaseSavepoint("a").execute();
    await trx.commit().execute();
    assert.equal(await count(), 1);
  });
});

onEveryDialect(`an executor with rawSql: "allow"`, (dialect) => {
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body));
  };

  test("runs raw SQL past the plugins", async ({ executor }) => {
    assert.equal((await sql`select * from users`.execute(executor)).rows.length, 4);
    const rows = await executor.selectFrom("tags")
      .select(sql<number>`(select count(*) from users)`.as("n")).execute();
    assert.equal(Number(rows[0]!.n), 4);
  });

  test("guards a table whose name is all that a fragment in FROM holds", async ({ executor }) => {
    for (const table of [sql<any>`users`, sql.table("users"), sql.id("users")]) {
      const rows = await (executor as Kysely<any>).selectFrom(table.as("u")).selectAll().execute();
      assert.equal(rows.length, 3);
    }
  });

  test("refuses a query that another compiled, where it names a guarded table", async ({ executor, db }) => {
    await assert.rejects(
      executor.executeQuery(db.selectFrom("users").selectAll().compile()),
      ForeignQueryError,
    );
    await assert.rejects(
      executor.executeQuery({ ...executor.selectFrom("users").selectAll().compile() }),
      ForeignQueryError,
    );
    const { rows } = await executor.executeQuery(db.selectFrom("tags").selectAll().compile());
    assert.equal(rows.length, 2);
  });

  test("refuses TRUNCATE of a guarded table, and runs it on another", async ({ executor, db }) => {
    for (
      const statement of [
        sql`truncate table users`,
        sql`TRUNCATE users`,
        sql`truncate ${sql.table("users")}`,
        sql`truncate table tags, users`,
        sql`/* clean */ truncate table users`,
      ]
    ) {
      await assert.rejects(statement.execute(executor), (error) => {
        assert.ok(error instanceof QueryRefusedError, `it threw ${error}`);
        assert.equal(error.reason, "TRUNCATE");
        assert.equal(error.code, "QUERY_TRUNCATE");
        assert.equal(error.table, "users");
        return true;
      });
    }
    if (dialect.dialect !== "sqlite") await sql`truncate table tags`.execute(executor);
    assert.equal((await db.selectFrom("users").select("id").execute()).length, 4);
  });

  it("is the rule until a plugin says that it is of no use then", async () => {
    const db = dummy(dialect.dialect);
    const strict: Plugin = { name: "strict", version: "1.0.0", rawSql: "deny" };
    await assert.rejects(sql`select 1`.execute(await createExecutor(db, [strict])), RawSqlError);
    const late: Plugin = { name: "late", version: "1.0.0", setup: () => ({ rawSql: "deny" }) };
    await assert.rejects(sql`select 1`.execute(await createExecutor(db, [late])), RawSqlError);
    const loose = await createExecutor(db, [strict], { rawSql: "allow" });
    await sql`select 1`.execute(loose);
  });
});
