import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import { UnsupportedDatabaseError } from "@kysera/core";
import { sqliteWasmDialect, type SqlJsDatabase } from "@kysera/dialects";
import { createExecutor, createExecutorSync } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Generated, Kysely, sql } from "kysely";

interface Database {
  posts: {
    id: Generated<number>;
    title: string;
    created_at: Generated<string>;
    updated_at: string | null;
    deleted_at: string | null;
  };
}

/** An old SQLite: old versions of sql.js hold it. */
async function load(name: string): Promise<{ open?: () => Kysely<Database>; skip?: string }> {
  try {
    // The old versions have no types.
    const { default: init } = await import(name) as {
      default: () => Promise<{ Database: new () => SqlJsDatabase }>;
    };
    const SQL = await init();
    return {
      open: () =>
        new Kysely<Database>({ dialect: sqliteWasmDialect({ database: new SQL.Database() }) }),
    };
  } catch (error) {
    return { skip: `${name} does not load: ${error instanceof Error ? error.message : error}` };
  }
}

const below = await load("sql.js-3.36");
const above = await load("sql.js-3.38");

async function withPosts(
  open: () => Kysely<Database>,
  use: (db: Kysely<Database>) => Promise<void>,
): Promise<void> {
  const db = open();
  try {
    await sql`create table posts (id integer primary key, title text unique, created_at text,
      updated_at text, deleted_at text)`.execute(db);
    await use(db);
  } finally {
    await db.destroy();
  }
}

describe("an executor on SQLite 3.36", { skip: below.skip ?? false }, () => {
  const isNamed = (error: unknown): boolean =>
    error instanceof UnsupportedDatabaseError && /SQLite 3\.36\.0, and 3\.37/.test(error.message);

  it("is refused by name, when it is made", async () => {
    await withPosts(below.open!, async (db) => {
      for (const plugin of [softDeletePlugin(), timestampsPlugin({ tables: ["posts"] })]) {
        await assert.rejects(createExecutor(db, [plugin]), isNamed, plugin.name);
      }
    });
  });

  it("is refused with its first query, where it is made without asking the database", async () => {
    await withPosts(below.open!, async (db) => {
      const executor = createExecutorSync(db, [timestampsPlugin({ tables: ["posts"] })]);
      await assert.rejects(executor.selectFrom("posts").selectAll().execute(), isNamed);
    });
  });
});

describe("an executor on SQLite 3.38", { skip: above.skip ?? false }, () => {
  it("runs the plugins and repositories", async () => {
    await withPosts(above.open!, async (db) => {
      const executor = await createExecutor(db, [
        softDeletePlugin({ onDelete: "soft" }),
        timestampsPlugin(),
        auditPlugin(),
      ]);
      const posts = createRepository(executor, { tableName: "posts" });
      const [one, two] = await posts.bulkCreate([{ title: "one" }, { title: "two" }] as never);
      await posts.upsertMany([{ title: "one" }, { title: "three" }] as never, {
        conflictColumns: ["title"],
      });
      assert.equal((await posts.update(one!.id, { title: "uno" })).title, "uno");
      assert.equal(await softDelete(executor, "posts", two!.id), 1);
      assert.deepEqual((await posts.findAll()).map(({ title }) => title).sort(), ["three", "uno"]);
      const operations = (await getAuditLogs(executor)).map(({ operation }) => operation).sort();
      assert.deepEqual(operations, [
        "INSERT",
        "INSERT",
        "INSERT",
        "SOFT_DELETE",
        "UPDATE",
        "UPDATE",
      ]);
    });
  });
});
