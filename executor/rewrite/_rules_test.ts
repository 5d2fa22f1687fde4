/** The rules of the rewriting, as the tables in the files of this directory give them. */
import { createExecutorSync, ExecutorError, QueryRefusedError } from "@kysera/executor";
import type { Plugin, QueryRefusalReason } from "@kysera/executor";
import { type CompiledQuery, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy, type DummyName } from "../../tests/executor/dummy.ts";

/** `f` stands for the filter of each of these tables. */
const filter: Plugin = {
  name: "filter",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => ["a", "b"].includes(name.toLowerCase()),
  filter: (reference) => reference.column<boolean>("f"),
};

type Build = (db: Kysely<any>) => { compile(): CompiledQuery };

const compile = (build: Build, name: DummyName, plugins: Plugin[] = [filter]): string =>
  build(createExecutorSync(dummy(name), plugins)).compile().sql.replaceAll(/["`]/g, "");

/** A rule, a query, and the SQL it becomes. */
type Rule = readonly [rule: string, build: Build, sql: string, name?: DummyName];

function rules(title: string, list: readonly Rule[]): void {
  describe(title, () => {
    for (const [rule, build, expected, name = "postgres"] of list) {
      it(rule, () => assert.equal(compile(build, name), expected));
    }
  });
}

rules("SELECT: the predicate of a table goes, for", [
  ["FROM, to WHERE", (db) => db.selectFrom("a").selectAll(), "select * from a where a.f"],
  [
    "an alias, to WHERE under the alias",
    (db) => db.selectFrom("a as x").selectAll(),
    "select * from a as x where x.f",
  ],
  [
    "a table of a schema, to WHERE under the schema",
    (db) => db.selectFrom("s.a").selectAll(),
    "select * from s.a where s.a.f",
  ],
  [
    "several tables, to WHERE each",
    (db) => db.selectFrom(["a", "b as y", "c"]).selectAll(),
    "select * from a, b as y, c where a.f and y.f",
  ],
  [
    "a self join, to WHERE under either alias",
    (db) => db.selectFrom("a as x").innerJoin("a as y", "x.id", "y.id").selectAll(),
    "select * from a as x inner join a as y on x.id = y.id where x.f and y.f",
  ],
  [
    "the right side of an inner or a cross join, to WHERE",
    (db) => db.selectFrom("c").innerJoin("a", "a.id", "c.id").crossJoin("b").selectAll(),
    "select * from c inner join a on a.id = c.id cross join b where a.f and b.f",
  ],
  [
    "the right side of a left join, to its ON",
    (db) => db.selectFrom("a").leftJoin("b", "b.id", "a.id").selectAll(),
    "select * from a left join b on b.id = a.id and b.f where a.f",
  ],
  [
    "the right side of a left join whose ON has an OR, to its ON outside of brackets",
    (db) =>
      db.selectFrom("c").leftJoin("b", (j) => j.on(sql<boolean>`b.id = 1 or c.id = 1`)).selectAll(),
    "select * from c left join b on (b.id = 1 or c.id = 1) and b.f",
  ],
  [
    "what stands left of a right join, to its ON; the right side, to WHERE",
    (db) => db.selectFrom("a").rightJoin("b as y", "y.id", "a.id").selectAll(),
    "select * from a right join b as y on y.id = a.id and a.f where y.f",
  ],
  [
    "what stands left of the last of two right joins, to the ON of the join after it",
    (db) =>
      db.selectFrom("a").innerJoin("b as x", "x.id", "a.id").rightJoin("b as y", "y.id", "a.id")
        .rightJoin("b as z", "z.id", "y.id").selectAll(),
    "select * from a inner join b as x on x.id = a.id right join b as y on y.id = a.id and a.f " +
    "and x.f right join b as z on z.id = y.id and y.f where z.f",
  ],
  [
    "what stands left of a full join, and its right side, to derived tables",
    (db) =>
      db.selectFrom("s.a").fullJoin("b as y", "y.id", "s.a.id").innerJoin("b", "b.id", "y.id")
        .select(["s.a.id", "b.id as b"]),
    "select a.id, b.id as b from (select * from s.a where a.f) as a " +
    "full join (select * from b where b.f) as y on y.id = a.id inner join b on b.id = y.id where b.f",
  ],
  [
    "what a comma sets apart from a right join, to WHERE",
    (db) => db.selectFrom(["a", "b"]).rightJoin("c", "c.id", "b.id").selectAll(),
    "select * from a, b right join c on c.id = b.id and b.f where a.f",
  ],
  [
    "what a comma joins before a right join on SQLite, to its ON",
    (db) => db.selectFrom(["a", "b"]).rightJoin("c", "c.id", "b.id").selectAll(),
    "select * from a, b right join c on c.id = b.id and a.f and b.f",
    "sqlite",
  ],
  [
    "OUTER APPLY, to a derived table",
    (db) => db.selectFrom("c").outerApply("a").selectAll(),
    "select * from c outer apply (select * from a where a.f) as a",
    "mssql",
  ],
  [
    "a derived table, inside it",
    (db) => db.selectFrom(db.selectFrom("a").selectAll().as("x")).selectAll(),
    "select * from (select * from a where a.f) as x",
  ],
  [
    "a lateral join, inside it",
    (db) =>
      db.selectFrom("c").leftJoinLateral(
        (eb) => eb.selectFrom("a").whereRef("a.id", "=", "c.id").selectAll().as("x"),
        (j) => j.onTrue(),
      ).selectAll(),
    "select * from c left join lateral (select * from a where a.id = c.id and a.f) as x on true",
  ],
  [
    "each arm of a set operation, to its WHERE",
    (db) => db.selectFrom("a").select("id").union(db.selectFrom("b").select("id")),
    "select id from a where a.f union select id from b where b.f",
  ],
  [
    "a table before LIMIT, GROUP BY, DISTINCT and a lock, to WHERE",
    (db) =>
      db.selectFrom("a").distinct().select("id").groupBy("id").having("id", ">", 1).orderBy("id")
        .limit(1).forUpdate(),
    "select distinct id from a where a.f group by id having id > $1 order by id limit $2 for update",
  ],
  [
    "a body of WITH, inside it; the name of a CTE hides the table's",
    (db) =>
      db.with("b", (qc) => qc.selectFrom("a").selectAll()).selectFrom("b").selectAll()
        .where("id", "in", (eb: any) => eb.selectFrom("b").select("id")),
    "with b as (select * from a where a.f) select * from b where id in (select id from b)",
  ],
  [
    "a name that an alias takes, to the alias' table",
    (db) => db.selectFrom("a as b").selectAll(),
    "select * from a as b where b.f",
  ],
]);

rules("a condition that is there", [
  [
    "stands before AND as it is where it binds tighter",
    (db) => db.selectFrom("a").selectAll().where("x", "=", 1).where("y", "is", null),
    "select * from a where x = $1 and y is null and a.f",
  ],
  [
    "is put in brackets where it is raw SQL",
    (db) => db.selectFrom("a").selectAll().where(sql<boolean>`x or y`),
    "select * from a where (x or y) and a.f",
  ],
  [
    "has its own brackets where it is an OR of the builder",
    (db) => db.selectFrom("a").selectAll().where((eb) => eb.or([eb("x", "=", 1), eb("y", "=", 2)])),
    "select * from a where (x = $1 or y = $2) and a.f",
  ],
]);

rules("UPDATE: the predicate of", [
  [
    "the target goes to WHERE",
    (db) => db.updateTable("a").set({ n: 1 }).where("id", "=", 1),
    "update a set n = $1 where id = $2 and a.f",
  ],
  [
    "an aliased target goes to WHERE under its alias",
    (db) => db.updateTable("a as x").set({ n: 1 }),
    "update a as x set n = $1 where x.f",
  ],
  [
    "FROM and its joins goes where a SELECT has it",
    (db) =>
      db.updateTable("c").from("a").leftJoin("b", "b.id", "a.id").set({ n: 1 })
        .whereRef("c.id", "=", "a.id"),
    "update c set n = $1 from a left join b on b.id = a.id and b.f where c.id = a.id and a.f",
  ],
  [
    "each of several targets goes to WHERE",
    (db) => db.updateTable(["a", "b"]).set("a.n", 1).whereRef("a.id", "=", "b.id"),
    "update a, b set a.n = ? where a.id = b.id and a.f and b.f",
    "mysql",
  ],
  [
    "a target that has a CTE's name is the table's all the same",
    (db) =>
      db.with("a", (qc) => qc.selectFrom("c").selectAll()).updateTable("a").set({ n: 1 })
        .from("b").where("b.id", "in", (eb: any) => eb.selectFrom("a").select("id")),
    "with a as (select * from c) update a set n = $1 from b " +
    "where b.id in (select id from a) and a.f and b.f",
  ],
  [
    "a subquery in SET goes inside it",
    (db) => db.updateTable("c").set({ n: db.selectFrom("a").select("n").limit(1) }),
    "update c set n = (select n from a where a.f limit $1)",
  ],
  [
    "a target with a LIMIT goes before it",
    (db) => db.updateTable("a").set({ n: 1 }).limit(1),
    "update a set n = ? where a.f limit ?",
    "mysql",
  ],
]);

rules("DELETE: the predicate of", [
  [
    "the target goes to WHERE",
    (db) => db.deleteFrom("a").where("id", "=", 1).returningAll(),
    "delete from a where id = $1 and a.f returning *",
  ],
  [
    "USING and its joins goes where a SELECT has it",
    (db) =>
      db.deleteFrom("c").using("a").leftJoin("b", "b.id", "a.id").whereRef("c.id", "=", "a.id"),
    "delete from c using a left join b on b.id = a.id and b.f where c.id = a.id and a.f",
  ],
  [
    "a MySQL target that USING names again goes to WHERE once",
    (db) => db.deleteFrom("a").using("a").innerJoin("b", "b.id", "a.id"),
    "delete from a using a inner join b on b.id = a.id where a.f and b.f",
    "mysql",
  ],
]);

rules("INSERT", [
  [
    "of values is left as it is",
    (db) => db.insertInto("a").values({ id: 1 }).returningAll(),
    "insert into a (id) values ($1) returning *",
  ],
  [
    "of a SELECT inserts visible rows",
    (db) => db.insertInto("c").columns(["id"]).expression(db.selectFrom("a").select("id")),
    "insert into c (id) select id from a where a.f",
  ],
  [
    "ON CONFLICT DO UPDATE has the predicate in its WHERE",
    (db) =>
      db.insertInto("a").values({ id: 1 }).onConflict((c) => c.column("id").doUpdateSet({ n: 1 })),
    "insert into a (id) values ($1) on conflict (id) do update set n = $2 where a.f",
  ],
  [
    "ON CONFLICT DO UPDATE keeps the condition that it has",
    (db) =>
      db.insertInto("a").values({ id: 1 }).onConflict((c) =>
        c.column("id").doUpdateSet({ n: 1 }).where(sql<boolean>`x or y`)
      ),
    "insert into a (id) values ($1) on conflict (id) do update set n = $2 where (x or y) and a.f",
  ],
  [
    "ON CONFLICT DO NOTHING is left as it is",
    (db) => db.insertInto("a").values({ id: 1 }).onConflict((c) => c.doNothing()),
    "insert into a (id) values ($1) on conflict do nothing",
  ],
]);

rules("MERGE", [
  [
    "reads visible rows of its source, and matches visible rows of its target",
    (db) => db.mergeInto("a").using("b", "b.id", "a.id").whenMatched().thenDelete(),
    "merge into a using (select * from b where b.f) as b on b.id = a.id and a.f " +
    "when matched then delete",
  ],
  [
    "leaves hidden rows alone that no source matches",
    (db) => db.mergeInto("a").using("c", "c.id", "a.id").whenNotMatchedBySource().thenDelete(),
    "merge into a using c on c.id = a.id and a.f when not matched by source and a.f then delete",
  ],
]);

rules("subqueries are filtered", [
  [
    "in the select list",
    (db) => db.selectFrom("c").select((eb) => eb.selectFrom("a").select("id").as("x")),
    "select (select id from a where a.f) as x from c",
  ],
  [
    "in WHERE, with EXISTS and IN",
    (db) =>
      db.selectFrom("c").selectAll().where((eb) =>
        eb.exists(
          eb.selectFrom("a").select("id").where("x", "not in", eb.selectFrom("b").select("x")),
        )
      ),
    "select * from c where exists (select id from a where x not in (select x from b where b.f) and a.f)",
  ],
  [
    "in ORDER BY, GROUP BY and HAVING",
    (db) =>
      db.selectFrom("c").select("id").groupBy((eb) => eb.selectFrom("a").select("id"))
        .having((eb) => eb.exists(eb.selectFrom("b").select("id")))
        .orderBy((eb) => eb.selectFrom("a").select("id")),
    "select id from c group by (select id from a where a.f) " +
    "having exists (select id from b where b.f) order by (select id from a where a.f)",
  ],
  [
    "in ON",
    (db) =>
      db.selectFrom("c").innerJoin(
        "d",
        (j) => j.on((eb) => eb.exists(eb.selectFrom("a").select("id"))),
      ).selectAll(),
    "select * from c inner join d on exists (select id from a where a.f)",
  ],
  [
    "in VALUES and RETURNING",
    (db) =>
      db.insertInto("c").values({ n: db.selectFrom("a").select("n") })
        .returning((eb) => eb.selectFrom("b").select("n").as("n")),
    "insert into c (n) values ((select n from a where a.f)) " +
    "returning (select n from b where b.f) as n",
  ],
  [
    "after SQLite's IN, where a table stands for one",
    (db) => db.selectFrom("c").selectAll().where("id", "in", sql.ref("a") as any),
    "select * from c where id in (select * from a where a.f)",
    "sqlite",
  ],
  [
    "in raw SQL, where Kysely's queries stand in it",
    (db) => db.selectFrom("c").select(sql`array(${db.selectFrom("a").select("id")})`.as("x")),
    "select array((select id from a where a.f)) as x from c",
  ],
]);

describe("a statement that cannot keep to the filter is refused:", () => {
  const refusals: readonly [
    what: string,
    reason: QueryRefusalReason,
    name: DummyName,
    build: Build,
  ][] = [
    ["REPLACE", "REPLACE", "mysql", (db) => db.replaceInto("a").values({ id: 1 })],
    [
      "INSERT OR REPLACE",
      "REPLACE",
      "sqlite",
      (db) => db.insertInto("a").orReplace().values({ id: 1 }),
    ],
    [
      "ON DUPLICATE KEY UPDATE",
      "ON_DUPLICATE_KEY",
      "mysql",
      (db) => db.insertInto("a").values({ id: 1 }).onDuplicateKeyUpdate({ n: 1 }),
    ],
    [
      "a raw end that goes on with the condition",
      "UNSUPPORTED",
      "postgres",
      (db) => db.deleteFrom("a").where("id", "=", 1).modifyEnd(sql`or true`),
    ],
  ];
  for (const [what, reason, name, build] of refusals) {
    it(what, () => {
      assert.throws(() => compile(build, name), (error) => {
        assert.ok(error instanceof QueryRefusedError, `it threw ${error}`);
        assert.equal(error.reason, reason);
        assert.equal(error.code, `QUERY_${reason}`);
        assert.equal(error.name, "QueryRefusedError");
        return true;
      });
    });
  }

  it("and let pass on a table without one", () => {
    assert.equal(
      compile((db) => db.replaceInto("c").values({ id: 1 }), "mysql"),
      "replace into c (id) values (?)",
    );
  });

  it("a write of a column whose name every object has", () => {
    for (const column of ["__proto__", "constructor", "prototype"]) {
      const values = JSON.parse(`{"${column}": 1, "n": 1}`);
      for (
        const build of [
          (db) => db.insertInto("c").values(values),
          (db) => db.updateTable("c").set(values),
          (db) =>
            db.insertInto("c").values({ id: 1 }).onConflict((c) =>
              c.column("id").doUpdateSet(values)
            ),
        ] satisfies Build[]
      ) {
        assert.throws(
          () => compile(build, "postgres"),
          (error) =>
            error instanceof QueryRefusedError && error.reason === "RESERVED_COLUMN" &&
            error.message.includes(`"${column}"`),
        );
      }
    }
  });
});

describe("a DELETE that a plugin makes an UPDATE", () => {
  const soft: Plugin = { ...filter, rewriteDelete: () => ({ set: { f: false } }) };
  const remove = (build: Build, name: DummyName = "postgres") => compile(build, name, [soft]);

  it("keeps its WHERE, USING, RETURNING and WITH, and hides what was hidden", () => {
    assert.equal(
      remove((db) =>
        db.with("x", (qc) => qc.selectFrom("c").selectAll())
          .deleteFrom("a as y").using("x").whereRef("x.id", "=", "y.id").returning("y.id")
      ),
      "with x as (select * from c) update a as y set f = $1 from x " +
        "where x.id = y.id and y.f returning y.id",
    );
  });

  it("keeps ORDER BY and LIMIT", () => {
    assert.equal(
      remove((db) => db.deleteFrom("a").orderBy("id").limit(1), "mysql"),
      "update a set f = ? where a.f order by id limit ?",
    );
  });

  it("is one in a common table expression and in a MERGE as well", () => {
    assert.equal(
      remove((db) =>
        db.with("x", (qc) => qc.deleteFrom("a").returningAll()).selectFrom("x").selectAll()
      ),
      "with x as (update a set f = $1 where a.f returning *) select * from x",
    );
    assert.equal(
      remove((db) => db.mergeInto("a").using("c", "c.id", "a.id").whenMatched().thenDelete()),
      "merge into a using c on c.id = a.id and a.f when matched then update set f = $1",
    );
  });

  it("is left alone on another table", () => {
    assert.equal(remove((db) => db.deleteFrom("c")), "delete from c");
  });

  it("is refused where the dialect has no such UPDATE", () => {
    for (
      const [name, build] of [
        ["mysql", (db) => db.deleteFrom("a").using("a").innerJoin("c", "c.id", "a.id")],
        ["mysql", (db) => db.deleteFrom(["a", "b"]).using(["a", "b"])],
        ["mssql", (db) => db.deleteFrom("a").output("deleted.id")],
      ] satisfies [DummyName, Build][]
    ) {
      assert.throws(
        () => remove(build, name),
        (error) => error instanceof QueryRefusedError && error.reason === "DELETE_NOT_REWRITABLE",
        build.toString(),
      );
    }
  });

  it("is refused where a plugin denies it", () => {
    const deny: Plugin = { ...filter, rewriteDelete: () => "deny" };
    for (
      const build of [
        (db) => db.deleteFrom("a"),
        (db) => db.with("x", (qc) => qc.deleteFrom("a").returningAll()).selectFrom("x").selectAll(),
        (db) => db.mergeInto("a").using("c", "c.id", "a.id").whenMatched().thenDelete(),
      ] satisfies Build[]
    ) {
      assert.throws(
        () => compile(build, "postgres", [deny]),
        (error) =>
          error instanceof QueryRefusedError && error.reason === "DELETE_DENIED" &&
          error.table === "a",
      );
    }
    assert.equal(compile((db) => db.deleteFrom("c"), "postgres", [deny]), "delete from c");
  });
});

describe("a filter with a subquery of its own", () => {
  const members = (more: Partial<Plugin> = {}): Plugin => ({
    name: "members",
    version: "1.0.0",
    appliesTo: ({ name }) => name === "c",
    filter: (c, { eb }) =>
      eb.exists(
        eb.selectFrom("a").select(sql.lit(1).as("one")).whereRef(
          "a.id",
          "=",
          c.column("id") as any,
        ),
      ),
    ...more,
  });

  it("has it filtered by the other plugins", () => {
    assert.equal(
      compile((db) => db.selectFrom("c as x").selectAll(), "postgres", [filter, members()]),
      "select * from c as x where exists (select 1 as one from a where a.id = x.id and a.f)",
    );
  });

  it("is refused where a common table expression would take the place of its table", () => {
    assert.throws(
      () =>
        compile(
          (db) => db.with("a", (qc) => qc.selectFrom("d").selectAll()).selectFrom("c").selectAll(),
          "postgres",
          [filter, members()],
        ),
      (error) =>
        error instanceof QueryRefusedError && error.reason === "SHADOWED_TABLE" &&
        /rename the common table expression/.test(error.message),
    );
  });

  it("is refused where the query's alias would take the place of its table", () => {
    assert.throws(
      () => compile((db) => db.selectFrom("c as a").selectAll(), "postgres", [filter, members()]),
      (error) =>
        error instanceof QueryRefusedError && error.reason === "AMBIGUOUS_NAME" &&
        /choose another alias/.test(error.message),
    );
  });

  it("is refused where it reads its own table, without end", () => {
    const own = members({
      filter: (_, { eb }) => eb.exists(eb.selectFrom("c as inner").select("inner.id")),
    });
    assert.throws(
      () => compile((db) => db.selectFrom("c").selectAll(), "postgres", [own]),
      (error) => error instanceof QueryRefusedError && error.reason === "RECURSIVE_FILTER",
    );
    // Another query is served as before.
    const executor = createExecutorSync(dummy(), [own]);
    for (let i = 0; i < 2; i++) {
      assert.throws(() => executor.selectFrom("c").selectAll().compile(), ExecutorError);
      executor.selectFrom("d").selectAll().compile();
    }
  });
});
