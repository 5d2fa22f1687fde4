import {
  bindContext,
  createExecutorSync,
  describeExecutor,
  ExecutorError,
  PluginHookError,
  withMetadata,
} from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

describe("describeExecutor()", () => {
  it("tells the dialect, the raw SQL rule, the context and the flags of a handle", async () => {
    const executor = createExecutorSync(dummy("mysql"), []);
    assert.deepEqual(await describeExecutor(executor), {
      dialect: "mysql",
      rawSql: "allow",
      hasContext: false,
      metadata: {},
      plugins: [],
    });
    const handle = withMetadata(bindContext(executor, { secret: 1 }), { includeDeleted: true });
    const description = await describeExecutor(handle);
    assert.equal(description.hasContext, true);
    assert.deepEqual(description.metadata, { includeDeleted: true });
    assert.doesNotMatch(JSON.stringify(description), /secret/);
  });

  it("tells what is denied as soon as a plugin or an option says so", async () => {
    const deny: Plugin = { name: "deny", version: "1.0.0", rawSql: "deny" };
    const rule = async (db: Kysely<any>) => (await describeExecutor(db)).rawSql;
    assert.equal(await rule(createExecutorSync(dummy(), [deny])), "deny");
    assert.equal(await rule(createExecutorSync(dummy(), [deny], { rawSql: "allow" })), "allow");
    assert.equal(await rule(createExecutorSync(dummy(), [], { rawSql: "deny" })), "deny");
    const below = createExecutorSync(dummy(), [deny]);
    assert.equal(await rule(createExecutorSync(below, [])), "deny");
  });

  it("lists the plugins in the order they run in, with what they do everywhere", async () => {
    const executor = createExecutorSync(dummy(), [
      { name: "log", version: "2.0.0", aroundQuery: (query, next) => next(query) },
      { name: "active", version: "1.0.0", priority: 5, interceptQuery: (qb) => qb },
    ]);
    const { plugins } = await describeExecutor(executor);
    assert.deepEqual(plugins, [
      {
        name: "active",
        version: "1.0.0",
        priority: 5,
        everywhere: ["intercepts every query block"],
        tables: [],
      },
      {
        name: "log",
        version: "2.0.0",
        priority: 0,
        everywhere: ["runs round every query"],
        tables: [],
      },
    ]);
  });

  it("refuses what is not an executor", async () => {
    for (const value of [dummy(), undefined, {}]) {
      await assert.rejects(
        describeExecutor(value as Kysely<any>),
        (error) => error instanceof ExecutorError && error.code === "NOT_AN_EXECUTOR",
      );
    }
  });

  for (const hook of ["describe", "appliesTo"] as const) {
    it(`says which plugin's ${hook} threw`, async () => {
      const cause = new Error("broken");
      const db = dummy("sqlite");
      // The tables of a database that has one.
      Object.defineProperty(db, "introspection", {
        value: {
          getTables: () => Promise.resolve([{ name: "users", columns: [], isView: false }]),
        },
      });
      const executor = createExecutorSync(db, [{
        name: "odd",
        version: "1.0.0",
        filter: () => undefined,
        [hook]: () => {
          throw cause;
        },
      }]);
      await assert.rejects(describeExecutor(executor), (error) => {
        assert.ok(error instanceof PluginHookError, `it threw ${error}`);
        assert.equal(error.plugin, "odd");
        assert.equal(error.hook, hook);
        assert.equal(error.cause, cause);
        return true;
      });
    });
  }
});
