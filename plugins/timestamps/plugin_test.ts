import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createExecutorSync } from "@kysera/executor";
import { type TimestampsOptions, timestampsPlugin } from "@kysera/timestamps";
import {
  type DialectAdapter,
  DummyDriver,
  Kysely,
  MssqlAdapter,
  MssqlQueryCompiler,
  MysqlAdapter,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresQueryCompiler,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

interface Database {
  users: { id: number; name: string };
}

const dialects = {
  postgres: [new PostgresAdapter(), new PostgresQueryCompiler()],
  mysql: [new MysqlAdapter(), new MysqlQueryCompiler()],
  sqlite: [new SqliteAdapter(), new SqliteQueryCompiler()],
  mssql: [new MssqlAdapter(), new MssqlQueryCompiler()],
} as const satisfies Record<string, readonly [DialectAdapter, QueryCompiler]>;

const NOW = new Date("2026-01-31T12:00:00.000Z");

function make(dialect: keyof typeof dialects, options: TimestampsOptions = {}): Kysely<Database> {
  const [adapter, compiler] = dialects[dialect];
  const db = new Kysely<Database>({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => compiler,
    },
  });
  const getTimestamp = (): Date => NOW;
  return createExecutorSync(db, [
    timestampsPlugin({ tables: ["users"], getTimestamp, ...options }),
  ]);
}

describe("The SQL of timestampsPlugin()", () => {
  it("has a parameter for each column of each row", () => {
    const { sql, parameters } = make("postgres").insertInto("users")
      .values([{ id: 1, name: "Ada" }, { id: 2, name: "Bob" }]).compile();
    assert.equal(
      sql,
      'insert into "users" ("id", "name", "created_at", "updated_at") ' +
        "values ($1, $2, $3, $4), ($5, $6, $7, $8)",
    );
    assert.deepEqual(parameters, [1, "Ada", NOW, NOW, 2, "Bob", NOW, NOW]);
  });

  it("sets the column of a change in an UPDATE", () => {
    const { sql, parameters } = make("mysql").updateTable("users as u").set({ name: "Ada" })
      .where("u.id", "=", 1).compile();
    assert.equal(sql, "update `users` as `u` set `name` = ?, `updated_at` = ? where `u`.`id` = ?");
    assert.deepEqual(parameters, ["Ada", NOW, 1]);
  });

  it("is that of the dialect's own values", () => {
    const parametersOf = (dialect: keyof typeof dialects, options: TimestampsOptions) =>
      make(dialect, options).updateTable("users").set({ name: "Ada" }).compile().parameters[1];
    const iso = "2026-01-31T12:00:00.000Z";
    const seconds = NOW.getTime() / 1_000;
    const expected: Record<keyof typeof dialects, readonly unknown[]> = {
      postgres: [NOW, iso, seconds],
      mysql: [NOW, "2026-01-31 12:00:00.000", seconds],
      sqlite: [iso, iso, seconds],
      mssql: [NOW, iso, seconds],
    };
    for (const [dialect, values] of Object.entries(expected)) {
      const formats = ["date", "iso", "unix"] as const;
      formats.forEach((dateFormat, i) => {
        // The key is one of the record's.
        const actual = parametersOf(dialect as keyof typeof dialects, { dateFormat });
        assert.deepEqual(actual, values[i], `${dialect} ${dateFormat}`);
      });
    }
  });

  it("stamps a MERGE and an OUTPUT of SQL Server", () => {
    const executor = make("mssql");
    const insert = executor.insertInto("users").output("inserted.id")
      .values({ id: 1, name: "Ada" }).compile();
    assert.equal(
      insert.sql,
      'insert into "users" ("id", "name", "created_at", "updated_at") output "inserted"."id" ' +
        "values (@1, @2, @3, @4)",
    );
    const merge = executor.mergeInto("users").using("users as other", "other.id", "users.id")
      .whenMatched().thenUpdateSet({ name: "Ada" }).compile();
    assert.match(merge.sql, /when matched then update set "name" = @1, "updated_at" = @2;$/);
  });
});
