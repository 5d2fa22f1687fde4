import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditPlugin, createAuditTable, getAuditLogs } from "@kysera/audit";
import { withTransaction } from "@kysera/dal";
import { type LibsqlClient, libsqlDialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { allow, defineRLSSchema, filter, rlsPlugin, RLSPolicyViolation } from "@kysera/rls";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Generated, Kysely, sql } from "kysely";

interface Database {
  posts: {
    id: Generated<number>;
    tenant_id: Generated<number>;
    title: string;
    created_at: Generated<string>;
    updated_at: Generated<string | null>;
    deleted_at: Generated<string | null>;
  };
}

let createClient: ((config: { url: string; intMode: "bigint" }) => LibsqlClient) | undefined;
let skip: string | undefined;
try {
  ({ createClient } = await import("@libsql/client"));
  createClient({ url: "file::memory:", intMode: "bigint" }).close();
} catch (error) {
  skip = `@libsql/client does not load: ${error instanceof Error ? error.message : error}`;
}

describe("the plugins on libSQL", { skip: skip ?? false }, () => {
  const directory = mkdtempSync(join(tmpdir(), "kysera-libsql-"));
  let db: Kysely<Database>;
  const schema = defineRLSSchema<Database>({
    posts: {
      policies: [
        filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
        allow(["create", "update", "delete"], (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      ],
      stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    },
  });
  const auth = { userId: 1, roles: [], tenantId: 1 };
  const make = async () =>
    bindContext(
      await createExecutor(db, [
        rlsPlugin({ schema }),
        softDeletePlugin({ onDelete: "soft" }),
        timestampsPlugin(),
        auditPlugin(),
      ]),
      { auth },
    );

  before(async () => {
    const url = `file:${join(directory, "app.db")}`;
    const client = createClient!({ url, intMode: "bigint" });
    db = new Kysely<Database>({ dialect: libsqlDialect({ client }) });
    await db.schema.createTable("posts").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("tenant_id", "integer", (c) => c.notNull())
      .addColumn("title", "text", (c) => c.unique()).addColumn("created_at", "text")
      .addColumn("updated_at", "text").addColumn("deleted_at", "text").execute();
    await createAuditTable(db);
    await db.insertInto("posts").values({ tenant_id: 2, title: "another's" }).execute();
  });
  after(async () => {
    await db?.destroy();
    rmSync(directory, { recursive: true, force: true });
  });

  const titles = async () =>
    (await db.selectFrom("posts").select("title").orderBy("id").execute()).map((row) => row.title);

  it("filter, stamp, check and audit writes", async () => {
    const ada = await make();
    await ada.insertInto("posts").values([{ title: "a" }, { title: "b" }]).execute();
    assert.deepEqual(
      await ada.selectFrom("posts").select(["title", "tenant_id"]).orderBy("id").execute(),
      [{ title: "a", tenant_id: 1 }, { title: "b", tenant_id: 1 }],
    );
    await assert.rejects(
      ada.updateTable("posts").set({ tenant_id: 2 }).execute(),
      RLSPolicyViolation,
    );
    await ada.deleteFrom("posts").where("title", "=", "a").execute();
    const entries = await getAuditLogs(ada, { table: "posts" });
    assert.deepEqual(entries.map(({ operation }) => operation).sort(), [
      "INSERT",
      "INSERT",
      "SOFT_DELETE",
    ]);
  });

  it("a write whose entry cannot be written is taken back", async () => {
    const ada = await make();
    const before = await titles();
    await sql`create trigger full before insert on audit_logs
      begin select raise(abort, 'the log is full'); end`.execute(db);
    try {
      await assert.rejects(ada.insertInto("posts").values({ title: "unlogged" }).execute());
      await assert.rejects(
        withTransaction(ada, async (tx) => {
          await tx.db.insertInto("posts").values({ title: "unlogged" }).execute();
        }),
      );
    } finally {
      await sql`drop trigger full`.execute(db);
    }
    assert.deepEqual(await titles(), before);
  });

  it("transactions commit and roll back, and repositories work in them", async () => {
    const ada = await make();
    const before = await titles();
    const made = await withTransaction(ada, async (tx) => {
      const posts = createRepository(tx.db, { tableName: "posts" });
      const [one, two] = await posts.bulkCreate([{ title: "one" }, { title: "two" }]);
      await posts.update(one!.id, { title: "uno" });
      assert.equal(await softDelete(tx.db, "posts", two!.id), 1);
      return [one!.id, two!.id];
    });
    const posts = createRepository(ada, { tableName: "posts" });
    assert.deepEqual((await posts.findByIds(made)).map(({ title }) => title), ["uno"]);
    await assert.rejects(
      withTransaction(ada, async (tx) => {
        await tx.db.insertInto("posts").values({ title: "three" }).execute();
        await tx.db.insertInto("posts").values({ title: "uno" }).execute();
      }),
      /UNIQUE/,
    );
    assert.deepEqual(await titles(), [...before, "uno", "two"]);
  });

  it("transactions at the same time wait for each other", async () => {
    const ada = await make();
    const before = (await titles()).length;
    await Promise.all(
      Array.from(
        { length: 5 },
        (_, i) =>
          withTransaction(ada, async (tx) => {
            const { n } = await tx.db.selectFrom("posts")
              .select((eb) => eb.fn.countAll<number>().as("n")).executeTakeFirstOrThrow();
            await tx.db.insertInto("posts").values({ title: `at once ${i}, ${n}` }).execute();
          }),
      ),
    );
    assert.equal((await titles()).length, before + 5);
  });
});
