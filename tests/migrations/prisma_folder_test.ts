import { adoptHistory, createMigrationRunner } from "@kysera/migrations";
import {
  createMigrationFile,
  folderOfMigrations,
  rebaseMigrations,
  writeMigrationLock,
} from "@kysera/migrations/files";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { createForeignTable, insertPrisma } from "./_foreign_tables.ts";

const WHEN = Date.UTC(2024, 0, 1);

onEveryDialect("a database that Prisma has migrated", (dialect) => {
  it("goes on with the folder of Prisma", async () => {
    const { db, close } = await dialect.open();
    const folder = await mkdtemp(join(tmpdir(), "kysera-prisma-"));
    const add = async (name: string, table: string): Promise<string> => {
      const script = `-- CreateTable\ncreate table ${table} (id integer);\n`;
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "migration.sql"), script);
      return script;
    };
    try {
      await writeFile(join(folder, "migration_lock.toml"), 'provider = "postgresql"\n');
      await mkdir(join(folder, "notes"));
      const script = await add("20240101000000_users", "users");
      await add("20240101000001_posts", "posts");
      await createForeignTable(db, dialect, "prisma");
      await insertPrisma(db, dialect, [{
        name: "20240101000000_users",
        started: WHEN,
        finished: WHEN + 5,
        checksum: createHash("sha256").update(script).digest("hex"),
      }]);
      const runner = () => createMigrationRunner(db, folderOfMigrations(folder));
      const { adopted, notes, unknown } = await adoptHistory(db, folderOfMigrations(folder));
      assert.deepEqual([adopted, notes, unknown], [["20240101000000_users"], [], []]);
      assert.deepEqual((await runner().up()).executed, ["20240101000001_posts"]);
      assert.deepEqual(await runner().verify(), []);

      await writeMigrationLock(folder);
      await add("20240101000000_tags", "tags");
      const applied = await runner().getExecutedMigrations();
      assert.deepEqual(await rebaseMigrations(folder, applied), [
        { from: "20240101000000_tags", to: "20240101000002_tags" },
      ]);
      assert.deepEqual((await runner().up()).executed, ["20240101000002_tags"]);
      const now = new Date(WHEN);
      const file = await createMigrationFile(folder, "links", { extension: "sql", now });
      assert.equal(basename(file), "20240101000003_links.sql");
    } finally {
      await rm(folder, { recursive: true });
      await close();
    }
  });
});
