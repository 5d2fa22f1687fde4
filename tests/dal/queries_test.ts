import { BadRequestError } from "@kysera/core";
import {
  chain,
  compose,
  conditional,
  createContext,
  createQuery,
  createSchemaContext,
  createTransactionalQuery,
  DB_CONTEXT_SYMBOL,
  type DbContext,
  isDbContext,
  isInTransaction,
  mapResult,
  parallel,
  toContext,
  TransactionRequiredError,
  withContext,
  withTransaction,
} from "@kysera/dal";
import { bindContext } from "@kysera/executor";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Database, inWorld, schemaOf, type World } from "../executor/world.ts";
import { onEveryDialect } from "../support/matrix.ts";

const getUser = createQuery(
  "getUser",
  (ctx: DbContext<Database>, id: number) =>
    ctx.db.selectFrom("users").select(["id", "name"]).where("id", "=", id).executeTakeFirst(),
);
const getPosts = createQuery((ctx: DbContext<Database>, userId: number) =>
  ctx.db.selectFrom("posts").select("title").where("user_id", "=", userId).execute()
);
const untyped = createQuery((ctx, id: number) =>
  ctx.db.selectFrom("users").select("id").where("id", "=", id).executeTakeFirst()
);

onEveryDialect("functional DAL", (dialect) => {
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body));
  };

  test("createQuery() is called with whatever a query can run on", async ({ executor, db }) => {
    const ada = { id: 1, name: "Ada" };
    assert.deepEqual(await getUser(createContext(executor), 1), ada);
    assert.deepEqual(await getUser(executor, 1), ada);
    assert.deepEqual(await getUser(bindContext(executor, { who: "x" }), 1), ada);
    assert.deepEqual(await untyped(executor, 1), { id: 1 });
    await executor.transaction().execute(async (trx) => {
      assert.deepEqual(await getUser(trx, 1), ada);
      assert.deepEqual(await getUser(createContext(trx), 1), ada);
    });
    // The plugins are those of the handle.
    assert.equal(await getUser(executor, 3), undefined);
    assert.equal((await getUser(db, 3))?.name, "Cyd");
    assert.equal(await withTransaction(executor, (tx) => getUser(tx, 3)), undefined);
  });

  if (dialect.dialect === "postgres") {
    test("createQuery() is called with a handle of a schema", async ({ executor, db }) => {
      const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db);
      const own = executor.withSchema(rows[0]!.name);
      assert.equal((await getUser(own, 1))?.name, "Ada");
      assert.equal(await getUser(own, 3), undefined);
    });
  }

  test("createQuery() keeps its name, and rejects where its body throws", async ({ executor }) => {
    assert.equal(getUser.queryName, "getUser");
    assert.equal(getUser.name, "getUser");
    assert.equal(getPosts.queryName, undefined);
    const failing = createQuery(() => {
      throw new Error("no");
    });
    await assert.rejects(failing(executor), /no/);
    await assert.rejects(getUser({} as never, 1), BadRequestError);
    assert.throws(() => createQuery("x" as never), BadRequestError);
    assert.throws(() => createQuery("x", 5 as never), BadRequestError);
  });

  test("createTransactionalQuery() runs in transactions only", async ({ executor }) => {
    const pay = createTransactionalQuery("pay", (ctx, id: number) => {
      assert.ok(isInTransaction(ctx));
      return id;
    });
    await assert.rejects(
      pay(executor, 1),
      (error) => error instanceof TransactionRequiredError && /"pay"/.test(error.message),
    );
    assert.equal(await withTransaction(executor, (tx) => pay(tx, 1)), 1);
    assert.equal(await executor.transaction().execute((trx) => pay(trx, 2)), 2);
    const trx = await executor.startTransaction().execute();
    assert.equal(await pay(trx, 3), 3);
    await trx.rollback().execute();
  });

  test("compose() and chain() hand on results in one context", async ({ executor }) => {
    const contexts = new Set<unknown>();
    const withPosts = compose(getUser, async (ctx, user) => {
      contexts.add(ctx);
      return { ...user, posts: await getPosts(ctx, user!.id) };
    });
    assert.deepEqual(await withPosts(executor, 1), {
      id: 1,
      name: "Ada",
      posts: [{ title: "a1" }],
    });
    const titles = chain(
      withPosts,
      (ctx, { posts }) => {
        contexts.add(ctx);
        return posts.map(({ title }) => title);
      },
      (ctx, list) => {
        contexts.add(ctx);
        return list.join();
      },
    );
    contexts.clear();
    const ctx = createContext(executor, { requestId: "r-1" });
    assert.equal(await titles(ctx, 1), "a1");
    assert.deepEqual([...contexts], [ctx]);
    await withTransaction(executor, async (tx) => assert.equal(await titles(tx, 4), "d1"));
  });

  test("parallel() runs at the same time, and waits for all", async ({ executor }) => {
    const log: string[] = [];
    const step = (name: string, ms: number, fails = false) =>
      createQuery(async (_ctx: DbContext<Database>, _n: number) => {
        log.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, ms));
        log.push(`${name} ends`);
        if (fails) throw new Error(`no ${name}`);
        return name;
      });
    assert.deepEqual(await parallel({ a: step("a", 40), b: step("b", 1) })(executor, 1), {
      a: "a",
      b: "b",
    });
    assert.deepEqual(log, ["a begins", "b begins", "b ends", "a ends"]);
    log.length = 0;
    await assert.rejects(
      parallel({ a: step("a", 1, true), b: step("b", 40) })(executor, 1),
      /no a/,
    );
    assert.deepEqual(log, ["a begins", "b begins", "a ends", "b ends"]);

    await withTransaction(executor, async (tx) => {
      log.length = 0;
      await parallel({ a: step("a", 20), b: step("b", 1) })(tx, 1);
      assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends"]);
      log.length = 0;
      await assert.rejects(parallel({ a: step("a", 1, true), b: step("b", 1) })(tx, 1), /no a/);
      assert.deepEqual(log, ["a begins", "a ends"]);
    });
  });

  test("parallel() runs queries on the plugins of its handle", async ({ executor }) => {
    const both = parallel({ user: getUser, posts: getPosts });
    assert.deepEqual(await both(executor, 3), { user: undefined, posts: [{ title: "c1" }] });
    assert.deepEqual(await executor.transaction().execute((trx) => both(trx, 1)), {
      user: { id: 1, name: "Ada" },
      posts: [{ title: "a1" }],
    });
  });

  test("mapResult() refuses a function of a row, and gives lists as they are", async ({ executor }) => {
    const names = createQuery((ctx: DbContext<any>) =>
      ctx.db.selectFrom("users").select(["id", "name"]).orderBy("id").execute()
    );
    const isRefused = (error: unknown): boolean =>
      error instanceof BadRequestError && /\(rows\) => rows\.map/.test(error.message);
    const ofRow: any = (user: { name: string }) => user.name;
    await assert.rejects(mapResult(names, ofRow)(executor), isRefused);
    await assert.rejects(
      mapResult(names, async (user: any) => await user.id)(executor),
      isRefused,
    );
    assert.throws(() => mapResult(names, ((_user: unknown, i: number) => i) as any), isRefused);
    const whole = await mapResult(names, (rows) => ({
      rows,
      first: rows[0],
      beyond: rows[99],
      names: rows.map(({ name }) => name),
      last: rows.at(-1)?.id,
      json: JSON.parse(JSON.stringify(rows)),
    }))(executor);
    assert.deepEqual(whole.rows, await names(executor));
    assert.equal(Object.getPrototypeOf(whole.rows), Array.prototype);
    assert.deepEqual(whole.json, whole.rows);
    assert.equal(whole.beyond, undefined);
    assert.equal(whole.names.length, whole.rows.length);
    const frozen = createQuery((_ctx: DbContext<any>) => Object.freeze([1, 2]));
    assert.equal(await mapResult(frozen, (list) => list.length)(executor), 2);
  });

  test("conditional() and mapResult() do as they say", async ({ executor }) => {
    const positive = conditional((ctx, id) => isDbContext(ctx) && id > 0, getUser, "none");
    assert.equal((await positive(executor, 1) as { name: string }).name, "Ada");
    assert.equal(await positive(executor, -1), "none");
    assert.equal(await conditional(() => Promise.resolve(false), getUser)(executor, 1), undefined);
    assert.equal(await mapResult(getUser, (user) => user?.name.length)(executor, 1), 3);
    assert.equal(await mapResult(getUser, (user) => Promise.resolve(user?.id))(executor, 1), 1);
  });

  test("contexts are frozen, explicit, and carry what is added", async ({ executor }) => {
    const { signal } = new AbortController();
    const ctx = createContext(executor, { requestId: "r-1", signal });
    assert.ok(Object.isFrozen(ctx) && isDbContext(ctx) && ctx[DB_CONTEXT_SYMBOL]);
    assert.equal(ctx.db, executor);
    assert.equal(ctx.isTransaction, false);
    assert.equal(ctx.requestId, "r-1");
    assert.equal(ctx.signal, signal);
    assert.equal(toContext(ctx), ctx);
    assert.equal(await withContext(ctx, (same) => same), ctx);
    assert.equal(await withContext(executor, ({ db }) => db === executor), true);
    await withTransaction(ctx, (tx) => {
      assert.equal(tx.requestId, "r-1");
      assert.equal(tx.signal, signal);
    });
    for (const extras of [{ db: 1 }, { isTransaction: true }, 5, "x", null, true]) {
      assert.throws(() => createContext(executor, extras as never), BadRequestError);
    }
    assert.equal(createContext(executor, false).isTransaction, false);
    assert.equal(createContext(executor, { isTransaction: false }).isTransaction, false);
    assert.throws(() => createContext({} as never), BadRequestError);
    await assert.rejects(withContext(5 as never, () => 1), BadRequestError);
    assert.equal(isDbContext(executor), false);
  });

  test("a context of a schema is about the tables of that schema", async ({ executor, db }) => {
    const schema = await schemaOf(db, dialect);
    for (
      const ctx of [
        createContext(executor, { schema, requestId: "r-1" }),
        createSchemaContext(createContext(executor, { requestId: "r-1" }), schema),
        { ...createSchemaContext(executor, schema), requestId: "r-1" },
      ]
    ) {
      assert.equal(ctx.schema, schema);
      assert.equal(ctx.requestId, "r-1");
      const { sql } = ctx.db.selectFrom("users").select("id").compile();
      assert.match(sql, new RegExp(`.${schema}.\\..users.`));
      assert.equal((await getUser(ctx, 1))?.name, "Ada");
      // The plugins apply, in a transaction as well.
      assert.equal(await getUser(ctx, 3), undefined);
      await withTransaction(ctx, async (tx) => {
        assert.equal(tx.schema, schema);
        assert.equal(await getUser(tx, 3), undefined);
        assert.equal((await withTransaction(tx, (nested) => getUser(nested, 1)))?.name, "Ada");
      });
    }
    await assert.rejects(getUser(createSchemaContext(executor, "nowhere"), 1));
    for (const none of ["", 5, null]) {
      assert.throws(() => createSchemaContext(executor, none as never), BadRequestError);
      assert.throws(() => createContext(executor, { schema: none as never }), BadRequestError);
    }
  });

  test("nothing is begun where the signal of the context is aborted", async ({ executor }) => {
    const reason = new Error("Cannot wait");
    let begun = 0;
    const step = createQuery((_ctx, n: number) => {
      begun++;
      return n;
    });
    const aborted = createContext(executor, { signal: AbortSignal.abort(reason) });
    await assert.rejects(step(aborted, 1), reason);
    await assert.rejects(parallel({ step })(aborted, 1), reason);
    await assert.rejects(withTransaction(aborted, () => step(executor, 1)), reason);
    assert.equal(begun, 0);

    const abortedBetween = (): {
      ctx: DbContext<Database>;
      first: (ctx: DbContext<Database>, n: number) => Promise<number>;
    } => {
      const controller = new AbortController();
      return {
        ctx: createContext<Database>(executor, { signal: controller.signal }),
        first: createQuery((_ctx: DbContext<Database>, n: number) => {
          controller.abort(reason);
          return n;
        }),
      };
    };
    for (
      const made of [
        (first: any) => compose(first, () => begun++),
        (first: any) => chain(first, () => begun++),
      ]
    ) {
      const { ctx, first } = abortedBetween();
      await assert.rejects(made(first)(ctx, 1), reason);
    }
    const { ctx, first } = abortedBetween();
    await assert.rejects(
      withTransaction(ctx, (tx) => parallel<any>({ first, step })(tx, 1)),
      reason,
    );
    assert.equal(begun, 0);
    assert.throws(() => createContext(executor, { signal: 5 as never }), BadRequestError);
  });

  test("parallel() waits no longer than its signal allows", async ({ executor }) => {
    const controller = new AbortController();
    const never = createQuery(() => new Promise<never>(() => {}));
    const waiting = parallel({ never })(
      createContext(executor, { signal: controller.signal }),
    );
    controller.abort(new Error("Cannot wait"));
    await assert.rejects(waiting, /Cannot wait/);
  });
});
