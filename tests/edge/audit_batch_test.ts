import { after, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  AuditNotPossibleError,
  auditPlugin,
  createAuditTable,
  createAuditTriggers,
  dropAuditTriggers,
} from "@kysera/audit";
import { d1Dialect, nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor, type KyseraExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Generated, Kysely, sql } from "kysely";
import { startEdgeRuntime } from "../support/miniflare.ts";

interface Database {
  posts: { id: Generated<number>; title: string; views: number | null; deleted_at: string | null };
  tags: { name: string; color: string | null };
  pairs: { a: number; b: string; note: string | null };
  plain: { text: string };
}
type Executor = KyseraExecutor<Database>;

type Mode = "statement" | "trigger";
const NAMES = ["posts", "tags", "pairs", "plain"] as const;
const TABLES = [
  "create table posts (id integer primary key, title text unique, views integer, deleted_at text)",
  "create table tags (name text primary key, color text)",
  "create table pairs (a integer, b text, note text, primary key (a, b)) without rowid",
  "create table plain (text text)",
];
const { runtime, skip } = await startEdgeRuntime(1);
after(() => runtime?.close());

/** What is written, and by how many entries. */
const WRITES: readonly (readonly [string, (db: Executor) => { execute(): Promise<unknown> }])[] = [
  ["a row with a number of its own", (db) => db.insertInto("posts").values(post("a"))],
  ["several rows", (db) => db.insertInto("posts").values([post("b"), post("c")]).returningAll()],
  [
    "rows below and above the highest number",
    (db) => db.insertInto("posts").values([{ id: 900, ...post("d") }, { id: -5, ...post("e") }]),
  ],
  [
    "a SELECT",
    (db) =>
      db.insertInto("posts").columns(["title", "views"]).expression((eb) =>
        eb.selectFrom("posts").select((
          eb,
        ) => [sql<string>`title || '!'`.as("t"), eb.val(9).as("v")])
          .where("id", ">", 100)
      ),
  ],
  ["a text key", (db) => db.insertInto("tags").values([tag("x"), tag("y")])],
  ["a table without row numbers", (db) => db.insertInto("pairs").values([pair(1), pair(2)])],
  ["a table without a key", (db) => db.insertInto("plain").values([{ text: "t" }, { text: "t" }])],
  ["an update", (db) => db.updateTable("posts").set({ views: 1 }).where("id", ">", 0)],
  ["an update of nothing", (db) => db.updateTable("posts").set({ views: 1 }).where("id", "=", 777)],
  ["an update of a key", (db) => db.updateTable("posts").set({ id: 5000 }).where("id", "=", 900)],
  [
    "an update of a text key",
    (db) => db.updateTable("tags").set({ name: "z" }).where("name", "=", "x"),
  ],
  [
    "an update without row numbers",
    (db) => db.updateTable("pairs").set({ b: "moved", note: "n" }).where("a", "=", 1),
  ],
  [
    "an update from another table",
    (db) =>
      db.updateTable("posts").from("tags").set({ views: 7 }).whereRef(
        "posts.title",
        "!=",
        "tags.name",
      )
        .where("posts.id", "=", -5),
  ],
  ["a soft delete", (db) => db.deleteFrom("posts").where("id", "=", -5)],
  ["an upsert", (db) =>
    db.insertInto("posts").values([
      { id: 5000, title: "again", views: 3, deleted_at: null },
      { id: 5001, title: "new", views: 4, deleted_at: null },
    ]).onConflict((oc) => oc.column("id").doUpdateSet({ views: sql`excluded.views` }))],
  [
    "an upsert that leaves its row alone",
    (db) => db.insertInto("tags").values([tag("y"), tag("w")]).onConflict((oc) => oc.doNothing()),
  ],
  [
    "an insert that ignores what is there",
    (db) => db.insertInto("tags").orIgnore().values([tag("w"), tag("v")]),
  ],
  ["a delete", (db) => db.deleteFrom("tags").where("name", "in", ["v", "w"])],
  ["a delete without row numbers", (db) => db.deleteFrom("pairs").where("a", "=", 2)],
  ["a delete of all", (db) => db.deleteFrom("plain")],
];

describe("audited writes on D1", { skip: skip ?? false }, () => {
  let d1: Kysely<Database>;
  let local: Kysely<Database>;

  before(async () => {
    d1 = new Kysely<Database>({ dialect: d1Dialect({ database: await runtime!.openD1() }) });
    local = new Kysely<Database>({
      dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
    });
    for (const db of [d1, local]) {
      for (const table of TABLES) await sql`${sql.raw(table)}`.execute(db);
    }
  }, { timeout: 60_000 });
  after(async () => {
    await d1?.destroy();
    await local?.destroy();
  });
  beforeEach(async () => {
    for (const db of [d1, local]) {
      await dropAuditTriggers(db, { tables: NAMES });
      for (const table of NAMES) await db.deleteFrom(table).execute();
    }
    await sql`drop table if exists audit_logs`.execute(d1);
    await sql`drop table if exists audit_logs_batch`.execute(d1);
    await sql`drop table if exists audit_logs`.execute(local);
  });

  const executorOn = async (db: Kysely<Database>, mode: Mode = "statement"): Promise<Executor> => {
    if (mode === "trigger") {
      await createAuditTable(db, { ifNotExists: true });
      await createAuditTriggers(db, { tables: NAMES });
    }
    return await createExecutor(db, [
      softDeletePlugin({
        onDelete: "soft",
        tables: ["posts"],
        now: () => new Date(Date.UTC(2030)),
      }),
      auditPlugin({
        mode,
        getTimestamp: () => "2030-01-01T00:00:00.000Z",
        getUserId: () => "ada",
      }),
    ]) as Executor;
  };
  const entriesOf = async (db: Kysely<any>): Promise<string[]> => {
    const rows = await db.selectFrom("audit_logs").selectAll().orderBy("id").execute();
    // Within one statement the order of its rows is the database's.
    return rows.map(({ id: _, ...entry }) => JSON.stringify(entry));
  };
  const stateOf = async (db: Kysely<any>): Promise<unknown> =>
    Object.fromEntries(
      await Promise.all(
        ["posts", "tags", "pairs", "plain"].map(async (table) => [
          table,
          (await db.selectFrom(table).selectAll().execute()).map((row) => JSON.stringify(row))
            .sort(),
        ]),
      ),
    );

  for (const mode of ["statement", "trigger"] as const) {
    it(`are written down as they are where there are transactions, by ${mode}`, async () => {
      const [remote, here] = [await executorOn(d1, mode), await executorOn(local, mode)];
      let known = 0;
      for (const [name, write] of WRITES) {
        const results = [await write(remote).execute(), await write(here).execute()];
        // Of a table without row numbers the id is that of another insert.
        const [done, expected] = results.map((result) => inspect(result, /without row/.test(name)));
        assert.equal(done, expected, name);
        assert.deepEqual(await stateOf(d1), await stateOf(local), name);
        const [entries, own] = [await entriesOf(d1), await entriesOf(local)];
        assert.deepEqual(entries.slice(known).sort(), own.slice(known).sort(), name);
        known = own.length;
      }
      assert.ok(known > 25, `${known} entries`);
      assert.deepEqual(await keptOf(d1), []);
    });

    it(`are written down in executor.batch(), in which later ones see earlier ones, by ${mode}`, async () => {
      const executor = await executorOn(d1, mode);
      await executor.batch((b) => ({
        one: b.add((db) => db.insertInto("posts").values({ id: 1, ...post("a") })),
        two: b.add((db) => db.updateTable("posts").set({ views: 2 }), { expect: { rows: 1 } }),
        three: b.add((db) => db.updateTable("posts").set({ views: 3 }).where("views", "=", 2)),
        four: b.add((db) => db.deleteFrom("posts")),
      }));
      const entries = await d1.selectFrom("audit_logs" as never).selectAll().orderBy("id" as never)
        .execute() as { operation: string; old_values: string | null; new_values: string | null }[];
      const views = (values: string | null): unknown => values && JSON.parse(values).views;
      assert.deepEqual(
        entries.map((each) => [each.operation, views(each.old_values), views(each.new_values)]),
        [["INSERT", null, 0], ["UPDATE", 0, 2], ["UPDATE", 2, 3], ["SOFT_DELETE", 3, 3]],
      );
      assert.deepEqual(await keptOf(d1), []);
    });
  }

  it("leave nothing half done, whichever of their statements fails", async () => {
    const executor = await executorOn(d1);
    await executor.insertInto("posts").values([{ id: 1, ...post("a") }, { id: 2, ...post("b") }])
      .execute();
    await executor.insertInto("tags").values(tag("x")).execute();
    const before = [await stateOf(d1), await entriesOf(d1)];
    // What is written, read and cleared in turn: the rows kept, the write, its entries.
    const faults = [
      ["insert", "audit_logs_batch"],
      ["update", "posts"],
      ["insert", "audit_logs"],
      ["delete", "audit_logs_batch"],
      ["delete", "tags"],
    ];
    for (const [operation, table] of faults) {
      await sql`${
        sql.raw(`create trigger fault before ${operation} on ${table}
        begin select raise(abort, 'a fault'); end`)
      }`.execute(d1);
      try {
        await assert.rejects(
          executor.batch((b) => ({
            update: b.add((db) => db.updateTable("posts").set({ views: 5 })),
            insert: b.add((db) => db.insertInto("posts").values(post("c"))),
            gone: b.add((db) => db.deleteFrom("tags")),
          })),
          /a fault/,
          `${operation} on ${table}`,
        );
        const alone = table === "tags"
          ? executor.deleteFrom("tags")
          : executor.updateTable("posts").set({ views: 5 });
        await assert.rejects(alone.execute(), /a fault/, `${operation} on ${table}`);
      } finally {
        await sql`drop trigger fault`.execute(d1);
      }
      assert.deepEqual(
        [await stateOf(d1), await entriesOf(d1)],
        before,
        `${operation} on ${table}`,
      );
      assert.deepEqual(await keptOf(d1), []);
    }
  });

  it("are refused, and not done, where their rows cannot be told", async () => {
    const executor = await executorOn(d1);
    await executor.insertInto("posts").values({ id: 10, ...post("a") }).execute();
    const before = [await stateOf(d1), await entriesOf(d1)];
    const refused = (write: { execute(): Promise<unknown> }) =>
      assert.rejects(write.execute(), AuditNotPossibleError);
    await refused(executor.replaceInto("tags").values(tag("x")));
    // Neither given as a value nor above the others.
    await refused(executor.insertInto("posts").values({ id: sql<number>`-abs(-3)`, ...post("b") }));
    await refused(
      executor.insertInto("pairs").values({ a: sql<number>`abs(-3)`, b: "b", note: null }),
    );
    await sql`create trigger skips before update on posts begin select raise(ignore); end`
      .execute(d1);
    try {
      await refused(executor.updateTable("posts").set({ views: 8 }));
    } finally {
      await sql`drop trigger skips`.execute(d1);
    }
    assert.deepEqual([await stateOf(d1), await entriesOf(d1)], before);
    const chained = await createExecutor(d1, [auditPlugin({ hashChain: true })]);
    await refused(chained.updateTable("posts").set({ views: 8 }));
  });

  it("say which table is missing, where the log was made for another database", async () => {
    await createAuditTable(d1, { batches: false });
    const executor = await createExecutor(d1, [auditPlugin({ createTable: false, check: "off" })])
      .catch((error: Error) => error);
    assert.ok(executor instanceof Error);
    assert.match(executor.message, /"audit_logs_batch": it is missing/);
    await createAuditTable(d1, { ifNotExists: true });
    await createExecutor(d1, [auditPlugin({ createTable: false })]);
  });
});

function keptOf(db: Kysely<any>): Promise<unknown[]> {
  return db.selectFrom("audit_logs_batch").selectAll().execute();
}

function post(title: string): { title: string; views: number; deleted_at: null } {
  return { title, views: 0, deleted_at: null };
}

function tag(name: string): Database["tags"] {
  return { name, color: "red" };
}

function pair(a: number): Database["pairs"] {
  return { a, b: "b", note: null };
}

function inspect(value: unknown, hasNoId: boolean): string {
  return JSON.stringify(value, (key, each) => {
    if (key === "insertId" && hasNoId) return undefined;
    return typeof each === "bigint" ? `${each}n` : each;
  });
}
