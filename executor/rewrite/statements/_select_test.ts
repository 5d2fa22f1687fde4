import { sql } from "kysely";
import { rules } from "../../../tests/executor/rules.ts";

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
