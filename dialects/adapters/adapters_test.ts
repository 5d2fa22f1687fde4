import { after, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import { BadRequestError } from "@kysera/core";
import {
  createDialectAdapter,
  type DialectAdapter,
  escapeIdentifier,
  formatDate,
  getAdapter,
  getCurrentTimestamp,
  getDatabaseSize,
  getTableColumns,
  getTables,
  isForeignKeyError,
  isNotNullError,
  isUniqueConstraintError,
  MySQLAdapter,
  mysqlAdapter,
  PostgresAdapter,
  postgresAdapter,
  registerAdapter,
  SQLiteAdapter,
  sqliteAdapter,
  tableExists,
  truncateAllTables,
  truncateTable,
} from "@kysera/dialects";
import { onEveryDatabase, SLOW, type TestDatabase, uniqueName } from "../_databases_test.ts";

onEveryDatabase("an adapter", ({ family, open }) => {
  let database: TestDatabase;
  let db: Kysely<any>;
  let adapter: DialectAdapter;
  const odd = 'odd "name" `x` é; --';

  before(async () => {
    database = await open();
    db = database.db;
    adapter = getAdapter(family);
    if (family === "sqlite") await sql`pragma foreign_keys = on`.execute(db);
    await db.schema.createTable("parents")
      .addColumn(
        "id",
        family === "postgres" ? "serial" : "integer",
        (c) => family === "postgres" ? c.primaryKey() : c.primaryKey().autoIncrement(),
      )
      .addColumn("name", "varchar(100)", (c) => c.notNull().unique())
      .execute();
    await db.schema.createTable("pupils")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("parent_id", "integer", (c) => c.notNull())
      .addForeignKeyConstraint("pupils_parent", ["parent_id"], "parents", ["id"])
      .execute();
    // Not its own name in any database that folds case
    await db.schema.createTable("Mixed_Case").addColumn("Id", "integer").execute();
    await db.schema.createTable(odd).addColumn("a", "integer").addColumn("b", "integer").execute();
    await db.schema.createView("views").as(db.selectFrom("parents").select("name")).execute();
  }, SLOW);
  after(() => database?.close());

  async function counts(): Promise<Record<string, number>> {
    const entries: [string, number][] = [];
    for (const table of ["parents", "pupils", "Mixed_Case", odd]) {
      const { n } = await db.selectFrom(sql.id(table).$castTo<any>().as("t"))
        .select((eb) => eb.fn.countAll().as("n")).executeTakeFirstOrThrow();
      entries.push([table, Number(n)]);
    }
    return Object.fromEntries(entries);
  }

  beforeEach(async () => {
    for (const table of ["pupils", "parents", "Mixed_Case", odd]) {
      await sql`delete from ${sql.id(table)}`.execute(db);
    }
    await db.insertInto("parents").values([{ name: "a" }, { name: "b" }]).execute();
    const { id } = await db.selectFrom("parents").select("id").where("name", "=", "a")
      .executeTakeFirstOrThrow();
    await db.insertInto("pupils").values({ id: 1, parent_id: id }).execute();
    await db.insertInto("Mixed_Case").values({ Id: 1 }).execute();
    await sql`insert into ${sql.id(odd)} values (1, 2)`.execute(db);
  });

  it("lists the tables, and no views", async () => {
    const tables = await getTables(db, family);
    assert.deepEqual([...tables].sort(), ["Mixed_Case", "pupils", odd, "parents"].sort());
    assert.deepEqual(await adapter.getTables(db), tables);
  });

  it("finds a table by its exact name", async () => {
    for (const table of ["parents", "Mixed_Case", odd]) {
      assert.equal(await tableExists(db, table, family), true);
    }
    for (const table of ["views", "missing", "parents'; --", "%"]) {
      assert.equal(await tableExists(db, table, family), false);
    }
    // In SQLite it is the same table
    assert.equal(await tableExists(db, "mixed_case", family), family === "sqlite");
  });

  it("lists the columns of tables and views in their order", async () => {
    assert.deepEqual(await getTableColumns(db, "pupils", family), ["id", "parent_id"]);
    assert.deepEqual(await getTableColumns(db, "Mixed_Case", family), ["Id"]);
    assert.deepEqual(await getTableColumns(db, odd, family), ["a", "b"]);
    assert.deepEqual(await getTableColumns(db, "views", family), ["name"]);
    assert.deepEqual(await getTableColumns(db, "missing", family), []);
  });

  it("is not misled by a plugin that renames things", async () => {
    const camel = db.withPlugin(new CamelCasePlugin());
    assert.equal(await tableExists(camel, "parents", family), true);
    assert.deepEqual(await getTableColumns(camel, "pupils", family), ["id", "parent_id"]);
    assert.ok(await getDatabaseSize(camel, family) > 0);
  });

  it("tells the size of the database in bytes", async () => {
    const size = await getDatabaseSize(db, family);
    assert.equal(typeof size, "number");
    assert.ok(size > 1000 && Number.isInteger(size));
  });

  it("truncates a table, and its ids begin anew", async () => {
    await db.deleteFrom("pupils").execute();
    if (family === "mysql") {
      // MySQL refuses to truncate a table that others refer to, even if they are empty
      await assert.rejects(truncateTable(db, "parents", family));
      return;
    }
    if (family === "postgres") {
      // PostgreSQL too, unless they are truncated as well
      await assert.rejects(truncateTable(db, "parents", family), { code: "0A000" });
      assert.equal(await truncateTable(db, "parents", family, { cascade: true }), true);
    } else {
      assert.equal(await truncateTable(db, "parents", family), true);
    }
    assert.equal((await counts())["parents"], 0);
    await db.insertInto("parents").values({ name: "first" }).execute();
    assert.deepEqual(await db.selectFrom("parents").select("id").execute(), [{ id: 1 }]);
  });

  it("truncates the table of exactly that name", async () => {
    assert.equal(await truncateTable(db, "Mixed_Case", family), true);
    assert.equal(await truncateTable(db, odd, family), true);
    assert.deepEqual(await counts(), { parents: 2, pupils: 1, Mixed_Case: 0, [odd]: 0 });
  });

  it("truncates no table that is not there", async () => {
    assert.equal(await truncateTable(db, "missing", family), false);
    assert.equal(await truncateTable(db, "views", family), false);
    if (family !== "sqlite") assert.equal(await truncateTable(db, "mixed_case", family), false);
    assert.deepEqual(await counts(), { parents: 2, pupils: 1, Mixed_Case: 1, [odd]: 1 });
  });

  it("truncates all tables, whatever refers to what", async () => {
    await truncateAllTables(db, family);
    assert.deepEqual(await counts(), { parents: 0, pupils: 0, Mixed_Case: 0, [odd]: 0 });
    await db.insertInto("parents").values({ name: "first" }).execute();
    assert.deepEqual(await db.selectFrom("parents").select("id").execute(), [{ id: 1 }]);
    // The checks are on again, on every connection
    for (let i = 0; i < 4; i++) {
      await assert.rejects(
        db.insertInto("pupils").values({ id: 9, parent_id: 999 }).execute(),
        (error) => isForeignKeyError(error, family),
      );
    }
  });

  it("leaves the tables alone that are excluded", async () => {
    await truncateAllTables(db, family, ["Mixed_Case"]);
    assert.deepEqual(await counts(), { parents: 0, pupils: 0, Mixed_Case: 1, [odd]: 0 });
  });

  it(
    "does not empty a table that an excluded one refers to",
    { skip: family === "mysql" && "foreign key checks are off while MySQL truncates" },
    async () => {
      await assert.rejects(truncateAllTables(db, family, ["pupils"]));
      assert.deepEqual(await counts(), { parents: 2, pupils: 1, Mixed_Case: 1, [odd]: 1 });
    },
  );

  it("truncates inside a transaction, or refuses where that would commit it", async () => {
    const truncate = db.transaction().execute(async (trx) => {
      await truncateAllTables(trx, family);
      throw new Error("back again");
    });
    await assert.rejects(truncate, family === "mysql" ? /Cannot truncate inside/ : /back again/);
    assert.deepEqual(await counts(), { parents: 2, pupils: 1, Mixed_Case: 1, [odd]: 1 });
  });

  it("refuses cascade where there is none", {
    skip: family === "postgres" && "PostgreSQL has cascade",
  }, async () => {
    await assert.rejects(
      truncateTable(db, "pupils", family, { cascade: true }),
      /Cannot truncate with option "cascade"/,
    );
  });

  it("looks into the schema it is told", async () => {
    const schema = family === "sqlite" ? "other" : uniqueName();
    if (family === "sqlite") await sql`attach ${":memory:"} as other`.execute(db);
    else await db.schema.createSchema(schema).execute();
    try {
      await db.withSchema(schema).schema.createTable("Elsewhere").addColumn("x", "integer")
        .execute();
      await sql`insert into ${sql.id(schema, "Elsewhere")} values (1)`.execute(db);
      const own = createDialectAdapter(family, { defaultSchema: schema });
      assert.equal(await tableExists(db, "Elsewhere", family), false);
      assert.equal(await tableExists(db, "Elsewhere", family, { schema }), true);
      assert.equal(await tableExists(db, `${schema}.Elsewhere`, family), true);
      assert.equal(await own.tableExists(db, "Elsewhere"), true);
      assert.deepEqual(await own.getTables(db), ["Elsewhere"]);
      assert.deepEqual(await own.getTableColumns(db, "Elsewhere"), ["x"]);
      assert.equal(await own.truncateTable(db, "Elsewhere"), true);
      await own.truncateAllTables(db);
      const { rows } = await sql`select * from ${sql.id(schema, "Elsewhere")}`.execute(db);
      assert.deepEqual(rows, []);
      assert.deepEqual(await counts(), { parents: 2, pupils: 1, Mixed_Case: 1, [odd]: 1 });
      await assert.rejects(
        tableExists(db, "public.Elsewhere", family, { schema }),
        /schema "[a-z_0-9]+" was asked for/,
      );
    } finally {
      if (family === "sqlite") await sql`detach other`.execute(db);
      else if (family === "mysql") await db.schema.dropSchema(schema).execute();
      else await db.schema.dropSchema(schema).cascade().execute();
    }
  });

  it("refuses a table name it cannot take apart, and options it does not have", async () => {
    for (const table of ["", ".", "a.", ".b", "a.b.c"]) {
      await assert.rejects(tableExists(db, table, family), /Cannot use ".*" as table name/);
    }
    await assert.rejects(
      // @ts-expect-error: the type refuses it too
      tableExists(db, "parents", family, { shcema: "x" }),
      /it has no option "shcema"/,
    );
    await assert.rejects(
      // @ts-expect-error: the type refuses it too
      truncateTable(db, "parents", family, { casdcade: true }),
      /it has no option "casdcade"/,
    );
    // @ts-expect-error: the type refuses it too
    assert.throws(() => createDialectAdapter(family, { schema: "x" }), /it has no option "schema"/);
  });

  it("knows the errors of constraints", async () => {
    const caught = async (query: { execute(): Promise<unknown> }) => {
      const error: unknown = await query.execute().then(() => undefined, (error) => error);
      return [
        isUniqueConstraintError(error, family),
        isForeignKeyError(error, family),
        isNotNullError(error, family),
      ];
    };
    const parents = db.insertInto("parents");
    assert.deepEqual(await caught(parents.values({ name: "a" })), [true, false, false]);
    assert.deepEqual(
      await caught(db.insertInto("pupils").values({ id: 5, parent_id: 999 })),
      [false, true, false],
    );
    assert.deepEqual(await caught(parents.values({ name: null })), [false, false, true]);
    const nonsense = { execute: () => sql`selekt`.execute(db) };
    assert.deepEqual(await caught(nonsense), [false, false, false]);
    const error: unknown = await parents.values({ name: "a" }).execute().catch((error) => error);
    assert.equal(adapter.isUniqueConstraintError(error), true);
    assert.equal(adapter.isForeignKeyError(error), false);
    assert.equal(adapter.isNotNullError(error), false);
  });

  it("writes dates, names and now as the database reads them", async () => {
    const date = new Date("2024-02-29T23:59:59.123Z");
    const type = { sqlite: "text", postgres: "timestamptz", mysql: "datetime(3)" }[family];
    await sql`create table ${sql.id("dates")} (at ${sql.raw(type)})`.execute(db);
    try {
      await sql`insert into dates values (${adapter.formatDate(date)})`.execute(db);
      const found = await db.selectFrom("dates").select("at").where("at", "=", date).execute();
      assert.equal(new Date(found[0]?.at).getTime(), date.getTime());
      await db.deleteFrom("dates").execute();
      const before = Date.now();
      if (family === "mysql") await sql`set time_zone = '+00:00'`.execute(db);
      await sql.raw(
        `insert into ${
          adapter.escapeIdentifier("dates")
        } values (${adapter.getCurrentTimestamp()})`,
      ).execute(db);
      const { at } = await db.selectFrom("dates").select("at").executeTakeFirstOrThrow();
      if (family === "sqlite") assert.equal(at, new Date(at).toISOString());
      // A server may run in another time zone than MySQL's session
      if (family !== "mysql") assert.ok(Math.abs(new Date(at).getTime() - before) < 60_000);
    } finally {
      await db.schema.dropTable("dates").execute();
    }
  });
});

describe("getAdapter()", () => {
  it("has one adapter for each dialect that has one", () => {
    assert.equal(getAdapter("postgres"), postgresAdapter);
    assert.equal(getAdapter("mysql"), mysqlAdapter);
    assert.equal(getAdapter("sqlite"), sqliteAdapter);
    assert.throws(
      () => getAdapter("mssql"),
      /Cannot get the adapter of "mssql": there are postgres, mysql, sqlite; add one/,
    );
    assert.throws(() => createDialectAdapter("mssql"), BadRequestError);
  });

  it("gives the adapter that was registered last", () => {
    const own = new SQLiteAdapter({ defaultSchema: "temp" });
    registerAdapter(own);
    try {
      assert.equal(getAdapter("sqlite"), own);
    } finally {
      registerAdapter(sqliteAdapter);
    }
    assert.equal(getAdapter("sqlite"), sqliteAdapter);
  });

  it("makes adapters of their own class", () => {
    assert.ok(createDialectAdapter("postgres") instanceof PostgresAdapter);
    assert.ok(createDialectAdapter("mysql") instanceof MySQLAdapter);
    assert.ok(createDialectAdapter("sqlite") instanceof SQLiteAdapter);
    assert.equal(createDialectAdapter("sqlite").defaultSchema, undefined);
    const ports = (["postgres", "mysql", "sqlite"] as const)
      .map((dialect) => getAdapter(dialect).getDefaultPort());
    assert.deepEqual(ports, [5432, 3306, null]);
  });
});

describe("escapeIdentifier()", () => {
  it("doubles the quotes of the dialect, and leaves dots alone", () => {
    assert.equal(escapeIdentifier('a"b`c]d.e', "postgres"), '"a""b`c]d.e"');
    assert.equal(escapeIdentifier('a"b`c]d.e', "sqlite"), '"a""b`c]d.e"');
    assert.equal(escapeIdentifier('a"b`c]d.e', "mysql"), '`a"b``c]d.e`');
    assert.equal(escapeIdentifier('a"b`c]d.e', "mssql"), '[a"b`c]]d.e]');
  });

  it("refuses what no database takes", () => {
    for (const name of ["", "a\0b"]) {
      assert.throws(() => escapeIdentifier(name, "postgres"), BadRequestError);
    }
  });
});

describe("formatDate()", () => {
  it("writes the time zone where the database has one", () => {
    const date = new Date(Date.UTC(2024, 0, 2, 3, 4, 5, 6));
    assert.equal(formatDate(date, "postgres"), "2024-01-02T03:04:05.006Z");
    assert.equal(formatDate(date, "sqlite"), "2024-01-02T03:04:05.006Z");
    assert.equal(formatDate(date, "mysql"), "2024-01-02 03:04:05.006");
    assert.equal(formatDate(date, "mssql"), "2024-01-02 03:04:05.006");
    assert.throws(() => formatDate(new Date(NaN), "mysql"), /Cannot format date: it is not valid/);
  });
});

describe("getCurrentTimestamp()", () => {
  it("gives an expression for every dialect", () => {
    for (const dialect of ["postgres", "mysql", "sqlite", "mssql"] as const) {
      assert.match(getCurrentTimestamp(dialect), /^\w+/);
    }
  });
});
