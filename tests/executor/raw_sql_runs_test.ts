import {
  createExecutor,
  ForeignQueryError,
  getRawDb,
  QueryRefusedError,
  RawSqlError,
} from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import { CompiledQuery, createQueryId, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { dummy } from "./dummy.ts";
import { isRefusal } from "./raw_sql.ts";
import { inWorld, type World } from "./world.ts";

onEveryDialect(`an executor with rawSql: "deny"`, (dialect) => {
  const options = { executor: { rawSql: "deny" } } as const;
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body, options));
  };

  test("refuses raw queries, wherever they are run", async ({ executor, db }) => {
    const raw = sql`select * from users`;
    await assert.rejects(raw.execute(executor), isRefusal);
    await assert.rejects(executor.executeQuery(raw.compile(db)), isRefusal);
    await assert.rejects(executor.executeQuery(CompiledQuery.raw("select 1")), isRefusal);
    await assert.rejects(executor.transaction().execute((trx) => raw.execute(trx)), isRefusal);
    await assert.rejects(executor.connection().execute((c) => raw.execute(c)), isRefusal);
    await assert.rejects(raw.execute(executor.withoutPlugins()), isRefusal);
    await assert.rejects(
      async () => await executor.getExecutor().stream(raw.compile(db), 10).next(),
      isRefusal,
    );
    // What the executor has not compiled itself, it has not read.
    await assert.rejects(executor.executeQuery(sql`select 1`.compile(db)), isRefusal);
    const own = sql`select 1`.compile(executor);
    await executor.executeQuery(own);
    await assert.rejects(executor.executeQuery({ ...own, sql: "select * from users" }), isRefusal);
    const unread = executor.getExecutor().compileQuery(raw.toOperationNode(), createQueryId());
    await assert.rejects(executor.executeQuery(unread), isRefusal);
    assert.equal((await raw.execute(getRawDb(executor as Kysely<any>))).rows.length, 4);
  });

  test("refuses every query that it did not compile", async ({ executor, db }) => {
    for (const table of ["users", "tags"] as const) {
      const foreign = db.selectFrom(table).select("id").compile();
      await assert.rejects(executor.executeQuery(foreign), ForeignQueryError);
      const own = executor.selectFrom(table).select("id").compile();
      await executor.executeQuery(own);
      await assert.rejects(executor.executeQuery({ ...own }), ForeignQueryError);
      await assert.rejects(
        executor.executeQuery({ ...own, sql: "select * from users" }),
        ForeignQueryError,
      );
      assert.throws(() => Object.assign(own, { sql: "select * from users" }), TypeError);
    }
  });

  test("has introspection all the same", async ({ executor }) => {
    const tables = await executor.introspection.getTables();
    assert.ok(tables.some(({ name }) => name === "users"));
    await executor.introspection.getSchemas();
    await executor.transaction().execute(async (trx) => {
      assert.ok((await trx.introspection.getTables()).length >= 3);
    });
  });

  test("builds schemas all the same", async ({ executor }) => {
    const { schema } = executor;
    await schema.createTable("things")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("n", "integer", (column) => column.notNull().defaultTo(sql`(1 + 1)`))
      .addColumn("at", "timestamp", (column) => column.defaultTo(sql`current_timestamp`))
      .addCheckConstraint("positive", sql`n > 0`)
      .execute();
    await schema.createIndex("things_n").on("things").column("n").execute();
    await schema.alterTable("things").addColumn("label", "varchar(10)").execute();
    await schema.createView("visible").as(executor.selectFrom("users").select("id")).execute();
    const view = executor as unknown as Kysely<{ visible: { id: number } }>;
    assert.equal((await view.selectFrom("visible").selectAll().execute()).length, 3);
    await schema.dropView("visible").execute();
    await schema.dropTable("things").execute();
  });

  test("has transactions and savepoints all the same", async ({ executor, db }) => {
    const count = async (): Promise<number> =>
      (await db.selectFrom("tags").select("id").where("id", ">", 9).execute()).length;
    await executor.transaction().execute((trx) =>
      trx.insertInto("tags").values({ id: 10, label: "ten" }).execute()
    );
    const trx = await executor.startTransaction().execute();
    const point = await trx.savepoint("a").execute();
    await point.insertInto("tags").values({ id: 11, label: "eleven" }).execute();
    await (await point.rollbackToSavepoint("a").execute()).releaseSavepoint("a").execute();
    await trx.commit().execute();
    assert.equal(await count(), 1);
  });
});

onEveryDialect(`an executor with rawSql: "allow"`, (dialect) => {
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body));
  };

  test("runs raw SQL past the plugins", async ({ executor }) => {
    assert.equal((await sql`select * from users`.execute(executor)).rows.length, 4);
    const rows = await executor.selectFrom("tags")
      .select(sql<number>`(select count(*) from users)`.as("n")).execute();
    assert.equal(Number(rows[0]!.n), 4);
  });

  test("guards a table whose name is all that a fragment in FROM holds", async ({ executor }) => {
    for (const table of [sql<any>`users`, sql.table("users"), sql.id("users")]) {
      const rows = await (executor as Kysely<any>).selectFrom(table.as("u")).selectAll().execute();
      assert.equal(rows.length, 3);
    }
  });

  test("refuses a query that another compiled, where it names a guarded table", async ({ executor, db }) => {
    await assert.rejects(
      executor.executeQuery(db.selectFrom("users").selectAll().compile()),
      ForeignQueryError,
    );
    await assert.rejects(
      executor.executeQuery({ ...executor.selectFrom("users").selectAll().compile() }),
      ForeignQueryError,
    );
    const { rows } = await executor.executeQuery(db.selectFrom("tags").selectAll().compile());
    assert.equal(rows.length, 2);
  });

  test("refuses TRUNCATE of a guarded table, and runs it on another", async ({ executor, db }) => {
    for (
      const statement of [
        sql`truncate table users`,
        sql`TRUNCATE users`,
        sql`truncate ${sql.table("users")}`,
        sql`truncate table tags, users`,
        sql`/* clean */ truncate table users`,
        sql`delete from tags; truncate table users`,
      ]
    ) {
      await assert.rejects(statement.execute(executor), (error) => {
        assert.ok(error instanceof QueryRefusedError, `it threw ${error}`);
        assert.equal(error.reason, "TRUNCATE");
        assert.equal(error.code, "QUERY_TRUNCATE");
        assert.equal(error.table, "users");
        return true;
      });
    }
    if (dialect.dialect !== "sqlite") await sql`truncate table tags`.execute(executor);
    assert.equal((await db.selectFrom("users").select("id").execute()).length, 4);
  });

  it("is the rule until a plugin says that it is of no use then", async () => {
    const db = dummy(dialect.dialect);
    const strict: Plugin = { name: "strict", version: "1.0.0", rawSql: "deny" };
    const raw = sql`select * from users`;
    await assert.rejects(raw.execute(await createExecutor(db, [strict])), RawSqlError);
    const late: Plugin = { name: "late", version: "1.0.0", setup: () => ({ rawSql: "deny" }) };
    await assert.rejects(raw.execute(await createExecutor(db, [late])), RawSqlError);
    const loose = await createExecutor(db, [strict], { rawSql: "allow" });
    await raw.execute(loose);
  });
});
