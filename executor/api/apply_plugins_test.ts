import {
  applyPlugins,
  createExecutorSync,
  ExecutorError,
  PluginHookError,
  PluginValidationError,
} from "@kysera/executor";
import type { Plugin, QueryBuilderContext, QueryOperation } from "@kysera/executor";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

const db = dummy();
const plugin = (name: string, more: Partial<Plugin> = {}): Plugin => ({
  name,
  version: "1.0.0",
  ...more,
});
const hide = plugin("hide", {
  appliesTo: ({ name }) => name === "users",
  filter: (users, { eb, metadata }) =>
    metadata["includeDeleted"] ? undefined : eb(users.column("deleted_at"), "is", null),
});
const active = plugin("active", {
  interceptQuery: (qb, { operation }) =>
    operation === "select" ? qb.where("active", "=", true) : qb,
});
const block = (operation: QueryOperation, table = "users"): QueryBuilderContext => ({
  operation,
  table,
  metadata: {},
});

describe("applyPlugins()", () => {
  it("lets each plugin intercept the builder, in the order given", () => {
    const query = applyPlugins(
      db.selectFrom("users").selectAll(),
      [active, plugin("b", { interceptQuery: (qb) => qb.where("b", "=", 1) })],
      block("select"),
    );
    assert.equal(query.compile().sql, `select * from "users" where "active" = $1 and "b" = $2`);
  });

  it("adds filters to a SELECT, an UPDATE and a DELETE, and gives back a builder of their type", () => {
    assert.equal(
      applyPlugins(db.selectFrom("users").selectAll(), [hide], block("select")).compile().sql,
      `select * from "users" where "users"."deleted_at" is null`,
    );
    assert.equal(
      applyPlugins(db.updateTable("users").set({ n: 1 }), [hide], block("update")).compile().sql,
      `update "users" set "n" = $1 where "users"."deleted_at" is null`,
    );
    assert.equal(
      applyPlugins(db.deleteFrom("users"), [hide], block("delete")).compile().sql,
      `delete from "users" where "users"."deleted_at" is null`,
    );
  });

  it("qualifies the columns of a filter with the alias that the context tells", () => {
    const query = applyPlugins(db.selectFrom("users as u").selectAll(), [hide], {
      ...block("select"),
      alias: "u",
    });
    assert.equal(
      query.compile().sql,
      `select * from "users" as "u" where "u"."deleted_at" is null`,
    );
  });

  it("leaves an INSERT to interceptors, and a table that a plugin does not care about alone", () => {
    const insert = db.insertInto("users").values({ id: 1 });
    assert.equal(applyPlugins(insert, [hide], block("insert")), insert);
    const select = db.selectFrom("tags").selectAll();
    assert.equal(applyPlugins(select, [hide], block("select", "tags")), select);
  });

  it("tells filters the metadata", () => {
    const select = db.selectFrom("users").selectAll();
    const context = { ...block("select"), metadata: { includeDeleted: true } };
    assert.equal(applyPlugins(select, [hide], context), select);
  });

  it("gives the builder back as it is where there are no plugins", () => {
    const select = db.selectFrom("users").selectAll();
    assert.equal(applyPlugins(select, [], block("select")), select);
  });

  it("does not let a raw OR of the query swallow the filter", () => {
    const query = applyPlugins(
      db.selectFrom("users").selectAll().where(sql<boolean>`a or b`),
      [hide],
      block("select"),
    );
    assert.equal(
      query.compile().sql,
      `select * from "users" where (a or b) and "users"."deleted_at" is null`,
    );
  });

  it("does not let a raw OR of a filter swallow the query's condition", () => {
    const query = applyPlugins(
      db.selectFrom("users").selectAll().where("id", "=", 1),
      [plugin("raw", { filter: () => sql<boolean>`a or b` })],
      block("select"),
    );
    assert.equal(query.compile().sql, `select * from "users" where "id" = $1 and (a or b)`);
  });

  it("refuses a plugin whose hooks are made by setup: without an executor there are none", () => {
    const late = plugin("late", { setup: () => ({ filter: hide.filter! }) });
    assert.throws(
      () => applyPlugins(db.selectFrom("users"), [late], block("select")),
      (error) => error instanceof ExecutorError && /"late"/.test(error.message),
    );
  });

  it("refuses a filtered MERGE, which it cannot filter", () => {
    const merge = db.mergeInto("users").using("posts", "posts.user_id", "users.id");
    assert.throws(() => applyPlugins(merge, [hide], block("merge")), ExecutorError);
  });

  it("refuses a DELETE that a plugin would make an UPDATE, or denies", () => {
    for (const answer of ["deny", { set: { deleted_at: 1 } }] as const) {
      const soft = plugin("soft", { rewriteDelete: () => answer });
      assert.throws(
        () => applyPlugins(db.deleteFrom("users"), [soft], block("delete")),
        ExecutorError,
      );
    }
  });

  it("refuses what a plugin would stamp or check, which it cannot do by hand", () => {
    const insert = db.insertInto("users").values({ id: 1 });
    const update = db.updateTable("users").set({ id: 1 });
    const writes = plugin("writes", {
      stamp: () => ({ set: { tenant_id: 1 } }),
    });
    const checks = plugin("checks", {
      check: () => ({ columns: ["tenant_id"], satisfied: () => true, says: "it is so" }),
    });
    for (const each of [writes, checks]) {
      assert.throws(() => applyPlugins(insert, [each], block("insert")), ExecutorError);
      assert.throws(() => applyPlugins(update, [each], block("update")), ExecutorError);
      const select = db.selectFrom("users").selectAll();
      assert.equal(applyPlugins(select, [each], block("select")), select);
    }
  });

  it("refuses plugins that are none", () => {
    for (const plugins of [undefined, null, 5, "hide", [null], [hide, hide]]) {
      assert.throws(
        () => applyPlugins(db.selectFrom("users"), plugins as Plugin[], block("select")),
        PluginValidationError,
        `it took ${JSON.stringify(plugins)}`,
      );
    }
  });

  it("says which hook threw, and why", () => {
    const cause = new Error("broken");
    const fail = (): never => {
      throw cause;
    };
    for (const hook of ["interceptQuery", "filter", "appliesTo"] as const) {
      const odd = plugin("odd", { filter: hide.filter!, [hook]: fail });
      assert.throws(() => applyPlugins(db.selectFrom("users"), [odd], block("select")), (error) => {
        assert.ok(error instanceof PluginHookError, `it threw ${error}`);
        assert.equal(error.plugin, "odd");
        assert.equal(error.hook, hook);
        assert.equal(error.cause, cause);
        return true;
      });
    }
  });

  for (const answer of [undefined, null, 5, true, {}]) {
    it(`refuses ${JSON.stringify(answer)} as the query that interceptQuery gives`, () => {
      const odd = plugin("odd", { interceptQuery: () => answer as any });
      assert.throws(
        () => applyPlugins(db.selectFrom("users"), [odd], block("select")),
        (error) => error instanceof PluginHookError && error.hook === "interceptQuery",
      );
    });
  }

  for (const answer of [null, 5, true, {}]) {
    it(`refuses ${JSON.stringify(answer)} as the predicate that filter gives`, () => {
      const odd = plugin("odd", { filter: () => answer as any });
      assert.throws(
        () => applyPlugins(db.selectFrom("users"), [odd], block("select")),
        (error) => error instanceof PluginHookError && error.hook === "filter",
      );
    });
  }

  it("keeps the filter of an executor whose builder it is given", () => {
    const executor = createExecutorSync(db, [hide]);
    const query = applyPlugins(executor.selectFrom("users").selectAll(), [hide], block("select"));
    const conditions = query.compile().sql.match(/"deleted_at" is null/g);
    assert.ok(conditions !== null && conditions.length >= 1);
  });
});
