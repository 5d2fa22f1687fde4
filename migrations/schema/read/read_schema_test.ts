import { BadRequestError } from "@kysera/core";
import { createExecutor } from "@kysera/executor";
import { readSchema, SNAPSHOT_VERSION } from "@kysera/migrations/schema";
import type { DatabaseConnection, Dialect } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { named, tableOf, withDb, withRich } from "../../../tests/migrations/_databases.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

/** A dialect that tells of each statement. */
function counted(dialect: Dialect, onStatement: () => void): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => {
      const driver = dialect.createDriver();
      const acquire = driver.acquireConnection.bind(driver);
      const known = new WeakSet<DatabaseConnection>();
      driver.acquireConnection = async () => {
        const connection = await acquire();
        if (known.has(connection)) return connection;
        known.add(connection);
        const execute = connection.executeQuery.bind(connection);
        connection.executeQuery = (query) => {
          onStatement();
          return execute(query);
        };
        return connection;
      };
      return driver;
    },
  };
}

onEveryDialect("readSchema()", (dialect) => {
  it("reads nothing from an empty database", () =>
    withDb(dialect, async (db) => {
      const { server, defaultSchema, ...rest } = await readSchema(db);
      assert.match(server.version, /^\d+\./);
      assert.notEqual(defaultSchema, "");
      assert.deepEqual(rest, {
        version: SNAPSHOT_VERSION,
        dialect: dialect.dialect,
        schemas: [null],
        tables: [],
        views: [],
        enums: [],
        domains: [],
        composites: [],
        ranges: [],
        sequences: [],
        routines: [],
        extensions: [],
      });
    }));

  it("is the same each time, as JSON, in a transaction and through an executor", () =>
    withRich(dialect, async (schema, db) => {
      assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
      assert.deepEqual(await readSchema(db), schema);
      assert.deepEqual(await readSchema(await createExecutor(db)), schema);
      await db.transaction().execute(async (trx) => {
        assert.deepEqual(await readSchema(trx), schema);
        // The search path is what it was.
        await trx.selectFrom("users").select("id").execute();
      });
    }));

  it("sends as many statements for many tables as for one", async () => {
    let count = 0;
    const { db, close } = await dialect.open({ wrap: (of) => counted(of, () => count++) });
    const statements = async (): Promise<number> => {
      count = 0;
      await readSchema(db);
      return count;
    };
    const create = async (name: string): Promise<void> => {
      await db.schema.createTable(`t${name}`).addColumn("id", "integer").execute();
      await db.schema.createView(`v${name}`).as(db.selectFrom(`t${name}`).select("id")).execute();
    };
    try {
      await create("");
      const few = await statements();
      assert.ok(few >= 4 && few <= 20, `${few} statements`);
      for (let i = 0; i < 30; i++) await create(`${i}`);
      assert.equal(await statements(), few);
    } finally {
      await close();
    }
  });

  it("reads columns, keys, references and indexes", () =>
    withRich(dialect, (schema) => {
      const users = tableOf(schema, "users");
      const email = named(users.columns, "email");
      assert.equal(email.nullable, false);
      assert.match(email.type.text, /\(50\)$/);
      assert.equal(email.type.name, "varchar");
      assert.equal(email.default, null);
      const name = named(users.columns, "name");
      assert.equal(name.nullable, true);
      assert.match(name.default!, /^'it''s'/);
      assert.equal(
        name.collation,
        { postgres: "C", mysql: "utf8mb4_bin", sqlite: "nocase" }[dialect.dialect],
      );
      const total = named(users.columns, "total");
      assert.equal(total.generated?.stored, true);
      assert.match(total.generated.expression, /price.+\*.+2/);
      assert.equal(total.default, null);
      assert.ok(named(users.columns, "id").identity);
      assert.equal(named(users.columns, "id").nullable, false);
      assert.deepEqual(users.primaryKey?.columns, ["id"]);
      assert.deepEqual(users.uniques.map(({ columns }) => columns[0]).sort(), ["email", "name"]);
      assert.match(named(users.checks, "named").expression, /name.+ < 100/);
      assert.equal(users.checks.filter(({ expression }) => expression.includes("price")).length, 1);

      const posts = tableOf(schema, "posts");
      const author = posts.foreignKeys.find(({ columns }) => columns[0] === "author_id")!;
      assert.equal(author.referencedTable, "users");
      assert.deepEqual(author.referencedColumns, ["id"]);
      assert.equal(author.onDelete, "cascade");
      assert.equal(author.referencedSchema, null);
      const titled = posts.indexes.find(({ name }) => /title/.test(name) && name !== "title")!;
      assert.equal(titled.method, "btree");
      assert.equal(titled.parts.length, 2);

      const active = named(schema.views, "active");
      assert.deepEqual(active.columns.map(({ name }) => name), ["id", "email", "title"]);
      assert.match(active.definition, /^select/i);
    }));

  it("leaves out the tables of the runner, and those that are named", () =>
    withDb(dialect, async (db) => {
      for (const name of ["kysera_migration", "a", "b"]) {
        await db.schema.createTable(name).addColumn("id", "integer").execute();
      }
      const names = async (exclude?: string[]) =>
        (await readSchema(db, exclude && { exclude })).tables.map(({ name }) => name);
      assert.deepEqual(await names(), ["a", "b"]);
      assert.deepEqual(await names(["a"]), ["b", "kysera_migration"]);
      assert.deepEqual(await names([]), ["a", "b", "kysera_migration"]);
    }));

  it("refuses options that are wrong", () =>
    withDb(dialect, async (db) => {
      const wrong = [{ schema: "x" }, { schemas: [] }, { schemas: "x" }, { exclude: [1] }];
      for (const options of wrong) {
        await assert.rejects(readSchema(db, options as object), BadRequestError);
      }
    }));
});
