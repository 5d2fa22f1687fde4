import { sql } from "kysely";
import { rules } from "../../tests/executor/rules.ts";

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
