import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { AuditNotPossibleError, auditPlugin, createAuditTable } from "@kysera/audit";
import { TransactionNotSupportedError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { d1Dialect } from "@kysera/dialects";
import { bindContext, createExecutor, describeExecutor } from "@kysera/executor";
import { createMigrationRunner } from "@kysera/migrations";
import { createRepository } from "@kysera/repository";
import { allow, defineRLSSchema, filter, rlsPlugin, RLSPolicyViolation } from "@kysera/rls";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Generated, Kysely } from "kysely";
import { startEdgeRuntime } from "../support/miniflare.ts";

interface Database {
  posts: {
    id: Generated<number>;
    tenant_id: Generated<number>;
    title: string;
    created_at: Generated<string>;
    updated_at: string | null;
    deleted_at: string | null;
  };
}

const { runtime, skip } = await startEdgeRuntime(1);
after(() => runtime?.close());

describe("the plugins on D1", { skip: skip ?? false }, () => {
  let db: Kysely<Database>;
  const ids: number[] = [];
  const schema = defineRLSSchema<Database>({
    posts: {
      policies: [
        filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
        allow(["create", "update", "delete"], (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      ],
      stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    },
  });
  const make = () =>
    createExecutor(db, [
      rlsPlugin({ schema }),
      softDeletePlugin({ onDelete: "soft" }),
      timestampsPlugin(),
    ]);
  const auth = { userId: 1, roles: [], tenantId: 1 };

  before(async () => {
    db = new Kysely<Database>({ dialect: d1Dialect({ database: () => runtime!.openD1() }) });
    await db.schema.createTable("posts").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("tenant_id", "integer", (c) => c.notNull()).addColumn("title", "text")
      .addColumn("created_at", "text").addColumn("updated_at", "text")
      .addColumn("deleted_at", "text").execute();
    await db.schema.createTable("comments").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("post_id", "integer", (c) => c.references("posts.id")).execute();
    await db.insertInto("posts").values({ tenant_id: 2, title: "another's" } as never).execute();
  }, { timeout: 60_000 });
  after(() => db?.destroy());

  it("start, and find the tables of the user alone", async () => {
    const executor = await createExecutor(db, [softDeletePlugin()]);
    const described = JSON.stringify(await describeExecutor(executor));
    assert.match(described, /"posts"/);
    assert.doesNotMatch(described, /_cf_/);
  });

  it("filter reads, stamp and check writes, and turn a delete into an update", async () => {
    const ada = bindContext(await make(), { auth });
    const inserted = await ada.insertInto("posts").values({ title: "mine" } as never)
      .executeTakeFirstOrThrow();
    assert.equal(inserted.numInsertedOrUpdatedRows, 1n);
    const [post, ...others] = await ada.selectFrom("posts").selectAll().execute();
    assert.deepEqual(others, []);
    assert.equal(inserted.insertId, BigInt(post!.id));
    assert.deepEqual([post!.tenant_id, typeof post!.created_at], [1, "string"]);
    await assert.rejects(
      ada.updateTable("posts").set({ tenant_id: 2 }).execute(),
      RLSPolicyViolation,
    );
    const { numDeletedRows } = await ada.deleteFrom("posts").executeTakeFirstOrThrow();
    assert.equal(numDeletedRows, 1n);
    assert.deepEqual(await ada.selectFrom("posts").selectAll().execute(), []);
    const kept = await db.selectFrom("posts").select(["tenant_id", "deleted_at"]).orderBy("id")
      .execute();
    assert.deepEqual(kept.map((row) => [row.tenant_id, row.deleted_at !== null]), [
      [2, false],
      [1, true],
    ]);
  });

  it("repositories respect the number of parameters by themselves", async () => {
    const posts = createRepository(bindContext(await make(), { auth }), { tableName: "posts" });
    const titles = Array.from({ length: 150 }, (_, i) => ({ title: `t${i}` }));
    const rows = await posts.bulkCreate(titles as never);
    assert.deepEqual(rows.map(({ title }) => title), titles.map(({ title }) => title));
    ids.push(...rows.map(({ id }) => Number(id)));
    const found = await posts.findByIds(ids as never);
    assert.equal(found.length, 150);
  });

  it("repositories create, change, page and delete single rows", async () => {
    const ada = bindContext(await make(), { auth });
    const posts = createRepository(ada, { tableName: "posts" });
    const created = await posts.create({ title: "one" } as never);
    const updated = await posts.update(created.id, { title: "two" } as never);
    assert.equal(updated.title, "two");
    assert.ok(updated.updated_at);
    const { data } = await posts.paginate({ page: 1, limit: 2 } as never) as { data: unknown[] };
    assert.equal(data.length, 2);
    assert.equal(await softDelete(ada, "posts", created.id), 1);
    assert.equal(await posts.findById(created.id), null);
  });

  it("migrations say what to do instead, and write nothing", async () => {
    const runner = createMigrationRunner(db, [{
      name: "001",
      up: (db) => db.schema.createTable("m").addColumn("id", "integer").execute(),
    }]);
    const refusal = {
      name: "BadRequestError",
      message: /no interactive transactions.*migrate sql/,
    };
    await assert.rejects(runner.up(), refusal);
    await assert.rejects(runner.markAsExecuted("001"), refusal);
    const tables = (await db.introspection.getTables()).map(({ name }) => name);
    assert.ok(tables.every((name) => name !== "m" && !name.startsWith("kysera_")), tables.join());
  });

  it("what needs a transaction is refused by name, and writes nothing", async () => {
    await createAuditTable(db);
    const audited = await createExecutor(db, [auditPlugin({ hashChain: true })]);
    const executor = bindContext(audited, { auth });
    const count = () =>
      db.selectFrom("posts").select((eb) => eb.fn.countAll().as("n")).executeTakeFirstOrThrow();
    const before = await count();
    await assert.rejects(
      executor.insertInto("posts").values({ tenant_id: 1, title: "audited" } as never).execute(),
      AuditNotPossibleError,
    );
    await assert.rejects(
      withTransaction(executor, () => Promise.resolve(), { retry: { attempts: 3 } } as never),
      (error) =>
        error instanceof TransactionNotSupportedError &&
        /D1 has no interactive transactions.*executor\.batch\(\)/.test(error.message),
    );
    assert.deepEqual(await count(), before);
  });
});
