import assert from "node:assert/strict";
import { it } from "node:test";
import {
  bindContext,
  createExecutor,
  createExecutorSync,
  type KyseraExecutor,
} from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  filter,
  rlsPlugin,
  RLSPolicyEvaluationError,
  RLSPolicyViolation,
  RLSSchemaError,
  type TableRLSConfig,
} from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDialect, type TestOpenOptions } from "../support/matrix.ts";

/** Rows may be read by all, and changed by their owner, as a function of the row says. */
const OWN: TableRLSConfig<any> = {
  policies: [
    allow("read", true),
    allow(["update", "delete"], (ctx) => Number(ctx.row.owner) === ctx.auth.userId),
  ],
};

interface Place {
  readonly db: Kysely<any>;
  /** Returns an executor for a caller, with the policies above for tables. */
  as(userId: number, tables: Record<string, Partial<TableRLSConfig<any>>>): Promise<
    KyseraExecutor<any>
  >;
  run(...statements: string[]): Promise<void>;
  /** Returns the values of a table's rows, in the order of a column. */
  rows(table: string, columns: string): Promise<string[]>;
}

async function inPlace(
  dialect: TestDialect,
  test: (place: Place) => Promise<void>,
  options?: TestOpenOptions,
): Promise<void> {
  const { db, close } = await dialect.open(options);
  try {
    await test({
      db,
      async as(userId, tables) {
        const schema = Object.fromEntries(
          Object.entries(tables).map(([table, config]) => [table, { ...OWN, ...config }]),
        );
        const plugin = rlsPlugin({ schema: defineRLSSchema<any>(schema) });
        const executor = await createExecutor(db, [plugin]);
        return bindContext(executor, { auth: { userId, roles: [] } });
      },
      async run(...statements) {
        for (const statement of statements) await sql.raw(statement).execute(db);
      },
      async rows(table, columns) {
        const { rows } = await sql.raw<{ x: string }>(
          `select concat_ws(':', ${columns}) as x from ${table} order by 1`,
        ).execute(db);
        return rows.map(({ x }) => x);
      },
    });
  } finally {
    await close();
  }
}

onEveryDialect("functions of the row", (dialect) => {
  const { dialect: family } = dialect;
  const text = family === "mysql" ? "varchar(40)" : "text";

  it("tell rows apart by the key that the catalog has", () =>
    inPlace(dialect, async ({ as, run, rows }) => {
      await run(
        "create table items (tenant int, id int, owner int, v int, primary key (tenant, id))",
        "insert into items values (2, 5, 2, 0), (1, 5, 1, 0), (3, 5, 3, 0), (1, 6, 1, 0)",
      );
      for (const owner of [1, 2, 3]) {
        const own = await as(owner, { items: {} });
        const { numUpdatedRows } = await own.updateTable("items").set({ v: owner })
          .where("id", "=", 5).executeTakeFirst();
        assert.equal(numUpdatedRows, 1n);
      }
      assert.deepEqual(await rows("items", "tenant, id, v"), ["1:5:1", "1:6:0", "2:5:2", "3:5:3"]);
      const third = await as(3, { items: {} });
      assert.equal((await third.deleteFrom("items").executeTakeFirst()).numDeletedRows, 1n);
      assert.deepEqual(await rows("items", "tenant, id"), ["1:5", "1:6", "2:5"]);
    }));

  it("refuse a key that several rows can share, and say which is the key", () =>
    inPlace(dialect, async ({ db, as, run }) => {
      await run(
        `create table docs (org int, id int, slug ${text} not null unique, owner int,
          primary key (org, id))`,
      );
      await assert.rejects(
        as(1, { docs: { primaryKey: "id" } }),
        (error) =>
          /several rows can have the same "id"; the key of the table is "org", "id"/.test(
            String(error),
          ),
      );
      for (const primaryKey of ["slug", ["org", "id"], ["id", "org", "owner"]]) {
        await as(1, { docs: { primaryKey } });
      }
      const schema = defineRLSSchema<any>({ docs: { ...OWN, primaryKey: "id" } });
      const late = bindContext(createExecutorSync(db, [rlsPlugin({ schema })]), {
        auth: { userId: 1, roles: [] },
      });
      await assert.rejects(late.deleteFrom("docs").execute(), RLSSchemaError);
    }));

  it("refuse what they cannot tell apart where a table has no key", () =>
    inPlace(dialect, async ({ as, run, rows }) => {
      await run(
        "create table loose (id int, owner int, v int)",
        "insert into loose values (1, 1, 0), (1, 9, 0), (2, 1, 0), (3, 1, 0), (3, 1, 0)",
      );
      const own = await as(1, { loose: {} });
      const shared = (error: unknown): boolean =>
        error instanceof RLSPolicyEvaluationError &&
        /several rows have the same "id"/.test(`${error}`);
      if (family === "sqlite") {
        const result = await own.updateTable("loose").set({ v: 1 }).executeTakeFirst();
        assert.equal(result.numUpdatedRows, 4n);
      } else {
        await assert.rejects(own.updateTable("loose").set({ v: 1 }).execute(), shared);
        await assert.rejects(
          own.updateTable("loose").set({ v: 1 }).where("id", "=", 3).execute(),
          shared,
        );
        assert.ok((await rows("loose", "v")).every((v) => v === "0"));
      }
      const one = await own.updateTable("loose").set({ v: 2 }).where("id", "=", 2)
        .executeTakeFirst();
      assert.equal(one.numUpdatedRows, 1n);
      // Where the database itself tells rows apart, no key is needed to delete one.
      if (family === "mysql") await assert.rejects(own.deleteFrom("loose").execute(), shared);
      else assert.equal((await own.deleteFrom("loose").executeTakeFirst()).numDeletedRows, 4n);
      assert.ok((await rows("loose", "id, owner")).includes("1:9"));
      await own.deleteFrom("loose").where("id", "=", 3).execute();
      assert.ok(!(await rows("loose", "id, owner")).includes("3:1"));
    }));

  const lossy: readonly (readonly [type: string, a: string, b: string])[] = family === "postgres"
    ? [
      ["timestamp(6)", "'2024-01-01 00:00:00.000000'", "'2024-01-01 00:00:00.000001'"],
      ["timestamptz", "'2024-11-03 01:30:00-04'", "'2024-11-03 01:30:00.000001-04'"],
      ["bigint", "9007199254740992", "9007199254740993"],
      ["numeric(38, 10)", "0.1", "0.1000000001"],
      ["double precision", "0.1", "0.10000000000000002"],
      ["real", "0.1", "0.10000001"],
      ["char(5)", "'a'", "'a b'"],
      ["varchar(5)", "'a'", "'A'"],
      ["bytea", "'\\x00ff'", "'\\x00fe'"],
      ["interval", "'1 month'", "'1 month 1 microsecond'"],
      ["bit(4)", "b'0101'", "b'0111'"],
      ["int[]", "'{1,2}'", "'{1,3}'"],
      ["uuid", "md5(random()::text)::uuid", "md5(random()::text)::uuid"],
    ]
    : family === "mysql"
    ? [
      ["timestamp(6)", "'2024-01-01 00:00:00.000000'", "'2024-01-01 00:00:00.000001'"],
      ["datetime(6)", "'2024-01-01 00:00:00.000000'", "'2024-01-01 00:00:00.000001'"],
      ["bigint", "9007199254740992", "9007199254740993"],
      ["decimal(38, 10)", "0.1", "0.1000000001"],
      ["char(5)", "'a'", "'a b'"],
      ["varchar(5) collate utf8mb4_bin", "'a'", "'A'"],
      ["varbinary(4)", "x'00ff'", "x'00fe'"],
      ["time(6)", "'00:00:00'", "'00:00:00.000001'"],
      ["double", "0.1", "0.10000000000000002"],
    ]
    : [
      ["integer", "1", "2"],
      ["text", "'a'", "'A'"],
      ["text", "'1'", "1.5"],
      ["text", "null", "null"],
      ["blob", "x'00ff'", "x'00fe'"],
      ["real", "0.1", "0.10000000000000002"],
      ["text collate nocase", "'a'", "'b'"],
    ];
  for (const [type, first, second] of lossy) {
    it(`never touch another row for what a driver makes of a key: ${type}, ${first}`, () =>
      inPlace(dialect, async ({ as, run, rows }) => {
        const tables = family === "sqlite" && first !== "null" ? ["tsk", "keyed"] : ["tsk"];
        for (const table of tables) {
          await run(
            `create table ${table} (id ${type} primary key, owner int, v int)${
              table === "keyed" ? " without rowid" : ""
            }`,
            `insert into ${table} values (${first}, 9, 0), (${second}, 1, 0)`,
          );
          const own = await as(1, { [table]: {} });
          const { numUpdatedRows } = await own.updateTable(table).set({ v: 1 }).executeTakeFirst();
          assert.equal(numUpdatedRows, 1n);
          assert.deepEqual(await rows(table, "owner, v"), ["1:1", "9:0"]);
          assert.equal((await own.deleteFrom(table).executeTakeFirst()).numDeletedRows, 1n);
          assert.deepEqual(await rows(table, "owner"), ["9"]);
        }
      }));
  }

  it("judge what a row becomes by the row that it was", () =>
    inPlace(dialect, async ({ as, run, rows }) => {
      await run(
        "create table moves (tenant int, id int, owner int, v int, primary key (tenant, id))",
        "insert into moves values (1, 1, 1, 0), (2, 1, 1, 0), (3, 1, 2, 0)",
      );
      const own = await as(1, { moves: {} });
      await assert.rejects(
        own.updateTable("moves").set({ owner: 2 }).execute(),
        RLSPolicyViolation,
      );
      await assert.rejects(
        own.updateTable("moves").set((eb) => ({
          owner: eb.case().when("tenant", "=", 2).then(2).else(1).end(),
        })).execute(),
        RLSPolicyViolation,
      );
      assert.deepEqual(await rows("moves", "tenant, id, owner"), ["1:1:1", "2:1:1", "3:1:2"]);
      await assert.rejects(
        own.updateTable("moves").set({ tenant: 7 }).execute(),
        /changes the key "tenant"/,
      );
    }));

  it("hold for tables whose names hold a space, and other odd characters", () =>
    inPlace(dialect, async ({ db, run }) => {
      const quote = family === "mysql" ? "`" : '"';
      const q = (name: string): string => quote + name + quote;
      for (const name of ["Order Items", "it's", "a-b", "Straße 1"]) {
        await run(
          `create table ${q(name)} (${q("the id")} int primary key, ${q("the owner")} int, v int)`,
          `insert into ${q(name)} values (1, 1, 0), (2, 2, 0)`,
        );
        const schema = defineRLSSchema<any>({
          [name]: {
            policies: [
              filter("read", (ctx) => ({ "the owner": [1, ctx.auth.userId] })),
              allow("update", (ctx) => ctx.row["the owner"] === ctx.auth.userId),
              allow("delete", (ctx) => ({ "the owner": ctx.auth.userId })),
            ],
          },
        });
        const executor = bindContext(await createExecutor(db, [rlsPlugin({ schema })]), {
          auth: { userId: 2, roles: [] },
        });
        const updated = await executor.updateTable(name).set({ v: 1 }).executeTakeFirst();
        assert.equal(updated.numUpdatedRows, 1n, name);
        const deleted = await executor.deleteFrom(name).executeTakeFirst();
        assert.equal(deleted.numDeletedRows, 1n, name);
        const left = await executor.selectFrom(name).select("the id").execute();
        assert.deepEqual(left, [{ "the id": 1 }], name);
      }
    }));

  it("serve joined statements, in which a row may come more than once", () =>
    inPlace(dialect, async ({ as, run, rows }) => {
      await run(
        "create table posts (tenant int, id int, owner int, v int, primary key (tenant, id))",
        "insert into posts values (1, 1, 1, 0), (2, 1, 9, 0), (3, 1, 1, 0)",
        "create table tags (post int)",
        "insert into tags values (1), (1)",
      );
      const own = await as(1, { posts: {} });
      if (family === "mysql") {
        await own.deleteFrom("posts").using(["posts", "tags as t"])
          .whereRef("t.post", "=", "posts.id").where("posts.tenant", "<", 3).execute();
        assert.deepEqual(await rows("posts", "tenant, v"), ["2:0", "3:0"]);
      } else {
        await own.updateTable("posts as p").from("tags as t").whereRef("t.post", "=", "p.id")
          .set({ v: 1 }).execute();
        assert.deepEqual(await rows("posts", "tenant, v"), ["1:1", "2:0", "3:1"]);
      }
      await own.deleteFrom("posts").where((eb) =>
        eb("id", "in", eb.selectFrom("tags").select("post"))
      ).execute();
      assert.deepEqual(await rows("posts", "tenant"), ["2"]);
    }));
});

onEveryDialect("functions of the row, of PostgreSQL's tables", (dialect) => {
  it("tell rows of partitions, of children and of views apart", () =>
    inPlace(dialect, async ({ as, run, rows }) => {
      await run(
        "create table parts (t int, id int, owner int, v int, primary key (t, id)) partition by list (t)",
        "create table parts_1 partition of parts for values in (1)",
        "create table parts_2 partition of parts for values in (2)",
        "insert into parts values (1, 1, 1, 0), (2, 1, 9, 0)",
        "create table parent (id int primary key, owner int, v int)",
        "create table child () inherits (parent)",
        "insert into parent values (1, 9, 0)",
        "insert into child values (1, 1, 0)",
        "create table base (tenant int, id int, owner int, v int, primary key (tenant, id))",
        "create view shown as select * from base",
        "insert into base values (1, 1, 1, 0), (2, 1, 9, 0), (3, 2, 1, 0)",
      );
      const own = await as(1, { parts: {}, parent: {}, shown: {} });
      await own.updateTable("parts").set({ v: 1 }).execute();
      assert.deepEqual(await rows("parts", "t, v"), ["1:1", "2:0"]);
      await own.deleteFrom("parts").execute();
      assert.deepEqual(await rows("parts", "t"), ["2"]);
      await own.deleteFrom("parent").execute();
      assert.deepEqual(await rows("parent", "owner"), ["9"]);
      await assert.rejects(
        own.updateTable("shown").set({ v: 1 }).execute(),
        /several rows have the same "id"/,
      );
      await own.updateTable("shown").set({ v: 1 }).where("id", "=", 2).execute();
      assert.deepEqual(await rows("base", "tenant, v"), ["1:0", "2:0", "3:1"]);
      const named = await as(1, { shown: { primaryKey: ["tenant", "id"] } });
      assert.equal((await named.deleteFrom("shown").executeTakeFirst()).numDeletedRows, 2n);
      assert.deepEqual(await rows("base", "tenant"), ["2"]);
    }));
}, ["pglite", "postgres"]);

onEveryDialect("functions of the row, of SQLite's tables", (dialect) => {
  it("work where a table is written with its schema", () =>
    inPlace(dialect, async ({ as, run, rows }) => {
      await run(
        "attach ':memory:' as aux",
        "create table main.t (id integer primary key, owner int, v int)",
        "create table aux.t (id integer primary key, owner int, v int, note text)",
        "create table aux.only_there (id integer primary key, owner int, v int)",
        "insert into main.t values (1, 1, 0), (2, 9, 0)",
        "insert into aux.t values (1, 9, 0, 'x'), (2, 1, 0, 'y')",
        "insert into aux.only_there values (1, 1, 0), (2, 9, 0)",
      );
      const own = await as(1, { t: {}, only_there: {} });
      await own.updateTable("main.t").set({ v: 1 }).execute();
      await own.withSchema("aux").updateTable("t").set({ v: 2 }).execute();
      await own.updateTable("aux.t as x").set({ note: "z" }).execute();
      await own.updateTable("aux.only_there").set({ v: 3 }).execute();
      assert.deepEqual(await rows("main.t", "id, v"), ["1:1", "2:0"]);
      assert.deepEqual(await rows("aux.t", "id, v, note"), ["1:0:x", "2:2:z"]);
      assert.deepEqual(await rows("aux.only_there", "id, v"), ["1:3", "2:0"]);
      await own.updateTable("aux.t").from("main.t").set({ v: 5 })
        .whereRef("aux.t.id", "=", "main.t.id").execute();
      assert.deepEqual(await rows("aux.t", "id, v, note"), ["1:0:x", "2:5:z"]);
      await own.withSchema("main").deleteFrom("t").execute();
      await own.deleteFrom("aux.only_there").execute();
      await own.deleteFrom("aux.t").execute();
      assert.deepEqual(await rows("main.t", "id"), ["2"]);
      assert.deepEqual(await rows("aux.only_there", "id"), ["2"]);
      assert.deepEqual(await rows("aux.t", "id"), ["1"]);
    }));

  it("take no column for the rowid, and let none be assigned", () =>
    inPlace(dialect, async ({ as, run, rows }) => {
      await run(
        "create table odd (rowid text, oid int, owner int, v int)",
        "insert into odd values ('a', 1, 9, 0), ('a', 1, 1, 0)",
        "create table swapped (id integer primary key, owner int, v int)",
        "insert into swapped values (1, 1, 0), (2, 9, 0)",
      );
      const own = await as(1, { odd: {}, swapped: {} });
      await own.updateTable("odd").set({ rowid: "b", v: 1 }).execute();
      assert.deepEqual(await rows("odd", "rowid, owner, v"), ["a:9:0", "b:1:1"]);
      for (const name of ["id", "ID", "rowid", "_rowid_"]) {
        await assert.rejects(
          own.updateTable("swapped").set({ [name]: 3 }).execute(),
          /changes the key/,
          name,
        );
      }
      await assert.rejects(
        own.updateTable("odd").set({ _rowid_: 3 }).execute(),
        /changes the key/,
      );
    }));
}, ["sqlite"]);
