/** What was compiled for one caller never gives another one's rows, however the callers change. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { it } from "node:test";
import { type Params, prepareQuery } from "@kysera/dal";
import { bindContext, compilePlan, ExecutorError, ForeignQueryError, Slot } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import {
  allow,
  defineRLSSchema,
  filter,
  type RLSAuth,
  RLSPolicyViolation,
  withoutRLS,
} from "@kysera/rls";
import fc from "fast-check";
import type { CompiledQuery, Kysely } from "kysely";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";
import { type Database, openWorld, type World } from "./_world.ts";

const schema = defineRLSSchema<Database>({
  rls_posts: {
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      // The SQL is another one for an editor.
      allow(
        ["update", "delete"],
        (ctx) => ctx.auth.roles.includes("editor") ? true : { author_id: ctx.auth.userId },
      ),
      allow("create", true),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    columns: { status: { read: (ctx) => ({ author_id: ctx.auth.userId }), mask: "masked" } },
  },
  // Functions of the row.
  rls_teams: {
    policies: [
      allow("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      allow(["create", "update", "delete"], (ctx) => ctx.row.tenant_id === ctx.auth.tenantId),
    ],
  },
});

/** Who may ask; the last one is nobody. */
const CALLERS: readonly (RLSAuth | null)[] = [
  { userId: 11, roles: [], tenantId: 1 },
  { userId: 12, roles: ["editor"], tenantId: 1 },
  { userId: 21, roles: [], tenantId: 2 },
  { userId: 22, roles: ["editor"], tenantId: 2 },
  { userId: 1, roles: ["root"], tenantId: 1 },
  { userId: 2, roles: [], isSystem: true, tenantId: 2 },
  null,
];
const isExempt = (caller: RLSAuth | null): boolean =>
  caller !== null && (caller.isSystem === true || caller.roles.includes("root"));

/** How the caller is told to the provider. */
interface Stage {
  readonly provider: () => { readonly auth: RLSAuth } | null;
  /** Does something as a caller. */
  as<T>(caller: RLSAuth | null, act: () => T): T;
}

/** Another object each time, with something in it that nobody reads. */
function contextOf(caller: RLSAuth | null) {
  return caller && { auth: { ...caller }, meta: { at: performance.now() }, timestamp: new Date() };
}

const stages: Readonly<Record<string, () => Stage>> = {
  "a variable that changes"() {
    let current: RLSAuth | null = null;
    return {
      provider: () => contextOf(current),
      as(caller, act) {
        // It stays so when the function has returned: whoever comes later finds it changed.
        current = caller;
        return act();
      },
    };
  },
  "async-local storage"() {
    const storage = new AsyncLocalStorage<RLSAuth | null>();
    return {
      provider: () => contextOf(storage.getStore() ?? null),
      as: (caller, act) => storage.run(caller, act),
    };
  },
  "an object that is changed"() {
    class User {
      userId: RLSAuth["userId"] = "nobody";
      roles: string[] = [];
      tenantId: RLSAuth["tenantId"];
      isSystem = false;
    }
    const user = new User();
    let isThere = false;
    return {
      provider: () => isThere ? { auth: user as RLSAuth } : null,
      as(caller, act) {
        isThere = caller !== null;
        Object.assign(user, { isSystem: false }, caller, { roles: [...caller?.roles ?? []] });
        return act();
      },
    };
  },
};

/** The ways to the database that a query may be built on, and run on. */
type HandleName = "executor" | "bound" | "without" | "transaction";

type Row = Record<string, unknown>;

/** What is given to a query: values, or what stands for them; only what is asked for is used. */
interface Given {
  readonly tenant: any;
  readonly title: any;
}

/** What can be built, prepared, or called. */
const QUERIES: Readonly<Record<string, (db: Kysely<any>, given: Given) => any>> = {
  read: (db) => db.selectFrom("rls_posts as p").selectAll().orderBy("p.id"),
  join: (db) =>
    db.selectFrom("rls_posts as p").leftJoin("rls_teams as t", "t.tenant_id", "p.tenant_id")
      .select(["p.id", "p.tenant_id", "p.status", "p.author_id", "t.tenant_id as team"])
      .orderBy("p.id"),
  nested: (db) =>
    db.selectFrom("rls_teams as t").select([
      "t.id",
      "t.tenant_id",
      db.selectFrom("rls_posts").select((eb) => eb.fn.min("tenant_id").as("m")).as("least"),
      db.selectFrom("rls_posts").select((eb) => eb.fn.max("tenant_id").as("m")).as("most"),
    ]).orderBy("t.id"),
  insert: (db, given) =>
    db.insertInto("rls_posts")
      .values({ tenant_id: given.tenant, author_id: 11, title: given.title }),
  stamped: (db, given) => db.insertInto("rls_posts").values({ author_id: 11, title: given.title }),
  copied: (db) =>
    db.insertInto("rls_posts").columns(["tenant_id", "author_id"]).expression((eb) =>
      eb.selectFrom("rls_posts").select(["tenant_id", "author_id"]).where("author_id", "=", 11)
    ),
  update: (db) => db.updateTable("rls_posts").set({ author_id: 33 }),
  moved: (db, given) => db.updateTable("rls_posts").set({ tenant_id: given.tenant }),
  delete: (db) => db.deleteFrom("rls_posts").where("id", ">", 0),
  team: (db, given) =>
    db.insertInto("rls_teams").values({ id: 9, tenant_id: given.tenant, name: "t" }),
  teams: (db) => db.updateTable("rls_teams").set({ name: "other" }),
  noTeams: (db) => db.deleteFrom("rls_teams").where("id", ">", 0),
};

interface Op {
  readonly query: keyof typeof QUERIES;
  readonly how: "compiled" | "bound" | "built" | "node" | "prepared" | "repository" | "stream";
  /** Who compiles it, and who runs it: places in {@linkcode CALLERS}. */
  readonly made: number;
  readonly ran: number;
  readonly on: HandleName;
  /** Another handle than it was made on. */
  readonly ranOn: HandleName | undefined;
  /** Whether something else happens between the two. */
  readonly waits: boolean;
  readonly tenant: 1 | 2;
}

const ops: fc.Arbitrary<Op> = fc.record({
  query: fc.constantFrom(...Object.keys(QUERIES)),
  how: fc.constantFrom(
    "compiled",
    "compiled",
    "bound",
    "built",
    "node",
    "prepared",
    "repository",
    "stream",
  ),
  made: fc.nat(CALLERS.length - 1),
  ran: fc.nat(CALLERS.length - 1),
  on: fc.constantFrom("executor", "bound", "without", "transaction"),
  ranOn: fc.option(fc.constantFrom("executor", "bound", "without", "transaction"), { freq: 3 }),
  waits: fc.boolean(),
  tenant: fc.constantFrom(1, 2),
});

const tenantsOf = (rows: readonly Row[]): unknown[] =>
  rows.flatMap((row) => [row["tenant_id"], row["team"], row["least"], row["most"]])
    .filter((tenant) => tenant !== undefined && tenant !== null).map(Number);

const TABLES = ["rls_posts", "rls_teams"] as const;

async function state(db: Kysely<any>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const table of TABLES) {
    const all = await db.selectFrom(table).selectAll().orderBy("id").execute();
    rows.push(...all.map((row) => ({ ...row, table })));
  }
  return rows;
}

/** A world in which one thing is done after the other, and taken back. */
class Play {
  readonly #stage: Stage;
  readonly #executor: Kysely<any>;
  readonly #base: Kysely<any>;
  readonly #streams: boolean;
  #atStart: readonly Row[] = [];
  #transaction: Kysely<any> | undefined;

  constructor({ db, executor }: World, stage: Stage, dialect: TestDialect) {
    this.#stage = stage;
    this.#base = db;
    this.#executor = executor;
    this.#streams = dialect.dialect !== "mysql" && dialect.name !== "pglite";
  }

  #handle(name: HandleName): Kysely<any> {
    switch (name) {
      case "executor":
        return this.#executor;
      case "bound":
        return bindContext(this.#executor, { theme: "dark" });
      case "without":
        return withoutRLS(this.#executor);
      case "transaction":
        return this.#transaction!;
    }
  }

  async act(drawn: Op): Promise<void> {
    // There is one connection: what is not in the transaction would wait for its end.
    const isIn = drawn.on === "transaction" || drawn.ranOn === "transaction";
    const op: Op = isIn ? { ...drawn, on: "transaction", ranOn: undefined } : drawn;
    if (this.#atStart.length === 0) this.#atStart = await state(this.#base);
    try {
      await this.#act(op);
    } finally {
      const there = await state(this.#base);
      if (JSON.stringify(there) !== JSON.stringify(this.#atStart)) {
        for (const table of TABLES) {
          await this.#base.deleteFrom(table).execute();
          const rows = this.#atStart.filter((row) => row["table"] === table);
          await this.#base.insertInto(table).values(rows.map(({ table: _, ...row }) => row))
            .execute();
        }
      }
    }
  }

  async #act(op: Op): Promise<void> {
    const before = await state(this.#base);
    const [made, ran] = [CALLERS[op.made]!, CALLERS[op.ran]!];
    // A builder runs where it was built.
    const ranOn = op.how === "built" ? op.on : op.ranOn ?? op.on;
    const isFree = isExempt(ran) || ranOn === "without";
    let rows: readonly Row[] = [];
    try {
      rows = op.on === "transaction"
        ? await this.#executor.transaction().execute((trx) => {
          this.#transaction = trx;
          return this.#run(op, made, ran, ranOn);
        })
        : await this.#run(op, made, ran, ranOn);
    } catch (error) {
      assert.ok(error instanceof ExecutorError, `it threw ${error}`);
      const isSame = op.made === op.ran && op.on === ranOn;
      assert.ok(!isSame || !(error instanceof ForeignQueryError), `refused to its own: ${error}`);
      return;
    }
    assert.ok(ran !== null || ranOn === "without", "nobody may run nothing");
    if (!isFree) {
      const foreign = tenantsOf(rows).filter((tenant) => tenant !== ran!.tenantId);
      assert.deepEqual(foreign, [], "rows of others were given");
      for (const { status, author_id } of rows) {
        assert.ok(
          status === undefined || status === "masked" || author_id === ran!.userId,
          "a column was shown that is masked",
        );
      }
    }
    if (op.query === "read" && op.how !== "repository") {
      const own = before.filter((row) =>
        row["table"] === "rls_posts" && (isFree || row["tenant_id"] === ran!.tenantId)
      );
      assert.equal(rows.length, own.length, "rows are missing");
    }
    const after = await state(this.#base);
    const key = (row: Row) => JSON.stringify(row);
    const [had, has] = [new Set(before.map(key)), new Set(after.map(key))];
    const touched = [
      ...before.filter((row) => !has.has(key(row))),
      ...after.filter((row) => !had.has(key(row))),
    ];
    const foreign = touched.filter((row) => row["tenant_id"] !== ran?.tenantId);
    if (!isFree) assert.deepEqual(foreign, [], "rows of others were written");
  }

  /** Makes it as one caller, and runs it as the other. */
  async #run(
    op: Op,
    made: RLSAuth | null,
    ran: RLSAuth | null,
    ranOn: HandleName,
  ): Promise<readonly Row[]> {
    const { as } = this.#stage;
    const on = this.#handle(op.on);
    const other = op.on === ranOn ? on : this.#handle(ranOn);
    const given = { tenant: op.tenant, title: "title" };
    const build = (db: Kysely<any>) => QUERIES[op.query]!(db, given);
    const wait = async () => {
      if (op.waits) await new Promise((resolve) => setTimeout(resolve));
    };
    const execute = async (query: CompiledQuery<any>) => {
      await wait();
      return (await as(ran, () => other.executeQuery(query))).rows;
    };
    switch (op.how) {
      case "compiled":
        return await execute(as(made, () => build(on).compile()));
      case "node": {
        // The two steps of a builder, as two callers.
        const executor = on.getExecutor();
        const builder = as(made, () => build(on));
        const node = as(made, () => builder.toOperationNode());
        const query = as(ran, () => executor.compileQuery(node, { queryId: "1" } as never));
        return await execute(query);
      }
      case "built": {
        const builder = as(made, () => build(on));
        await wait();
        return await as(ran, () => builder.execute());
      }
      case "bound": {
        const plan = as(
          made,
          () =>
            compilePlan(
              on,
              (db) => QUERIES[op.query]!(db, { tenant: new Slot(0), title: new Slot(1) }),
            ),
        );
        const bound = as(made, () => plan.tryBind(on, [op.tenant, "title"]));
        if (bound === undefined) return await as(ran, () => build(other).execute());
        return await execute(bound as CompiledQuery<any>);
      }
      case "prepared": {
        const prepared = prepareQuery(
          on,
          (db, params: Params<typeof given>) => QUERIES[op.query]!(db, params) as any,
        );
        const values = namesIn(op.query, given);
        await as(made, () => Promise.resolve(prepared).then((it) => it.compile(values))).catch(
          () => {},
        );
        await wait();
        return await as(ran, () => prepared.on(other).execute(values)) as any;
      }
      case "repository": {
        const posts = createRepository(on as Kysely<Database>, { tableName: "rls_posts" });
        await as(made, () => posts.findAll()).catch(() => {});
        await wait();
        const one = posts.on(other);
        return await as(ran, async (): Promise<any> => {
          switch (op.query) {
            case "insert":
              return [await one.create({ tenant_id: op.tenant, author_id: 11, title: "title" })];
            case "stamped":
              return [await one.create({ author_id: 11, title: "title" })];
            case "update":
              return [await one.bulkUpdate([{ id: 1, data: { title: "x" } }])].flat();
            case "delete":
              await one.bulkDelete([1, 4]);
              return [];
            default:
              return await one.findAll();
          }
        }).catch((error) => {
          // Rows that are not there for the caller.
          if (/NotFound/.test(error.name)) return [];
          throw error;
        });
      }
      case "stream": {
        if (!this.#streams) return await as(ran, () => build(other).execute());
        const query = as(made, () => build(on).compile());
        await wait();
        const rows: Row[] = [];
        const results = as(ran, () => other.getExecutor().stream(query, 2));
        for await (const result of results) rows.push(...result.rows as Row[]);
        return rows;
      }
    }
  }
}

/** The values that a query asks for. */
function namesIn(query: string, given: { tenant: number; title: string }): any {
  const names = {
    insert: ["tenant", "title"],
    stamped: ["title"],
    moved: ["tenant"],
    team: ["tenant"],
  };
  const asked: readonly string[] = (names as Record<string, string[]>)[query] ?? [];
  return Object.fromEntries(Object.entries(given).filter(([name]) => asked.includes(name)));
}

onEveryDialect("what was compiled for one caller", (dialect) => {
  for (const [name, make] of Object.entries(stages)) {
    const runs = fuzzRuns({ sqlite: 900, pglite: 40, postgres: 150, mysql: 120 }[dialect.name]);
    it(`gives no other its rows, by ${name}, in ${runs} ways`, { timeout: 600_000 }, async () => {
      const stage = make();
      const world = await openWorld(
        dialect,
        schema,
        { contextProvider: stage.provider, bypassRoles: ["root"] },
        { connections: 1 },
      );
      const play = new Play(world, stage, dialect);
      try {
        const { seed, path } = fuzzSeed();
        await fc.assert(
          fc.asyncProperty(ops, (op) => play.act(op)),
          { numRuns: runs, seed, ...path === undefined ? {} : { path } },
        );
      } finally {
        await world.close();
      }
    });
  }

  it("is checked again for the caller that runs it, where it was given its values before", async () => {
    let caller: RLSAuth = CALLERS[0]!;
    const world = await openWorld(dialect, schema, { contextProvider: () => contextOf(caller) });
    try {
      const { executor } = world;
      const plan = compilePlan(
        executor,
        (db) =>
          db.insertInto("rls_posts").values({
            tenant_id: new Slot<number>(0) as any,
            author_id: 11,
          }),
      );
      const values = [1];
      const bound = plan.bind(executor, values);
      values[0] = 2;
      const built = executor.insertInto("rls_posts").values({ tenant_id: 1, author_id: 11 });
      const compiled = built.compile();
      for (const query of [bound, compiled]) {
        caller = CALLERS[2]!;
        await assert.rejects(executor.executeQuery(query), RLSPolicyViolation);
        caller = CALLERS[0]!;
        await executor.executeQuery(query);
      }
      const { rows } = await world.db.executeQuery(
        world.db.selectFrom("rls_posts").select("tenant_id").where("author_id", "=", 11),
      );
      assert.deepEqual(rows.map(({ tenant_id }) => tenant_id).sort(), [1, 1, 1, 1, null]);
    } finally {
      await world.close();
    }
  });

  it("is checked again where another runs it at once, by the query executor itself", async () => {
    let caller: RLSAuth = CALLERS[0]!;
    const world = await openWorld(dialect, schema, { contextProvider: () => contextOf(caller) });
    try {
      const { executor } = world;
      const held = executor.getExecutor();
      const ways: readonly ((query: CompiledQuery) => Promise<unknown>)[] = [
        (query) => executor.executeQuery(query),
        (query) => executor.getExecutor().executeQuery(query),
        (query) => held.executeQuery(query),
        (query) => held.withoutPlugins().executeQuery(query),
        (query) => executor.withoutPlugins().getExecutor().executeQuery(query),
      ];
      for (const run of ways) {
        caller = CALLERS[0]!;
        const insert = executor.insertInto("rls_posts").values({ tenant_id: 1, author_id: 11 })
          .compile();
        caller = CALLERS[2]!;
        await assert.rejects(run(insert), RLSPolicyViolation);
        caller = CALLERS[0]!;
        const read = executor.selectFrom("rls_posts").select("tenant_id").compile();
        caller = CALLERS[2]!;
        await assert.rejects(run(read), ForeignQueryError);
      }
      const { parameters } = executor.selectFrom("rls_posts").selectAll().compile();
      assert.throws(() => (parameters as unknown[]).fill(2), TypeError);
    } finally {
      await world.close();
    }
  });

  it("gives no other its rows, by async-local storage, to many at once", async () => {
    const storage = new AsyncLocalStorage<RLSAuth | null>();
    const world = await openWorld(dialect, schema, {
      contextProvider: () => contextOf(storage.getStore() ?? null),
      bypassRoles: ["root"],
    });
    try {
      const { executor } = world;
      const read = prepareQuery(
        executor,
        (db, x: Params<{ least: number }>) =>
          db.selectFrom("rls_posts").selectAll().where("id", ">", x.least).orderBy("id"),
      );
      const posts = createRepository(executor as Kysely<Database>, { tableName: "rls_posts" });
      const expected = (caller: RLSAuth) =>
        isExempt(caller) ? "1 2 3 4 5 6" : caller.tenantId === 1 ? "1 2 3" : "4 5";
      const ids = (rows: readonly { readonly id: number }[]) => rows.map(({ id }) => id).join(" ");
      const request = async (caller: RLSAuth) => {
        const turn = () => new Promise((resolve) => setTimeout(resolve));
        const compiled = executor.selectFrom("rls_posts").select("id").orderBy("id").compile();
        await turn();
        const got = [
          ids((await executor.executeQuery(compiled)).rows),
          ids(await executor.selectFrom("rls_posts").select("id").orderBy("id").execute()),
          ids(await read.execute({ least: 0 })),
          ids(await posts.findAll({ orderBy: "id" })),
        ];
        await turn();
        await executor.transaction().execute(async (trx) => {
          got.push(ids(await read.on(trx).execute({ least: 0 })));
          await turn();
          got.push(ids(await posts.withTransaction(trx).findAll({ orderBy: "id" })));
        });
        assert.deepEqual(got, got.map(() => expected(caller)));
      };
      const callers = CALLERS.filter((caller) => caller !== null);
      await Promise.all(
        Array.from({ length: 60 }, (_, i) => callers[i % callers.length]!)
          .map((caller) => storage.run(caller, () => request(caller))),
      );
    } finally {
      await world.close();
    }
  });
});
