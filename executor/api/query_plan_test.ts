import {
  bindContext,
  compilePlan,
  createExecutorSync,
  destroyExecutor,
  ExecutorDestroyedError,
  ForeignQueryError,
  planKey,
  PluginHookError,
  Slot,
  withMetadata,
} from "@kysera/executor";
import type { Attributes, Plugin } from "@kysera/executor";
import { CamelCasePlugin, type Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

const onUsers: Plugin["appliesTo"] = ({ name }) => name === "users";
const hide: Plugin = {
  name: "hide",
  version: "1.0.0",
  stable: true,
  appliesTo: onUsers,
  filter: (users, { eb }) => eb(users.column("deleted_at"), "is", null),
};
/** Takes the tenant when the query runs. */
const lateTenant: Plugin = {
  name: "late-tenant",
  version: "1.0.0",
  stable: true,
  appliesTo: onUsers,
  filter: (users, { eb, value }) =>
    eb(users.column("tenant"), "=", value((context) => context?.["tenant"] ?? "nobody")),
};
/** Takes the tenant when the query is built. */
const earlyTenant: Plugin = {
  ...lateTenant,
  name: "early-tenant",
  filter: (users, { eb, context }) => eb(users.column("tenant"), "=", context?.["tenant"] ?? "-"),
};
const byId = (db: Kysely<any>) =>
  db.selectFrom("users").selectAll().where("id", "=", new Slot<number>(0));

describe("compilePlan()", () => {
  it("compiles once what many calls run, with the values of each", () => {
    const executor = createExecutorSync(dummy(), [hide]);
    let builds = 0;
    const plan = compilePlan(executor, (db) => {
      builds++;
      return db.updateTable("users")
        .set({ name: new Slot<string>(1) })
        .where("id", "=", new Slot<number>(0))
        .where("kind", "=", "person");
    });
    assert.equal(
      plan.sql,
      `update "users" set "name" = $1 where "id" = $2 and "kind" = $3 and "users"."deleted_at" is null`,
    );
    assert.equal(plan.reusable, true);
    assert.deepEqual(plan.bind(executor, [7, "Ada"]).parameters, ["Ada", 7, "person"]);
    assert.deepEqual(plan.bind(executor, [8, "Bob"]).parameters, ["Bob", 8, "person"]);
    assert.equal(plan.bind(executor, [8, "Bob"]).sql, plan.sql);
    assert.equal(builds, 1);
  });

  it("gives queries that the handle runs, transactions of it too", async () => {
    const executor = createExecutorSync(dummy(), [hide], { rawSql: "deny" });
    const plan = compilePlan(executor, byId);
    await executor.executeQuery(plan.bind(executor, [1]));
    await executor.transaction().execute(async (trx) => {
      assert.equal(plan.serves(trx), true);
      await trx.executeQuery(plan.bind(trx, [1]));
    });
  });

  it("puts the same value wherever its slot stands, and undefined where none was given", () => {
    const executor = createExecutorSync(dummy(), []);
    const plan = compilePlan(
      executor,
      (db) => byId(db).where("manager", "=", new Slot<number>(0)).where("n", "=", new Slot(1)),
    );
    assert.deepEqual(plan.bind(executor, [5]).parameters, [5, 5, undefined]);
  });

  it("serves every context with one plan where plugins take their values late", async () => {
    const executor = createExecutorSync(dummy(), [lateTenant]);
    const one = bindContext(executor, { tenant: 1 });
    const two = bindContext(executor, { tenant: 2 });
    const plan = compilePlan(one, byId);
    assert.equal(plan.reusable, true);
    assert.deepEqual(plan.bind(one, [5]).parameters, [5, 1]);
    assert.deepEqual(plan.bind(two, [5]).parameters, [5, 2]);
    assert.deepEqual(plan.bind(executor, [5]).parameters, [5, "nobody"]);
    await two.executeQuery(plan.bind(two, [5]));
    await assert.rejects(two.executeQuery(plan.bind(one, [5])), ForeignQueryError);
  });

  it("reads late values at once where a query is not planned", () => {
    const executor = createExecutorSync(dummy(), [lateTenant]);
    const one = bindContext(executor, { tenant: 1 });
    const plan = compilePlan(one, byId);
    assert.deepEqual(one.selectFrom("users").selectAll().compile().parameters, [1]);
    assert.deepEqual(plan.bind(one, [5]).parameters, [5, 1]);
  });

  it("tells late values which of them belong to the same run", () => {
    const runs: object[] = [];
    const stamping: Plugin = {
      name: "stamping",
      version: "1.0.0",
      stable: true,
      appliesTo: onUsers,
      stamp: (_, { value }) => ({
        set: {
          at: value((_, run) => {
            if (!runs.includes(run)) runs.push(run);
            return runs.indexOf(run);
          }),
        },
      }),
    };
    const executor = createExecutorSync(dummy(), [stamping]);
    const write = (db: Kysely<any>) =>
      db.with("changed", (db) => db.updateTable("users").set({ name: "x" }).returning("id"))
        .insertInto("users").values([{ id: 1 }, { id: 2 }])
        .onConflict((oc) => oc.column("id").doUpdateSet({ name: "y" }));
    assert.deepEqual(write(executor).compile().parameters, ["x", 0, 1, 0, 2, 0, "y", 0]);
    const plan = compilePlan(executor, write);
    assert.equal(plan.reusable, true);
    assert.deepEqual(plan.bind(executor, []).parameters, ["x", 1, 1, 1, 2, 1, "y", 1]);
    assert.deepEqual(plan.bind(executor, []).parameters, ["x", 2, 1, 2, 2, 2, "y", 2]);
  });

  it("serves one context only where a plugin looked at it while the query was built", () => {
    const executor = createExecutorSync(dummy(), [earlyTenant]);
    const one = bindContext(executor, { tenant: 1 });
    const two = bindContext(executor, { tenant: 2 });
    const plan = compilePlan(one, byId);
    assert.deepEqual(plan.bind(one, [5]).parameters, [5, 1]);
    assert.equal(plan.serves(two), false);
    assert.throws(() => plan.bind(two, [5]), ForeignQueryError);
    assert.throws(() => plan.bind(executor, [5]), ForeignQueryError);
    // The answers that are kept for one context are not given to another.
    assert.deepEqual(compilePlan(two, byId).bind(two, [5]).parameters, [5, 2]);
    assert.deepEqual(compilePlan(one, byId).bind(one, [5]).parameters, [5, 1]);
  });

  it("serves every context where no plugin has anything to say about the tables", () => {
    const executor = createExecutorSync(dummy(), [earlyTenant]);
    const plan = compilePlan(
      bindContext(executor, { tenant: 1 }),
      (db) => db.selectFrom("tags").selectAll(),
    );
    assert.equal(plan.serves(bindContext(executor, { tenant: 2 })), true);
  });

  it("is not reusable where a plugin's answer may be another one next time", () => {
    for (
      const plugin of [
        { ...hide, stable: false },
        { name: "active", version: "1.0.0", interceptQuery: (qb) => qb } satisfies Plugin as Plugin,
        {
          name: "soft",
          version: "1.0.0",
          rewriteDelete: () => ({ set: { deleted_at: Date.now() } }),
        },
      ]
    ) {
      const executor = createExecutorSync(dummy(), [plugin as Plugin]);
      const plan = compilePlan(executor, (db) => db.deleteFrom("users"));
      assert.equal(plan.reusable, false, plugin.name);
    }
  });

  it("is not good for other flags, other Kysely plugins, another schema or another executor", () => {
    const executor = createExecutorSync(dummy(), [hide]);
    const plan = compilePlan(executor, byId);
    for (
      const other of [
        withMetadata(executor, { includeDeleted: true }),
        executor.withPlugin(new CamelCasePlugin()),
        executor.withSchema("other"),
        createExecutorSync(dummy(), [hide]),
        dummy(),
      ]
    ) {
      assert.equal(plan.serves(other), false);
      assert.throws(() => plan.bind(other, [1]), ForeignQueryError);
    }
  });

  it("works for a plain Kysely and its transactions, not for another one", async () => {
    const db = dummy();
    const plan = compilePlan(db, byId);
    assert.equal(plan.reusable, true);
    assert.deepEqual(plan.bind(db, [5]).parameters, [5]);
    await db.transaction().execute((trx) => {
      assert.deepEqual(plan.bind(trx, [6]).parameters, [6]);
      return Promise.resolve();
    });
    assert.throws(() => plan.bind(dummy(), [5]), ForeignQueryError);
    assert.throws(() => plan.bind(createExecutorSync(db, [hide]), [5]), ForeignQueryError);
  });

  it("makes queries that are refused after the executor was destroyed", async () => {
    const executor = createExecutorSync(dummy(), [hide]);
    const plan = compilePlan(executor, byId);
    await destroyExecutor(executor);
    await assert.rejects(
      async () => await executor.executeQuery(plan.bind(executor, [1])),
      ExecutorDestroyedError,
    );
  });

  it("says which plugin's late value could not be read, and why", () => {
    const cause = new Error("no tenant");
    const executor = createExecutorSync(dummy(), [{
      ...lateTenant,
      filter: (users, { eb, value }) =>
        eb(
          users.column("tenant"),
          "=",
          value(() => {
            throw cause;
          }),
        ),
    }]);
    const isHookError = (error: unknown): boolean => {
      assert.ok(error instanceof PluginHookError, `it threw ${error}`);
      assert.equal(error.plugin, "late-tenant");
      assert.equal(error.cause, cause);
      return true;
    };
    assert.throws(() => executor.selectFrom("users").selectAll().compile(), isHookError);
    const plan = compilePlan(executor, byId);
    assert.throws(() => plan.bind(executor, [1]), isHookError);
  });
});

describe("HookContext.cached()", () => {
  let asked = 0;
  const shaped: Plugin = {
    ...hide,
    name: "shaped",
    filter: (users, { eb, cached, value }) => {
      asked++;
      const shape = cached((context) => {
        if (context?.["role"] === undefined) throw new Error("no role");
        return context["role"];
      });
      return shape === "admin"
        ? undefined
        : eb(users.column("tenant"), "=", value((context) => context?.["tenant"]));
    },
  };
  const executor = createExecutorSync(dummy(), [shaped]);
  const as = (role: string, tenant?: number) => bindContext(executor, { role, tenant });

  it("lets one plan, and one kept answer, serve all contexts of the same shape", () => {
    const plan = compilePlan(as("user", 1), byId);
    assert.deepEqual(plan.bind(as("user", 2), [5]).parameters, [5, 2]);
    assert.equal(plan.serves(as("user", 3)), true);
    assert.equal(plan.serves(as("admin")), false);
    assert.throws(() => plan.bind(as("admin"), [5]), ForeignQueryError);
    const before = asked;
    for (const role of ["user", "admin", "user", "admin", "user"]) {
      const { sql } = as(role, 1).selectFrom("users").selectAll().compile();
      assert.equal(sql.includes("tenant"), role === "user");
    }
    assert.equal(asked - before, 1, "answers alternate, and are kept all the same");
  });

  it("tells a plan that is not good for a handle by undefined, where it is only tried", () => {
    const plan = compilePlan(as("user", 1), byId);
    assert.deepEqual(plan.tryBind(as("user", 2), [5])?.parameters, [5, 2]);
    assert.equal(plan.tryBind(as("admin"), [5]), undefined);
  });

  it("is of the same run as the values of a query", () => {
    const runs: object[] = [];
    const same = createExecutorSync(dummy(), [{
      ...hide,
      filter: (users, { eb, cached, value }) => {
        cached((_, run) => void runs.push(run));
        return eb(users.column("n"), "=", value((_, run) => runs.push(run)));
      },
    }]);
    const plan = compilePlan(same, byId);
    for (const run of [() => plan.bind(same, [5]), () => plan.tryBind(same, [5])]) {
      runs.length = 0;
      run();
      assert.equal(runs.length, 2);
      assert.equal(runs[0], runs[1]);
    }
    runs.length = 0;
    byId(same).compile();
    assert.equal(new Set(runs).size, 1);
  });

  it("reads the context that a query runs under, and throws what that throws", () => {
    assert.throws(() => executor.selectFrom("users").selectAll().compile(), PluginHookError);
    const plan = compilePlan(as("user", 1), byId);
    assert.throws(() => plan.bind(executor, [5]), PluginHookError);
  });
});

describe("HookContext.pick()", () => {
  let asked = 0;
  const read = (context: Attributes | undefined) => {
    asked++;
    return { role: context?.["role"], ids: context?.["ids"] as number[] };
  };
  const picking = (callerMayChange: boolean): Plugin => ({
    ...hide,
    name: "picking",
    callerMayChange: () => callerMayChange,
    filter: (users, { eb, cached, pick }) => {
      const { ids } = cached(read, ({ role, ids }) => `${role} ${ids.length}`);
      return eb.and(
        ids.map((_, i) => eb(users.column("n"), "<>", pick(read, ({ ids }) => ids[i]))),
      );
    },
  });

  it("takes parts of what is read of a bound context, which is read once", () => {
    const executor = createExecutorSync(dummy(), [picking(false)]);
    const plan = compilePlan(bindContext(executor, { role: "a", ids: [1, 2] }), byId);
    asked = 0;
    const one = bindContext(executor, { role: "a", ids: [3, 4] });
    const other = bindContext(executor, { role: "a", ids: [5, 6] });
    for (let turn = 0; turn < 3; turn++) {
      assert.deepEqual(plan.bind(one, [7]).parameters, [7, 3, 4]);
      assert.deepEqual(byId(other).compile().parameters.slice(1), [5, 6]);
    }
    assert.equal(asked, 2);
    assert.equal(plan.tryBind(bindContext(executor, { role: "b", ids: [3, 4] }), [7]), undefined);
    assert.equal(plan.tryBind(bindContext(executor, { role: "a", ids: [3] }), [7]), undefined);
  });

  it("reads it each time where the caller may be another one", () => {
    const executor = createExecutorSync(dummy(), [picking(true)]);
    const bound = bindContext(executor, { role: "a", ids: [1, 2] });
    const plan = compilePlan(bound, byId);
    asked = 0;
    for (let turn = 1; turn <= 3; turn++) {
      assert.deepEqual(plan.bind(bound, [7]).parameters, [7, 1, 2]);
      assert.equal(asked, 3 * turn);
    }
  });
});

describe("HookContext.once()", () => {
  it("has a stable hook asked again", () => {
    let times = 0;
    const executor = createExecutorSync(dummy(), [{
      ...hide,
      filter: (users, { eb, once }) => {
        once();
        return eb(users.column("n"), "=", ++times);
      },
    }]);
    const parameters = () => executor.selectFrom("users").selectAll().compile().parameters;
    assert.notDeepEqual(parameters(), parameters());
    assert.equal(compilePlan(executor, byId).reusable, false);
  });
});

describe("a plugin's callerMayChange()", () => {
  it("keeps a compiled query to the caller that it was compiled for", async () => {
    let caller = 1;
    const executor = createExecutorSync(dummy(), [{
      ...hide,
      callerMayChange: () => true,
      filter: (users, { eb, value }) => eb(users.column("n"), "=", value(() => caller)),
    }]);
    const query = executor.selectFrom("users").selectAll().compile();
    const plan = compilePlan(executor, byId);
    const bound = plan.bind(executor, [1]);
    await executor.executeQuery(query);
    caller = 2;
    await assert.rejects(executor.executeQuery(query), ForeignQueryError);
    await assert.rejects(executor.executeQuery(bound), ForeignQueryError);
    await executor.executeQuery(plan.bind(executor, [1]));
    await executor.selectFrom("users").selectAll().execute();
  });

  it("has what changes by itself read again when a query runs, built or bound", async () => {
    let now = 0;
    const ran: unknown[] = [];
    const executor = createExecutorSync(dummy(), [{
      ...hide,
      callerMayChange: () => true,
      filter: (users, { eb, value }) => eb(users.column("n"), "=", value(() => ++now)),
      aroundQuery(query, next) {
        ran.push(query.parameters);
        return next(query);
      },
    }]);
    const query = executor.selectFrom("users").selectAll().compile();
    const bound = compilePlan(executor, byId).bind(executor, [7]);
    const before = now;
    await executor.executeQuery(query);
    await executor.executeQuery(bound);
    const [built, [id, n]] = ran as [number[], number[]];
    assert.ok(built[0]! > before && n! > built[0]!, "what runs is read in the run");
    assert.equal(id, 7);
  });

  it("has a query compiled again for the same caller, where something else is read", async () => {
    let minute = 1;
    let caller = 1;
    const callers = new WeakMap<object, number>();
    const noted = (run: object): number => {
      if (!callers.has(run)) callers.set(run, caller);
      return callers.get(run)!;
    };
    const ran: unknown[] = [];
    const executor = createExecutorSync(dummy(), [{
      ...hide,
      callerMayChange: () => true,
      callerOf: (_context, run) => ({ id: noted(run) }),
      filter: (users, { eb, value }) =>
        eb(users.column("n"), "=", value((_context, run) => (noted(run), minute))),
      aroundQuery(query, next) {
        ran.push(...query.parameters);
        return next(query);
      },
    }]);
    const query = executor.selectFrom("users").selectAll().compile();
    await executor.executeQuery(query);
    minute = 2;
    await executor.executeQuery(query);
    assert.deepEqual(ran, [1, 2]);
    assert.deepEqual(query.parameters, [1]);
    caller = 2;
    await assert.rejects(executor.executeQuery(query), ForeignQueryError);
  });
});

describe("planKey()", () => {
  it("is the same for handles that one plan may serve, except their contexts", async () => {
    const executor = createExecutorSync(dummy(), [lateTenant]);
    const key = planKey(executor);
    assert.equal(planKey(bindContext(executor, { tenant: 1 })), key);
    await executor.transaction().execute((trx) => {
      assert.equal(planKey(trx), key);
      return Promise.resolve();
    });
    assert.notEqual(planKey(withMetadata(executor, { flag: 1 })), key);
    assert.notEqual(planKey(executor.withSchema("other")), key);
    assert.notEqual(planKey(createExecutorSync(dummy(), [lateTenant])), key);
    const db = dummy();
    assert.equal(planKey(db), planKey(db));
    assert.notEqual(planKey(db), planKey(dummy()));
  });
});
