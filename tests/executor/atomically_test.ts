import {
  bindContext,
  compilePlan,
  createExecutorSync,
  Slot,
  wrapTransaction,
} from "@kysera/executor";
import type { Plugin, QueryScope } from "@kysera/executor";
import { type Fault, faultyDialect, forEachFault } from "@kysera/testing";
import {
  CamelCasePlugin,
  type CompiledQuery,
  type Kysely,
  type QueryResult,
  sql,
  type UpdateQueryNode,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect, type TestDialect, type TestOpenOptions } from "../support/matrix.ts";

type Around = NonNullable<Plugin["aroundQuery"]>;

const around = (aroundQuery: Around, more: Partial<Plugin> = {}): Plugin => ({
  name: "log",
  version: "1.0.0",
  around: "writes",
  aroundQuery,
  ...more,
});

let fails = false;

/** Writes a line for every write to `items`, in the same transaction. */
const logging: Plugin = around((query, next, scope) =>
  scope.atomically(async () => {
    const result = await next(query);
    await scope.db.insertInto("log").values({ line: query.query.kind }).execute();
    if (fails) throw new Error("the plugin fails");
    return result;
  })
);

async function inDatabase(
  dialect: TestDialect,
  body: (db: Kysely<any>, executor: Kysely<any>) => Promise<void>,
  plugins: readonly Plugin[] = [logging],
  options: TestOpenOptions = {},
): Promise<void> {
  const { db, close } = await dialect.open(options);
  fails = false;
  try {
    await fill(db);
    await body(db, createExecutorSync(db, plugins));
  } finally {
    fails = false;
    await close();
  }
}

async function fill(db: Kysely<any>): Promise<void> {
  const bare = db.withoutPlugins();
  await bare.schema.createTable("items").addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("item_name", "varchar(30)").execute();
  await bare.schema.createTable("log").addColumn("line", "varchar(30)").execute();
  await bare.insertInto("items").values({ id: 1, item_name: "one" }).execute();
}

const count = async (db: Kysely<any>, table: string): Promise<number> =>
  Number(
    (await db.withoutPlugins().selectFrom(table).select((eb) => eb.fn.countAll().as("n"))
      .executeTakeFirstOrThrow())["n"],
  );
const both = async (db: Kysely<any>): Promise<number[]> => [
  await count(db, "items"),
  await count(db, "log"),
];
const add = (db: Kysely<any>, id: number) => db.insertInto("items").values({ id }).execute();

const FAIL: Fault = { how: "fail" };
const CUT: Fault = { how: "cut", when: "after" };

/** Swallows an error, as users do. */
const swallow = (work: Promise<unknown>): Promise<void> => work.then(() => {}, () => {});

onEveryDialect("scope.atomically()", (dialect) => {
  it("writes both or neither where no transaction is open", () =>
    inDatabase(dialect, async (db, executor) => {
      await add(executor, 2);
      assert.deepEqual(await both(db), [2, 1]);
      fails = true;
      await assert.rejects(add(executor, 3), (error) => {
        assert.equal((error as Error).name, "PluginHookError");
        return true;
      });
      assert.deepEqual(await both(db), [2, 1]);
      await assert.rejects(
        add(executor, 2),
        (error) => (error as Error).name !== "PluginHookError",
      );
      assert.deepEqual(await both(db), [2, 1]);
    }));

  it("writes both or neither on a connection of one's own", () =>
    inDatabase(dialect, async (db, executor) => {
      await executor.connection().execute(async (own) => {
        await add(own, 2);
        fails = true;
        await swallow(add(own, 3));
        fails = false;
        await add(own, 4);
      });
      assert.deepEqual(await both(db), [3, 2]);
    }));

  it("undoes what it wrote in a transaction, whether the user catches the error or not", () =>
    inDatabase(dialect, async (db, executor) => {
      const work = executor.transaction().execute(async (trx) => {
        await add(trx, 2);
        fails = true;
        await swallow(add(trx, 3));
        fails = false;
        await add(trx, 4);
      });
      // PostgreSQL takes the failure for one of the whole transaction.
      if (dialect.dialect === "postgres") await assert.rejects(work);
      else await work;
      assert.deepEqual(await both(db), dialect.dialect === "postgres" ? [1, 0] : [3, 2]);
    }));

  it("leaves nothing of it where the user commits at once", () =>
    inDatabase(dialect, async (db, executor) => {
      await swallow(
        executor.transaction().execute(async (trx) => {
          fails = true;
          await swallow(add(trx, 3));
        }),
      );
      assert.deepEqual(await both(db), [1, 0]);
      await swallow(
        db.transaction().execute(async (trx) => {
          await swallow(add(wrapTransaction(trx, executor), 3));
        }),
      );
      assert.deepEqual(await both(db), [1, 0]);
      fails = false;
      await db.transaction().execute((trx) => add(wrapTransaction(trx, executor), 3));
      assert.deepEqual(await both(db), [2, 1]);
    }));

  it("respects the user's savepoints", () =>
    inDatabase(dialect, async (db, executor) => {
      const trx = await executor.startTransaction().execute();
      await add(trx, 2);
      const inner = await trx.savepoint("mine").execute();
      await add(inner, 3);
      fails = true;
      await swallow(add(inner, 4));
      fails = false;
      const back = await inner.rollbackToSavepoint("mine").execute();
      await add(back, 5);
      const released = await back.releaseSavepoint("mine").execute();
      await released.commit().execute();
      assert.deepEqual(await both(db), [3, 2]);
      const ids = await db.selectFrom("items").select("id").orderBy("id").execute();
      assert.deepEqual(ids.map(({ id }) => id), [1, 2, 5]);
    }));

  it("undoes nothing where the plugin refuses before it writes", async () => {
    const refusing = around((query, next, scope) =>
      scope.atomically(async () => {
        await scope.db.selectFrom("items").select("id").execute();
        if (fails) throw new Error("the plugin refuses");
        return await next(query);
      })
    );
    await inDatabase(dialect, async (db, executor) => {
      await executor.transaction().execute(async (trx) => {
        await add(trx, 2);
        fails = true;
        await swallow(add(trx, 3));
        fails = false;
        await add(trx, 4);
      });
      assert.deepEqual(await both(db), [3, 0]);
    }, [refusing]);
  });

  it("takes one inside another for a part of it, even where the outer plugin goes on", async () => {
    const outer = around((query, next, scope) =>
      scope.atomically(async () => {
        await scope.db.insertInto("log").values({ line: "outer" }).execute();
        return await next(query).catch(() => ({ rows: [] }));
      }), { name: "outer", priority: 1 });
    await inDatabase(dialect, async (db, executor) => {
      await add(executor, 2);
      assert.deepEqual(await both(db), [2, 2]);
      fails = true;
      await assert.rejects(add(executor, 3), /the plugin fails/);
      assert.deepEqual(await both(db), [2, 2]);
    }, [outer, logging]);
  });

  it("does not let queries of one transaction come between one another", async () => {
    const order: string[] = [];
    const slow = around((query, next, scope) =>
      scope.atomically(async () => {
        const line = String(query.parameters[0]);
        order.push(`${line} in`);
        await scope.db.selectFrom("log").selectAll().execute();
        const result = await next(query);
        await new Promise((resolve) => setTimeout(resolve, 2));
        await scope.db.insertInto("log").values({ line }).execute();
        order.push(`${line} out`);
        return result;
      })
    );
    await inDatabase(dialect, async (db, executor) => {
      await executor.transaction().execute(async (trx) => {
        await Promise.all([
          add(trx, 2),
          add(bindContext(trx, { tenant: 1 }), 3),
          add(createExecutorSync(trx, [{ name: "other", version: "1.0.0" }]), 4),
          add(wrapTransaction(trx, executor), 5),
        ]);
      });
      assert.deepEqual(await both(db), [5, 4]);
      for (let i = 0; i < order.length; i += 2) {
        assert.equal(order[i]!.split(" ")[0], order[i + 1]!.split(" ")[0], order.join());
      }
    }, [slow]);
  });

  it("opens savepoints where they are needed, and nothing else", async () => {
    const calls: string[] = [];
    const wrap: NonNullable<TestOpenOptions["wrap"]> = (inner) =>
      faultyDialect(inner, ({ kind }) => void calls.push(kind));
    const since = (): string[] => calls.splice(0).filter((kind) => kind !== "acquire");
    await inDatabase(
      dialect,
      async (_, executor) => {
        since();
        await add(executor, 2);
        assert.deepEqual(since(), ["begin", "query", "query", "commit"]);
        await executor.transaction().execute(async (trx) => {
          await trx.selectFrom("items").select("id").execute();
          await add(trx, 3);
        });
        assert.deepEqual(
          since().filter((kind) => kind !== "begin" && kind !== "commit"),
          dialect.dialect === "postgres"
            ? ["query", "savepoint", "query", "query", "releaseSavepoint"]
            : dialect.dialect === "mysql"
            ? ["query", "savepoint", "releaseSavepoint", "savepoint", "query", "query"]
            : ["query", "savepoint", "query", "query", "releaseSavepoint"],
          "with a driver that begins transactions unseen",
        );
      },
      [logging],
      { wrap },
    );
    // A driver that begins them in the open is known to have done so.
    const seen: string[] = [];
    const watching = around(async (query, next, scope) => {
      assert.equal(scope.inTransaction, true);
      seen.push(query.query.kind);
      return await next(query);
    });
    await inDatabase(dialect, async (_, executor) => {
      await executor.transaction().execute((trx) => add(trx, 3));
      assert.deepEqual(seen, ["InsertQueryNode"]);
    }, [watching]);
  });

  it("leaves no half of it, no transaction and no connection behind, whatever call fails", async () => {
    for (const inTransaction of [false, true]) {
      await forEachFault(async (faults) => {
        const { db, close } = await dialect.open({
          wrap: (inner) => faults.wrap(inner),
          connections: 2,
        });
        try {
          await fill(db);
          const executor = createExecutorSync(db, [logging]);
          const outcome = await faults.during((): Promise<unknown> =>
            inTransaction
              ? executor.transaction().execute(async (trx) => {
                await add(trx, 2);
                await swallow(add(trx, 3));
                await swallow(add(trx, 1));
                await add(trx, 4);
              })
              : add(executor, 2)
          );
          const [items, log] = await both(db);
          assert.equal(items! - 1, log, "there is half of a write");
          if (outcome.status === "fulfilled") assert.ok(log! > 0, "a write was lost");
        } finally {
          await close();
        }
        // Kysely itself gives back a transaction whose BEGIN was done and then failed.
      }, { faults: inTransaction ? [FAIL, CUT] : [FAIL, CUT, { how: "fail", when: "after" }] });
    }
  });
});

onEveryDialect("a hook's scope", (dialect) => {
  const seen: unknown[] = [];
  const look = (body: (scope: QueryScope, query: CompiledQuery) => Promise<unknown>): Plugin =>
    around(async (query, next, scope) => {
      seen.push(await body(scope, query));
      return await next(query);
    });

  it("has a database with the handle's Kysely plugins, in the same transaction", async () => {
    seen.length = 0;
    const camel = look((scope) =>
      scope.db.selectFrom("items").select(["id", "itemName"]).orderBy("id").execute()
    );
    await inDatabase(
      dialect,
      async (_, executor) => {
        await executor.transaction().execute(async (trx) => {
          await trx.insertInto("items").values({ id: 2, itemName: "two" }).execute();
          await trx.deleteFrom("items").where("itemName", "=", "one").execute();
        });
        assert.deepEqual(seen, [[{ id: 1, itemName: "one" }], [
          { id: 1, itemName: "one" },
          { id: 2, itemName: "two" },
        ]]);
      },
      [camel],
      { plugins: [new CamelCasePlugin()] },
    );
  });

  it("has a database that is of no use after the query", async () => {
    let kept: QueryScope | undefined;
    const keeping = look((scope) => Promise.resolve(kept = scope));
    await inDatabase(dialect, async (_, executor) => {
      await add(executor, 2);
      await assert.rejects(kept!.db.selectFrom("items").selectAll().execute(), /has ended/);
      await assert.rejects(kept!.atomically(() => Promise.resolve()), /has ended/);
    }, [keeping]);
  });

  it("compiles trees that are made of the query's, with the values of this run", async () => {
    seen.length = 0;
    const before = look(async (scope, query) => {
      const { where, table } = query.query as UpdateQueryNode;
      const select = sql`select item_name from ${sql`${expression(table!)}`} where ${
        expression(where!.where)
      }`.toOperationNode();
      const { rows } = await scope.db.executeQuery(scope.compile(select as never));
      return rows;
    });
    const tenant: Plugin = {
      name: "tenant",
      version: "1.0.0",
      stable: true,
      appliesTo: ({ name }) => name === "items",
      filter: (items, { eb, value }) =>
        eb(items.column("id"), "<", value((context) => context?.["most"])),
    };
    await inDatabase(dialect, async (db, executor) => {
      await db.insertInto("items").values({ id: 2, item_name: "two" }).execute();
      const plan = compilePlan(
        executor,
        (db) =>
          db.updateTable("items").set({ item_name: new Slot<string>(1) })
            .where("id", "=", new Slot<number>(0)),
      );
      for (const [id, most] of [[1, 5], [2, 5], [2, 2]] as const) {
        const handle = bindContext(executor, { most });
        await handle.executeQuery(plan.bind(handle, [id, `new ${id}`]));
        await handle.updateTable("items").set({ item_name: "x" }).where("id", "=", id).execute();
      }
      assert.deepEqual(seen, [
        [{ item_name: "one" }],
        [{ item_name: "new 1" }],
        [{ item_name: "two" }],
        [{ item_name: "new 2" }],
        [],
        [],
      ]);
    }, [before, tenant]);
  });
});

function expression(node: unknown): any {
  return { toOperationNode: () => node, expressionType: undefined };
}

describe("around", () => {
  onEveryDialect(`"writes" leaves out`, (dialect) => {
    it("what reads, and nothing else", async () => {
      const kinds: string[] = [];
      const plugin = around((query, next): Promise<QueryResult<any>> => {
        kinds.push(query.query.kind);
        return next(query);
      });
      await inDatabase(dialect, async (_, executor) => {
        const items = executor.selectFrom("items").selectAll();
        await items.execute();
        await items.forUpdate().$if(dialect.dialect === "sqlite", () => items as never).execute();
        await executor.updateTable("items").set({ item_name: "x" }).where("id", "=", 1)
          .explain().catch(() => {});
        assert.deepEqual(kinds, []);
        await add(executor, 2);
        await sql`select 1`.execute(executor);
        await executor.schema.createTable("more").addColumn("id", "integer").execute();
        assert.deepEqual(kinds.splice(0), ["InsertQueryNode", "RawNode", "CreateTableNode"]);
        if (dialect.dialect !== "postgres") return;
        await executor.with("c", (qc) => qc.deleteFrom("items").returning("id")).selectFrom("c")
          .selectAll().execute();
        await executor.with("c", () => items).selectFrom("c").selectAll().execute();
        assert.deepEqual(kinds, ["SelectQueryNode"]);
      }, [plugin]);
    });
  });
});
