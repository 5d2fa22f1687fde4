import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { bindContext, createExecutor } from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  deny,
  filter,
  type RLSContext,
  type RLSSchema,
  validate,
} from "@kysera/rls";
import {
  clearPostgresContext,
  type NativeOptions,
  nativeRLSPlugin,
  PostgresRLSGenerator,
  syncContextToPostgres,
  toPostgres,
} from "@kysera/rls/native";
import { type Kysely, sql, type Transaction } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { createRole, type Role, runAll } from "./native_role.ts";

const acme: RLSContext = {
  auth: { userId: 1, tenantId: 1, roles: ["member"], organizationIds: [1, 2] },
};
const globex: RLSContext = { auth: { userId: 2, tenantId: 3, roles: ["editor"] } };

onEveryDialect("policies of PostgreSQL", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;
  let role: Role;
  let options: NativeOptions;

  beforeEach(async () => {
    database = await dialect.open({ connections: 8 });
    db = database.db;
    await db.schema.createTable("posts")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("tenant_id", "integer")
      .addColumn("author_id", "bigint")
      .addColumn("title", "text")
      .addColumn("score", "integer")
      .execute();
    await db.schema.createTable("members")
      .addColumn("user_id", "integer")
      .addColumn("team", "integer")
      .execute();
    role = await createRole(db);
    options = { schemaName: role.schema };
    await db.insertInto("posts").values([
      { id: 1, tenant_id: 1, author_id: 1, title: "one", score: 1 },
      { id: 2, tenant_id: 1, author_id: 2, title: "two", score: 5 },
      { id: 3, tenant_id: 2, author_id: 1, title: "three", score: null },
      { id: 4, tenant_id: 3, author_id: 2, title: "it's \\ four", score: 5 },
      { id: 5, tenant_id: null, author_id: null, title: null, score: null },
    ]).execute();
    await db.insertInto("members").values([{ user_id: 1, team: 2 }, { user_id: 2, team: 3 }])
      .execute();
  });

  afterEach(async () => {
    await role.drop();
    await database.close();
  });

  /** Runs as a role for whom policies hold, as a caller; what it did is taken back. */
  async function as<T>(
    context: RLSContext | undefined,
    body: (trx: Transaction<any>) => Promise<T>,
  ): Promise<T> {
    const trx = await db.startTransaction().execute();
    try {
      await sql`set local role ${sql.id(role.name)}`.execute(trx);
      if (context !== undefined) await syncContextToPostgres(trx, context);
      return await body(trx);
    } finally {
      await trx.rollback().execute();
    }
  }

  const apply = (policies: RLSSchema<any>, more: NativeOptions = {}): Promise<void> =>
    runAll(db, toPostgres(policies, { ...options, ...more }));
  const ids = async (on: Kysely<any>): Promise<number[]> =>
    (await on.selectFrom("posts").select("id").orderBy("id").execute()).map(({ id }) => id);
  const seenBy = (context: RLSContext): Promise<number[]> => as(context, ids);
  const refused = { code: "42501" };

  const tenants = defineRLSSchema<any>({
    posts: {
      policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
      stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    },
  });

  it("hold for a role that is not the owner, for every command", async () => {
    await apply(tenants);
    assert.deepEqual(await seenBy(acme), [1, 2]);
    assert.deepEqual(await seenBy(globex), [4]);
    await as(acme, async (trx) => {
      const changed = await trx.updateTable("posts").set({ score: 9 }).returning("id").execute();
      assert.deepEqual(changed.map(({ id }) => id).sort(), [1, 2]);
      const removed = await trx.deleteFrom("posts").returning("id").execute();
      assert.deepEqual(removed.map(({ id }) => id).sort(), [1, 2]);
    });
    await assert.rejects(
      as(acme, (trx) => trx.updateTable("posts").set({ tenant_id: 3 }).execute()),
      refused,
    );
    await assert.rejects(
      as(acme, (trx) => trx.insertInto("posts").values({ id: 9, tenant_id: 3 }).execute()),
      refused,
    );
  });

  it("put the caller's tenant into new rows", async () => {
    await apply(tenants);
    const row = await as(
      acme,
      (trx) =>
        trx.insertInto("posts").values({ id: 9, title: "new" }).returningAll()
          .executeTakeFirstOrThrow(),
    );
    assert.equal(row.tenant_id, 1);
  });

  it("may be applied again, and leave nothing of an earlier schema", async () => {
    await apply(tenants);
    await apply(tenants);
    assert.deepEqual(await seenBy(acme), [1, 2]);
    await apply(defineRLSSchema<any>({
      posts: { policies: [allow("read", (ctx) => ({ author_id: ctx.auth.userId }))] },
    }));
    assert.deepEqual(await seenBy(acme), [1, 3]);
    const { rows } = await sql<{ policyname: string }>`
      select policyname from pg_policies where schemaname = ${role.schema}`.execute(db);
    assert.deepEqual(rows.map(({ policyname }) => policyname), ["rls_allow_read_1_read"]);
  });

  it("can be dropped, and dropped again, and without the table", async () => {
    await apply(tenants);
    const drop = new PostgresRLSGenerator().generateDropStatements(tenants, options);
    await runAll(db, drop);
    assert.deepEqual(await seenBy(acme), [1, 2, 3, 4, 5]);
    await runAll(db, drop);
    await db.schema.dropTable("posts").execute();
    await runAll(db, drop);
    const { rows } = await sql`select 1 from pg_proc p join pg_namespace n on n.oid = pronamespace
      where nspname = ${role.schema}`.execute(db);
    assert.deepEqual(rows, []);
  });

  it("leave other people's policies alone", async () => {
    await sql`create policy mine on posts for select using (id = 5)`.execute(db);
    await apply(tenants);
    await runAll(db, new PostgresRLSGenerator().generateDropStatements(tenants, options));
    const { rows } = await sql`select policyname from pg_policies
      where schemaname = ${role.schema}`.execute(db);
    assert.deepEqual(rows, [{ policyname: "mine" }]);
  });

  it("fail where no security context is bound", async () => {
    await apply(tenants);
    await assert.rejects(as(undefined, ids), refused);
    await assert.rejects(as({ auth: { userId: 1, roles: [] } }, ids), /no auth\.tenantId/);
    await assert.rejects(
      as(acme, async (trx) => {
        await clearPostgresContext(trx);
        return await ids(trx);
      }),
      refused,
    );
  });

  it("forget who asked when the transaction is over", async () => {
    await apply(tenants);
    await db.transaction().execute((trx) => syncContextToPostgres(trx, acme));
    const { rows } = await sql<{ value: string }>`
      select current_setting('rls.context', true) as value`.execute(db);
    assert.ok(!rows[0]!.value);
    await assert.rejects(syncContextToPostgres(db, acme), /no transaction is open/);
  });

  it("take a list, a subquery and several values of one column", async () => {
    await apply(defineRLSSchema<any>({
      posts: { policies: [filter("read", (ctx) => ({ tenant_id: ctx.auth.organizationIds }))] },
    }));
    assert.deepEqual(await seenBy(acme), [1, 2, 3]);
    await assert.rejects(seenBy(globex), /no auth\.organizationIds/);
    const nobody = { auth: { ...acme.auth, organizationIds: [] } };
    assert.deepEqual(await seenBy(nobody), []);
    await apply(defineRLSSchema<any>({
      posts: {
        policies: [
          allow("read", (ctx, { eb, column }) =>
            eb(
              column("tenant_id"),
              "in",
              eb.selectFrom("members as m").select("m.team")
                .where("m.user_id", "=", ctx.auth.userId),
            )),
          allow("read", (ctx, { eb, column }) => eb(column("author_id"), "=", ctx.auth.userId)),
          allow("read", { title: ["two", "it's \\ four"], score: 5 }),
        ],
      },
    }));
    assert.deepEqual(await seenBy(acme), [1, 2, 3, 4]);
  });

  it("deny what is so, and what is not known to be otherwise", async () => {
    await apply(defineRLSSchema<any>({
      posts: { policies: [allow("all", true), deny(["read", "update"], { score: 5 })] },
    }));
    assert.deepEqual(await seenBy(acme), [1]);
    for (const score of [5, null]) {
      await assert.rejects(
        as(acme, (trx) => trx.updateTable("posts").set({ score }).execute()),
        refused,
      );
    }
    await as(acme, (trx) => trx.updateTable("posts").set({ score: 6 }).execute());
  });

  it("are one for each operation, and deny the others", async () => {
    await apply(defineRLSSchema<any>({
      posts: {
        policies: [
          allow(["read", "update"], (ctx) => ({ tenant_id: ctx.auth.tenantId })),
          validate("update", (_, { eb, column }) => eb(column("score"), "<", 8)),
        ],
      },
    }));
    const count = async (query: { executeTakeFirstOrThrow(): Promise<any> }): Promise<bigint> =>
      Object.values<bigint>(await query.executeTakeFirstOrThrow())[0]!;
    assert.equal(await as(acme, (trx) => count(trx.updateTable("posts").set({ score: 7 }))), 2n);
    assert.equal(await as(acme, (trx) => count(trx.deleteFrom("posts"))), 0n);
    for (
      const write of [
        (trx: Kysely<any>) => trx.updateTable("posts").set({ score: 8 }).execute(),
        (trx: Kysely<any>) => trx.insertInto("posts").values({ id: 9, tenant_id: 1 }).execute(),
      ]
    ) await assert.rejects(as<unknown>(acme, write), refused);
  });

  it("let roles decide, where the function asks for them", async () => {
    await apply(defineRLSSchema<any>({
      posts: {
        policies: [
          allow(
            "read",
            (ctx) =>
              ctx.auth.roles.includes("editor") || ctx.auth.roles.includes("owner")
                ? true
                : { tenant_id: ctx.auth.tenantId },
          ),
        ],
      },
    }));
    assert.deepEqual(await seenBy(acme), [1, 2]);
    assert.deepEqual(await seenBy(globex), [1, 2, 3, 4, 5]);
    const owner = { auth: { ...acme.auth, roles: ["x", "owner"] } };
    assert.deepEqual(await seenBy(owner), [1, 2, 3, 4, 5]);
  });

  it("are not for those who are left out of them", async () => {
    await apply(
      defineRLSSchema<any>({
        posts: {
          policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
          skipFor: ["auditor"],
        },
        members: { policies: [deny("all")] },
      }),
      { bypassRoles: ["root"] },
    );
    const of = (...roles: string[]): RLSContext => ({ auth: { ...acme.auth, roles } });
    assert.deepEqual(await seenBy(of("member")), [1, 2]);
    assert.deepEqual(await seenBy(of("auditor")), [1, 2, 3, 4, 5]);
    const members = (trx: Kysely<any>) => trx.selectFrom("members").selectAll().execute();
    assert.equal((await as(of("auditor"), members)).length, 0);
    assert.equal((await as(of("root"), members)).length, 2);
  });

  it("grant the columns that may be used", async () => {
    await apply(
      defineRLSSchema<any>({
        posts: {
          policies: [allow("all", true)],
          columns: { author_id: { read: false }, tenant_id: { write: false } },
        },
      }),
      {
        roles: [role.name],
        columns: { posts: ["id", "tenant_id", "author_id", "title", "score"] },
      },
    );
    await as(acme, (trx) => trx.selectFrom("posts").select(["id", "tenant_id"]).execute());
    await as(acme, (trx) => trx.updateTable("posts").set({ author_id: 7 }).execute());
    for (
      const query of [
        (trx: Kysely<any>) => trx.selectFrom("posts").select("author_id").execute(),
        (trx: Kysely<any>) => trx.selectFrom("posts").select("id").orderBy("author_id").execute(),
        (trx: Kysely<any>) => trx.updateTable("posts").set({ tenant_id: 7 }).execute(),
      ]
    ) await assert.rejects(as<unknown>(acme, query), refused);
  });

  it("quote names and values as PostgreSQL reads them", async () => {
    await sql`create table "it's ""odd""" ("a ""b' c" text, id integer)`.execute(db);
    const odd = `it's "odd"`;
    const column = `a "b' c`;
    await db.insertInto(odd).values([
      { [column]: `x'); drop table posts; --`, id: 1 },
      { [column]: `\\'; drop table posts; --`, id: 2 },
      { [column]: `$$`, id: 3 },
    ]).execute();
    await sql`grant all on ${sql.id(odd)} to ${sql.id(role.name)}`.execute(db);
    // Blanks are not for names of tables in a schema of policies, but quotes are.
    await sql`alter table ${sql.id(odd)} rename to ${sql.id(`it's"odd"`)}`.execute(db);
    const policies = defineRLSSchema<any>({
      [`it's"odd"`]: {
        policies: [
          allow("read", { [column]: [`x'); drop table posts; --`, `\\'; drop table posts; --`] }, {
            name: `"); drop table posts; --`,
          }),
        ],
      },
    });
    for (const conforming of ["on", "off"]) {
      await sql.raw(`set standard_conforming_strings = ${conforming}`).execute(db);
      await runAll(db, toPostgres(policies, options));
      await sql`set standard_conforming_strings = on`.execute(db);
      const rows = await as(
        acme,
        (trx) => trx.selectFrom(`it's"odd"`).select("id").orderBy("id").execute(),
      );
      assert.deepEqual(rows, [{ id: 1 }, { id: 2 }], conforming);
    }
    assert.equal((await ids(db)).length, 5);
  });

  it("are left to the database by nativeRLSPlugin()", async () => {
    await apply(tenants);
    const executor = await createExecutor(db, [nativeRLSPlugin()]);
    const [one, two] = [bindContext(executor, { ...acme }), bindContext(executor, { ...globex })];
    await sql`set role ${sql.id(role.name)}`.execute(db);
    try {
      assert.deepEqual(await ids(one), [1, 2]);
      assert.deepEqual(await ids(two), [4]);
      // What was said of one query is no longer so for the next one.
      await assert.rejects(ids(db), refused);
      await assert.rejects(ids(executor), /no security context is bound/);
      await one.transaction().execute(async (trx) => {
        assert.deepEqual(await ids(trx), [1, 2]);
        assert.deepEqual(await ids(bindContext(trx, { ...globex })), [4]);
        assert.deepEqual(await ids(trx), [1, 2]);
        const raw = await sql<{ id: number }>`select id from posts order by id`.execute(trx);
        assert.deepEqual(raw.rows, [{ id: 1 }, { id: 2 }]);
      });
      await one.insertInto("posts").values({ id: 9 }).execute();
      assert.deepEqual(await ids(one), [1, 2, 9]);
      await assert.rejects(
        one.updateTable("posts").set({ tenant_id: 3 }).where("id", "=", 9).execute(),
        refused,
      );
      await assert.rejects(
        one.transaction().execute(async (trx) => {
          await trx.deleteFrom("posts").execute();
          throw new Error("undo");
        }),
        /undo/,
      );
      assert.deepEqual(await ids(one), [1, 2, 9]);
    } finally {
      await sql`reset role`.execute(db);
    }
  });

  it("keep the rows of two hundred concurrent callers apart", async () => {
    await apply(tenants);
    await db.deleteFrom("posts").execute();
    const rows = Array.from({ length: 200 }, (_, i) => ({ id: i, tenant_id: i % 20 + 1 }));
    await db.insertInto("posts").values(rows).execute();
    const executor = await createExecutor(db, [nativeRLSPlugin()]);
    await Promise.all(rows.map(async ({ tenant_id: tenantId }, i) => {
      const caller = bindContext(executor, { auth: { userId: i + 1, tenantId, roles: [] } });
      await caller.transaction().execute(async (trx) => {
        await sql`set local role ${sql.id(role.name)}`.execute(trx);
        const seen = await trx.selectFrom("posts").select("tenant_id").execute();
        assert.deepEqual(seen, Array.from({ length: 10 }, () => ({ tenant_id: tenantId })));
      });
    }));
  });

  it("are for no stream, of which nobody would know who asks", async () => {
    await apply(tenants);
    const executor = await createExecutor(db, [nativeRLSPlugin()]);
    const caller = bindContext(executor, { ...acme });
    await assert.rejects(async () => {
      for await (const _ of caller.selectFrom("posts").selectAll().stream()) assert.fail("a row");
    }, /Cannot stream a SELECT/);
    assert.equal((await ids(caller)).length, 5);
  });
}, ["pglite", "postgres"]);
