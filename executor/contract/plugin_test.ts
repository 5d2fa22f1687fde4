/** Treatment of hooks that throw, or answer with something that they may not answer. */
import { createExecutorSync, ExecutorError, PluginHookError } from "@kysera/executor";
import type { Plugin, PluginHooks } from "@kysera/executor";
import { type Kysely, type QueryResult, RawNode, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

const odd = (hooks: Partial<Plugin>): Kysely<any> =>
  createExecutorSync(dummy(), [{ name: "odd", version: "1.0.0", ...hooks } as Plugin]);

function isHookError(hook: string, message: RegExp, cause?: unknown): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof PluginHookError, `it threw ${error}`);
    assert.ok(error instanceof ExecutorError);
    assert.equal(error.name, "PluginHookError");
    assert.equal(error.code, "PLUGIN_HOOK");
    assert.equal(error.plugin, "odd");
    assert.equal(error.hook, hook);
    assert.match(error.message, new RegExp(`Cannot apply hook "${hook}" of plugin "odd": `));
    assert.match(error.message, message);
    if (cause !== undefined) assert.equal(error.cause, cause);
    return true;
  };
}

const cause = new Error("broken");
const fail = (): never => {
  throw cause;
};
/** Things that are neither an expression nor a query. */
const nonsense: readonly unknown[] = [null, true, false, 5, "id = 1", {}, [], Promise.resolve()];
/** Things that look like one and are none. */
const impostors: readonly [string, object][] = [
  ["nothing", { toOperationNode: () => undefined }],
  ["a string", { toOperationNode: () => "id = 1" }],
  ["an object without a kind", { toOperationNode: () => ({}) }],
];

describe("a filter", () => {
  const select = (hooks: Partial<Plugin>) => () => odd(hooks).selectFrom("users").compile();

  it("that throws is told with its plugin and the cause", () => {
    assert.throws(select({ filter: fail }), isHookError("filter", /it threw \(broken\)/, cause));
  });

  it("that throws what is not an Error is told with it", () => {
    const filter = (): never => {
      throw "a string";
    };
    assert.throws(select({ filter }), isHookError("filter", /a string/, "a string"));
  });

  it("may refuse a query with an error of the executor's own", () => {
    const refusal = new ExecutorError("Cannot read users without a tenant", "NO_TENANT");
    const filter = (): never => {
      throw refusal;
    };
    assert.throws(select({ filter }), (error) => error === refusal);
  });

  for (const answer of nonsense) {
    it(`that answers ${Object.prototype.toString.call(answer)} ${answer} is told so`, () => {
      assert.throws(
        select({ filter: () => answer as any }),
        isHookError("filter", /return an expression, or undefined for no filter/),
      );
    });
  }

  for (const [what, answer] of impostors) {
    it(`that answers with something whose node is ${what} is told so`, () => {
      assert.throws(select({ filter: () => answer as any }), isHookError("filter", /./));
    });
  }

  it("that answers with an expression which cannot be built is told so", () => {
    const filter = () => ({ toOperationNode: fail, expressionType: undefined });
    assert.throws(select({ filter }), isHookError("filter", /broken/, cause));
  });

  it("that answers with a raw OR is put in brackets", () => {
    const executor = odd({ filter: () => sql<boolean>`a or b` });
    assert.equal(
      executor.selectFrom("users").select("id").where("id", "=", 1).compile().sql,
      `select "id" from "users" where "id" = $1 and (a or b)`,
    );
  });
});

describe("appliesTo", () => {
  it("that throws is told with its plugin and the cause", () => {
    const executor = odd({ filter: () => undefined, appliesTo: fail });
    assert.throws(
      () => executor.selectFrom("users").compile(),
      isHookError("appliesTo", /broken/, cause),
    );
  });

  it("is asked once for each name, whatever the number of queries", () => {
    const asked: string[] = [];
    const executor = odd({
      filter: () => undefined,
      appliesTo: ({ name, schema }) => {
        asked.push(schema === undefined ? name : `${schema}.${name}`);
        return true;
      },
    });
    for (let i = 0; i < 3; i++) {
      executor.selectFrom(["users as a", "users as b", "posts"]).selectAll().compile();
      executor.selectFrom("other.users").selectAll().compile();
    }
    assert.deepEqual(asked.sort(), ["other.users", "posts", "users"]);
  });
});

describe("rewriteDelete", () => {
  const remove = (hooks: Partial<Plugin>) => () => odd(hooks).deleteFrom("users").compile();

  it("that throws is told with its plugin and the cause", () => {
    assert.throws(
      remove({ rewriteDelete: fail }),
      isHookError("rewriteDelete", /broken/, cause),
    );
  });

  const answers = [
    ...nonsense,
    "allow",
    { set: null },
    { set: 5 },
    { set: [] },
    { set: {} },
    { values: { deleted_at: 1 } },
  ];
  for (const answer of answers) {
    it(`that answers ${JSON.stringify(answer) ?? String(answer)} is told so`, () => {
      assert.throws(
        remove({ rewriteDelete: () => answer as any }),
        isHookError("rewriteDelete", /it answered/),
      );
    });
  }

  it("that answers undefined leaves the DELETE as it is", () => {
    assert.equal(remove({ rewriteDelete: () => undefined })().sql, `delete from "users"`);
  });

  it("that answers with columns makes the DELETE an UPDATE", () => {
    const query = remove({ rewriteDelete: () => ({ set: { deleted_at: sql`now()`, by: 5 } }) })();
    assert.equal(query.sql, `update "users" set "deleted_at" = now(), "by" = $1`);
    assert.deepEqual(query.parameters, [5]);
  });
});

describe("a mask", () => {
  const run = (mask: () => unknown) => () =>
    odd({ mask: mask as NonNullable<Plugin["mask"]> }).selectFrom("users").selectAll().compile();

  it("that throws is told with its plugin and the cause", () => {
    assert.throws(run(fail), isHookError("mask", /it threw \(broken\)/, cause));
  });

  it("that answers with something else is told so", () => {
    for (const answer of [null, 5, "x", [], {}, { columns: "id", hidden: {} }, { columns: [] }]) {
      assert.throws(run(() => answer), isHookError("mask", /it answered with something else/));
    }
  });

  it("takes the table's place by its columns", () => {
    assert.equal(
      run(() => ({ columns: ["id", "pay"], hidden: { pay: null } }))().sql,
      `select * from (select "users"."id", case when 1 = 0 then "users"."pay" end as "pay" ` +
        `from "users") as "users"`,
    );
  });
});

describe("the filter of a MERGE", () => {
  it("is told what the statement does with rows", () => {
    const seen: unknown[] = [];
    const executor = odd({
      stable: true,
      appliesTo: ({ name }) => name === "users",
      filter: ({ operation, actions }, { eb }) => {
        seen.push([operation, actions]);
        return eb.lit(true);
      },
    });
    const merge = executor.mergeInto("users").using("new", "new.id", "users.id");
    merge.whenMatched().thenUpdateSet({ name: "x" }).compile();
    merge.whenMatched().thenDelete().whenNotMatched().thenInsertValues({ id: 1 }).compile();
    executor.selectFrom("users").selectAll().compile();
    assert.deepEqual(seen, [
      ["merge", ["update"]],
      ["merge", ["delete", "insert"]],
      ["select", undefined],
    ]);
  });
});

describe("interceptQuery", () => {
  const select = (hooks: Partial<Plugin>) => () => odd(hooks).selectFrom("users").compile();

  it("that throws is told with its plugin and the cause", () => {
    assert.throws(
      select({ interceptQuery: fail }),
      isHookError("interceptQuery", /it threw \(broken\)/, cause),
    );
  });

  for (const answer of [undefined, ...nonsense]) {
    it(`that returns ${Object.prototype.toString.call(answer)} ${answer} is told so`, () => {
      assert.throws(
        select({ interceptQuery: () => answer as any }),
        isHookError(
          "interceptQuery",
          /it returned something that is not a query; return the builder/,
        ),
      );
    });
  }

  for (const [what, answer] of impostors) {
    it(`that returns something whose node is ${what} is told so`, () => {
      assert.throws(
        select({ interceptQuery: () => answer as any }),
        isHookError("interceptQuery", /return/),
      );
    });
  }

  it("that returns a query which cannot be built is told so", () => {
    assert.throws(
      select({ interceptQuery: () => ({ toOperationNode: fail }) as any }),
      isHookError("interceptQuery", /broken/, cause),
    );
  });

  it("that returns a query of another kind is told so", () => {
    const other = { toOperationNode: () => dummy().deleteFrom("users").toOperationNode() };
    assert.throws(
      select({ interceptQuery: () => other as any }),
      isHookError("interceptQuery", /given a SelectQueryNode and returned a DeleteQueryNode/),
    );
    const raw = { toOperationNode: () => RawNode.createWithSql("select 1") };
    assert.throws(
      select({ interceptQuery: () => raw as any }),
      isHookError("interceptQuery", /returned a RawNode/),
    );
  });

  it("that calls what its statement has not is told so", () => {
    const executor = odd({ interceptQuery: (qb) => qb.where("active", "=", true) });
    assert.throws(
      () => executor.insertInto("users").values({ id: 1 }).compile(),
      isHookError("interceptQuery", /where is not a function/),
    );
  });
});

describe("aroundQuery", () => {
  const run = (hooks: PluginHooks) => odd(hooks).selectFrom("users").selectAll().execute();

  it("that throws, at once or later, is told with its plugin and the cause", async () => {
    const isError = isHookError("aroundQuery", /it threw \(broken\)/, cause);
    await assert.rejects(run({ aroundQuery: fail }), isError);
    await assert.rejects(run({ aroundQuery: () => Promise.reject(cause) }), isError);
    await assert.rejects(
      run({
        async aroundQuery(query, next) {
          await next(query);
          throw cause;
        },
      }),
      isError,
    );
  });

  for (const answer of [undefined, null, 5, "rows", [], {}, { rows: 5 }, { rows: null }]) {
    it(`that answers ${JSON.stringify(answer)} is told so`, async () => {
      await assert.rejects(
        run({ aroundQuery: () => Promise.resolve(answer as unknown as QueryResult<any>) }),
        isHookError("aroundQuery", /return/),
      );
    });
  }

  it("passes what the database throws on as it is", async () => {
    const failure = new Error("no such table");
    const db = dummy();
    const executor = createExecutorSync(db, [
      { name: "a", version: "1.0.0", aroundQuery: (query, next) => next(query) } as Plugin,
      {
        name: "b",
        version: "1.0.0",
        async aroundQuery(query, next) {
          try {
            return await next(query);
          } catch (error) {
            assert.equal(error, failure);
            throw error;
          }
        },
      } as Plugin,
    ]);
    await assert.rejects(
      executor.connection().execute(async (handle) => {
        await handle.getExecutor().provideConnection((connection) => {
          connection.executeQuery = () => Promise.reject(failure);
          return Promise.resolve();
        });
        await handle.selectFrom("users").selectAll().execute();
      }),
      (error) => error === failure,
    );
  });
});
