import { adoptHistory, createMigrationRunner } from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import { drizzle as drizzleOfMysql } from "drizzle-orm/mysql-proxy";
import { migrate as migrateMysql } from "drizzle-orm/mysql-proxy/migrator";
import { drizzle as drizzleOfPostgres } from "drizzle-orm/pg-proxy";
import { migrate as migratePostgres } from "drizzle-orm/pg-proxy/migrator";
import { drizzle as drizzleOfSqlite } from "drizzle-orm/sqlite-proxy";
import { migrate as migrateSqlite } from "drizzle-orm/sqlite-proxy/migrator";
import { CompiledQuery, type Kysely } from "kysely";
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { dropDrizzleSchema } from "./_foreign_tables.ts";

/** Runs Drizzle's own migrator, its statements over Kysely. */
async function migrateWithDrizzle(
  db: Kysely<any>,
  { dialect }: TestDialect,
  folder: string,
): Promise<void> {
  const run = async (text: string, parameters: readonly unknown[] = []) =>
    (await db.executeQuery(CompiledQuery.raw(text, [...parameters]))).rows as object[];
  const arrays = async (text: string, parameters: readonly unknown[]) => ({
    rows: (await run(text, parameters)).map((row) => Object.values(row)),
  });
  const all = async (statements: readonly string[]) => {
    for (const statement of statements) await run(statement);
  };
  const config = { migrationsFolder: folder };
  if (dialect === "postgres") {
    const proxy = drizzleOfPostgres(async (text, parameters, method) =>
      method === "all" ? await arrays(text, parameters) : { rows: await run(text, parameters) }
    );
    await migratePostgres(proxy, all, config);
  } else if (dialect === "mysql") {
    const proxy = drizzleOfMysql(async (text, parameters, method) => {
      const result = await arrays(text, parameters);
      // What writes is answered by the header of the driver.
      return method === "all" ? result : { rows: [{ insertId: 0, affectedRows: 0 }] };
    });
    await migrateMysql(proxy, all, config);
  } else await migrateSqlite(drizzleOfSqlite(arrays), all, config);
}

// The proxy for PostgreSQL knows one schema alone, which tests on a server would share.
onEveryDialect("a database that Drizzle has migrated", (dialect) => {
  it("goes on with the files of Drizzle", async () => {
    const { db, close } = await dialect.open();
    const folder = await mkdtemp(join(tmpdir(), "kysera-drizzle-"));
    const entries: { idx: number; version: string; when: number; tag: string }[] = [];
    const add = async (tag: string) => {
      const table = tag.slice(5);
      await writeFile(join(folder, `${tag}.sql`), `create table ${table} (id integer);\n`);
      const idx = entries.length;
      entries.push({ idx, version: "7", when: 1_700_000_000_000 + idx * 1000, tag });
      const journal = { version: "7", dialect: dialect.dialect, entries };
      await writeFile(join(folder, "meta", "_journal.json"), JSON.stringify(journal));
    };
    try {
      await mkdir(join(folder, "meta"));
      await add("0000_users");
      await add("0001_posts");
      await migrateWithDrizzle(db, dialect, folder);
      const files = () => folderOfMigrations(folder);
      // The text of the files is what Drizzle has hashed, so no journal is needed.
      const { adopted, notes, unknown } = await adoptHistory(db, files());
      assert.deepEqual([adopted, notes, unknown], [["0000_users", "0001_posts"], [], []]);
      const [first] = await createMigrationRunner(db, files()).getHistory();
      assert.equal(first!.executedAt.getTime(), 1_700_000_000_000);

      await add("0002_tags");
      await migrateWithDrizzle(db, dialect, folder);
      const again = await adoptHistory(db, files(), { journal: { entries } });
      assert.deepEqual([again.adopted, again.known], [["0002_tags"], ["0000_users", "0001_posts"]]);

      await add("0003_links");
      assert.deepEqual((await createMigrationRunner(db, files()).up()).executed, ["0003_links"]);
      assert.deepEqual(await createMigrationRunner(db, files()).verify(), []);
    } finally {
      await rm(folder, { recursive: true });
      await dropDrizzleSchema(db, dialect);
      await close();
    }
  });
}, ["sqlite", "pglite", "mysql"]);
