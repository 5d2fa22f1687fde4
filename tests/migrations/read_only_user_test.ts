import { mysql2Dialect, pgDialect } from "@kysera/dialects";
import { createMigrationRunner, type Migration } from "@kysera/migrations";
import { readSchema } from "@kysera/migrations/schema";
import { lintMigrations } from "@kysera/migrations/lint";
import { type Dialect, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { uniqueName } from "../support/_names.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { shareDatabases } from "./_processes.ts";

const first: Migration = {
  name: "001_users",
  async up(db) {
    await db.schema.createTable("users").addColumn("id", "integer").execute();
    await db.insertInto("users").values({ id: 7 }).execute();
  },
};
const second: Migration = {
  name: "002_posts",
  async up(db) {
    const users = await db.selectFrom("users").select("id").execute();
    await db.schema.createTable("posts").addColumn("id", "integer").execute();
    for (const { id } of users) await db.insertInto("posts").values({ id }).execute();
  },
};

onEveryDialect("a user who may only read", (dialect) => {
  it("plans migrations, finds what is wrong with them, and tells which are applied", async () => {
    const shared = await shareDatabases(dialect.dialect, 1);
    const [within] = shared.within;
    const user = uniqueName().slice(0, 30);
    const db = await shared.open(within!);
    const isMysql = dialect.dialect === "mysql";
    const name = isMysql ? sql`${sql.lit(user)}@'%'` : sql.id(user);
    try {
      await createMigrationRunner(db, [first]).up();
      if (isMysql) {
        await sql`create user ${name} identified by 'reader'`.execute(db);
        await sql`grant select on ${sql.id(within!)}.* to ${name}`.execute(db);
      } else {
        await sql`create role ${name} login password 'reader'`.execute(db);
        await sql`grant usage on schema ${sql.id(within!)} to ${name}`.execute(db);
        await sql`grant select on all tables in schema ${sql.id(within!)} to ${name}`.execute(db);
      }
      const url = new URL(shared.url);
      url.username = user;
      url.password = "reader";
      if (isMysql) url.pathname = `/${within}`;
      const reader = new Kysely<any>({ dialect: await open(dialect.dialect, url.href, within!) });
      try {
        await assert.rejects(reader.insertInto("users").values({ id: 8 }).execute());
        const runner = createMigrationRunner(reader, [first, second], { dryRun: true });
        const { pending } = await runner.status();
        assert.deepEqual(pending, ["002_posts"]);
        const { plan } = await runner.up();
        assert.deepEqual(plan!.map(({ name, readsData }) => [name, readsData]), [
          ["002_posts", true],
        ]);
        assert.deepEqual(plan![0]!.statements.map(({ parameters }) => parameters), [[], [7]]);
        assert.equal(plan![0]!.endsBecause, undefined);
        const { findings, migrations } = await lintMigrations(reader, [first, second]);
        assert.deepEqual(migrations, ["002_posts"]);
        assert.ok(findings.some(({ rule }) => rule === "no-primary-key"));
        assert.deepEqual(await readSchema(reader), await readSchema(db));
      } finally {
        await reader.destroy();
      }
      assert.deepEqual((await createMigrationRunner(db, [first, second]).up()).executed, [
        "002_posts",
      ]);
    } finally {
      if (isMysql) await sql`drop user if exists ${name}`.execute(db);
      else await sql`drop owned by ${name} cascade; `.execute(db).catch(() => {});
      if (!isMysql) await sql`drop role if exists ${name}`.execute(db);
      await db.destroy();
      await shared.close();
    }
  });
}, ["postgres", "mysql"]);

async function open(dialect: string, url: string, within: string): Promise<Dialect> {
  if (dialect === "mysql") {
    const { default: mysql } = await import("mysql2");
    return mysql2Dialect({ pool: mysql.createPool({ uri: url, connectionLimit: 1 }) });
  }
  const { default: pg } = await import("pg");
  const options = `-c search_path=${within}`;
  return pgDialect({ pool: new pg.Pool({ connectionString: url, max: 1, options }) });
}
