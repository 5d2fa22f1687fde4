import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { auditPlugin, createAuditTable, getAuditLogs } from "@kysera/audit";
import { BadRequestError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { durableObjectDialect, type DurableObjectStorage, getCapabilities } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { Kysely, sql } from "kysely";

/** What is to be said of Durable Objects alone. */
export function describeDurableObject(storage: () => DurableObjectStorage): void {
  describe("a Durable Object", () => {
    let db: Kysely<any>;

    before(async () => {
      db = new Kysely<any>({ dialect: durableObjectDialect({ storage: storage() }) });
      await db.schema.createTable("posts").addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("title", "text", (c) => c.unique()).addColumn("created_at", "text")
        .addColumn("updated_at", "text").addColumn("deleted_at", "text").execute();
      await createAuditTable(db);
    });
    after(() => db.destroy());

    const titles = async () => {
      const rows = await db.selectFrom("posts").select("title").orderBy("id").execute();
      return rows.map(({ title }) => title);
    };

    it("takes back an async transaction that fails after it has waited", async () => {
      await db.deleteFrom("posts").execute();
      await assert.rejects(
        db.transaction().execute(async (transaction) => {
          await transaction.insertInto("posts").values({ title: "a" }).execute();
          await new Promise((resolve) => setTimeout(resolve, 1));
          await transaction.insertInto("posts").values({ title: "b" }).execute();
          throw new Error("late");
        }),
        /late/,
      );
      assert.deepEqual(await titles(), []);
    });

    it("runs transactions that raw SQL begins, and leaves none open", async () => {
      await db.deleteFrom("posts").execute();
      await db.connection().execute(async (connection) => {
        await sql`begin immediate`.execute(connection);
        await connection.insertInto("posts").values({ title: "kept" }).execute();
        await sql`savepoint "S"`.execute(connection);
        await connection.insertInto("posts").values({ title: "lost" }).execute();
        await sql`rollback to savepoint s;`.execute(connection);
        await connection.insertInto("posts").values({ title: "lost" }).execute();
        await sql`rollback to "s"`.execute(connection);
        await sql`release s`.execute(connection);
        await assert.rejects(sql`release s`.execute(connection), BadRequestError);
        await sql`commit`.execute(connection);
        await assert.rejects(sql`savepoint s`.execute(connection), BadRequestError);
        await sql`begin`.execute(connection);
        await connection.insertInto("posts").values({ title: "left open" }).execute();
      });
      assert.deepEqual(await titles(), ["kept"]);
    });

    it("runs the plugins, and takes back a write whose entry cannot be written", async () => {
      await db.deleteFrom("posts").execute();
      const executor = await createExecutor(db, [
        softDeletePlugin({ onDelete: "soft" }),
        timestampsPlugin(),
        auditPlugin(),
      ]);
      await executor.insertInto("posts").values([{ title: "a" }, { title: "b" }]).execute();
      await executor.deleteFrom("posts").where("title", "=", "a").execute();
      const entries = await getAuditLogs(executor, { table: "posts" });
      assert.deepEqual(entries.map(({ operation }) => operation).sort(), [
        "INSERT",
        "INSERT",
        "SOFT_DELETE",
      ]);
      assert.deepEqual(
        await executor.selectFrom("posts").select("title").execute(),
        [{ title: "b" }],
      );
      await sql`create trigger full before insert on audit_logs
        begin select raise(abort, 'the log is full'); end`.execute(db);
      await assert.rejects(executor.insertInto("posts").values({ title: "c" }).execute());
      await assert.rejects(
        withTransaction(executor, async (tx) => {
          await tx.db.insertInto("posts").values({ title: "d" }).execute();
        }),
      );
      await sql`drop trigger full`.execute(db);
      assert.deepEqual(await titles(), ["a", "b"]);
    });

    it("has the limits that its record tells, and respects them by name", async () => {
      const { parameterLimit } = getCapabilities("sqlite", { variant: "durable-object" });
      const select = (count: number) =>
        db.selectFrom("posts").select("id").where(
          "id",
          "in",
          Array.from({ length: count }, (_, i) => i),
        ).execute();
      await select(parameterLimit);
      await assert.rejects(select(parameterLimit + 1), BadRequestError);
      await assert.rejects(sql`select 1; delete from posts`.execute(db), BadRequestError);
      await assert.rejects(sql`select ${2n ** 53n} as v`.execute(db), BadRequestError);
      await assert.rejects(sql`select 9007199254740993 as v`.execute(db), RangeError);
      await assert.rejects(async () => {
        for await (const _ of db.selectFrom("posts").selectAll().stream());
      }, BadRequestError);
    });
  });
}
