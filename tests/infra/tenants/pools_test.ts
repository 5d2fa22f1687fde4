/** The databases that a router keeps open: so many, and none is closed while it is in use. */
import {
  createTenantRouter,
  TenantLeaseError,
  TenantPoolsError,
  type TenantRouterOptions,
} from "@kysera/infra/tenants";
import { FakeClock } from "@kysera/infra";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDatabase, type TestDialect } from "../../support/matrix.ts";

/** A router whose databases are real ones, and what happens to them. */
function routerOn(dialect: TestDialect, options: Partial<TenantRouterOptions<any>> = {}) {
  const clock = new FakeClock();
  const events: string[] = [];
  const opened: TestDatabase[] = [];
  const router = createTenantRouter<any>({
    strategy: "database",
    resolve: (tenant) => ({ database: tenant }),
    async open(name) {
      events.push(`open ${name}`);
      const database = await dialect.open();
      opened.push(database);
      const destroy = database.db.destroy.bind(database.db);
      database.db.destroy = async () => {
        await destroy();
        events.push(`close ${name}`);
      };
      return database.db;
    },
    clock,
    ...options,
  });
  const close = async (): Promise<void> => {
    await router.destroy();
    for (const each of opened) await each.close();
  };
  return { router, clock, events, close };
}

const one = (db: Kysely<any>) => sql`select 1 as one`.execute(db);
const turns = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

onEveryDialect("the databases of a router", (dialect) => {
  it("are opened once for all who ask, and the one used longest ago is closed for another", async () => {
    const { router, events, close } = routerOn(dialect, { pools: { max: 2 } });
    try {
      await Promise.all(Array.from({ length: 5 }, () => router.run("a", one)));
      await router.run("b", one);
      await router.run("a", one);
      await router.run("c", one);
      assert.deepEqual(events, ["open a", "open b", "close b", "open c"]);
      assert.deepEqual(router.getPools().map(({ database }) => database), ["a", "c"]);
    } finally {
      await close();
    }
  });

  it("are not closed while they are in use: others wait, in their order, or are refused", async () => {
    const { router, clock, events, close } = routerOn(dialect, { pools: { max: 2, wait: 1_000 } });
    try {
      const [a, b] = [await router.acquire("a"), await router.acquire("b")];
      const order: string[] = [];
      const use = (name: string) =>
        router.run(name, async (db) => {
          order.push(name);
          await one(db);
        });
      const late = assert.rejects(router.acquire("e"), TenantPoolsError);
      const given = new AbortController();
      const gone = assert.rejects(router.acquire("f", { signal: given.signal }), /enough/);
      given.abort(new Error("enough"));
      await gone;
      await clock.advance(1_000);
      await late;
      assert.deepEqual(events, ["open a", "open b"]);
      const waiting = [use("c"), use("d")];
      await one(a.executor);
      a.release();
      await Promise.all(waiting);
      assert.deepEqual(order, ["c", "d"]);
      assert.equal(events.includes("close b"), false);
      await one(b.executor);
      b.release();
      await assert.rejects(one(b.executor), TenantLeaseError);
      b.release();
    } finally {
      await close();
    }
  });

  it("are closed after a time without use, and opened again", async () => {
    const { router, clock, events, close } = routerOn(dialect, { pools: { idle: 1_000 } });
    try {
      await router.run("a", one);
      await clock.advance(900);
      await router.run("a", one);
      await clock.advance(900);
      assert.deepEqual(events, ["open a"]);
      const lease = await router.acquire("a");
      await clock.advance(5_000);
      assert.deepEqual(events, ["open a"]);
      lease.release();
      lease.release();
      await clock.advance(1_000);
      await router.run("a", one);
      assert.deepEqual(events, ["open a", "close a", "open a"]);
    } finally {
      await close();
    }
  });

  it("are opened again after a failure, which all who asked are told of", async () => {
    let failures = 1;
    let fail!: () => void;
    const asked = new Promise<void>((resolve) => fail = resolve);
    const opened: TestDatabase[] = [];
    const router = createTenantRouter<any>({
      strategy: "database",
      resolve: (tenant) => ({ database: tenant }),
      async open() {
        await asked;
        if (failures-- > 0) throw new RangeError("no route");
        const database = await dialect.open();
        opened.push(database);
        return database.db;
      },
      pools: { max: 1 },
    });
    try {
      const both = [1, 2].map(() => assert.rejects(router.run("a", one), RangeError));
      await turns();
      fail();
      await Promise.all(both);
      await router.run("a", one);
      assert.equal(router.getPools().length, 1);
    } finally {
      await router.destroy();
      for (const each of opened) await each.close();
    }
  });

  it("end with the router, when the last lease is released", async () => {
    const { router, events, close } = routerOn(dialect);
    try {
      const lease = await router.acquire("a");
      let isEnded = false;
      const ended = router.destroy().then(() => isEnded = true);
      await turns();
      assert.equal(isEnded, false);
      await one(lease.executor);
      await assert.rejects(router.acquire("a"), /the router was destroyed/);
      await lease[Symbol.asyncDispose]();
      await ended;
      assert.deepEqual(events, ["open a", "close a"]);
    } finally {
      await close();
    }
  });

  it("end at once when waiting is given up", async () => {
    const { router, events, close } = routerOn(dialect);
    const lease = await router.acquire("a");
    try {
      await router.destroy({ signal: AbortSignal.abort() });
      assert.deepEqual(events, ["open a", "close a"]);
    } finally {
      lease.release();
      await close();
    }
  });
}, ["sqlite", "postgres"]);
