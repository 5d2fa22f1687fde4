import {
  createExecutor,
  createExecutorSync,
  destroyExecutor,
  ExecutorDestroyedError,
  ExecutorError,
  getPlugins,
  getRawDb,
  isKyseraExecutor,
  PluginValidationError,
} from "@kysera/executor";
import type { ExecutorConfig, Plugin, PluginHost } from "@kysera/executor";
import { Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

const plugin = (name: string, more: Partial<Plugin> = {}): Plugin => ({
  name,
  version: "1.0.0",
  ...more,
});
const hide: Plugin = plugin("hide", {
  appliesTo: ({ name }) => name === "users",
  filter: (users, { eb }) => eb(users.column("deleted_at"), "is", null),
});
const own = (column: string, name = column): Plugin =>
  plugin(name, {
    appliesTo: ({ name }) => name === "users",
    filter: (users, { eb }) => eb(users.column(column), "=", 1),
  });
const FILTERED = `select * from "users" where "users"."deleted_at" is null`;
const users = (db: Kysely<any>): string => db.selectFrom("users").selectAll().compile().sql;

/** Both ways to make an executor, where they are to behave the same. */
type Make = (
  db: Kysely<any>,
  plugins?: readonly Plugin[],
  options?: ExecutorConfig,
) => Promise<Kysely<any>>;
const makers: readonly [name: string, make: Make][] = [
  // An argument that is not given is not the same as one that is undefined.
  ["createExecutor()", async (...args) => await createExecutor(...args as [Kysely<any>, Plugin[]])],
  [
    "createExecutorSync()",
    async (...args) => await createExecutorSync(...args as [Kysely<any>, Plugin[]]),
  ],
];

for (const [name, make] of makers) {
  describe(name, () => {
    it("gives a Kysely of the same class that is subject to the plugins, and leaves the given one alone", async () => {
      const db = dummy();
      const executor = await make(db, [hide]);
      assert.ok(executor instanceof Kysely);
      assert.notEqual(executor, db);
      assert.equal(users(executor), FILTERED);
      assert.equal(users(db), `select * from "users"`);
      assert.equal(isKyseraExecutor(db), false);
      assert.deepEqual(Object.keys(db), []);
    });

    it("takes no plugins at all, and then changes no query", async () => {
      for (const plugins of [undefined, []]) {
        const executor = await make(dummy(), plugins);
        assert.ok(isKyseraExecutor(executor));
        assert.deepEqual(getPlugins(executor), []);
        assert.equal(users(executor), `select * from "users"`);
      }
    });

    for (const value of [undefined, null, 5, "postgres://localhost", {}, { getExecutor: 1 }, []]) {
      it(`refuses ${JSON.stringify(value)} in place of a Kysely`, async () => {
        await assert.rejects(
          async () => await make(value as any, []),
          (error) =>
            error instanceof ExecutorError && error.code === "INVALID_DATABASE" &&
            /not a Kysely instance; pass new Kysely\(/.test(error.message),
        );
      });
    }

    it("refuses an option that it does not have, and says which it has", async () => {
      for (const key of ["enable", "rawSQL", "toString"]) {
        await assert.rejects(
          async () => await make(dummy(), [], { [key]: true } as ExecutorConfig),
          (error) =>
            error instanceof ExecutorError && error.code === "UNKNOWN_OPTION" &&
            error.message.includes(`no option "${key}"`) && error.message.includes(`"rawSql"`),
        );
      }
    });

    for (
      const [key, values] of Object.entries({
        rawSql: ["denied", true, null],
        enabled: ["false", 0, null],
        tableFunctions: ["unnest", [5], {}, null],
        dialect: ["oracle", 5, null],
      })
    ) {
      it(`refuses a value that the option ${key} cannot have`, async () => {
        for (const value of values) {
          await assert.rejects(
            async () => await make(dummy(), [], { [key]: value } as ExecutorConfig),
            (error) =>
              error instanceof ExecutorError && error.code === "INVALID_OPTION" &&
              error.message.includes(`"${key}"`),
            `it took ${JSON.stringify(value)}`,
          );
        }
      });
    }

    it("refuses options that are not an object", async () => {
      for (const options of [null, 5, "deny", []]) {
        await assert.rejects(
          async () => await make(dummy(), [], options as ExecutorConfig),
          ExecutorError,
          `it took ${JSON.stringify(options)}`,
        );
      }
    });

    it("takes an option that is undefined for one that is not given", async () => {
      const options = { enabled: undefined, rawSql: undefined, tableFunctions: undefined };
      assert.equal(users(await make(dummy(), [hide], options)), FILTERED);
    });

    it("refuses plugins that validatePlugins() refuses", async () => {
      for (const plugins of [[hide, hide], [plugin("")], "hide", [null]]) {
        await assert.rejects(
          async () => await make(dummy(), plugins as Plugin[]),
          PluginValidationError,
        );
      }
    });

    it("leaves the plugins out when it is told enabled: false, but checks them", async () => {
      const calls: string[] = [];
      const noisy: Plugin = {
        ...hide,
        setup() {
          calls.push("setup");
          return {};
        },
        onInit: () => void calls.push("onInit"),
        onDestroy: () => void calls.push("onDestroy"),
      };
      const executor = await make(dummy(), [noisy], { enabled: false });
      assert.deepEqual(getPlugins(executor), []);
      assert.equal(users(executor), `select * from "users"`);
      await destroyExecutor(executor);
      assert.deepEqual(calls, []);
      await assert.rejects(
        async () => await make(dummy(), [hide, hide], { enabled: false }),
        PluginValidationError,
      );
    });

    it("runs plugins by dependency, priority and the order given", async () => {
      const executor = await make(dummy(), [
        own("c", "last"),
        plugin("first", { ...own("b"), name: "first", priority: 5 }),
        plugin("middle", { ...own("a"), name: "middle", priority: 1, dependencies: ["first"] }),
      ]);
      assert.deepEqual(getPlugins(executor).map(({ name }) => name), ["first", "middle", "last"]);
      assert.equal(
        users(executor),
        `select * from "users" where "users"."b" = $1 and "users"."a" = $2 and "users"."c" = $3`,
      );
    });

    it("asks setup for hooks, and uses them beside the plugin's own", async () => {
      const hosts: PluginHost[] = [];
      const db = dummy("mysql");
      const executor = await make(db, [{
        ...own("a"),
        setup(host: PluginHost) {
          hosts.push(host);
          return own("b");
        },
      }]);
      assert.equal(
        users(executor),
        "select * from `users` where `users`.`a` = ? and `users`.`b` = ?",
      );
      assert.equal(hosts.length, 1);
      assert.equal(hosts[0]!.dialect, "mysql");
      assert.equal(hosts[0]!.db, db);
    });

    for (const answer of [null, "hooks", 5, [], { filter: 5 }]) {
      it(`refuses ${JSON.stringify(answer)} as the hooks that setup gives`, async () => {
        await assert.rejects(
          async () => await make(dummy(), [plugin("odd", { setup: () => answer as any })]),
          (error) =>
            error instanceof PluginValidationError && error.details.pluginName === "odd" &&
            /"setup"/.test(error.message),
        );
      });
    }

    it("says which plugin failed to be set up, and why", async () => {
      const cause = new Error("no such column");
      const setup = (): never => {
        throw cause;
      };
      await assert.rejects(
        async () => await make(dummy(), [plugin("a"), plugin("b", { setup })]),
        (error) => {
          assert.ok(error instanceof PluginValidationError);
          assert.equal(error.type, "INITIALIZATION_FAILED");
          assert.deepEqual(error.details, { pluginName: "b" });
          assert.match(error.message, /Cannot start plugin "b": no such column/);
          assert.equal(error.cause, cause);
          return true;
        },
      );
    });

    describe("over an executor", () => {
      it("keeps the plugins of the one below and adds the new ones after them", async () => {
        const below = await make(dummy(), [hide]);
        const above = await make(below, [own("team")]);
        assert.deepEqual(getPlugins(above).map(({ name }) => name), ["hide", "team"]);
        assert.equal(users(above), `${FILTERED} and "users"."team" = $1`);
        assert.equal(users(below), FILTERED);
      });

      it("applies a plugin that both have once", async () => {
        const below = await make(dummy(), [hide]);
        const above = await make(below, [hide]);
        assert.deepEqual(getPlugins(above), [hide]);
        assert.equal(users(above), FILTERED);
      });

      it("writes a condition once that two plugins of one name both give", async () => {
        const below = await make(dummy(), [hide]);
        const above = await make(below, [{ ...hide }]);
        assert.equal(users(above), FILTERED);
      });

      it("takes the plugins below for dependencies and conflicts", async () => {
        const below = await make(dummy(), [hide]);
        const above = await make(below, [plugin("b", { dependencies: ["hide"] })]);
        assert.deepEqual(getPlugins(above).map(({ name }) => name), ["hide", "b"]);
        await assert.rejects(
          async () => await make(below, [plugin("b", { conflictsWith: ["hide"] })]),
          PluginValidationError,
        );
      });

      it("keeps the plugins below when it is told enabled: false: they are not its own", async () => {
        const intercepted: string[] = [];
        const spy = plugin("spy", {
          interceptQuery(qb) {
            intercepted.push("spy");
            return qb;
          },
        });
        const below = await make(dummy(), [hide, spy]);
        const above = await make(below, [own("team")], { enabled: false });
        assert.equal(users(above), FILTERED);
        assert.deepEqual(getPlugins(above), [hide, spy]);
        assert.deepEqual(intercepted, ["spy"]);
      });

      it("keeps the database that the lowest one was made of", async () => {
        const db = dummy();
        const below = await make(db, [hide]);
        const above = await make(below, [own("team")]);
        assert.equal(getRawDb(above), db);
      });

      it("destroys its own plugins only", async () => {
        const calls: string[] = [];
        const mortal = (name: string) => plugin(name, { onDestroy: () => void calls.push(name) });
        const below = await make(dummy(), [mortal("below")]);
        const above = await make(below, [mortal("above")]);
        await destroyExecutor(above);
        assert.deepEqual(calls, ["above"]);
        assert.equal(users(below), `select * from "users"`);
        await destroyExecutor(below);
        assert.deepEqual(calls, ["above", "below"]);
      });

      it("refuses queries when the one below was destroyed, for its plugins are gone", async () => {
        const below = await make(dummy(), [hide]);
        const above = await make(below, []);
        await destroyExecutor(below);
        assert.throws(() => users(above), ExecutorDestroyedError);
      });
    });
  });
}

describe("createExecutor()", () => {
  it("waits for setup and onInit, one plugin after the other, setup first", async () => {
    const calls: string[] = [];
    const slow = (name: string): Plugin =>
      plugin(name, {
        async setup() {
          await Promise.resolve();
          calls.push(`setup ${name}`);
          return {};
        },
        async onInit() {
          await Promise.resolve();
          calls.push(`init ${name}`);
        },
      });
    await createExecutor(dummy(), [slow("b"), { ...slow("a"), priority: 1 }]);
    assert.deepEqual(calls, ["setup a", "setup b", "init a", "init b"]);
  });

  it("gives onInit the executor itself, once", async () => {
    const given: unknown[] = [];
    const executor = await createExecutor(dummy(), [
      plugin("a", { onInit: (db) => void given.push(db) }),
    ]);
    assert.equal(given.length, 1);
    assert.equal(given[0], executor);
  });

  it("does not start a plugin of the executor below again", async () => {
    let starts = 0;
    const count = (): object => ({ starts: ++starts });
    const counted = plugin("counted", { setup: () => (count(), {}), onInit: () => void count() });
    const below = await createExecutor(dummy(), [counted]);
    await createExecutor(below, [hide]);
    assert.equal(starts, 2);
  });

  it("calls onInit as a method of its plugin", async () => {
    class Counter implements Plugin {
      readonly name = "counter";
      readonly version = "1.0.0";
      #count = 0;
      onInit(): void {
        this.#count++;
      }
      get count(): number {
        return this.#count;
      }
    }
    const counter = new Counter();
    await createExecutor(dummy(), [counter]);
    assert.equal(counter.count, 1);
  });

  describe("when an onInit fails", () => {
    const calls: string[] = [];
    const cause = new Error("port is taken");
    let leaked: Kysely<any> | undefined;
    const started = (name: string, failure?: Error): Plugin =>
      plugin(name, {
        onInit: (db) => {
          leaked = db;
          calls.push(`init ${name}`);
        },
        onDestroy() {
          calls.push(`destroy ${name}`);
          if (failure) throw failure;
        },
      });
    const failing = plugin("failing", {
      onInit: () => Promise.reject(cause),
      onDestroy: () => void calls.push("destroy failing"),
    });

    it("destroys what had started, the last first, and says why", async () => {
      calls.length = 0;
      await assert.rejects(
        createExecutor(dummy(), [started("a"), started("b"), failing, started("never")]),
        (error) => {
          assert.ok(error instanceof PluginValidationError);
          assert.equal(error.type, "INITIALIZATION_FAILED");
          assert.deepEqual(error.details, { pluginName: "failing" });
          assert.match(error.message, /Cannot start plugin "failing": port is taken/);
          assert.equal(error.cause, cause);
          return true;
        },
      );
      assert.deepEqual(calls, ["init a", "init b", "destroy b", "destroy a"]);
    });

    it("leaves an executor behind that refuses queries", () => {
      assert.throws(() => users(leaked!), ExecutorDestroyedError);
    });

    it("destroys all the same where one onDestroy throws, and keeps every cause", async () => {
      calls.length = 0;
      const failure = new Error("cannot close");
      await assert.rejects(
        createExecutor(dummy(), [started("a"), started("b", failure), failing]),
        (error) => {
          assert.ok(error instanceof PluginValidationError);
          assert.match(error.message, /Cannot start plugin "failing": port is taken/);
          assert.ok(error.cause instanceof AggregateError);
          assert.deepEqual(error.cause.errors, [cause, failure]);
          return true;
        },
      );
      assert.deepEqual(calls, ["init a", "init b", "destroy b", "destroy a"]);
    });

    it("takes what is thrown and is not an Error", async () => {
      const odd = plugin("odd", {
        onInit: () => {
          throw "a string";
        },
      });
      await assert.rejects(createExecutor(dummy(), [odd]), (error) => {
        assert.ok(error instanceof PluginValidationError);
        assert.match(error.message, /Cannot start plugin "odd": a string/);
        assert.equal(error.cause, "a string");
        return true;
      });
    });
  });
});

describe("createExecutorSync()", () => {
  it("calls no onInit", () => {
    let calls = 0;
    createExecutorSync(dummy(), [plugin("a", { onInit: () => void calls++ })]);
    assert.equal(calls, 0);
  });

  for (
    const [what, promise] of [
      ["a promise", () => Promise.resolve({})],
      ["a promise that is rejected", () => Promise.reject(new Error("lost"))],
      ["another thing that has a then", () => ({ then: (done: (v: object) => void) => done({}) })],
    ] as const
  ) {
    it(`refuses a plugin whose setup gives ${what}, and says what to do`, () => {
      assert.throws(
        () => createExecutorSync(dummy(), [plugin("slow", { setup: promise as any })]),
        (error) => {
          assert.ok(error instanceof PluginValidationError);
          assert.equal(error.type, "INITIALIZATION_FAILED");
          assert.deepEqual(error.details, { pluginName: "slow" });
          assert.match(error.message, /"slow" without waiting.*await createExecutor\(\)/);
          return true;
        },
      );
    });
  }
});
