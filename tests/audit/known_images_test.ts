/**
 * On SQLite an entry takes the new values from RETURNING where nothing can change the row behind it.
 * Here something does.
 */
import { auditPlugin, createAuditTable, getAuditLogs } from "@kysera/audit";
import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor, type KyseraExecutor } from "@kysera/executor";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";

interface Database {
  items: { id: number; name: string; parent: number | null; code: number | null };
}

interface World {
  readonly database: DatabaseSync;
  /** Another connection to the same file. */
  readonly other: DatabaseSync;
  readonly executor: KyseraExecutor<Database>;
  /** Does each kind of write, and compares what its entry says with what the row is. */
  check(where: string): Promise<void>;
}

const SHOUT = `after update of name on items when new.name not like '%!'
  begin update items set name = new.name || '!' where id = new.id; end`;
const SHOUT_FIRST = `after insert on items
  begin update items set name = new.name || '!' where id = new.id; end`;

async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kysera-images-"));
  const file = join(folder, "test.db");
  const database = new DatabaseSync(file);
  const other = new DatabaseSync(file);
  try {
    database.exec("pragma synchronous = off");
    other.exec("pragma synchronous = off");
    database.exec(`create table items (id integer primary key, name text not null,
      parent integer references items (id) on update cascade, code integer unique)`);
    const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
    await createAuditTable(db, { ifNotExists: true });
    const executor = await createExecutor(db, [auditPlugin({ tables: ["items"] })]);
    let id = 0;
    const check = async (where: string): Promise<void> => {
      id += 10;
      const last = async (): Promise<unknown> =>
        (await getAuditLogs(executor, { table: "items", key: id }))[0]?.new_values;
      const row = async (): Promise<unknown> => ({
        ...await db.selectFrom("items").selectAll().where("id", "=", id).executeTakeFirst(),
      });
      const writes: readonly (() => Promise<unknown>)[] = [
        () => executor.insertInto("items").values({ id, name: "a", code: id }).execute(),
        () => executor.updateTable("items").set({ name: "b" }).where("id", "=", id).execute(),
        () => executor.updateTable("items").set({ parent: id }).where("id", "=", id).execute(),
        () =>
          executor.insertInto("items").values({ id, name: "c" })
            .onConflict((oc) => oc.column("id").doUpdateSet({ name: "d" })).execute(),
        () => {
          const from = id;
          id += 1;
          return executor.updateTable("items").set({ id }).where("id", "=", from).execute();
        },
        () => executor.replaceInto("items").values({ id: id, name: "e", code: 7 }).execute(),
        () => executor.updateTable("items").set({ code: id }).where("id", "=", id).execute(),
      ];
      for (const [i, write] of writes.entries()) {
        await write();
        assert.deepEqual({ ...await last() as object }, await row(), `${where}: write ${i}`);
      }
    };
    await body({ database, other, executor, check });
  } finally {
    database.close();
    other.close();
    await rm(folder, { recursive: true });
  }
}

describe("entries of SQLite have the rows as they stay", () => {
  it("where a trigger is made later, by another connection", () =>
    inWorld(async ({ other, check }) => {
      await check("no trigger");
      await check("still none");
      other.exec(`create trigger shout ${SHOUT}`);
      await check("a trigger on update");
      other.exec(`create trigger shout_first ${SHOUT_FIRST}`);
      await check("another one on insert");
      other.exec("drop trigger shout; drop trigger shout_first");
      await check("none any more");
    }));

  it("where a temporary trigger is made on the connection", () =>
    inWorld(async ({ database, check }) => {
      await check("no trigger");
      database.exec(`create temp trigger shout ${SHOUT.replace("on items", "on main.items")}`);
      await check("a temporary trigger");
      database.exec("drop trigger shout");
      await check("none any more");
    }));

  it("where a trigger is made in a transaction that is rolled back, and then another one", () =>
    inWorld(async ({ executor, other, check }) => {
      await check("no trigger");
      await assert.rejects(
        executor.transaction().execute(async (trx) => {
          await sql`create table more (id integer)`.execute(trx);
          await trx.insertInto("items").values({ id: 1_000, name: "a" }).execute();
          throw new Error("rolled back");
        }),
        /rolled back/,
      );
      // The version of the schema is the one that the transaction had.
      other.exec(`create trigger shout ${SHOUT}`);
      await check("a trigger");
    }));

  it("where a trigger is made in the transaction of the write", () =>
    inWorld(async ({ executor, check }) => {
      await check("no trigger");
      await executor.transaction().execute(async (trx) => {
        await sql`create trigger shout after insert on items begin
          update items set name = new.name || '!' where id = new.id; end`.execute(trx);
        await trx.insertInto("items").values({ id: 1_000, name: "a" }).execute();
        await trx.updateTable("items").set({ code: 3 }).where("id", "=", 1_000).execute();
      });
      const [changed, made] = await getAuditLogs(executor, { table: "items", key: 1_000 });
      assert.equal(made!.new_values!["name"], "a!");
      assert.equal(changed!.new_values!["name"], "a!");
    }));
});
