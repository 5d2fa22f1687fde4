import { type RawBuilder, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Build, deny, isRefusal, places } from "./raw_sql.ts";

describe(`rawSql: "deny" refuses`, () => {
  const fragments: Readonly<Record<string, readonly RawBuilder<any>[]>> = {
    "a subquery": [
      sql`(select max(id) from users)`,
      sql`exists (select 1 from users)`,
      sql`id in (select id from users)`,
      sql`array(select id from users)`,
      sql`array[id, (select max(id) from users)]`,
      sql`coalesce((table users), 1)`,
      sql`(values (1)) union select id from users`,
      sql`(with x as (select 1) select * from x, users)`,
      sql`lower((select name from users limit 1))`,
      sql`(${sql`select id from users`})`,
      sql`${sql.raw("(select id from users)")}`,
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
      sql`e'a\\'`,
      sql`'a' \\ 1`,
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
