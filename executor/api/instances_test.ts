import {
  bindContext,
  createExecutor,
  createExecutorSync,
  ExecutorError,
  ForeignQueryError,
  getContext,
  getMetadata,
  getPlugins,
  getRawDb,
  isKyseraExecutor,
  withMetadata,
} from "@kysera/executor";
import type { Attributes, Plugin } from "@kysera/executor";
import { CamelCasePlugin, ControlledTransaction, Kysely, Transaction } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { dummy } from "../../tests/executor/dummy.ts";

/** Shows the rows of the caller's tenant. */
const tenant: Plugin = {
  name: "tenant",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "users",
  filter: (users, { eb, context, metadata }) =>
    metadata["everyone"] === true
      ? undefined
      : eb(users.column("tenant_id"), "=", context?.["tenant"] ?? "nobody"),
};

const parameters = (db: Kysely<any>): readonly unknown[] =>
  db.selectFrom("users").selectAll().compile().parameters;
const parameter = (db: Kysely<any>): unknown => parameters(db)[0];

/** Every kind of handle there is of an executor, each given to `use`. */
async function eachHandle(
  executor: Kysely<any>,
  use: (handle: Kysely<any>, name: string) => void | Promise<void>,
): Promise<void> {
  await use(executor, "the executor");
  await use(executor.withSchema("other"), "withSchema()");
  await use(executor.withPlugin(new CamelCasePlugin()), "withPlugin()");
  await use(executor.withoutPlugins(), "withoutPlugins()");
  await use(bindContext(executor, { tenant: 1 }), "bindContext()");
  await use(withMetadata(executor, { everyone: true }), "withMetadata()");
  await executor.connection().execute(async (db) => await use(db, "connection()"));
  await executor.transaction().execute(async (trx) => {
    await use(trx, "transaction()");
    await use(trx.withSchema("other"), "transaction().withSchema()");
    await use(trx.withoutPlugins(), "transaction().withoutPlugins()");
    await use(bindContext(trx, { tenant: 1 }), "bindContext(transaction)");
  });
  const trx = await executor.startTransaction().execute();
  await use(trx, "startTransaction()");
  await use(await trx.savepoint("a").execute(), "savepoint()");
  await trx.commit().execute();
}

describe("isKyseraExecutor()", () => {
  it("knows every handle of an executor", async () => {
    await eachHandle(createExecutorSync(dummy(), [tenant]), (handle, name) => {
      assert.equal(isKyseraExecutor(handle), true, name);
    });
    await eachHandle(await createExecutor(dummy(), [], { enabled: false }), (handle, name) => {
      assert.equal(isKyseraExecutor(handle), true, name);
    });
  });

  it("says no to a plain Kysely, its transactions, and whatever else there is", async () => {
    const db = dummy();
    assert.equal(isKyseraExecutor(db), false);
    await db.transaction().execute((trx) => {
      assert.equal(isKyseraExecutor(trx), false);
      return Promise.resolve();
    });
    for (const value of [undefined, null, 5, "db", {}, [], () => db, { __kysera: true }]) {
      assert.equal(isKyseraExecutor(value), false);
    }
  });

  it("says no to what getRawDb() gives", () => {
    assert.equal(isKyseraExecutor(getRawDb(createExecutorSync(dummy(), [tenant]))), false);
  });
});

describe("an executor", () => {
  it("has the markers __kysera, __plugins and __rawDb, which nobody can change or list", () => {
    const db = dummy();
    const executor = createExecutorSync(db, [tenant]);
    assert.equal(executor.__kysera, true);
    assert.deepEqual(executor.__plugins, [tenant]);
    assert.equal(executor.__rawDb, db);
    assert.deepEqual(Object.keys(executor), []);
    assert.throws(() => Object.assign(executor, { __plugins: [] }), TypeError);
    assert.throws(() => (executor.__plugins as readonly Plugin[] as Plugin[]).pop(), TypeError);
  });

  it("keeps its markers under another context and other flags", () => {
    const executor = createExecutorSync(dummy(), [tenant]);
    for (const handle of [bindContext(executor, {}), withMetadata(executor, {})]) {
      assert.equal(handle.__kysera, true);
      assert.equal(handle.__rawDb, executor.__rawDb);
    }
  });
});

describe("getPlugins()", () => {
  it("gives the same frozen list for every handle, in the order they run in", async () => {
    const executor = createExecutorSync(dummy(), [tenant, {
      name: "first",
      version: "1.0.0",
      priority: 1,
    }]);
    assert.deepEqual(getPlugins(executor).map(({ name }) => name), ["first", "tenant"]);
    assert.ok(Object.isFrozen(getPlugins(executor)));
    await eachHandle(executor, (handle, name) => {
      assert.equal(getPlugins(handle), getPlugins(executor), name);
    });
  });

  it("gives an empty list for a plain Kysely", () => {
    assert.deepEqual(getPlugins(dummy()), []);
  });
});

describe("getRawDb()", () => {
  it("gives the very database that the executor was made of", () => {
    const db = dummy();
    assert.equal(getRawDb(createExecutorSync(db, [tenant])), db);
    assert.equal(getRawDb(createExecutorSync(createExecutorSync(db, [tenant]), [])), db);
    assert.equal(getRawDb(bindContext(createExecutorSync(db, [tenant]), {})), db);
  });

  it("gives a plain Kysely back as it is", () => {
    const db = dummy();
    assert.equal(getRawDb(db), db);
  });

  it("gives a handle without the plugins for every handle", async () => {
    await eachHandle(createExecutorSync(dummy(), [tenant]), (handle, name) => {
      const raw = getRawDb(handle);
      assert.equal(isKyseraExecutor(raw), false, name);
      assert.deepEqual(parameters(raw), [], name);
      assert.equal(raw.isTransaction, handle.isTransaction, name);
    });
  });

  it("keeps the schema and the Kysely plugins of a handle", () => {
    const executor = createExecutorSync(dummy(), [tenant]);
    assert.equal(
      getRawDb(executor.withSchema("other")).selectFrom("users").selectAll().compile().sql,
      `select * from "other"."users"`,
    );
    assert.equal(
      getRawDb(executor.withPlugin(new CamelCasePlugin())).selectFrom("userNames").selectAll()
        .compile().sql,
      `select * from "user_names"`,
    );
  });

  it("keeps the schema of the handle that an executor was made of", () => {
    const below = createExecutorSync(dummy(), [tenant]).withSchema("other");
    const above = createExecutorSync(below, []);
    assert.equal(
      getRawDb(above).selectFrom("users").selectAll().compile().sql,
      `select * from "other"."users"`,
    );
  });
});

describe("bindContext()", () => {
  it("returns a Kysely with all members of the instance, whichever is asked for first", async () => {
    const executor = createExecutorSync(dummy(), [tenant]);
    const names = new Set<PropertyKey>();
    for (
      let from: object = Object.getPrototypeOf(executor);
      from !== Object.prototype;
      from = Object.getPrototypeOf(from)
    ) {
      for (const name of Reflect.ownKeys(from)) names.add(name);
    }
    assert.ok(names.has("selectFrom") && names.has("with") && names.has("schema"));
    for (const name of names) {
      const bound = bindContext(executor, { tenant: 1 });
      assert.equal(
        typeof Reflect.get(bound, name),
        typeof Reflect.get(executor, name),
        String(name),
      );
      assert.deepEqual(parameters(bound), [1], String(name));
    }
    const bound = bindContext(executor, { tenant: "secret" });
    assert.ok(bound instanceof Kysely && !bound.isTransaction);
    assert.equal(bound.constructor, executor.constructor);
    const query = bound.with("a", (db) => db.selectFrom("users").selectAll()).selectFrom("a")
      .selectAll();
    assert.deepEqual(query.compile().parameters, ["secret"]);
    assert.deepEqual(parameters(bound.withSchema("other")), ["secret"]);
    await bound.transaction().execute((trx) => {
      assert.deepEqual(parameters(trx), ["secret"]);
      assert.deepEqual(parameters(bindContext(trx, { tenant: 2 })), [2]);
      return Promise.resolve();
    });
    assert.ok(!inspect(bound, { depth: 9, showHidden: true }).includes("secret"));
  });

  const executor = createExecutorSync(dummy(), [tenant]);

  it("gives a new instance of the same class, and leaves the given one as it was", async () => {
    const bound = bindContext(executor, { tenant: 1 });
    assert.notEqual(bound, executor);
    assert.equal(parameter(bound), 1);
    assert.equal(getContext(executor), undefined);
    assert.equal(parameter(executor), "nobody");
    await executor.transaction().execute((trx) => {
      assert.ok(bindContext(trx, {}) instanceof Transaction);
      return Promise.resolve();
    });
    const trx = await executor.startTransaction().execute();
    const boundTrx = bindContext(trx, { tenant: 1 });
    assert.ok(boundTrx instanceof ControlledTransaction);
    await boundTrx.rollback().execute();
    assert.equal(boundTrx.isRolledBack, true);
  });

  it("replaces a context that was bound before, and mixes nothing of it in", () => {
    const again = bindContext(bindContext(executor, { tenant: 1, role: "admin" }), { tenant: 2 });
    assert.deepEqual(getContext(again), { tenant: 2 });
    assert.equal(parameter(again), 2);
  });

  it("holds in every handle that is made of the bound one", async () => {
    const bound = bindContext(executor, { tenant: 7 });
    const handles: [string, Kysely<any>][] = [
      ["withSchema()", bound.withSchema("other")],
      ["withoutPlugins()", bound.withoutPlugins()],
      ["withMetadata()", withMetadata(bound, { flag: 1 })],
      ["createExecutor()", createExecutorSync(bound, [])],
    ];
    await bound.transaction().execute(async (trx) => {
      handles.push(["transaction()", trx], ["its withSchema()", trx.withSchema("other")]);
      await Promise.resolve();
    });
    await bound.connection().execute(async (db) => {
      handles.push(["connection()", db]);
      await db.transaction().execute(async (trx) => {
        handles.push(["connection().transaction()", trx]);
        await Promise.resolve();
      });
    });
    const trx = await bound.startTransaction().execute();
    handles.push(["startTransaction()", trx], ["savepoint()", await trx.savepoint("a").execute()]);
    for (const [name, handle] of handles) {
      assert.deepEqual(getContext(handle), { tenant: 7 }, name);
      // A schema's table is another one for nobody here: the filter asks for the name only.
      if (!(handle as Transaction<any>).isTransaction) assert.equal(parameter(handle), 7, name);
    }
    await trx.rollback().execute();
  });

  it("copies deeply: what happens to the given object changes nothing", () => {
    const given = {
      tenant: 1 as unknown,
      auth: { roles: ["reader"], attributes: { level: 1 } },
      since: new Date(0),
      teams: new Set([1]),
      limits: new Map([["rows", { most: 1 }]]),
    };
    const bound = bindContext(executor, given);
    given.tenant = 2;
    given.auth.roles.push("admin");
    given.auth.attributes.level = 9;
    given.since.setTime(1);
    given.teams.add(2);
    given.limits.get("rows")!.most = 9;
    assert.equal(parameter(bound), 1);
    assert.deepEqual(getContext(bound), {
      tenant: 1,
      auth: { roles: ["reader"], attributes: { level: 1 } },
      since: new Date(0),
      teams: new Set([1]),
      limits: new Map([["rows", { most: 1 }]]),
    });
  });

  it("freezes the copy all the way down", () => {
    const context = getContext(bindContext(executor, { auth: { roles: ["reader"] } }))!;
    const auth = context["auth"] as { roles: string[] };
    assert.throws(() => Object.assign(context, { tenant: 2 }), TypeError);
    assert.throws(() => Object.assign(auth, { roles: [] }), TypeError);
    assert.throws(() => auth.roles.push("admin"), TypeError);
  });

  it("lets nobody change a date, a set or a map of the copy", () => {
    const bound = bindContext(executor, {
      since: new Date(0),
      teams: new Set([1]),
      limits: new Map([["rows", 1]]),
    });
    const change = (use: (context: Attributes) => unknown): void => {
      try {
        use(getContext(bound)!);
      } catch (error) {
        assert.ok(error instanceof TypeError, `it threw ${error}`);
      }
    };
    change((context) => (context["since"] as Date).setTime(5));
    change((context) => (context["teams"] as Set<number>).add(2));
    change((context) => (context["limits"] as Map<string, number>).set("rows", 2));
    const { since, teams, limits } = getContext(bound) as {
      since: Date;
      teams: Set<number>;
      limits: Map<string, number>;
    };
    assert.equal(since.getTime(), 0);
    assert.deepEqual([...teams], [1]);
    assert.deepEqual([...limits], [["rows", 1]]);
  });

  it("does not depend on an instance of a class that is the context itself", () => {
    class Caller {
      tenant = 1;
    }
    const caller = new Caller();
    let bound: Kysely<any>;
    try {
      bound = bindContext(executor, caller);
    } catch (error) {
      // To refuse it is as good.
      assert.ok(error instanceof ExecutorError, `it threw ${error}`);
      return;
    }
    caller.tenant = 2;
    assert.equal(parameter(bound), 1);
  });

  it("keeps what is not plain data in the context as it is, and takes circles", () => {
    class Auth {}
    const auth = new Auth();
    const can = (): boolean => true;
    const circle: Record<string, unknown> = { auth, can };
    circle["self"] = circle;
    const context = getContext(bindContext(executor, circle))!;
    assert.equal(context["auth"], auth);
    assert.equal(context["can"], can);
    const self = context["self"] as Attributes;
    assert.equal(self["self"], self);
    assert.equal(self["auth"], auth);
    assert.ok(Object.isFrozen(self));
  });

  it("takes no prototype from the given object, nor gives it one", () => {
    const given = JSON.parse(`{"__proto__": {"tenant": 9}, "a": {"__proto__": {"b": 1}}}`);
    const context = getContext(bindContext(executor, given))!;
    assert.equal(context["tenant"], undefined);
    assert.equal((context["a"] as Attributes)["b"], undefined);
    assert.equal(({} as Record<string, unknown>)["tenant"], undefined);
  });

  for (const value of [undefined, null, 5, "tenant", [], () => ({})]) {
    it(`refuses ${typeof value} ${JSON.stringify(value)} in place of a context`, () => {
      assert.throws(
        () => bindContext(executor, value as object),
        (error) =>
          error instanceof ExecutorError && error.code === "INVALID_CONTEXT" &&
          /Cannot bind a context: .*; pass an object/.test(error.message),
      );
    });
  }

  it("refuses what is not an executor", () => {
    for (const value of [dummy(), undefined, {}]) {
      assert.throws(
        () => bindContext(value as Kysely<any>, {}),
        (error) => error instanceof ExecutorError && error.code === "NOT_AN_EXECUTOR",
      );
    }
  });

  it("gives a handle that refuses a query which was compiled under another context", async () => {
    const one = bindContext(executor, { tenant: 1 });
    const two = bindContext(executor, { tenant: 2 });
    const same = bindContext(executor, { tenant: 1 });
    const compiled = one.selectFrom("users").selectAll().compile();
    await one.executeQuery(compiled);
    await one.transaction().execute((trx) => trx.executeQuery(compiled));
    for (const other of [two, same, executor]) {
      await assert.rejects(other.executeQuery(compiled), ForeignQueryError);
    }
    await assert.rejects(one.executeQuery({ ...compiled }), ForeignQueryError);
  });

  it("refuses a compiled query that was changed, and lets none be changed that runs", async () => {
    const one = bindContext(executor, { id: 1 });
    const query = () => one.selectFrom("users").selectAll().compile() as any;
    const other = { ...query(), query: executor.selectFrom("teams").selectAll().toOperationNode() };
    for (const key of ["sql", "parameters", "query"]) {
      const changed = query();
      changed[key] = key === "sql" ? "select 1" : key === "parameters" ? [] : other.query;
      await assert.rejects(one.executeQuery(changed), /changed after it was compiled/, key);
      await assert.rejects(one.executeQuery(Object.freeze(changed)), ForeignQueryError, key);
      assert.throws(() => one.getExecutor().stream(changed, 1), ForeignQueryError, key);
    }
    const running = query();
    const done = one.executeQuery(running);
    assert.throws(() => running.sql = "select 1", TypeError);
    await done;
  });

  it("gives a handle that refuses a subquery which was built under another context", () => {
    const one = bindContext(executor, { tenant: 1 });
    const two = bindContext(executor, { tenant: 2 });
    assert.throws(
      () =>
        one.selectFrom("posts").selectAll()
          .where("user_id", "in", two.selectFrom("users").select("id")).compile(),
      ForeignQueryError,
    );
  });

  it("gives its context to a subquery that was built without one", () => {
    const one = bindContext(executor, { tenant: 1 });
    const query = one.selectFrom("posts").selectAll()
      .where("user_id", "in", executor.selectFrom("users").select("id")).compile();
    assert.deepEqual(query.parameters, [1]);
  });
});

describe("a subquery whose values are read late", () => {
  const late: Plugin = {
    name: "late",
    version: "1.0.0",
    appliesTo: ({ name }) => name === "users",
    filter: (users, { eb, value }) =>
      eb(users.column("tenant_id"), "=", value((context) => context?.["tenant"] as number)),
  };
  const bound = bindContext(createExecutorSync(dummy(), [late]), { tenant: 7 });

  it("has them in a query of its own handle, in flags of another, and in a transaction", async () => {
    const flagged = withMetadata(bound, { flag: 1 });
    const inner = () => bound.selectFrom("users").selectAll().as("u");
    assert.deepEqual(bound.selectFrom(inner()).selectAll().compile().parameters, [7]);
    assert.deepEqual(flagged.selectFrom(inner()).selectAll().compile().parameters, [7]);
    await bound.transaction().execute((trx) => {
      assert.deepEqual(trx.selectFrom(inner()).selectAll().compile().parameters, [7]);
      return Promise.resolve();
    });
  });

  it("has them in a query of another executor and of a plain Kysely, or is refused", () => {
    for (const other of [dummy(), createExecutorSync(dummy(), [tenant])]) {
      let values: readonly unknown[];
      try {
        values = other.selectFrom(bound.selectFrom("users").selectAll().as("u")).selectAll()
          .compile().parameters;
      } catch (error) {
        assert.ok(error instanceof ExecutorError, `it threw ${error}`);
        continue;
      }
      assert.equal(values[0], 7);
      assert.ok(values.every((value) => typeof value !== "object"));
    }
  });
});

describe("getContext()", () => {
  it("gives undefined where nothing was bound, and for a plain Kysely", () => {
    assert.equal(getContext(createExecutorSync(dummy(), [])), undefined);
    assert.equal(getContext(dummy()), undefined);
  });
});

describe("withMetadata()", () => {
  const executor = createExecutorSync(dummy(), [tenant]);

  it("gives a handle with the flags, and leaves the given one as it was", () => {
    const all = withMetadata(executor, { everyone: true });
    assert.deepEqual(parameters(all), []);
    assert.deepEqual(parameters(executor), ["nobody"]);
    assert.deepEqual(getMetadata(all), { everyone: true });
    assert.deepEqual(getMetadata(executor), {});
  });

  it("adds to the flags there are; undefined takes one away", () => {
    const one = withMetadata(executor, { a: 1, b: 1 });
    const two = withMetadata(one, { b: 2, a: undefined });
    assert.deepEqual(getMetadata(two), { b: 2 });
    assert.deepEqual(Object.keys(getMetadata(two)), ["b"]);
  });

  it("freezes a copy of the flags", () => {
    const flags = { everyone: false };
    const handle = withMetadata(executor, flags);
    flags.everyone = true;
    assert.deepEqual(parameters(handle), ["nobody"]);
    assert.throws(() => Object.assign(getMetadata(handle), { everyone: true }), TypeError);
  });

  it("holds in transactions and keeps the context, in either order", async () => {
    const bound = bindContext(executor, { tenant: 1 });
    for (
      const handle of [
        withMetadata(bound, { flag: 1 }),
        bindContext(withMetadata(executor, { flag: 1 }), { tenant: 1 }),
      ]
    ) {
      await handle.transaction().execute((trx) => {
        assert.deepEqual(getContext(trx), { tenant: 1 });
        assert.deepEqual(getMetadata(trx), { flag: 1 });
        return Promise.resolve();
      });
    }
  });

  it("lets a subquery keep the flags of the handle it was built with", () => {
    const all = withMetadata(executor, { everyone: true });
    const query = executor.selectFrom("users").select("id")
      .where("id", "in", all.selectFrom("users").select("id"));
    assert.equal(
      query.compile().sql,
      `select "id" from "users" where "id" in (select "id" from "users") and "users"."tenant_id" = $1`,
    );
  });

  for (const value of [undefined, null, 5, "flag", []]) {
    it(`refuses ${JSON.stringify(value)} in place of flags`, () => {
      assert.throws(() => withMetadata(executor, value as object), ExecutorError);
    });
  }

  it("refuses what is not an executor", () => {
    assert.throws(() => withMetadata(dummy(), {}), ExecutorError);
  });
});

describe("getMetadata()", () => {
  it("gives an empty object for a plain Kysely", () => {
    assert.deepEqual(getMetadata(dummy()), {});
  });
});
