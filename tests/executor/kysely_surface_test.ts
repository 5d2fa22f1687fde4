/** What Kysely can do, an executor can do, and what it hides stays hidden. */
import {
  bindContext,
  createExecutor,
  destroyExecutor,
  ExecutorDestroyedError,
  isKyseraExecutor,
  type Plugin,
} from "@kysera/executor";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, hideDeleted, inWorld, schemaOf, type World } from "./world.ts";

const idsOf = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id).sort();

onEveryDialect("an executor", (dialect) => {
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body));
  };

  test("has fn, whose aggregates see visible rows only", async ({ executor }) => {
    const { fn } = executor;
    const row = await executor.selectFrom("users").select([
      fn.countAll().as("all"),
      fn.count("id").distinct().as("ids"),
      fn.max("id").as("max"),
      fn.sum("id").as("sum"),
      fn.coalesce(fn.min("id"), sql.lit(0)).as("min"),
      fn<string>("lower", [fn.max("name")]).as("name"),
    ]).executeTakeFirstOrThrow();
    const numbers = [row.all, row.ids, row.max, row.sum, row.min].map(Number);
    assert.deepEqual(numbers, [3, 3, 4, 7, 1]);
    assert.equal(row.name, "dan");
  });

  test("has dynamic, whose tables and columns are guarded", async ({ executor }) => {
    const { dynamic } = executor;
    const table = dynamic.table("users").as("u");
    const rows = await executor.selectFrom(table).select(dynamic.ref<"id">("u.id")).execute();
    assert.deepEqual(rows.map(({ id }) => id).sort(), [1, 2, 4]);
  });

  test("has case()", async ({ executor }) => {
    const rows = await executor.selectFrom("users").select((eb) => [
      "id",
      eb.case().when("name", "=", "Ada").then("first").else("other").end().as("kind"),
      eb.case("id").when(2).then("two").end().as("two"),
    ]).orderBy("id").execute();
    assert.deepEqual(rows.map(({ kind, two }) => [kind, two]), [
      ["first", null],
      ["other", "two"],
      ["other", null],
    ]);
    const none = await executor.selectNoFrom(
      executor.case().when(sql<boolean>`1 = 1`).then(1).else(2).end().as("n"),
    ).executeTakeFirstOrThrow();
    assert.equal(Number(none.n), 1);
  });

  test("has schema, which creates, alters and drops", async ({ executor, db }) => {
    const { schema } = executor;
    await schema.createTable("things").ifNotExists()
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("label", "varchar(20)", (column) => column.notNull().defaultTo("none"))
      .execute();
    await schema.alterTable("things").addColumn("size", "integer").execute();
    await schema.createIndex("things_label").on("things").column("label").unique().execute();
    await (executor as Kysely<any>).insertInto("things").values({ id: 1, size: 3 }).execute();
    const rows = await (db as Kysely<any>).selectFrom("things").selectAll().execute();
    assert.deepEqual(rows, [{ id: 1, label: "none", size: 3 }]);
    await schema.dropIndex("things_label").on("things").execute().catch(async (error) => {
      // Dialects other than MySQL take no table there.
      assert.notEqual(dialect.dialect, "mysql", String(error));
      await schema.dropIndex("things_label").execute();
    });
    await schema.alterTable("things").renameTo("objects").execute();
    await schema.dropTable("objects").execute();
    await schema.dropTable("objects").ifExists().execute();
  });

  test("creates views of visible rows, with the values of the query in them", async ({ executor }) => {
    const visible = executor.selectFrom("users").select(["id", "name"]).where("id", ">", 1);
    await executor.schema.createView("later_users").as(visible).execute();
    const later = executor as unknown as Kysely<{ later_users: { id: number } }>;
    assert.deepEqual(idsOf(await later.selectFrom("later_users").select("id").execute()), [2, 4]);
    await executor.schema.dropView("later_users").execute();
    const raw = sql<any>`select * from ${visible.as("visible")} where ${sql.lit(1)} = 1`;
    await executor.schema.createView("later_users").as(raw).execute();
    assert.deepEqual(idsOf(await later.selectFrom("later_users").select("id").execute()), [2, 4]);
  });

  test("creates tables from queries, with visible rows", async ({ executor, db }) => {
    await executor.schema.createTable("copy")
      .as(executor.selectFrom("users").select("id").where("name", "!=", "Ada")).execute();
    const copy = db as unknown as Kysely<{ copy: { id: number } }>;
    assert.deepEqual(idsOf(await copy.selectFrom("copy").select("id").execute()), [2, 4]);
  });

  test("has introspection", async ({ executor }) => {
    const tables = await executor.introspection.getTables();
    // Those of other schemas are listed as well.
    const own = await schemaOf(executor, dialect);
    const users = tables.find(({ name, schema }) => name === "users" && (schema ?? own) === own);
    assert.deepEqual(users?.columns.map(({ name }) => name), [
      "id",
      "name",
      "active",
      "deleted_at",
    ]);
    assert.ok(Array.isArray(await executor.introspection.getSchemas()));
  });

  it("has introspection where a plugin filters every table that there is", () =>
    inWorld(dialect, async ({ executor }) => {
      const tables = await executor.introspection.getTables();
      assert.ok(tables.some(({ name }) => name === "users"));
      await executor.introspection.getSchemas();
    }, {
      with: [{
        name: "everywhere",
        version: "1.0.0",
        filter: (reference, { eb }) => eb(reference.column("deleted_at"), "is", null),
      }],
    }));

  test("has connection(), guarded", async ({ executor }) => {
    const ids = await executor.connection().execute(async (db) => {
      assert.ok(isKyseraExecutor(db));
      const rows = await db.selectFrom("users").select("id").execute();
      const inner = await db.transaction().execute((trx) =>
        trx.selectFrom("users").select("id").execute()
      );
      assert.deepEqual(inner, rows);
      return idsOf(rows);
    });
    assert.deepEqual(ids, [1, 2, 4]);
  });

  test("has withSchema(), guarded", async ({ executor, db }) => {
    const handle = executor.withSchema(await schemaOf(executor, dialect));
    assert.deepEqual(idsOf(await handle.selectFrom("users as u").select("u.id").execute()), [
      1,
      2,
      4,
    ]);
    const joined = await handle.selectFrom("posts").rightJoin("users", "users.id", "posts.user_id")
      .select(["users.id", "posts.title"]).orderBy("users.id").execute();
    assert.deepEqual(joined.map(({ id, title }) => [id, title]), [[1, "a1"], [2, null], [4, "d1"]]);
    await handle.deleteFrom("users").where("id", "=", 3).execute();
    const left = await db.selectFrom("users").select("id").execute();
    assert.deepEqual(idsOf(left), [1, 2, 3, 4]);
  });

  test("has withPlugin() and withoutPlugins(), guarded", async ({ executor }) => {
    const camel = executor.withPlugin(new CamelCasePlugin()) as unknown as Kysely<
      { posts: { id: number; userId: number } }
    >;
    const rows = await camel.selectFrom("posts").select(["id", "userId"]).orderBy("id").execute();
    assert.deepEqual(rows, [
      { id: 1, userId: 1 },
      { id: 3, userId: 3 },
      { id: 4, userId: 4 },
    ]);
    for (const handle of [executor.withoutPlugins(), camel.withoutPlugins()] as Kysely<any>[]) {
      assert.deepEqual(idsOf(await handle.selectFrom("users").select("id").execute()), [1, 2, 4]);
    }
    await executor.transaction().execute(async (trx) => {
      const ids = await trx.withoutPlugins().selectFrom("users").select("id").execute();
      assert.deepEqual(idsOf(ids), [1, 2, 4]);
    });
  });

  test("has the methods that change its type of tables, guarded", async ({ executor }) => {
    // Some of them came with later versions of Kysely.
    for (const method of ["withTables", "$extendTables", "$omitTables", "$pickTables"]) {
      const check = async (owner: object): Promise<void> => {
        const make = (owner as Record<string, (() => Kysely<any>) | undefined>)[method];
        if (make === undefined) return;
        const handle = make.call(owner);
        assert.ok(isKyseraExecutor(handle), method);
        assert.deepEqual(idsOf(await handle.selectFrom("users").select("id").execute()), [1, 2, 4]);
      };
      await check(executor);
      await executor.transaction().execute(check);
      const trx = await executor.startTransaction().execute();
      await check(trx);
      await trx.rollback().execute();
    }
  });

  test("runs what $if, $call, $castTo, $narrowType, $assertType and $notNull build", async ({ executor }) => {
    const rows = await executor.selectFrom("users")
      .select("id")
      .$if(true, (qb) => qb.where("id", ">", 1))
      .$if(false, (qb) => qb.where("id", ">", 100))
      .$call((qb) => qb.orderBy("id"))
      .$narrowType<{ id: number }>()
      .$castTo<{ id: number }>()
      .$assertType<{ id: number }>()
      .execute();
    assert.deepEqual(rows.map(({ id }) => id), [2, 4]);
  });

  test("runs compiled queries and builders by executeQuery()", async ({ executor }) => {
    const query = executor.selectFrom("users").select("id");
    assert.deepEqual(idsOf((await executor.executeQuery(query.compile())).rows), [1, 2, 4]);
    assert.deepEqual(idsOf((await executor.executeQuery(query)).rows), [1, 2, 4]);
    await executor.transaction().execute(async (trx) => {
      assert.deepEqual(idsOf((await trx.executeQuery(query.compile())).rows), [1, 2, 4]);
    });
  });

  test("explains the query that runs", async ({ executor }) => {
    const query = executor.selectFrom("users").selectAll();
    const plan = dialect.dialect === "sqlite"
      ? await query.explain()
      : dialect.dialect === "postgres"
      ? await query.explain("text", sql`verbose`)
      : await query.explain("json");
    assert.ok(plan.length > 0);
    if (dialect.dialect !== "sqlite") assert.match(JSON.stringify(plan), /deleted_at/);
  });

  test("gives results of writes as Kysely does", async ({ executor }) => {
    const inserted = await executor.insertInto("tags").values({ id: 9, label: "nine" })
      .executeTakeFirstOrThrow();
    assert.equal(inserted.numInsertedOrUpdatedRows, 1n);
    const updated = await executor.updateTable("users").set({ name: "x" }).where("id", "in", [2, 3])
      .executeTakeFirstOrThrow();
    assert.equal(updated.numUpdatedRows, 1n);
    const deleted = await executor.deleteFrom("users").where("id", "in", [2, 3])
      .executeTakeFirstOrThrow();
    assert.equal(deleted.numDeletedRows, 1n);
  });

  it("closes the database by destroy(), after every plugin has ended, the last one first", async () => {
    const { db } = await dialect.open();
    const ended: string[] = [];
    const mortal = (name: string): Plugin => ({
      name,
      version: "1.0.0",
      async onDestroy() {
        // The database is still there.
        await db.selectNoFrom(sql`1`.as("one")).execute();
        ended.push(name);
        if (name === "b") throw new Error("b does not end");
      },
    });
    const inner = await createExecutor(db, [mortal("a")]);
    const executor = await createExecutor(inner, [mortal("b"), mortal("c")]);
    // Opens a connection, so that there is one to close.
    await executor.selectNoFrom(sql`1`.as("one")).execute();
    // Kysely 0.28 rejects, 0.29 throws.
    await executor.transaction().execute((trx) => assert.rejects(async () => await trx.destroy()));
    await assert.rejects(
      bindContext(executor, {}).destroy(),
      (error) => error instanceof AggregateError && error.errors.length === 1,
    );
    assert.deepEqual(ended, ["c", "b", "a"]);
    await assert.rejects(db.selectNoFrom(sql`1`.as("one")).execute());
    await assert.rejects(
      executor.selectNoFrom(sql`1`.as("one")).execute(),
      ExecutorDestroyedError,
    );
    await executor.destroy();
    await destroyExecutor(inner);
    assert.deepEqual(ended, ["c", "b", "a"]);
  });

  it("closes the database where it goes out of scope with await using", async () => {
    const { db } = await dialect.open();
    const executor = await createExecutor<Database, readonly []>(db as Kysely<Database>, []);
    await executor.selectNoFrom(sql`1`.as("one")).execute();
    await executor[Symbol.asyncDispose]();
    await assert.rejects(db.selectNoFrom(sql`1`.as("one")).execute());
  });

  test("leaves the database usable where the executor was destroyed", async ({ executor, db }) => {
    await destroyExecutor(executor);
    assert.equal((await db.selectFrom("users").select("id").execute()).length, 4);
    await assert.rejects(
      executor.selectFrom("users").select("id").execute(),
      ExecutorDestroyedError,
    );
    const again = await createExecutor(db, [hideDeleted]);
    assert.equal((await again.selectFrom("users").select("id").execute()).length, 3);
  });
});
