import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BadRequestError } from "@kysera/core";
import { type LibsqlClient, libsqlDialect } from "@kysera/dialects";
import { Kysely, sql } from "kysely";
import { describeContract } from "../_contract_test.ts";

let createClient: ((config: { url: string; intMode: "bigint" }) => LibsqlClient) | undefined;
let skip: string | undefined;
try {
  ({ createClient } = await import("@libsql/client"));
  createClient({ url: "file::memory:", intMode: "bigint" }).close();
} catch (error) {
  skip = `@libsql/client does not load: ${error instanceof Error ? error.message : error}`;
}

const directory = mkdtempSync(join(tmpdir(), "kysera-libsql-"));
after(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const open = () =>
  createClient!({ url: `file:${join(directory, `${++files}.db`)}`, intMode: "bigint" });

describeContract({
  name: "libsqlDialect()",
  family: "sqlite",
  skip,
  lacks: ["streams"],
  open: () => Promise.resolve({ dialect: libsqlDialect({ client: open }) }),
});

describe("libsqlDialect()", { skip: skip ?? false }, () => {
  let db: Kysely<any>;

  before(async () => {
    db = new Kysely<any>({ dialect: libsqlDialect({ client: open() }) });
    await db.schema.createTable("t").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("n", "text", (c) => c.unique()).execute();
  });
  after(() => db?.destroy());

  const names = async () => {
    const rows = await db.selectFrom("t").select("n").orderBy("id").execute();
    return rows.map(({ n }) => n);
  };

  it("runs transactions that raw SQL begins, and leaves none open", async () => {
    await db.deleteFrom("t").execute();
    await db.connection().execute(async (connection) => {
      await sql`begin immediate`.execute(connection);
      await connection.insertInto("t").values({ n: "kept" }).execute();
      await sql`commit`.execute(connection);
      await sql`begin`.execute(connection);
      await connection.insertInto("t").values({ n: "lost" }).execute();
      await sql`rollback`.execute(connection);
      await sql`begin transaction`.execute(connection);
      await connection.insertInto("t").values({ n: "left open" }).execute();
    });
    assert.deepEqual(await names(), ["kept"]);
  });

  it("refuses savepoints and ends outside of a transaction, and a transaction in another", async () => {
    const refused = (message: RegExp) => (error: unknown) =>
      error instanceof BadRequestError && message.test(error.message);
    await db.connection().execute(async (connection) => {
      await assert.rejects(sql`savepoint s`.execute(connection), refused(/set a savepoint/));
      await assert.rejects(sql`release s`.execute(connection), refused(/release a savepoint/));
      await assert.rejects(sql`rollback to s`.execute(connection), refused(/roll back to a/));
      await assert.rejects(sql`commit`.execute(connection), refused(/no transaction is active/));
      await sql`begin`.execute(connection);
      await assert.rejects(sql`begin`.execute(connection), refused(/one is open/));
    });
  });

  it("tells a commit that SQLite has answered with a rollback", async () => {
    await db.deleteFrom("t").execute();
    const transaction = await db.startTransaction().execute();
    await transaction.insertInto("t").values({ n: "a" }).execute();
    await assert.rejects(sql`insert or rollback into t (n) values ('a')`.execute(transaction));
    await assert.rejects(transaction.commit().execute(), /rolled the transaction back/);
    // Kysely 0.28 holds the connection until then.
    if (!transaction.isRolledBack) await transaction.rollback().execute();
    await assert.rejects(
      db.transaction().execute(async (other) => {
        await other.insertInto("t").values({ n: "a" }).execute();
        await assert.rejects(sql`insert or rollback into t (n) values ('a')`.execute(other));
      }),
      /rolled the transaction back/,
    );
    assert.deepEqual(await names(), []);
    await db.insertInto("t").values({ n: "b" }).execute();
    assert.deepEqual(await names(), ["b"]);
  });

  it("refuses to stream, and several statements in one text", async () => {
    await assert.rejects(async () => {
      for await (const _ of db.selectFrom("t").selectAll().stream());
    }, BadRequestError);
    await assert.rejects(sql`select 1; delete from t`.execute(db), BadRequestError);
  });

  it("refuses options that it has not", () => {
    // @ts-expect-error: the type refuses it too
    assert.throws(() => libsqlDialect({ client: null }), /"client" must be a client/);
    // @ts-expect-error: the type refuses it too
    assert.throws(() => libsqlDialect({ client: open, bigints: "no" }), /"bigints" is "no"/);
    // @ts-expect-error: the type refuses it too
    assert.throws(() => libsqlDialect({ client: open, url: "file:a" }), /url/);
  });
});
