import { PlanCache, tryCompilePlan } from "@kysera/dal";
import { createExecutorSync, type Plugin, Slot } from "@kysera/executor";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

interface Entry {
  readonly form: string;
}

/** Binds in a form, and counts what is compiled for it. */
function cacheOf(mostShapes: number) {
  const cache = new PlanCache<Entry>(mostShapes);
  const compiled: string[] = [];
  const asked: string[] = [];
  const bind = (shape: string, form: string): string | undefined =>
    cache.bind(shape, (entry) => {
      asked.push(entry.form);
      return entry.form === form ? `${shape} ${form}` : undefined;
    }, () => {
      compiled.push(`${shape} ${form}`);
      return { form };
    });
  return { cache, compiled, asked, bind };
}

describe("PlanCache", () => {
  it("compiles a shape once", () => {
    const { bind, compiled } = cacheOf(8);
    for (let i = 0; i < 3; i++) assert.equal(bind("a", "x"), "a x");
    assert.equal(bind("b", "x"), "b x");
    assert.deepEqual(compiled, ["a x", "b x"]);
  });

  it("keeps a few forms of a shape, and asks the last one used first", () => {
    const { bind, compiled, asked } = cacheOf(8);
    for (const form of ["1", "2", "3", "4"]) bind("a", form);
    assert.equal(bind("a", "1"), "a 1");
    assert.equal(compiled.length, 4);
    asked.length = 0;
    bind("a", "1");
    assert.deepEqual(asked, ["1"]);
    // A fifth form takes the place of the one that was not used for the longest time.
    bind("a", "5");
    for (const form of ["5", "1", "4", "3"]) bind("a", form);
    assert.equal(compiled.length, 5);
    bind("a", "2");
    assert.equal(compiled.length, 6);
  });

  it("drops the oldest shape where there are too many, and one that it is told to", () => {
    const { cache, bind, compiled } = cacheOf(2);
    for (const shape of ["a", "b", "c", "b", "c"]) bind(shape, "x");
    assert.deepEqual(compiled, ["a x", "b x", "c x"]);
    bind("a", "x");
    assert.deepEqual(compiled.slice(3), ["a x"]);
    cache.delete("a");
    bind("a", "x");
    assert.deepEqual(compiled.slice(4), ["a x"]);
  });

  it("remembers that queries of a shape must be built each time", () => {
    const cache = new PlanCache<Entry>(8);
    let compiled = 0;
    for (let i = 0; i < 3; i++) {
      const bound = cache.bind("a", () => "bound", () => {
        compiled++;
        return undefined;
      });
      assert.equal(bound, undefined);
    }
    assert.equal(compiled, 1);
  });

  it("gives nothing where what was compiled does not serve its caller", () => {
    const cache = new PlanCache<Entry>(8);
    assert.equal(cache.bind("a", () => undefined, () => ({ form: "x" })), undefined);
  });
});

describe("tryCompilePlan()", () => {
  const db = new Kysely<{ users: { id: number } }>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  const byId = (db: Kysely<{ users: { id: number } }>) =>
    db.selectFrom("users").selectAll().where("id", "=", new Slot<number>(0));

  it("compiles a query that serves every run", () => {
    const plan = tryCompilePlan(db, byId);
    assert.deepEqual(plan?.tryBind(db, [7])?.parameters, [7]);
  });

  it("gives nothing where a plugin has to see each run", () => {
    const plugin: Plugin = {
      name: "changing",
      version: "1.0.0",
      interceptQuery: (query) => query,
    };
    assert.equal(tryCompilePlan(createExecutorSync(db, [plugin]), byId), undefined);
  });

  it("gives nothing where a query can be built with its values only", () => {
    let isBuilt = false;
    const plan = tryCompilePlan(db, () => {
      throw new TypeError("no value");
    }, () => {
      isBuilt = true;
      return db.selectFrom("users").selectAll().where("id", "=", 7);
    });
    assert.equal(plan, undefined);
    assert.equal(isBuilt, true);
  });

  it("throws what is wrong with the query, with its values as well", () => {
    const fail = (): never => {
      throw new TypeError("no such table");
    };
    assert.throws(() => tryCompilePlan(db, fail, fail), /no such table/);
    assert.throws(() => tryCompilePlan(db, fail), /no such table/);
  });
});
