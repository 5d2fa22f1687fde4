import assert from "node:assert/strict";
import { it } from "node:test";
import { createContext, createQuery, prepareQuery, withTransaction } from "@kysera/dal";
import { bindContext, createExecutor, type KyseraExecutor } from "@kysera/executor";
import { createORM } from "@kysera/repository";
import {
  allow,
  createRLSContext,
  defineRLSSchema,
  filter,
  type RLSContext,
  rlsPlugin,
  RLSPolicyViolation,
  withoutRLS,
} from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { CamelCasePlugin, type Generated, type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { AT_START, type Database, openWorld, type World } from "./_world.ts";

const schema = defineRLSSchema<Database>({
  rls_posts: {
    policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
});

onEveryDialect("the policies hold", (dialect) => {
  async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
    const world = await openWorld(dialect, schema);
    try {
      await test(world);
    } finally {
      await world.close();
    }
  }
  const ids = (rows: readonly { readonly id: number }[]) => rows.map(({ id }) => id).join(" ");

  it("in repositories, for every method", () =>
    inWorld(async ({ as, posts }) => {
      const { createRepository } = await createORM(as({ tenantId: 1 }));
      const repo = createRepository({ tableName: "rls_posts" });
      assert.equal(ids(await repo.findAll()), "1 2 3");
      assert.equal(await repo.findById(4), null);
      assert.equal(ids(await repo.findByIds([1, 4])), "1");
      assert.equal(await repo.count(), 3);
      assert.equal(await repo.exists({ where: { id: 5 } }), false);
      await assert.rejects(repo.update(4, { title: "x" }));
      await assert.rejects(repo.update(1, { tenant_id: 2 }), RLSPolicyViolation);
      assert.equal(await repo.delete(4), false);
      await repo.bulkDelete([4, 5]).catch(() => {});
      await repo.bulkUpdate([{ id: 4, data: { title: "x" } }]).catch(() => {});
      assert.equal(await posts(), AT_START);
      const row = { author_id: 11, title: "new" };
      const created = await repo.create(row);
      assert.equal(created.tenant_id, 1);
      await assert.rejects(repo.create({ ...row, title: "no", tenant_id: 2 }), RLSPolicyViolation);
      await assert.rejects(
        repo.bulkCreate([{ ...row, title: "p" }, { ...row, title: "q", tenant_id: 2 }]),
        RLSPolicyViolation,
      );
      assert.match(await posts(), /6:null:f \d+:1:new$/);
      assert.equal(repo.canAccess("delete", created), true);
      assert.equal(repo.canAccess("read", { ...created, tenant_id: 2 }), false);
      assert.equal((await repo.withoutRLS((all) => all.findAll())).length, 7);
      assert.equal((await repo.findAll()).length, 4);
    }));

  it("in a repository that was made before the caller was known", () =>
    inWorld(async ({ executor }) => {
      const orm = await createORM(executor);
      const repo = orm.createRepository({ tableName: "rls_posts" });
      const of = (tenantId: number) =>
        bindContext(orm.executor, { auth: { userId: 1, roles: [], tenantId } });
      await assert.rejects(repo.findAll());
      assert.equal(ids(await repo.on(of(2)).findAll({ orderBy: "id" })), "4 5");
      assert.equal(ids(await repo.on(of(1)).findAll({ orderBy: "id" })), "1 2 3");
      await of(2).transaction().execute(async (trx) => {
        assert.equal(await repo.withTransaction(trx).count(), 2);
      });
    }));

  it("in query functions, and transactions of them", () =>
    inWorld(async ({ as }) => {
      const getPosts = createQuery((ctx: { readonly db: Kysely<Database> }) =>
        ctx.db.selectFrom("rls_posts").select("id").orderBy("id").execute()
      );
      const one = as({ tenantId: 1 });
      assert.equal(ids(await getPosts(createContext(one))), "1 2 3");
      await withTransaction(one, async (ctx) => {
        assert.equal(ids(await getPosts(ctx)), "1 2 3");
      });
    }));

  it("in prepared queries, which write as well", () =>
    inWorld(async ({ executor, as, posts }) => {
      const rename = prepareQuery(
        executor,
        (db, params: { readonly id: any; readonly title: any; readonly tenant: any }) =>
          db.updateTable("rls_posts").set({ title: params.title, tenant_id: params.tenant })
            .where("id", "=", params.id),
      );
      await rename.on(as({ tenantId: 1 })).execute({ id: 1, title: "A", tenant: 1 });
      await rename.on(as({ tenantId: 1 })).execute({ id: 4, title: "D", tenant: 1 });
      assert.equal(await posts(), AT_START.replace("1:1:a", "1:1:A"));
      await assert.rejects(
        rename.on(as({ tenantId: 1 })).execute({ id: 1, title: "x", tenant: 2 }),
        RLSPolicyViolation,
      );
      await rename.on(as({ tenantId: 2 })).execute({ id: 4, title: "D", tenant: 2 });
      assert.equal(await posts(), AT_START.replace("1:1:a", "1:1:A").replace("4:2:d", "4:2:D"));
    }));

  it("in streams", () =>
    inWorld(async ({ as }) => {
      if (dialect.dialect === "mysql" || dialect.name === "pglite") return;
      const seen: number[] = [];
      const query = as({ tenantId: 2 }).selectFrom("rls_posts").select("id").orderBy("id");
      for await (const { id } of query.stream(1)) seen.push(id);
      assert.deepEqual(seen, [4, 5]);
    }));

  it("under a Kysely plugin that renames, for functions of the row too", async () => {
    interface Camel {
      rlsPosts: {
        id: Generated<number>;
        tenantId: Generated<number>;
        authorId: number | null;
        title: string | null;
      };
    }
    const world = await openWorld(dialect, schema, {}, { plugins: [new CamelCasePlugin()] });
    try {
      const camel = defineRLSSchema<Camel>({
        rlsPosts: {
          policies: [
            filter("read", (ctx) => ({ tenantId: ctx.auth.tenantId })),
            allow(["update", "create"], (ctx) => ctx.row.authorId === ctx.auth.userId),
          ],
          stamp: { tenantId: (ctx) => ctx.auth.tenantId },
        },
      });
      const db = world.db as unknown as Kysely<Camel>;
      const executor = bindContext(await createExecutor(db, [rlsPlugin({ schema: camel })]), {
        auth: { userId: 11, roles: [], tenantId: 1 },
      });
      assert.equal(
        ids(await executor.selectFrom("rlsPosts").select("id").orderBy("id").execute()),
        "1 2 3",
      );
      await executor.updateTable("rlsPosts").set({ title: sql`concat(title, '!')` }).execute();
      const rows = await executor.selectFrom("rlsPosts").select("title").orderBy("id").execute();
      assert.deepEqual(rows.map(({ title }) => title), ["a!", "b", "c!"]);
      await executor.insertInto("rlsPosts").values({ authorId: 11, title: "mine" }).execute();
      await assert.rejects(
        executor.insertInto("rlsPosts").values({ authorId: 12, title: "yours" }).execute(),
        RLSPolicyViolation,
      );
    } finally {
      await world.close();
    }
  });

  it("beside soft delete, whose functions write the caller's rows alone", async () => {
    const world = await openWorld(dialect, schema);
    try {
      await sql`alter table rls_posts add column deleted_at varchar(40)`.execute(world.db);
      const executor = await createExecutor(world.db, [
        softDeletePlugin({ tables: ["rls_posts"] }),
        rlsPlugin({ schema }),
      ]);
      const one = bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 1 } });
      const { createRepository } = await createORM(one);
      const repo = createRepository({ tableName: "rls_posts" });
      assert.equal(await repo.softDelete(4), false);
      assert.equal(await repo.softDelete(1), true);
      assert.equal(await repo.restoreMany([1, 4]), 1);
      assert.equal(await repo.hardDelete(5), false);
      await repo.softDelete(2);
      assert.equal(ids(await repo.findDeleted()), "2");
      assert.equal((await repo.findAllWithDeleted()).length, 3);
      assert.equal(await world.posts(), AT_START);
    } finally {
      await world.close();
    }
  });

  it("for two hundred callers at once, on one pool", () =>
    inWorld(async ({ executor, db }) => {
      await db.deleteFrom("rls_posts").execute();
      const tenants = Array.from({ length: 200 }, (_, i) => i + 1);
      await db.insertInto("rls_posts").values(
        tenants.flatMap((tenant) =>
          [1, 2].map((n) => ({ tenant_id: tenant, author_id: n, title: `${tenant}-${n}` }))
        ),
      ).execute();
      const orm = await createORM(executor);
      const repo = orm.createRepository({ tableName: "rls_posts" });
      const request = async (tenant: number): Promise<void> => {
        const handle = bindContext(orm.executor, {
          auth: { userId: 1, roles: [], tenantId: tenant },
        });
        const own = await repo.on(handle).findAll();
        assert.deepEqual(own.map(({ title }) => title).sort(), [`${tenant}-1`, `${tenant}-2`]);
        await handle.insertInto("rls_posts").values({ title: `${tenant}-3`, author_id: 3 })
          .execute();
        await handle.updateTable("rls_posts").set({ status: `of ${tenant}` }).execute();
        const rows = await handle.selectFrom("rls_posts as p").select(["p.tenant_id", "p.status"])
          .execute();
        assert.deepEqual(
          rows,
          Array.from({ length: 3 }, () => ({ tenant_id: tenant, status: `of ${tenant}` })),
        );
      };
      await Promise.all(tenants.map(request));
      const { count } = await db.selectFrom("rls_posts")
        .select((eb) => eb.fn.countAll<number>().as("count"))
        .where(sql<boolean>`status = concat('of ', tenant_id)`).executeTakeFirstOrThrow();
      assert.equal(Number(count), 600);
    }));

  it("for callers of async-local storage, who never meet", () =>
    inWorld(async ({ db }) => {
      let current: RLSContext | null = null;
      const executor = await createExecutor(db, [
        rlsPlugin({ schema, contextProvider: () => current }),
      ]);
      const read = (handle: KyseraExecutor<Database>) =>
        handle.selectFrom("rls_posts").select("id").orderBy("id").execute();
      // What is begun for one caller is built before the next one is there.
      const pending = [1, 2, 1, 3].map((tenantId) => {
        current = createRLSContext({ auth: { userId: 1, roles: [], tenantId } });
        return read(executor);
      });
      current = null;
      assert.deepEqual((await Promise.all(pending)).map(ids), ["1 2 3", "4 5", "1 2 3", ""]);
      await assert.rejects(read(executor));
    }));

  it("for views, which are refused until somebody says what they show", () =>
    inWorld(async ({ db }) => {
      await sql`create view rls_titles as select id, tenant_id, title from rls_posts`.execute(db);
      const bind = async (...args: Parameters<typeof rlsPlugin>) =>
        bindContext(await createExecutor(db.withTables<any>(), [rlsPlugin(...args)]), {
          auth: { userId: 1, roles: [], tenantId: 1 },
        });
      const read = (handle: Kysely<any>) =>
        handle.selectFrom("rls_titles").select("id").orderBy("id").execute();
      await assert.rejects(read(await bind({ schema })), RLSPolicyViolation);
      assert.equal((await read(await bind({ schema, skipTables: ["rls_titles"] }))).length, 6);
      const own = defineRLSSchema<any>({
        ...schema,
        rls_titles: { policies: [filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
      });
      assert.equal(ids(await read(await bind({ schema: own })) as { id: number }[]), "1 2 3");
      await sql`drop view rls_titles`.execute(db);
    }));

  it("for tables that nobody listed, where that is asked for", () =>
    inWorld(async ({ db }) => {
      const executor = bindContext(
        await createExecutor(db, [
          rlsPlugin({ schema, unlistedTables: "deny", skipTables: ["rls_teams"] }),
        ]),
        { auth: { userId: 1, roles: [], tenantId: 1 } },
      );
      await assert.rejects(
        executor.selectFrom("rls_notes").selectAll().execute(),
        RLSPolicyViolation,
      );
      assert.equal((await executor.selectFrom("rls_teams").selectAll().execute()).length, 2);
      const all = withoutRLS(executor);
      assert.equal((await all.selectFrom("rls_notes").selectAll().execute()).length, 0);
    }));

  it("for functions of the row in prepared writes", () =>
    inWorld(async ({ db, posts }) => {
      const owners = defineRLSSchema<Database>({
        rls_posts: {
          policies: [
            allow("read", true),
            allow(["update", "create"], (ctx) => ctx.row.author_id === ctx.auth.userId),
          ],
        },
      });
      const { createRepository, executor } = await createORM(db, [rlsPlugin({ schema: owners })]);
      const repo = createRepository({ tableName: "rls_posts" });
      const ada = bindContext(executor, { auth: { userId: 11, roles: [] } });
      await repo.on(ada).update(1, { title: "A" });
      await assert.rejects(repo.on(ada).update(2, { title: "B" }));
      assert.equal(await posts(), AT_START.replace("1:1:a", "1:1:A"));
      await repo.on(ada).create({ author_id: 11, title: "mine" });
      await assert.rejects(
        repo.on(ada).create({ author_id: 12, title: "yours" }),
        RLSPolicyViolation,
      );
      const insert = prepareQuery(executor, (db, params: { readonly author: any }) =>
        db.insertInto("rls_posts").values({ author_id: params.author }));
      const on = insert.on(ada);
      await on.execute({ author: 11 });
      await assert.rejects(on.execute({ author: 12 }), RLSPolicyViolation);
    }));
});
