import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createQuery, type Params, prepareQuery, withTransaction } from "@kysera/dal";
import { compilePlan, createExecutor } from "@kysera/executor";
import { createORM } from "@kysera/repository";
import {
  allow,
  can,
  defineRLSSchema,
  explainPolicy,
  filter,
  rlsPlugin,
  RLSPolicyViolation,
  type RLSSchema,
  validate,
} from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import { matrix, onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzPart } from "../support/random.ts";
import { AUTH, type MakeContext, SHAPES } from "./context_shapes.ts";
import { type Database, openWorld } from "./_world.ts";

const tenants = defineRLSSchema<Database>({
  rls_posts: {
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      allow(["update", "delete"], (ctx) => ({ author_id: ctx.auth.userId })),
      allow("delete", (ctx) => ctx.auth.roles.includes("editor")),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    columns: { status: { read: (ctx) => ({ author_id: ctx.auth.userId }) } },
  },
  // A function of the row.
  rls_teams: {
    policies: [
      allow("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      allow(["create", "update"], (ctx) => ctx.row.tenant_id === ctx.auth.tenantId),
    ],
  },
});

/** Does all that can be done as the caller of a provider, several times, and looks at what came of it. */
async function useAll(
  dialect: TestDialect,
  schema: RLSSchema<Database>,
  makeContext: MakeContext,
): Promise<void> {
  const world = await openWorld(dialect, schema, { contextProvider: makeContext });
  const { executor } = world;
  try {
    const byTitle = prepareQuery(
      executor,
      (db, x: Params<{ title: string }>) =>
        db.selectFrom("rls_posts").select("id").where("title", "=", x.title),
    );
    const add = prepareQuery(
      executor,
      (db, x: Params<{ author: number; title: string }>) =>
        db.insertInto("rls_posts").values({ author_id: x.author, title: x.title }),
    );
    const posts = (await createORM(executor)).createRepository({ tableName: "rls_posts" });
    const getTitles = createQuery(({ db }: { readonly db: Kysely<Database> }) =>
      db.selectFrom("rls_posts").select("title").orderBy("id").execute()
    );
    let own = 3;
    const assertOwn = (rows: readonly unknown[]) => assert.equal(rows.length, own);
    for (let i = 0; i < 3; i++) {
      const read = (db: Kysely<Database>) =>
        db.selectFrom("rls_posts as p").leftJoin("rls_teams as t", "t.tenant_id", "p.tenant_id")
          .select(["p.id", "p.status", "t.name"]).orderBy("p.id");
      const rows = await read(executor).execute();
      assertOwn(rows);
      assert.equal(rows[1]!.status, null, "another author's post is masked");
      assert.ok(rows.every(({ name }) => name === "one"));
      const compiled = read(executor).compile();
      assertOwn((await executor.executeQuery(compiled)).rows);
      await new Promise((resolve) => setTimeout(resolve));
      assertOwn((await executor.executeQuery(compiled)).rows);
      assert.equal((await byTitle.execute({ title: "a" })).length, 1);
      assert.equal((await byTitle.execute({ title: "d" })).length, 0);
      const plan = compilePlan(executor, read);
      // Of a condition that is another one each time, a plan serves one run and no other.
      const bound = plan.tryBind(executor, []) ?? read(executor).compile();
      await new Promise((resolve) => setTimeout(resolve));
      assertOwn((await executor.executeQuery(bound)).rows);

      await executor.insertInto("rls_posts").values({ author_id: 11, title: `built ${i}` })
        .execute();
      await add.execute({ author: 11, title: `prepared ${i}` });
      await posts.create({ author_id: 12, title: `of a repository ${i}` });
      own += 3;
      assertOwn(await posts.findAll());
      assert.equal(await posts.count(), own);
      assert.equal(await posts.findById(4), null);
      assert.equal((await getTitles(executor)).length, own);
      await withTransaction(executor, async (context) => assertOwn(await getTitles(context)));
      await executor.transaction().execute(async (trx) => {
        assertOwn(await posts.withTransaction(trx).findAll());
        await trx.updateTable("rls_posts").set({ title: sql`concat(title, '!')` })
          .where("id", "=", 1).execute();
      });
      await executor.updateTable("rls_teams").set({ name: `team ${i}` }).execute();
      await executor.updateTable("rls_teams").set({ name: "one" }).execute();
      await executor.insertInto("rls_teams").values({ id: 10 + i, tenant_id: 1, name: "one" })
        .execute();
      await executor.deleteFrom("rls_teams").where("id", "=", 10 + i).execute().catch(() => {});
      await world.db.deleteFrom("rls_teams").where("id", ">=", 10).execute();
      await executor.updateTable("rls_posts").set({ title: "a" }).where("id", "=", 1).execute();
      if (dialect.dialect !== "mysql" && dialect.name !== "pglite") {
        const streamed: unknown[] = [];
        for await (const row of read(executor).stream(2)) streamed.push(row);
        assertOwn(streamed);
      }
      const row = { tenant_id: 1, author_id: 11 };
      if (schema === tenants) {
        assert.equal(can(executor, "read", "rls_posts", row), true);
        assert.equal(can(executor, "read", "rls_posts", { ...row, tenant_id: 2 }), false);
      }
      assert.equal(explainPolicy(executor, read(executor)).refused, undefined);
      const all = await Promise.all(Array.from({ length: 5 }, () => read(executor).execute()));
      all.forEach(assertOwn);
    }
    await executor.deleteFrom("rls_posts").execute();
    const left = await world.db.selectFrom("rls_posts").select("id").orderBy("id").execute();
    assert.deepEqual(left.map(({ id }) => id), [4, 5, 6]);
  } finally {
    await world.close();
  }
}

const sqlite = matrix.find(({ name }) => name === "sqlite")!;

describe("a context of a provider", { skip: sqlite.skip ?? false }, () => {
  for (const [name, makeContext] of fuzzPart(Object.entries(SHAPES))) {
    it(`may have ${name}`, () => useAll(sqlite, tenants, makeContext));

    it(`may be the caller alone, with ${name}`, () =>
      useAll(sqlite, tenants, () => makeContext().auth as never));
  }
});

onEveryDialect("a context of a provider", (dialect) => {
  it("may be another one at each call", () => {
    const all = Object.values(SHAPES);
    let next = 0;
    return useAll(dialect, tenants, () => all[next++ % all.length]!());
  });
});

/** Policies that come to something else each time, though they hold for the same rows. */
const iso = () => new Date().toISOString();
const volatile: Readonly<Record<string, RLSSchema<Database>>> = {
  "the timestamp of the context": withPolicy((ctx, { eb }) =>
    eb(eb.val(ctx.timestamp!.toISOString()), ">", eb.val("2000"))
  ),
  "the clock": withPolicy((_ctx, { eb }) => eb(eb.val(iso()), ">", eb.val("2000"))),
  "a monotonic clock": withPolicy((_ctx, { eb }) =>
    eb(eb.val(`${performance.now()}`), "<>", eb.val("-"))
  ),
  "a clock that ticks now and then": withPolicy((_ctx, { eb }) =>
    eb(eb.val(tick(0.1)), "<>", eb.val("-"))
  ),
  "a clock that ticks at every other look": withPolicy((_ctx, { eb }) =>
    eb(eb.val(tick(0.5)), "<>", eb.val("-"))
  ),
  "a clock that ticks now and then, which it stamps": withStamp(() => tick(0.2)),
  "the id of the request": withPolicy((ctx, { eb }) =>
    eb(eb.val(ctx.request!.requestId!), "<>", eb.val("-"))
  ),
  "something that makes the condition another one": withPolicy((ctx, { eb }) =>
    Number(ctx.meta!["call"]) % 2 === 0 ? true : eb(eb.val("a"), "=", eb.val("a"))
  ),
  "something that is the same for a while": withPolicy((ctx, { eb }) =>
    eb(eb.val(`at ${Math.floor(Number(ctx.meta!["call"]) / 3)}`), "<>", eb.val("-"))
  ),
  "something that changes once, between compiling and running": withPolicy((ctx, { eb }) =>
    eb(eb.val(`at ${stepOf(ctx.meta!["call"] as number)}`), "<>", eb.val("-"))
  ),
  "a fresh id that it stamps": withStamp(() => crypto.randomUUID().slice(0, 20)),
  "the id of the request, which it stamps and checks": withStamp(
    (ctx) => ctx.request!.requestId!.slice(0, 20),
    [validate("create", (ctx) => ({ status: ctx.request!.requestId!.slice(0, 20) }))],
  ),
  "the time of the context, which it stamps and checks": withStamp(
    (ctx) => String(+ctx.timestamp!),
    [validate("create", (ctx) => ({ status: String(+ctx.timestamp!) }))],
  ),
  "the clock, in the rule of a column": defineRLSSchema<Database>({
    ...tenants,
    rls_posts: {
      ...tenants["rls_posts"]!,
      columns: {
        status: {
          read: (ctx, { eb, column }) =>
            eb.and([
              eb(column("author_id"), "=", Number(ctx.auth.userId)),
              eb(eb.val(iso()), ">", eb.val("2000")),
            ]),
        },
      },
    },
  }),
};

let time = 0;
let random = 1;
/** A clock that goes on by chance when it is looked at: as a fast one does, in the midst of a run. */
function tick(chance: number): string {
  // Numerical Recipes, 7.1: the constants of a linear congruential generator.
  random = (random * 1664525 + 1013904223) % 2 ** 32;
  if (random / 2 ** 32 < chance) time++;
  return `at ${time}`;
}

let step = 0;
/** A clock that goes on by itself between two calls, and stands still when it is looked at again. */
function stepOf(call: number): number {
  return call % 2 === 0 ? step : step = Math.floor(call / 2);
}

function withPolicy(condition: Parameters<typeof filter<Database["rls_posts"]>>[1]) {
  const { policies, ...rest } = tenants["rls_posts"]!;
  return defineRLSSchema<Database>({
    ...tenants,
    rls_posts: { ...rest, policies: [...policies, filter("all", condition as any)] },
  });
}

function withStamp(
  status: (ctx: any) => string,
  checks: readonly ReturnType<typeof validate<any>>[] = [],
) {
  const { policies, stamp, ...rest } = tenants["rls_posts"]!;
  return defineRLSSchema<Database>({
    ...tenants,
    rls_posts: { ...rest, policies: [...policies, ...checks], stamp: { ...stamp, status } },
  });
}

let call = 0;
const changing: MakeContext = () => ({
  auth: AUTH,
  timestamp: new Date(),
  request: { requestId: crypto.randomUUID() },
  meta: { call: ++call },
});

onEveryDialect("a policy", (dialect) => {
  for (const [name, schema] of fuzzPart(Object.entries(volatile))) {
    it(`may read ${name}`, () => useAll(dialect, schema, changing));
  }
});

onEveryDialect("a stamp that is another value each time", (dialect) => {
  it("is the same for all of a statement, and another one for the next", async () => {
    const schema = defineRLSSchema<Database>({
      rls_posts: {
        policies: [
          filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
          // What only the database can tell.
          validate("create", (_ctx, { eb, column }) => eb(column("author_id"), ">", 0)),
        ],
        stamp: {
          tenant_id: (ctx) => ctx.auth.tenantId,
          status: () => crypto.randomUUID().slice(0, 20),
        },
      },
    });
    const world = await openWorld(dialect, schema, { contextProvider: () => ({ auth: AUTH }) });
    try {
      for (const db of [world.executor, world.as({ tenantId: 1 })]) {
        const add = prepareQuery(
          db,
          (db, x: Params<{ title: string }>) =>
            db.insertInto("rls_posts").values({ author_id: 11, title: x.title }) as any,
        );
        await db.deleteFrom("rls_posts").execute();
        await db.insertInto("rls_posts").values({ author_id: 11, title: "one" }).execute();
        await db.insertInto("rls_posts").values([
          { author_id: 11, title: "two" },
          { author_id: 11, title: "three" },
        ]).execute();
        await add.execute({ title: "four" });
        await add.execute({ title: "five" });
        if (dialect.dialect !== "mysql") {
          await db.insertInto("rls_posts").columns(["author_id"]).expression((eb) =>
            eb.selectFrom("rls_posts").select("author_id").where("title", "=", "one")
          ).execute();
        }
        const rows = await db.selectFrom("rls_posts").select(["title", "status"]).orderBy("id")
          .execute();
        const statuses = rows.map(({ status }) => status);
        assert.equal(statuses[1], statuses[2]);
        assert.equal(new Set(statuses).size, statuses.length - 1);
        await assert.rejects(
          db.insertInto("rls_posts").values({ author_id: 11, status: "mine" }).execute(),
          RLSPolicyViolation,
        );
      }
    } finally {
      await world.close();
    }
  });
});

describe("a policy that reads a clock of seconds", { skip: sqlite.skip ?? false }, () => {
  it("is read again where a second begins between compiling and running", async () => {
    const { db, close } = await sqlite.open();
    try {
      await sql`create table rls_posts (id integer, tenant_id integer, status text)`.execute(db);
      await db.insertInto("rls_posts").values([
        { id: 1, tenant_id: 1, status: "5" },
        { id: 2, tenant_id: 2, status: "5" },
      ]).execute();
      let seconds = 4;
      const executor = await createExecutor(db, [rlsPlugin({
        schema: defineRLSSchema<any>({
          rls_posts: {
            policies: [
              filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
              filter("read", (_ctx, { eb, column }) => eb(column("status"), "=", `${seconds}`)),
            ],
          },
        }),
        contextProvider: () => ({ auth: AUTH }),
      })]);
      const compiled = executor.selectFrom("rls_posts").select("id").compile();
      assert.deepEqual((await executor.executeQuery(compiled)).rows, []);
      seconds = 5;
      const { rows } = await executor.executeQuery(compiled);
      assert.deepEqual(rows.map((row: any) => row.id), [1], "what runs is what holds when it runs");
    } finally {
      await close();
    }
  });
});
