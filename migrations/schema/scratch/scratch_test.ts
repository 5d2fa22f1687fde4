import { BadRequestError } from "@kysera/core";
import { readSchema, scratchDatabase, scratchSchema } from "@kysera/migrations/schema";
import { type Dialect, MysqlDialect, PostgresDialect, sql } from "kysely";
import assert from "node:assert/strict";
import process from "node:process";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../../../tests/support/matrix.ts";

/** Returns what connects to another database of the server of the tests. */
async function connector({ name }: TestDialect): Promise<(database: string) => Dialect> {
  if (name === "postgres") {
    const { default: pg } = await import("pg");
    const url = new URL(process.env["KYSERA_TEST_POSTGRES_URL"]!);
    return (database) => {
      url.pathname = `/${database}`;
      return new PostgresDialect({ pool: new pg.Pool({ connectionString: url.href, max: 2 }) });
    };
  }
  const { default: mysql } = await import("mysql2");
  const url = new URL(process.env["KYSERA_TEST_MYSQL_URL"]!);
  return (database) => {
    url.pathname = `/${database}`;
    return new MysqlDialect({ pool: mysql.createPool({ uri: url.href, connectionLimit: 2 }) });
  };
}

onEveryDialect("scratchDatabase()", (dialect) => {
  it("gives an empty database, and removes it whatever happens", async () => {
    const { db, close } = await dialect.open();
    try {
      const current = async () => {
        const name = dialect.name === "mysql" ? sql`database()` : sql`current_database()`;
        const { rows } = await sql<{ name: string }>`select ${name} as name`.execute(db);
        return rows[0]!.name;
      };
      const before = await current();
      const scratch = scratchDatabase(db, await connector(dialect));
      const names: string[] = [];
      const body = scratch(async (other) => {
        assert.deepEqual((await readSchema(other)).tables, []);
        await other.schema.createTable("t").addColumn("id", "integer").execute();
        const name = dialect.name === "mysql" ? sql`database()` : sql`current_database()`;
        const { rows } = await sql<{ name: string }>`select ${name} as name`.execute(other);
        names.push(rows[0]!.name);
        throw new Error("on purpose");
      });
      await assert.rejects(body, /on purpose/);
      assert.match(names[0]!, /^kysera_scratch_/);
      const list = dialect.name === "mysql"
        ? sql`select schema_name as name from information_schema.schemata`
        : sql`select datname as name from pg_catalog.pg_database`;
      const { rows } = await sql<{ name: string }>`${list}`.execute(db);
      assert.ok(!rows.some(({ name }) => name === names[0]));
      assert.equal(await current(), before);
    } finally {
      await close();
    }
  });
}, ["postgres", "mysql"]);

onEveryDialect("scratchDatabase() and scratchSchema()", (dialect) => {
  it("refuse a database that is on no server", async () => {
    const { db, close } = await dialect.open();
    try {
      const open = () => {
        throw new Error("not called");
      };
      assert.throws(() => scratchSchema(db), BadRequestError);
      assert.throws(() => scratchDatabase(db, open), /use scratchInMemory\(\)/);
    } finally {
      await close();
    }
  });
}, ["sqlite"]);
