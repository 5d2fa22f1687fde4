import {
  bindContext,
  CheckRefusedError,
  compilePlan,
  createExecutorSync,
  ExecutorError,
  QueryRefusedError,
  Slot,
} from "@kysera/executor";
import type { Plugin, RowCheck } from "@kysera/executor";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect, type TestOpenOptions } from "../support/matrix.ts";

interface Item {
  id: number;
  tenant: number | null;
  status: string | null;
  n: number | null;
}

class PolicyError extends Error {
  readonly policy: string;
  constructor(policy: string, cause: unknown) {
    super(`policy "${policy}"`, { cause });
    this.policy = policy;
  }
}

/** A row belongs to the caller, and has no number above 100. */
const ofCaller = (more: Partial<RowCheck> = {}): RowCheck => ({
  columns: ["tenant", "n"],
  satisfied: (row, context) => {
    if ("tenant" in row && row["tenant"] !== context?.["tenant"]) return false;
    if ("n" in row && (row["n"] === null || Number(row["n"]) > 100)) return false;
    return "tenant" in row && "n" in row ? true : undefined;
  },
  predicate: (row, { eb, value }) =>
    eb.and([
      eb(row.column("tenant"), "=", value((context) => context?.["tenant"])),
      eb(row.column("n"), "<=", 100),
    ]),
  says: "a row is the caller's",
  refuse: (_, cause) => new PolicyError("of-caller", cause),
  ...more,
});

function plugin(more: Partial<RowCheck> = {}, only: Partial<Plugin> = {}): Plugin {
  const rule = ofCaller(more);
  return {
    name: "owner",
    version: "1.0.0",
    stable: true,
    appliesTo: ({ name }) => name === "items",
    check: () => rule,
    ...only,
  };
}

const START: readonly Item[] = [
  { id: 1, tenant: 1, status: "draft", n: 10 },
  { id: 2, tenant: 1, status: "live", n: 90 },
  { id: 3, tenant: 2, status: "draft", n: 10 },
  { id: 4, tenant: 1, status: null, n: 200 },
];

async function inWorld(
  dialect: TestDialect,
  body: (db: Kysely<any>) => Promise<void>,
  options: TestOpenOptions = {},
): Promise<void> {
  const { db, close } = await dialect.open(options);
  try {
    await db.withoutPlugins().schema.createTable("items")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("tenant", "integer", (c) => c.defaultTo(1))
      .addColumn("status", "varchar(20)", (c) => c.defaultTo("draft"))
      .addColumn("n", "integer", (c) => c.defaultTo(5))
      .execute();
    await reset(db);
    await body(db);
  } finally {
    await close();
  }
}

async function reset(db: Kysely<any>): Promise<void> {
  await db.withoutPlugins().deleteFrom("items").execute();
  await db.withoutPlugins().insertInto("items").values([...START]).execute();
}

const all = (db: Kysely<any>): Promise<Item[]> =>
  (db as Kysely<{ items: Item }>).withoutPlugins().selectFrom("items").selectAll().orderBy("id")
    .execute();

const holds = (row: Item): boolean => row.tenant === 1 && row.n !== null && row.n <= 100;

type Build = (db: Kysely<any>) => { execute(): Promise<unknown> };

const inserts: readonly Build[] = [
  (db) => db.insertInto("items").values({ id: 10, tenant: 1, n: 5 }),
  (db) => db.insertInto("items").values({ id: 10, tenant: 2, n: 5 }),
  (db) => db.insertInto("items").values([{ id: 10, tenant: 1, n: 5 }, { id: 11, tenant: 2, n: 5 }]),
  (db) => db.insertInto("items").values({ id: 10, tenant: 1, n: null }),
  // The defaults of both are good.
  (db) => db.insertInto("items").values({ id: 10 }),
  (db) => db.insertInto("items").values({ id: 10, status: "x" }),
  (db) => db.insertInto("items").values({ id: 10, n: 101, status: "x" }),
  (db) => db.insertInto("items").values({ id: 10, tenant: 2, status: "x" }),
  (db) =>
    db.insertInto("items").values([{ id: 10, tenant: 1, status: "x" }, {
      id: 11,
      tenant: 1,
      n: 500,
      status: "x",
    }]),
  (db) => db.insertInto("items").values({ id: 10, tenant: 1, n: sql`90 + 10`, status: "x" }),
  (db) => db.insertInto("items").values({ id: 10, tenant: 1, n: sql`90 + 11`, status: "x" }),
  (db) => db.insertInto("items").values({ id: 10, n: sql`90 + 11`, tenant: sql`1` }),
  (db) =>
    db.insertInto("items").values({
      id: 10,
      tenant: db.selectFrom("items").select("tenant").where("id", "=", 3) as never,
      n: 1,
      status: "x",
    }),
];
const more: readonly Build[] = [
  (db) =>
    db.insertInto("items").values((eb) => ({
      id: 10,
      tenant: eb.selectFrom("items").select("tenant").where("id", "=", 3),
      n: 1,
    })),
  (db) =>
    db.insertInto("items").values((eb) => ({
      id: 10,
      tenant: eb.selectFrom("items").select("tenant").where("id", "=", 1),
      n: 1,
    })),
  (db) =>
    db.updateTable("items").set((eb) => ({
      tenant: eb.selectFrom("items as z").select("z.tenant").where("z.id", "=", 3),
    })).where("id", "=", 1),
  (db) =>
    db.updateTable("items").set({ tenant: 2 })
      .where("id", "in", db.selectFrom("items as z").select("z.id").where("z.id", "=", 1)),
  (db) => db.updateTable("items").set((eb) => ({ n: eb("id", "+", 98) })).where("id", "<", 3),
  (db) => db.updateTable("items").set((eb) => ({ n: eb("id", "+", 99) })).where("id", "<", 3),
];
const upsert = (row: object, set: (eb: any) => object): Build => (db) => {
  const insert = db.insertInto("items").values(row as never);
  return db.getExecutor().adapter.supportsReturning
    ? insert.onConflict((c) => c.column("id").doUpdateSet(set as never))
    : insert.onDuplicateKeyUpdate(set as never);
};
const upserts: readonly Build[] = [
  upsert({ id: 1, tenant: 1, n: 3 }, () => ({ n: 4 })),
  upsert({ id: 1, tenant: 1, n: 3 }, () => ({ n: 400 })),
  upsert({ id: 1, tenant: 1, n: 3 }, () => ({ tenant: 2 })),
  upsert({ id: 1, tenant: 1, n: 3 }, (eb) => ({ n: eb("items.n", "+", 1) })),
  upsert({ id: 2, tenant: 1, n: 3 }, (eb) => ({ n: eb("items.n", "+", 11) })),
  upsert({ id: 11, tenant: 1, n: 3 }, (eb) => ({ n: eb("items.n", "+", 11) })),
  upsert({ id: 11, tenant: 2, n: 3 }, () => ({ n: 1 })),
  upsert({ id: 3, tenant: 1, n: 3 }, () => ({ n: 1 })),
  upsert({ id: 3, tenant: 1, n: 3 }, () => ({ n: 1, tenant: 1 })),
  upsert({ id: 11, status: "x" }, () => ({ status: "y" })),
  upsert({ id: 1, status: "x" }, () => ({ status: "y" })),
  upsert({ id: 3, status: "x" }, () => ({ status: "y" })),
  upsert({ id: 4, status: "x" }, () => ({ status: "y" })),
];
const select = (ids: number[], tenant: unknown = 1): Build => (db) =>
  db.insertInto("items").columns(["id", "tenant", "n"]).expression((eb: any) =>
    eb.selectFrom("items").select([
      sql`id + 100`.as("id"),
      sql`${sql.lit(tenant)}`.as("tenant"),
      "n",
    ]).where("id", "in", ids)
  );
const updates: readonly Build[] = [
  (db) => db.updateTable("items").set({ tenant: 1, n: 50 }).where("id", "=", 1),
  (db) => db.updateTable("items").set({ tenant: 2 }).where("id", "=", 1),
  (db) => db.updateTable("items").set({ n: 50 }).where("id", "in", [1, 2]),
  (db) => db.updateTable("items").set({ n: 50 }).where("id", "in", [1, 3]),
  (db) => db.updateTable("items").set({ status: "x" }).where("id", "in", [1, 2]),
  (db) => db.updateTable("items").set({ status: "x" }).where("id", "=", 4),
  (db) => db.updateTable("items").set({ status: "x", n: 1 }).where("id", "=", 4),
  (db) => db.updateTable("items").set((eb) => ({ n: eb("n", "+", 10) })).where("id", "=", 1),
  (db) => db.updateTable("items").set((eb) => ({ n: eb("n", "+", 10) })).where("id", "in", [1, 2]),
  (db) => db.updateTable("items").set((eb) => ({ n: eb("n", "+", 11) })).where("id", "=", 2),
  (db) => db.updateTable("items").set({ n: null }).where("id", "=", 2),
  (db) => db.updateTable("items").set({ n: sql`null` }).where("id", "=", 2),
  (db) => db.updateTable("items").set({ n: 1 }).where("id", "=", 99),
  (db) => db.updateTable("items as i").set({ n: sql`99` }).where("i.id", "=", 1),
  (db) => db.updateTable("items as i").set({ n: sql`999` }).where("i.id", "=", 1),
  (db) => db.updateTable("items").set({ n: 50, tenant: sql`n + 1` }).where("id", "=", 1),
];

onEveryDialect("a check with a predicate", (dialect) => {
  /** The rows of RETURNING come in any order. */
  const bigint = (result: unknown): unknown => sorted(plain(result));
  const sorted = (result: unknown): unknown =>
    Array.isArray(result) ? [...result].sort((a, b) => Number(a?.id) - Number(b?.id)) : result;
  const plain = (result: unknown): unknown =>
    JSON.parse(
      JSON.stringify(result, (_, value) => typeof value === "bigint" ? `${value}n` : value),
    );

  /** Runs a statement by itself and through the executor: the same, or refused as a whole. */
  async function compare(db: Kysely<any>, executor: Kysely<any>, build: Build): Promise<boolean> {
    const { sql: text } = (build(db) as unknown as { compile(): { sql: string } }).compile();
    const bare = bigint(await build(db).execute());
    const after = await all(db);
    const good = after.every((row) =>
      holds(row) || START.some((old) => JSON.stringify(old) === JSON.stringify(row))
    );
    await reset(db);
    let outcome: unknown;
    try {
      outcome = bigint(await build(executor).execute());
    } catch (error) {
      if (good) throw new Error(`refused: ${text}`, { cause: error });
      assert.ok(error instanceof PolicyError, `${text}: ${error}`);
      assert.deepEqual(await all(db), [...START], text);
      return false;
    }
    assert.ok(good, `let pass: ${text}`);
    assert.deepEqual(await all(db), after, text);
    assert.deepEqual(outcome, bare, text);
    await reset(db);
    return true;
  }

  const kinds: Record<string, Plugin> = {
    "in memory and in SQL": plugin(),
    "in SQL alone": plugin({ satisfied: undefined as never }),
    "beside another plugin's": plugin({}, {
      name: "two",
      filter: (items, { eb }) => eb(items.column("id"), ">", 0),
    }),
  };
  for (const [title, checked] of Object.entries(kinds)) {
    it(`lets a statement do what it does, or refuses all of it: ${title}`, () =>
      inWorld(dialect, async (db) => {
        const executor = bindContext(createExecutorSync(db, [checked]), { tenant: 1 });
        const seen = new Set<boolean>();
        const list = [...inserts, select([1, 2]), select([1, 2, 4]), select([1, 3])];
        list.push(...updates, ...more, ...upserts);
        for (const build of list) {
          if (dialect.dialect === "mysql" && isUncheckable(executor, build)) continue;
          seen.add(await compare(db, executor, build));
          if (dialect.dialect === "mysql") continue;
          const returning: Build = (db) => (build(db) as any).returning(["id", "n"]);
          await compare(db, executor, returning);
          await compare(db, executor, (db) => (build(db) as any).returningAll());
        }
        assert.equal(seen.size, 2);
        // In a transaction as well, where others may go on after the refusal.
        if (dialect.dialect === "postgres") return;
        await executor.transaction().execute(async (trx) => {
          await assert.rejects(updates[8]!(trx).execute().then(() => updates[9]!(trx).execute()));
        });
      }));
  }

  /** What MySQL has no form of: raw values, and an upsert of rows that a plugin filters. */
  function isUncheckable(executor: Kysely<any>, build: Build): boolean {
    try {
      (build(executor) as unknown as { compile(): unknown }).compile();
      return false;
    } catch (error) {
      return error instanceof QueryRefusedError &&
        ["UNCHECKABLE", "ON_DUPLICATE_KEY"].includes(error.reason);
    }
  }

  it("asks of new and of changed rows what it says for each", () =>
    inWorld(dialect, async (db) => {
      const atMost = (most: number): RowCheck => ({
        columns: ["n"],
        predicate: (row, { eb }) => eb(row.column("n"), "<=", most),
        satisfied: (row) => "n" in row ? Number(row["n"]) <= most : undefined,
        says: `n is at most ${most}`,
      });
      const executor = createExecutorSync(db, [{
        name: "most",
        version: "1.0.0",
        appliesTo: ({ name }) => name === "items",
        check: ({ operation }) => atMost(operation === "insert" ? 20 : 50),
      }]);
      const run = async (build: Build): Promise<string> => {
        await reset(db);
        try {
          await build(executor).execute();
        } catch (error) {
          assert.ok(error instanceof QueryRefusedError, `${error}`);
          assert.deepEqual(await all(db), [...START]);
          return error.reason;
        }
        return (await all(db)).map(({ n }) => n).join();
      };
      assert.equal(await run(upsert({ id: 9, n: 20 }, () => ({ n: 50 }))), "10,90,10,200,20");
      assert.equal(await run(upsert({ id: 9, n: 21 }, () => ({ n: 50 }))), "CHECK_VIOLATION");
      assert.equal(await run(upsert({ id: 1, n: 21 }, () => ({ n: 50 }))), "CHECK_VIOLATION");
      const add = (by: number) => (eb: any) => ({ n: eb("items.n", "+", by) });
      assert.equal(await run(upsert({ id: 1, n: 20 }, add(40))), "50,90,10,200");
      assert.equal(await run(upsert({ id: 1, n: 20 }, add(41))), "CHECK_VIOLATION");
      assert.equal(await run(upsert({ id: 9, n: 20 }, add(41))), "10,90,10,200,20");
    }));

  it("holds in a common table expression, whether anything reads it or not", async () => {
    if (dialect.dialect !== "postgres") return;
    await inWorld(dialect, async (db) => {
      const executor = bindContext(createExecutorSync(db, [plugin()]), { tenant: 1 });
      const write = (by: number) => (db: Kysely<any>) =>
        db.updateTable("items").set((eb) => ({ n: eb("n", "+", by) })).where("id", "=", 1);
      const unread = (by: number) =>
        executor.with("w", (qc) => write(by)(qc as never)).selectNoFrom(sql`1`.as("one"));
      const read = (by: number) =>
        executor.with("w", (qc) => write(by)(qc as never).returning(["id", "n as m"]))
          .selectFrom("w").selectAll();
      const star = executor.with("w", (qc) => write(1)(qc as never).returningAll())
        .selectFrom("w").selectAll();
      await assert.rejects(unread(900).execute(), PolicyError);
      await assert.rejects(read(900).execute(), PolicyError);
      assert.deepEqual(await unread(1).execute(), [{ one: 1 }]);
      assert.deepEqual(await read(1).execute(), [{ id: 1, m: 12 }]);
      await assert.rejects(star.execute(), QueryRefusedError);
    });
  });

  it("respects letter case and what Kysely plugins make of names", () =>
    inWorld(dialect, async (db) => {
      const checked = plugin({}, { appliesTo: ({ name }) => name === "items" });
      const executor = bindContext(createExecutorSync(db, [checked]), { tenant: 1 });
      await assert.rejects(
        executor.updateTable("items").set((eb) => ({ n: eb("n", "+", 900) })).where("id", "=", 1)
          .execute(),
        PolicyError,
      );
      await executor.updateTable("items").set((eb) => ({ n: eb("n", "+", 89) }))
        .where("id", "=", 1).execute();
      assert.equal((await all(db))[0]!.n, 99);
    }, { plugins: [new CamelCasePlugin()] }));

  it("is asked when a plan is bound, of the values of each call", () =>
    inWorld(dialect, async (db) => {
      const base = createExecutorSync(db, [plugin()]);
      const plan = compilePlan(
        base,
        (db) =>
          db.insertInto("items").values({
            id: new Slot<number>(0),
            tenant: new Slot<number>(1),
            n: new Slot<number>(2),
          }),
      );
      assert.equal(plan.reusable, true);
      for (const tenant of [1, 2]) {
        const handle = bindContext(base, { tenant });
        await handle.executeQuery(plan.bind(handle, [tenant + 20, tenant, 5]));
        assert.throws(() => plan.bind(handle, [30, 3 - tenant, 5]), PolicyError);
        assert.throws(() => plan.bind(handle, [30, tenant, 500]), PolicyError);
      }
      assert.deepEqual((await all(db)).slice(4).map(({ id }) => id), [21, 22]);
    }));

  it("is made by the database for a plan's values where it cannot be told by them", () =>
    inWorld(dialect, async (db) => {
      const base = createExecutorSync(db, [plugin()]);
      const handle = bindContext(base, { tenant: 1 });
      const plan = compilePlan(
        base,
        (db) =>
          db.updateTable("items").set({ n: new Slot<number>(1) })
            .where("id", "=", new Slot<number>(0)),
      );
      assert.equal(plan.reusable, true);
      await handle.executeQuery(plan.bind(handle, [1, 7]));
      assert.throws(() => plan.bind(handle, [1, 700]), PolicyError);
      await assert.rejects(handle.executeQuery(plan.bind(handle, [3, 7])), PolicyError);
      assert.deepEqual((await all(db)).map(({ n }) => n), [7, 90, 10, 200]);
    }));

  it("need not be made where the filter implies it and none of its columns is assigned", () =>
    inWorld(dialect, (db) => {
      const [implied, not] = [plugin({ implied: true }), plugin()]
        .map((each) => bindContext(createExecutorSync(db, [each]), { tenant: 1 }));
      const build = (db: Kysely<any>): string =>
        db.updateTable("items").set({ status: "x" }).compile().sql;
      assert.equal(build(implied!), build(db));
      assert.notEqual(build(not!), build(db));
      return Promise.resolve();
    }));

  it("tells by a CheckRefusedError where the plugin makes no error of its own", () =>
    inWorld(dialect, async (db) => {
      const plain = plugin({ refuse: undefined as never });
      const executor = bindContext(createExecutorSync(db, [plain]), { tenant: 1 });
      await assert.rejects(
        executor.updateTable("items").set((eb) => ({ n: eb("n", "+", 900) })).where("id", "=", 1)
          .execute(),
        (error) => {
          assert.ok(error instanceof CheckRefusedError, `${error}`);
          assert.equal(error.plugin, "owner");
          assert.ok(error.cause !== undefined);
          return true;
        },
      );
      // Errors of the database's own stay what they are.
      await assert.rejects(
        executor.insertInto("items").values({ id: 1, status: "x" }).execute(),
        (error) => !(error instanceof ExecutorError),
      );
    }));
});
