/** Unique columns: what a deleted row keeps from others, and how it is brought back. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { auditPlugin } from "@kysera/audit";
import { UniqueConstraintError } from "@kysera/core";
import { bindContext, createExecutor } from "@kysera/executor";
import { createRepository, ValidationError } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { checkUniqueKeys, softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import * as z from "zod";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";

onEveryDialect("Unique columns of soft-deleted tables", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  beforeEach(async () => {
    database = await dialect.open();
    db = database.db;
    await db.schema.createTable("sdq_users")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("tenant", "integer", (c) => c.notNull().defaultTo(1))
      .addColumn("email", "varchar(50)", (c) => c.unique())
      .addColumn("name", "varchar(50)")
      .addColumn("deleted_at", "varchar(30)")
      .addColumn("deletion_id", "varchar(36)")
      .execute();
  });
  afterEach(() => database.close());

  const rows = async (): Promise<string> =>
    (await db.selectFrom("sdq_users").selectAll().orderBy("id").execute())
      .map(({ id, name, deleted_at }) => deleted_at === null ? `${id}:${name}` : `(${id}:${name})`)
      .join(" ");

  it("are found, except those that look at the mark", async () => {
    for (
      const statement of [
        sql`create table sdq_a (id integer primary key, email varchar(20), code varchar(20) not null,
          a integer, b integer, deleted_at varchar(30), unique (code), unique (email, deleted_at),
          unique (a, b))`,
        sql`create table sdq_b (id integer primary key, email varchar(20), deleted_at varchar(30),
          visible varchar(20) generated always as (case when deleted_at is null then email end)
          stored unique)`,
        sql`create table sdq_c (id integer primary key, email varchar(20) unique)`,
        ...dialect.dialect === "mysql" ? [] : [
          sql`create unique index sdq_i on sdq_b (email) where deleted_at is null`,
        ],
      ]
    ) await statement.execute(db);
    const executor = await createExecutor(db, [softDeletePlugin()]);
    const found = checkUniqueKeys(executor);
    assert.deepEqual(
      found.map(({ table, columns }) => `${table.replace(/^.*\./, "")}: ${columns.join()}`).sort(),
      ["sdq_a: a,b", "sdq_a: code", "sdq_users: email"],
    );
    assert.match(found[0]!.problem, /a deleted row of ".*" keeps its ".*": .*"reviveBy"$/);
    const reviving = await createExecutor(db, [
      softDeletePlugin({ reviveBy: { sdq_users: "email", sdq_a: ["b", "a"] } }),
    ]);
    assert.deepEqual(checkUniqueKeys(reviving).map(({ columns }) => columns), [["code"]]);
    assert.throws(() => checkUniqueKeys(db), /has no plugin/);
  });

  it("are taken from a deleted row by create(), which brings it back", async () => {
    const executor = await createExecutor(db, [
      softDeletePlugin({ reviveBy: { sdq_users: "email" } }),
      auditPlugin({ tables: ["sdq_users"] }),
    ]);
    const users = createRepository(executor, {
      tableName: "sdq_users",
      schemas: {
        create: z.object({ id: z.number(), email: z.string().nullable(), name: z.string() }),
      },
    }) as any;
    await users.create({ id: 1, email: "a", name: "Ada" });
    assert.equal(await users.softDelete(1), true);
    const { id, name } = await users.create({ id: 1, email: "a", name: "Ada L." });
    assert.deepEqual([id, name], [1, "Ada L."]);
    assert.equal(await rows(), "1:Ada L.");
    // A live row keeps its address, and the transaction goes on.
    await executor.transaction().execute(async (trx) => {
      const inside = users.on(trx);
      await assert.rejects(
        inside.create({ id: 2, email: "a", name: "Bob" }),
        (error: unknown) =>
          /unique|duplicate/i.test(String(error)) || error instanceof UniqueConstraintError,
      );
      await inside.create({ id: 2, email: "b", name: "Bob" });
      assert.equal(await softDelete(trx as Kysely<any>, "sdq_users", 2), 1);
      await inside.create({ id: 2, email: "b", name: "Bea" });
    });
    assert.equal(await rows(), "1:Ada L. 2:Bea");
    await assert.rejects(users.create({ id: 3, email: "a", name: 5 }), ValidationError);
    // Another key that is taken is no deleted row's.
    await assert.rejects(users.create({ id: 1, email: null, name: "x" }));
    await assert.rejects(users.create({ id: 1, email: "c", name: "x" }));
    const entries = await db.selectFrom("audit_logs").select("operation").orderBy("id").execute();
    assert.deepEqual(entries.map(({ operation }) => operation), [
      "INSERT",
      "SOFT_DELETE",
      "RESTORE",
      "UPDATE",
      "INSERT",
      "SOFT_DELETE",
      "RESTORE",
      "UPDATE",
    ]);
  });

  it("are not taken from a row that policies hide", async () => {
    const executor = await createExecutor(db, [
      rlsPlugin({
        schema: defineRLSSchema<any>({
          sdq_users: {
            policies: [filter("all", (ctx) => ({ tenant: ctx.auth.tenantId }))],
            stamp: { tenant: (ctx) => ctx.auth.tenantId },
          },
        }),
      }),
      softDeletePlugin({ reviveBy: { sdq_users: ["email"] } }),
    ]);
    await db.insertInto("sdq_users")
      .values({ id: 1, tenant: 2, email: "a", name: "theirs", deleted_at: "2026-01-31" }).execute();
    const as = (tenantId: number): any =>
      createRepository(
        bindContext(executor, { auth: { userId: 1, roles: [], tenantId } }) as Kysely<any>,
        { tableName: "sdq_users" },
      );
    await assert.rejects(as(1).create({ id: 2, email: "a", name: "mine" }));
    assert.equal(await rows(), "(1:theirs)");
    await as(2).create({ id: 1, email: "a", name: "again" });
    assert.equal(await rows(), "1:again");
  });

  it("must be columns of the table", async () => {
    await assert.rejects(
      createExecutor(db, [softDeletePlugin({ reviveBy: { sdq_users: "emial" } })]),
      /"reviveBy" names column "emial" \(did you mean "email"/,
    );
    assert.throws(
      () => softDeletePlugin({ reviveBy: { sdq_users: [] } }),
      /"reviveBy" has no columns/,
    );
    assert.throws(() => softDeletePlugin({ reviveBy: ["email"] as never }), /must be an object/);
  });
});
