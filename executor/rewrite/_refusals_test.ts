import { createExecutorSync, ExecutorError, QueryRefusedError } from "@kysera/executor";
import type { Plugin, QueryRefusalReason } from "@kysera/executor";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy, type DummyName } from "../../tests/executor/dummy.ts";
import { type Build, compile, filter } from "../../tests/executor/rules.ts";

describe("a statement that the filter cannot be enforced on is refused:", () => {
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
