/** How often a provider is asked: once for each execution, whatever the statement. */
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  createContext,
  createQuery,
  type Params,
  prepareQuery,
  withTransaction,
} from "@kysera/dal";
import { bindContext, createExecutor, inOneRun } from "@kysera/executor";
import { createORM } from "@kysera/repository";
import { allow, can, defineRLSSchema, explainPolicy, filter, rlsPlugin } from "@kysera/rls";
import { nativeRLSPlugin } from "@kysera/rls/native";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { type Database, type Executor, openWorld, type World } from "./_world.ts";

const schema = defineRLSSchema<Database>({
  rls_posts: {
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      allow("all", (ctx) => ({ author_id: [ctx.auth.userId, 99] })),
      // SQL, which reads another table with policies.
      allow("all", (ctx, { eb, column }) =>
        eb.exists(
          eb.selectFrom("rls_members as m").select("m.team_id")
            .where("m.user_id", "=", Number(ctx.auth.userId))
            .whereRef("m.user_id", "=", column("author_id")),
        )),
      allow("all", true),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    columns: { status: { read: (ctx) => ({ author_id: ctx.auth.userId }) } },
  },
  rls_members: { policies: [filter("read", (ctx) => ({ user_id: ctx.auth.userId }))] },
  // Functions of the row.
  rls_teams: {
    policies: [
      allow("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      allow(["create", "update", "delete"], (ctx) => ctx.row.tenant_id === ctx.auth.tenantId),
    ],
  },
});

interface Counted extends World {
  /** How often the provider is asked meanwhile. */
  asks(act: () => unknown): Promise<number>;
}

async function inWorld(dialect: TestDialect, test: (world: Counted) => Promise<void>) {
  let asked = 0;
  const contextProvider = () => {
    asked++;
    return { auth: { userId: 11, roles: [], tenantId: 1 } };
  };
  const world = await openWorld(dialect, schema, { contextProvider });
  try {
    await test({
      ...world,
      async asks(act) {
        asked = 0;
        await act();
        return asked;
      },
    });
  } finally {
    await world.close();
  }
}

type Build = (db: Executor) => { compile(): unknown; execute(): Promise<unknown> };

let lastId = 100;

/** Built beforehand: a query that stands in another one is rewritten when it is put there. */
const STATEMENTS: Readonly<Record<string, Build>> = {
  "a SELECT": (db) => db.selectFrom("rls_posts").selectAll(),
  "a SELECT of many tables": (db) =>
    db.selectFrom("rls_posts as p").innerJoin("rls_members as m", "m.user_id", "p.author_id")
      .leftJoin("rls_teams as t", "t.tenant_id", "p.tenant_id").select(["p.id", "t.name"])
      .where("p.id", "in", (eb) => eb.selectFrom("rls_posts").select("rls_posts.id")),
  "a common table expression": (db) =>
    db.with("own", (w) => w.selectFrom("rls_posts").select("id")).selectFrom("own").selectAll(),
  "a UNION": (db) =>
    db.selectFrom("rls_posts").select("id").unionAll(
      db.selectFrom("rls_posts").select("rls_posts.id"),
    ),
  "an INSERT": (db) => db.insertInto("rls_posts").values({ author_id: 11 }),
  "an INSERT of many rows": (db) =>
    db.insertInto("rls_posts").values(
      [1, 2, 3].map(() => ({ author_id: 11, title: crypto.randomUUID() })),
    ),
  "an INSERT of rows that are read": (db) =>
    db.insertInto("rls_posts").columns(["author_id"]).expression((eb) =>
      eb.selectFrom("rls_posts").select("rls_posts.author_id").where("rls_posts.id", "=", 1)
    ),
  "an UPDATE": (db) => db.updateTable("rls_posts").set({ author_id: 12 }).where("id", "=", 2),
  "an UPDATE by an expression": (db) =>
    db.updateTable("rls_posts").set((eb) => ({ author_id: eb("author_id", "+", 0) })),
  "a DELETE": (db) => db.deleteFrom("rls_posts").where("id", "=", 1),
  "an INSERT that a function of the row is asked about": (db) =>
    db.insertInto("rls_teams").values({ id: ++lastId, tenant_id: 1, name: "another" }),
  "an UPDATE that a function of the row is asked about": (db) =>
    db.updateTable("rls_teams").set({ name: "other" }),
  "a DELETE that a function of the row is asked about": (db) =>
    db.deleteFrom("rls_teams").where("id", ">", 100),
};

onEveryDialect("a provider is asked", (dialect) => {
  it("once for a statement that is built and executed", () =>
    inWorld(dialect, async ({ executor, asks }) => {
      for (const [name, build] of Object.entries(STATEMENTS)) {
        const builder = build(executor);
        assert.equal(await asks(() => builder.execute()), 1, name);
        assert.equal(await asks(() => build(executor).compile()) > 0, true, name);
        await executor.transaction().execute(async (trx) => {
          const inside = build(trx as unknown as Executor);
          assert.equal(await asks(() => inside.execute()), 1, name);
        });
      }
      const first = executor.selectFrom("rls_posts").selectAll().where("id", "=", 2);
      assert.equal(await asks(() => first.executeTakeFirst()), 1);
      assert.equal(await asks(() => executor.executeQuery(first)), 1);
      const compiled = first.compile();
      assert.equal(await asks(() => executor.executeQuery(compiled)), 1);
    }));

  it("again for a query that was compiled before, be it in the same step", async () => {
    let tenantId = 1;
    const world = await openWorld(dialect, schema, {
      contextProvider: () => ({ auth: { userId: 11, roles: [], tenantId } }),
    });
    const { executor } = world;
    const posts = () => executor.selectFrom("rls_posts").select("tenant_id");
    const as = <T>(tenant: number, act: () => T): T => {
      tenantId = tenant;
      return act();
    };
    try {
      await posts().execute();
      for (const send of [0, 1]) {
        const compiled = as(1, () => posts().compile());
        const sent = as(
          2,
          () =>
            send === 0
              ? executor.executeQuery(compiled)
              : executor.transaction().execute((trx) => trx.executeQuery(compiled)),
        );
        await assert.rejects(sent, { name: "ForeignQueryError" });
      }
      const streamed = as(1, () => executor.selectFrom("rls_posts").selectAll());
      const two = as(2, () => streamed.execute());
      assert.ok((await two).every((row) => row.tenant_id === 2));
      // Another query of the same executor comes between, and each has its own caller.
      const [one, other] = await Promise.all([
        as(1, () => posts().execute()),
        as(2, () => posts().execute()),
      ]);
      assert.ok(one.length > 0 && one.every(({ tenant_id }) => tenant_id === 1));
      assert.ok(other.every(({ tenant_id }) => tenant_id === 2));
    } finally {
      await world.close();
    }
  });

  it("once for a stream", () =>
    inWorld(dialect, async ({ executor, asks }) => {
      if (dialect.dialect === "mysql" || dialect.name === "pglite") return;
      const read = executor.selectFrom("rls_posts").selectAll();
      assert.equal(
        await asks(async () => {
          for await (const _ of read.stream(1));
        }),
        1,
      );
      const write = executor.updateTable("rls_posts").set({ author_id: 11 }).returning("id");
      assert.equal(
        await asks(async () => {
          for await (const _ of write.stream(1));
        }),
        1,
      );
    }));

  it("once for a statement that is prepared, the first time as well", () =>
    inWorld(dialect, async ({ executor, asks }) => {
      const statements = [
        prepareQuery(
          executor,
          (db, x: Params<{ id: number }>) =>
            db.selectFrom("rls_posts").selectAll().where("id", "=", x.id),
        ),
        prepareQuery(
          executor,
          (db, x: Params<{ id: number }>) =>
            db.selectFrom("rls_posts as p").innerJoin(
              "rls_members as m",
              "m.user_id",
              "p.author_id",
            )
              .select("p.id").where("p.id", "in", db.selectFrom("rls_posts").select("rls_posts.id"))
              .where("p.id", "=", x.id),
        ),
        prepareQuery(
          executor,
          (db, x: Params<{ id: number }>) =>
            db.insertInto("rls_posts").values({ author_id: x.id }) as any,
        ),
        prepareQuery(
          executor,
          (db, x: Params<{ id: number }>) =>
            db.updateTable("rls_posts").set({ author_id: 11 }).where("id", "=", x.id) as any,
        ),
        // What functions of the row are asked about is built anew each time.
        prepareQuery(
          executor,
          (db, x: Params<{ id: number }>) =>
            db.updateTable("rls_teams").set({ name: "one" }).where("id", "=", x.id) as any,
        ),
      ];
      for (const prepared of statements) {
        for (const id of [1, 2, 3]) assert.equal(await asks(() => prepared.execute({ id })), 1);
        assert.equal(await asks(() => prepared.executeTakeFirst({ id: 1 })), 1);
        await executor.transaction().execute(async (trx) => {
          assert.equal(await asks(() => prepared.on(trx).execute({ id: 1 })), 1);
        });
        assert.equal(await asks(() => prepared.compile({ id: 1 })), 1);
      }
    }));

  it("once for each statement of a repository", () =>
    inWorld(dialect, async ({ executor, asks }) => {
      const orm = await createORM(executor);
      const posts = orm.createRepository({ tableName: "rls_posts" });
      const methods: Readonly<Record<string, () => Promise<unknown>>> = {
        findById: () => posts.findById(1),
        findByIds: () => posts.findByIds([1, 2]),
        findAll: () => posts.findAll(),
        find: () => posts.find({ where: { author_id: 11 } }),
        count: () => posts.count(),
        exists: () => posts.exists({ where: { id: 1 } }),
        deleteMany: () => posts.bulkDelete([999]),
      };
      for (const [name, method] of Object.entries(methods)) {
        for (let i = 0; i < 3; i++) assert.equal(await asks(method), 1, name);
      }
      const creates = dialect.dialect === "mysql" ? 2 : 1;
      assert.equal(await asks(() => posts.create({ author_id: 11 })), creates);
      assert.equal(await asks(() => posts.create({ author_id: 11 })), creates);
      await executor.transaction().execute(async (trx) => {
        assert.equal(await asks(() => posts.withTransaction(trx).findById(1)), 1);
      });
    }));

  it("for query functions as for what they run", () =>
    inWorld(dialect, async ({ executor, asks }) => {
      const getPosts = createQuery(({ db }: { readonly db: Kysely<Database> }) =>
        db.selectFrom("rls_posts").select("id").execute()
      );
      assert.equal(await asks(() => getPosts(createContext(executor))), 1);
      assert.equal(await asks(() => withTransaction(executor, (ctx) => getPosts(ctx))), 1);
    }));

  it("once for what is built and started in one run", () =>
    inWorld(dialect, async ({ executor, asks }) => {
      for (const [name, build] of Object.entries(STATEMENTS)) {
        const start = () => inOneRun(executor, (db) => build(db).execute());
        assert.equal(await asks(start), 1, name);
      }
      // A handle that is kept is like any other afterwards.
      let kept: Executor | undefined;
      await inOneRun(executor, (db) => {
        kept = db;
        return db.selectFrom("rls_posts").select("id").execute();
      });
      assert.equal(await asks(() => kept!.selectFrom("rls_posts").select("id").execute()), 1);
    }));

  it("not at all where a context is bound, or no table has policies", () =>
    inWorld(dialect, async ({ executor, asks, as }) => {
      const bound = as({ tenantId: 1 });
      assert.equal(await asks(() => bound.selectFrom("rls_posts").selectAll().execute()), 0);
      const notes = executor.selectFrom("rls_notes").selectAll();
      // Whether the table has policies is not known the first time.
      await notes.execute();
      assert.equal(await asks(() => notes.execute()), 0);
      const themed = bindContext(executor, { theme: "dark" });
      assert.equal(await asks(() => themed.selectFrom("rls_posts").selectAll().execute()), 1);
    }));

  it("once by can(), and once for each reference by explainPolicy()", () =>
    inWorld(dialect, async ({ executor, asks }) => {
      const row = { tenant_id: 1, name: "one", id: 1 };
      assert.equal(await asks(() => can(executor, "update", "rls_teams", row, row)), 1);
      const read = executor.selectFrom("rls_posts").selectAll();
      assert.ok(await asks(() => explainPolicy(executor, read)) <= 3);
    }));

  it("before a statement waits for a connection, where it is told to PostgreSQL", async () => {
    if (dialect.dialect !== "postgres") return;
    let current = 1;
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      const executor = await createExecutor(db, [nativeRLSPlugin({
        contextProvider: () => ({ auth: { userId: current, roles: [] } }),
      })]);
      const told = sql<string>`current_setting('rls.context', true)`.as("told");
      const pending = [1, 2, 3].map((user) => {
        current = user;
        return executor.selectNoFrom(told).executeTakeFirstOrThrow();
      });
      current = 4;
      const users = (await Promise.all(pending)).map((row) => JSON.parse(row.told).auth.userId);
      assert.deepEqual(users, [1, 2, 3]);
    } finally {
      await close();
    }
  });

  it("before a statement waits for what the catalog says of a table that nobody knew", async () => {
    let current = 1;
    const { db, close } = await dialect.open();
    try {
      const executor = await createExecutor(db, [
        rlsPlugin({
          schema: defineRLSSchema<any>({
            late_posts: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
          }),
          contextProvider: () => ({ auth: { userId: 1, roles: [], tenantId: current } }),
        }),
      ]);
      await sql`create table late_posts (id integer, tenant_id integer)`.execute(db);
      // The policies do not name it: whether it is a view has to be looked up.
      await sql`create table late_tags (post_id integer)`.execute(db);
      await db.insertInto("late_posts").values([
        { id: 1, tenant_id: 1 },
        { id: 2, tenant_id: 2 },
      ]).execute();
      const read = () =>
        executor.selectFrom("late_posts as p").leftJoin("late_tags as t", "t.post_id", "p.id")
          .select("p.id").execute();
      const pending = [1, 2, 1].map((tenant) => {
        current = tenant;
        return read();
      });
      current = 3;
      const ids = (await Promise.all(pending)).map((rows) => rows.map(({ id }) => id).join(" "));
      assert.deepEqual(ids, ["1", "2", "1"]);
      assert.deepEqual(await read(), []);
    } finally {
      await close();
    }
  });
});
