/**
 * What the name of a common table expression hides, as each database has it, and as the rewriting
 * (the table in `executor/rewrite/_with.ts`) takes it to be.
 */
import { QueryRefusedError } from "@kysera/executor";
import { type Kysely, type QueryCreator, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { inWorld } from "./world.ts";

/** What `users` turns out to be; `error` where the database does not take the query. */
type Meaning = "cte" | "table" | "error";
type Rows = { execute(): Promise<{ id: number }[]> };
type Db = Kysely<any> | QueryCreator<any>;

/** A row that a filter on `deleted_at` would hide, were it taken for one of the table. */
const made = (db: Db) =>
  db.selectNoFrom([sql<number>`100`.as("id"), sql<string>`'x'`.as("deleted_at")]);
const read = (db: Db) => db.selectFrom("users").select(["id", "deleted_at"]);
/** One row for each id there can be. */
const numbers = (db: Db) => {
  const number = (n: number) => db.selectNoFrom(sql.lit(n).as("id"));
  return [2, 3, 4, 100].reduce((all, n) => all.unionAll(number(n)), number(1));
};
const from = (db: Db, name: string) => db.selectFrom(name).select(["id", "deleted_at"]);

interface Shape {
  readonly title: string;
  readonly build: (db: Kysely<any>) => Rows;
  readonly is: Readonly<Record<TestDialect["dialect"], Meaning>>;
}

const everywhere = (meaning: Meaning): Shape["is"] => ({
  sqlite: meaning,
  postgres: meaning,
  mysql: meaning,
});

const shapes: readonly Shape[] = [
  {
    title: "the statement of the WITH",
    build: (db) => read(db.with("users", made)),
    is: everywhere("cte"),
  },
  {
    title: "a later body",
    build: (db) => from(db.with("users", made).with("b", read), "b"),
    is: everywhere("cte"),
  },
  {
    title: "an earlier body",
    build: (db) => from(db.with("b", read).with("users", made), "b"),
    is: { sqlite: "cte", postgres: "table", mysql: "table" },
  },
  {
    title: "an earlier body, in a subquery of it",
    build: (db) =>
      from(
        db.with("b", (qc) =>
          from(qc, "users as u").where("id", "in", (eb: any) =>
            eb.selectFrom("users").select("id"))).with("users", made),
        "b",
      ),
    is: { sqlite: "cte", postgres: "table", mysql: "table" },
  },
  {
    title: "an earlier body under RECURSIVE",
    build: (db) => from(db.withRecursive("b", read).with("users", made), "b"),
    // MariaDB's answer; MySQL gives an error, so the rewriting refuses it.
    is: everywhere("cte"),
  },
  {
    title: "its own body",
    build: (db) => read(db.with("users", read)),
    is: { sqlite: "error", postgres: "table", mysql: "table" },
  },
  {
    title: "its own body under RECURSIVE, without an anchor",
    build: (db) => read(db.withRecursive("users", read)),
    is: everywhere("error"),
  },
  {
    title: "the step of its own body under RECURSIVE",
    build: (db) =>
      read(
        db.withRecursive("users", (qc) =>
          made(qc).unionAll((eb) =>
            eb.selectFrom("users").select([sql<number>`id + 1`.as("id"), "deleted_at"])
              .where("id", "<", 100)
          )),
      ),
    is: everywhere("cte"),
  },
  {
    title: "a derived table of the statement",
    build: (db) => db.with("users", made).selectFrom(read(db).as("x")).select("x.id"),
    is: everywhere("cte"),
  },
  {
    title: "the statement round a subquery with a WITH of its own",
    build: (db) =>
      db.selectFrom([read(db.with("users", made)).as("x"), "users"]).select("users.id"),
    is: everywhere("table"),
  },
  {
    title: "the statement of a WITH inside the other",
    build: (db) =>
      db.with("users", made).selectFrom(read(db.with("b", made)).as("x")).select("x.id"),
    is: everywhere("cte"),
  },
  {
    title: "a body of a WITH inside the statement of the other",
    build: (db) =>
      db.with("users", made).selectFrom(from(db.with("b", read), "b").as("x")).select("x.id"),
    is: { sqlite: "cte", postgres: "cte", mysql: "table" },
  },
  {
    title: "a body of a WITH inside WHERE of the other's statement",
    build: (db) =>
      db.with("users", made).selectFrom(numbers(db).as("n")).select("n.id")
        .where("n.id", "in", db.with("b", read).selectFrom("b").select("id")),
    is: { sqlite: "cte", postgres: "cte", mysql: "table" },
  },
  {
    title: "a body of the same name of a WITH inside the other's statement",
    build: (db) =>
      db.with("users", made).selectFrom(read(db.with("users", read)).as("x")).select("x.id"),
    is: { sqlite: "error", postgres: "cte", mysql: "table" },
  },
  {
    title: "a body of a WITH inside a body of the other",
    build: (db) => from(db.with("users", made).with("c", () => from(db.with("b", read), "b")), "c"),
    is: everywhere("cte"),
  },
  {
    title: "a name in another letter case",
    build: (db) => read(db.with("Users", made)),
    is: { sqlite: "cte", postgres: "table", mysql: "cte" },
  },
];

onEveryDialect("what a common table expression hides from", (dialect) => {
  for (const { title, build, is } of shapes) {
    const meaning = is[dialect.dialect];

    it(`${title} (${meaning})`, () =>
      inWorld(dialect, async ({ db, executor }) => {
        const ids = async (handle: Kysely<any>): Promise<number[]> =>
          (await build(handle).execute()).map(({ id }) => Number(id)).sort((a, b) => a - b);

        if (meaning === "error") {
          await assert.rejects(ids(db));
          await assert.rejects(ids(executor));
          return;
        }
        const bare = meaning === "cte" ? [100] : [1, 2, 3, 4];
        assert.deepEqual(await ids(db), bare, "the database has it otherwise");

        let seen: number[];
        try {
          seen = await ids(executor);
        } catch (error) {
          // Where MySQL and MariaDB differ, the query may be refused.
          assert.equal(dialect.dialect, "mysql", String(error));
          assert.ok(error instanceof QueryRefusedError, `it threw ${error}`);
          assert.equal(error.reason, "AMBIGUOUS_NAME");
          assert.match(error.message, /rename the common table expression/);
          return;
        }
        assert.deepEqual(seen, meaning === "cte" ? [100] : [1, 2, 4]);
      }));
  }

  it("schema-qualified tables (table)", () =>
    inWorld(dialect, async ({ executor }) => {
      const expression = dialect.dialect === "mysql" ? "database()" : "current_schema()";
      const schema = dialect.dialect === "sqlite" ? "main" : (await executor.selectNoFrom(
        sql.raw<string>(expression).as("schema"),
      ).executeTakeFirstOrThrow()).schema;
      const rows = await (executor as Kysely<any>).with("users", made)
        .selectFrom(`${schema}.users as u`).select("u.id").orderBy("u.id").execute();
      assert.deepEqual(rows.map(({ id }) => id), [1, 2, 4]);
    }));

  it("the target of a write (table)", () =>
    inWorld(dialect, async ({ db, executor }) => {
      // MariaDB has no WITH before UPDATE and DELETE.
      if (dialect.dialect === "mysql") return;
      const write = (executor as Kysely<any>).with("users", made);
      await write.updateTable("users").set({ name: sql`name || '!'` })
        .where("id", "in", db.selectFrom("posts").select("user_id")).execute();
      await write.deleteFrom("users").where("id", "in", [2, 3]).execute();
      const rows = await db.selectFrom("users").select(["id", "name"]).orderBy("id").execute();
      assert.deepEqual(rows.map(({ id, name }) => `${id} ${name}`), ["1 Ada!", "3 Cyd", "4 Dan!"]);
    }));
});
