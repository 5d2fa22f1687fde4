import { QueryRefusedError } from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DummyName } from "../../../tests/executor/dummy.ts";
import { type Build, compile, filter } from "../../../tests/executor/rules.ts";

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
        ["mysql", (db) => db.deleteFrom("a").returning("id")],
        ["mssql", (db) => db.deleteFrom("a").returning("id")],
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

  // It names the plugin, and no way that only another one has.
  const DENIED = 'Cannot delete from "a": plugin "filter" denies it; delete the rows on ' +
    "getRawDb(executor), where no plugin applies";

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
          error.table === "a" && error.message === DENIED,
      );
    }
    assert.equal(compile((db) => db.deleteFrom("c"), "postgres", [deny]), "delete from c");
  });
});
