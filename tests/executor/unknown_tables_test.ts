/** Tables that an executor did not know when it was created: made later, temporary, elsewhere. */
import { bindContext, compilePlan, createExecutor, type Plugin, Slot } from "@kysera/executor";
import { createORM, createRepository } from "@kysera/repository";
import { allow, defineRLSSchema, rlsPlugin, RLSPolicyViolation } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { recording } from "../audit/_world.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { uniqueName } from "../support/_names.ts";

const ONE = { auth: { userId: 1, roles: [], tenantId: 1 } };

const posts = defineRLSSchema<any>({
  posts: { policies: [allow("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
});

async function makePosts(db: Kysely<any>): Promise<void> {
  await sql`create table posts (id integer primary key, tenant_id integer, title varchar(20))`
    .execute(db);
  await db.insertInto("posts").values([
    { id: 1, tenant_id: 1, title: "mine" },
    { id: 2, tenant_id: 2, title: "secret" },
  ]).execute();
}

async function makeNotes(db: Kysely<any>, name = "notes"): Promise<void> {
  await sql`create table ${sql.table(name)} (id integer primary key, deleted_at varchar(30))`
    .execute(db);
  await db.insertInto(name).values([
    { id: 1, deleted_at: null },
    { id: 2, deleted_at: "2024-01-01" },
  ]).execute();
}

const isView = (error: unknown): boolean =>
  error instanceof RLSPolicyViolation && /it is a view/.test(error.message);

onEveryDialect("A table that was not known", (dialect) => {
  const inDatabase = async (
    use: (db: Kysely<any>, statements: string[]) => Promise<void>,
  ): Promise<void> => {
    const statements: string[] = [];
    const { db, close } = await dialect.open({
      wrap: (inner) => recording(inner, ({ sql }) => statements.push(sql)),
    });
    try {
      await use(db, statements);
    } finally {
      await close();
    }
  };

  it("is subject to soft delete when a query names it first", () =>
    inDatabase(async (db, statements) => {
      await makeNotes(db, "old_notes");
      const executor = await createExecutor(db, [softDeletePlugin()]);
      await makeNotes(db);
      const ids = async (query: { execute(): Promise<{ id?: number }[]> }): Promise<number[]> =>
        (await query.execute()).map(({ id }) => id!);
      statements.length = 0;
      assert.deepEqual(await ids(executor.selectFrom("notes as n").select("n.id")), [1]);
      const first = statements.length;
      assert.deepEqual(await ids(executor.selectFrom("notes").select("id")), [1]);
      assert.equal(statements.length, first + 1, "it is looked up once");
      assert.deepEqual(
        await ids(
          executor.with("w", (eb) => eb.selectFrom("notes").select("id"))
            .selectFrom("w").select("id"),
        ),
        [1],
      );
      assert.deepEqual(
        await executor.transaction().execute((trx) => ids(trx.selectFrom("notes").select("id"))),
        [1],
      );
      const { numDeletedRows } = await executor.deleteFrom("notes").executeTakeFirstOrThrow();
      assert.equal(numDeletedRows, 1n);
      assert.deepEqual(await ids(db.selectFrom("notes").select("id")), [2]);
    }));

  it("is looked up again when it was not there before", () =>
    inDatabase(async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      const query = executor.selectFrom("notes").select("id");
      const plan = compilePlan(
        executor as Kysely<any>,
        (open: Kysely<any>) => open.selectFrom("notes").select("id"),
      );
      const run = async () => (await executor.executeQuery(plan.bind(executor, []))).rows;
      await assert.rejects(query.execute());
      await assert.rejects(run());
      // As another process would.
      await makeNotes(db);
      assert.deepEqual(await query.execute(), [{ id: 1 }]);
      assert.deepEqual(await executor.selectFrom("notes").select("id").execute(), [{ id: 1 }]);
      assert.deepEqual(await run(), [{ id: 1 }]);
    }));

  it("is looked up though there is one of its name in another schema", {
    skip: dialect.dialect !== "postgres" && dialect.name !== "sqlite" &&
      "it takes two schemas of one database",
  }, () =>
    inDatabase(async (db) => {
      const other = dialect.name === "sqlite" ? "other" : uniqueName();
      await (dialect.name === "sqlite"
        ? sql`attach ':memory:' as other`.execute(db)
        : db.schema.createSchema(other).execute());
      try {
        const make = (name: string): Promise<unknown> =>
          sql`create table ${sql.table(name)} (id integer primary key, title varchar(20))`
            .execute(db);
        const ids = async (handle: Kysely<any>, name = "notes"): Promise<unknown[]> =>
          (await handle.selectFrom(name).select("id").orderBy("id").execute())
            .map(({ id }) => id);
        await make(`${other}.notes`);
        await make("letters");
        await makeNotes(db, "old_notes");
        const executor = await createExecutor(db, [softDeletePlugin()]);
        assert.deepEqual(await ids(executor.withSchema(other)), []);
        assert.deepEqual(await ids(executor, "letters"), []);
        await makeNotes(db, `${other}.letters`);
        // SQLite finds a table of an attached database by its name alone.
        if (dialect.name !== "sqlite") {
          await assert.rejects(ids(executor));
          await makeNotes(db);
          assert.deepEqual(await ids(executor), [1]);
        }
        assert.deepEqual(await ids(executor.withSchema(other), "letters"), [1]);
        assert.deepEqual(await ids(executor, `${other}.letters`), [1]);
      } finally {
        if (dialect.name !== "sqlite") await db.schema.dropSchema(other).cascade().execute();
      }
    }));

  it("is looked up in the transaction that made it", () =>
    inDatabase(async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      await executor.transaction().execute(async (trx) => {
        await makeNotes(trx);
        assert.deepEqual(await trx.selectFrom("notes").select("id").execute(), [{ id: 1 }]);
      });
    }));

  it("is looked up by everybody who meets it, whoever holds the connection", () =>
    inDatabase(async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      await makeNotes(db);
      const outside: Promise<unknown>[] = [];
      const read = (handle: Kysely<any>) => handle.selectFrom("notes").select("id").execute();
      await executor.transaction().execute(async (trx) => {
        outside.push(read(executor), read(executor));
        assert.deepEqual(await read(trx), [{ id: 1 }]);
      });
      assert.deepEqual(await Promise.all(outside), [[{ id: 1 }], [{ id: 1 }]]);
    }));

  it("is streamed with its rows hidden", () =>
    inDatabase(async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      await makeNotes(db);
      if (dialect.name === "pglite") return;
      const ids: unknown[] = [];
      for await (const row of executor.selectFrom("notes").select("id").stream()) {
        ids.push(row["id"]);
      }
      assert.deepEqual(ids, [1]);
    }));

  it("is filtered in prepared queries and repositories, which then are kept", () =>
    inDatabase(async (db) => {
      const { executor, createRepository } = await createORM(db, [softDeletePlugin()]);
      const build = (db: Kysely<any>) =>
        db.selectFrom("notes").select("id").where("id", "<", new Slot<number>(0));
      const plan = compilePlan(executor as Kysely<any>, build);
      await makeNotes(db);
      const run = async () => (await executor.executeQuery(plan.bind(executor, [9]))).rows;
      assert.deepEqual(await run(), [{ id: 1 }]);
      assert.match(plan.sql, /deleted_at/);
      assert.equal(plan.reusable, true);
      assert.deepEqual(await run(), [{ id: 1 }]);
      const repository = createRepository<any>({ tableName: "notes" });
      assert.deepEqual((await repository.findAll()).map(({ id }: any) => id), [1]);
      assert.equal(await repository.findById(2), null);
    }));

  it("is filtered where a repository has asked the catalog first", () =>
    inDatabase(async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      await makeNotes(db);
      const notes = createRepository<any, any>(executor, { tableName: "notes" });
      assert.equal(await notes.findById(2), null);
      assert.deepEqual((await notes.find({ where: { id: { gt: 0 } } })).map(({ id }: any) => id), [
        1,
      ]);
      assert.deepEqual(await executor.selectFrom("notes").select("id").execute(), [{ id: 1 }]);
    }));

  it("does not stand in the way of migrations on an empty database", () =>
    inDatabase(async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin(), timestampsPlugin()]);
      await executor.schema.createTable("tasks").addColumn("id", "integer")
        .addColumn("deleted_at", "varchar(30)").addColumn("created_at", "varchar(30)").execute();
      await executor.insertInto("tasks").values({ id: 1 }).execute();
      const [task] = await db.selectFrom("tasks").selectAll().execute();
      assert.notEqual(task?.["created_at"], null);
      await db.updateTable("tasks").set({ deleted_at: "2024" }).execute();
      assert.deepEqual(await executor.selectFrom("tasks").selectAll().execute(), []);
    }));

  it("may be one whose columns a statement through the executor has changed", () =>
    inDatabase(async (db) => {
      await sql`create table tasks (id integer primary key)`.execute(db);
      await makeNotes(db);
      const executor = await createExecutor(db, [softDeletePlugin()]);
      await executor.insertInto("tasks").values({ id: 1 }).execute();
      const build = (db: Kysely<any>) => db.selectFrom("tasks").select("id");
      const plan = compilePlan(executor as Kysely<any>, build);
      assert.equal((await build(executor).execute()).length, 1);
      await executor.schema.alterTable("tasks").addColumn("deleted_at", "varchar(30)").execute();
      await executor.updateTable("tasks").set({ deleted_at: "2024" }).execute();
      assert.equal((await build(executor).execute()).length, 0);
      assert.equal((await executor.executeQuery(plan.bind(executor, []))).rows.length, 0);
    }));

  it("is not asked about where the tables are listed", () =>
    inDatabase(async (db, statements) => {
      await makeNotes(db);
      await makePosts(db);
      for (let i = 0; i < 5; i++) {
        await sql`create table ${sql.table(`other_${i}`)} (id integer)`.execute(db);
      }
      for (
        const make of [
          () => softDeletePlugin({ tables: ["notes"] }),
          () => rlsPlugin({ schema: posts }),
        ]
      ) {
        statements.length = 0;
        const executor = bindContext(await createExecutor(db, [make()]), ONE);
        assert.ok(statements.length <= 2, `${statements.length} statements`);
        assert.ok(!statements.some((text) => text.includes("other_")));
        assert.equal((await executor.selectFrom("posts").selectAll().execute()).length > 0, true);
      }
    }));

  it("is refused by policies where it is a view, wherever it stands", () =>
    inDatabase(async (db) => {
      await makePosts(db);
      await sql`create view early as select * from posts`.execute(db);
      const executor = bindContext(
        await createExecutor(db, [rlsPlugin({ schema: posts })]),
        ONE,
      );
      await sql`create view late as select * from posts`.execute(db);
      const home = dialect.dialect === "sqlite"
        ? "main"
        : dialect.dialect === "mysql"
        ? (await sql<{ d: string }>`select database() as d`.execute(db)).rows[0]!.d
        : (await sql<{ d: string }>`select current_schema()::text as d`.execute(db)).rows[0]!.d;
      const named = ["early", "late", `${home}.early`, `${home}.late`];
      await db.connection().execute(async (one) => {
        const own = bindContext(
          await createExecutor(one, [rlsPlugin({ schema: posts })]),
          ONE,
        );
        if (dialect.dialect !== "mysql") {
          await sql`create temporary view passing as select * from posts`.execute(one);
          await assert.rejects(own.selectFrom("passing").selectAll().execute(), isView);
        }
        if (dialect.dialect === "sqlite") {
          await assert.rejects(own.selectFrom("temp.passing").selectAll().execute(), isView);
        }
      });
      for (const name of named) {
        const queries = [
          executor.selectFrom(name).selectAll(),
          executor.selectFrom(`${name} as v`).selectAll(),
          executor.selectFrom("posts as p").innerJoin(`${name} as v`, "v.id", "p.id").selectAll(
            "v",
          ),
          executor.selectFrom("posts").select((eb) =>
            eb.selectFrom(`${name} as v`).select("v.title").limit(1).as("t")
          ),
          executor.updateTable("posts").set((eb) => ({
            title: eb.selectFrom(`${name} as v`).select("v.title").limit(1),
          })),
        ];
        for (const [i, query] of queries.entries()) {
          await assert.rejects(query.execute(), isView, `${name}, query ${i}`);
        }
      }
      await assert.rejects(
        executor.withSchema(home).selectFrom("late").selectAll().execute(),
        isView,
      );
      const titles = await executor.selectFrom(`${home}.posts`).select("title").execute();
      assert.deepEqual(titles, [{ title: "mine" }]);
    }));

  it("has its columns masked under every name that it has", () =>
    inDatabase(async (db) => {
      await makePosts(db);
      const schema = defineRLSSchema<any>({
        posts: {
          policies: [allow("read", true)],
          columns: { title: { read: (ctx: any) => ({ tenant_id: ctx.auth.tenantId }) } },
        },
      });
      const executor = bindContext(await createExecutor(db, [rlsPlugin({ schema })]), ONE);
      const home = dialect.dialect === "sqlite" ? "main" : undefined;
      for (const name of ["posts", ...home === undefined ? [] : [`${home}.posts`]]) {
        const rows = await executor.selectFrom(name).select(["id", "title"]).orderBy("id")
          .execute();
        assert.deepEqual(rows, [{ id: 1, title: "mine" }, { id: 2, title: null }], name);
      }
    }));

  it("is refused where it belongs to the database and shows values", () =>
    inDatabase(async (db) => {
      await makePosts(db);
      const names = {
        sqlite: ["sqlite_stat1", "sqlite_stat4", "main.sqlite_stat1", "SQLITE_STAT4"],
        postgres: ["pg_stats", "pg_catalog.pg_stats", "pg_statistic", "pg_stat_activity"],
        mysql: [
          "information_schema.processlist",
          "INFORMATION_SCHEMA.PROCESSLIST",
          "mysql.column_stats",
          "performance_schema.threads",
        ],
      }[dialect.dialect];
      const free =
        { sqlite: "sqlite_master", postgres: "pg_tables", mysql: "information_schema.tables" }[
          dialect.dialect
        ];
      const open = bindContext(await createExecutor(db, [rlsPlugin({ schema: posts })]), ONE);
      for (const name of names) {
        await assert.rejects(
          open.selectFrom(name).selectAll().execute(),
          (error) => error instanceof RLSPolicyViolation && /shows values/.test(error.message),
          name,
        );
      }
      await open.selectFrom(free).selectAll().limit(1).execute();
      const skipped = bindContext(
        await createExecutor(db, [rlsPlugin({ schema: posts, skipTables: names.slice(0, 1) })]),
        ONE,
      );
      await assert.rejects(
        skipped.selectFrom(names[0]!).selectAll().execute(),
        (error) => !(error instanceof RLSPolicyViolation),
      ).catch((error) => {
        // It is there, and may be read.
        assert.equal(error.code, "ERR_ASSERTION");
      });
    }));

  it("is told to every plugin that is to know of it, whoever asked first", () =>
    inDatabase(async (db) => {
      await makePosts(db);
      await makeNotes(db);
      await sql`create view early as select * from posts`.execute(db);
      // One asks for all tables, the other for those of its schema.
      const plugins: Plugin[] = [softDeletePlugin(), rlsPlugin({ schema: posts })];
      for (const order of [plugins, [...plugins].reverse()]) {
        const executor = bindContext(await createExecutor(db, order), ONE);
        await assert.rejects(executor.selectFrom("early").selectAll().execute(), isView);
        assert.equal((await executor.selectFrom("notes").selectAll().execute()).length, 1);
      }
      const lower = await createExecutor(db, [softDeletePlugin()]);
      await lower.selectFrom("early").selectAll().execute();
      const upper = bindContext(await createExecutor(lower, [rlsPlugin({ schema: posts })]), ONE);
      await assert.rejects(upper.selectFrom("early").selectAll().execute(), isView);
    }));
});
