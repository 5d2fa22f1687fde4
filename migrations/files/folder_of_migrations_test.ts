import { createMigrationRunner, type MigrationError } from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEveryDialect, type TestDialect } from "../../tests/support/matrix.ts";

async function withFolder(
  files: Readonly<Record<string, string>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kysera-migrations-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function withDb(dialect: TestDialect, body: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await body(db);
  } finally {
    await close();
  }
}

const CODE = `
  globalThis.loads = (globalThis.loads ?? 0) + 1;
  export async function up(db) {
    await db.schema.createTable("users").addColumn("id", "integer").execute();
  }
  export async function down(db) {
    await db.schema.dropTable("users").execute();
  }`;

onEveryDialect("a folder of migrations", (dialect) => {
  it("has them by the names of its files, each loaded once", () =>
    withDb(dialect, (db) =>
      withFolder({
        "001_users.js": CODE,
        "002_rows.sql": `
          -- two rows; or so
          insert into users values (1); insert into users values (2);
          -- down
          delete from users where id = 1; delete from users where id = 2;`,
        "003_default.mjs": `export default {
          name: "ignored",
          table: "posts",
          up(db) { return db.schema.createTable(this.table).addColumn("id", "integer").execute(); },
        };`,
        "_helper.js": "throw new Error('loaded')",
        ".hidden.js": "throw new Error('loaded')",
        "types.d.ts": "throw new Error('loaded')",
        "001_users_test.js": "throw new Error('loaded')",
        "README.md": "nothing",
      }, async (folder) => {
        await mkdir(join(folder, "004_folder.js"));
        Reflect.deleteProperty(globalThis, "loads");
        const runner = createMigrationRunner(db, folderOfMigrations(folder));
        const names = ["001_users", "002_rows", "003_default"];
        assert.deepEqual((await runner.status()).pending, names);
        assert.deepEqual((await runner.up()).executed, names);
        assert.equal(Reflect.get(globalThis, "loads"), 1);
        assert.equal((await db.selectFrom("users").selectAll().execute()).length, 2);
        await assert.rejects(runner.down(), /"003_default": it has no function down/);
        await runner.markAsRolledBack("003_default");
        assert.deepEqual((await runner.down()).executed, ["002_rows"]);
        assert.deepEqual(await db.selectFrom("users").selectAll().execute(), []);
      })));

  it("tells the file and the line of a statement that fails", () =>
    withDb(dialect, (db) =>
      withFolder({
        "001.sql": "create table a (id integer);\n\n-- fails\ninsert into\n  nowhere values (1);",
      }, async (folder) => {
        const runner = createMigrationRunner(db, folderOfMigrations(folder));
        await assert.rejects(runner.up(), (error: MigrationError) => {
          assert.match(
            error.message,
            /"001" up \(001[.]sql, line 4\): statement 2 failed: .*nowhere/,
          );
          assert.equal(error.statement?.line, 4);
          return true;
        });
      })));

  it("runs what repeats again when its text changes, or something was undone", () =>
    withDb(dialect, async (db) => {
      const view = (value: number) => ({
        "001_table.sql": "create table t (id integer);\n-- down\ndrop table t;",
        "R_view.sql":
          `-- repeatable\ndrop view if exists v;\ncreate view v as select ${value} as value;`,
      });
      const value = async () =>
        (await sql<{ value: number }>`select value from v`.execute(db)).rows;
      const run = async (files: Readonly<Record<string, string>>) => {
        let executed: string[] = [];
        await withFolder(files, async (folder) => {
          executed = (await createMigrationRunner(db, folderOfMigrations(folder)).up()).executed;
        });
        return executed;
      };
      assert.deepEqual(await run(view(1)), ["001_table", "R_view"]);
      assert.deepEqual(await run(view(1)), []);
      assert.deepEqual(await run(view(2)), ["R_view"]);
      assert.equal(Number((await value())[0]!.value), 2);
      await withFolder(view(2), async (folder) => {
        const runner = createMigrationRunner(db, folderOfMigrations(folder));
        assert.deepEqual(await runner.verify(), []);
        assert.deepEqual((await runner.status()).executed.sort(), ["001_table", "R_view"]);
        assert.deepEqual((await runner.down()).executed, ["001_table"]);
        assert.deepEqual((await runner.status()).pending, ["001_table", "R_view"]);
        assert.deepEqual((await runner.up()).executed, ["001_table", "R_view"]);
        await sql`drop view v`.execute(db);
      });
    }));
});

describe("a folder of migrations", () => {
  const refused: [string, Readonly<Record<string, string>>, RegExp][] = [
    ["a syntax error", { "001.js": "export const up = (;" }, /"001[.]js" cannot be loaded/],
    ["an error while it is loaded", { "001.js": "throw new Error('no')" }, /"001[.]js" .*: no/],
    ["no export", { "001.js": "export const a = 1" }, /"001[.]js" exports no function "up"/],
    [
      "one name twice",
      { "a.js": CODE, "a.sql": "select 1" },
      /"a[.]js" and "a[.]sql" have one name/,
    ],
    ["one number twice", { "001_a.sql": "", "001_b.sql": "" }, /begin with the same number/],
    [
      "one time stamp twice",
      { "20240102030405-a.sql": "", "20240102030405-b.sql": "" },
      /begin with the same number/,
    ],
  ];
  for (const [name, files, message] of refused) {
    it(`is refused for ${name}`, () =>
      withFolder(files, async (folder) => {
        await assert.rejects(folderOfMigrations(folder).getMigrations(), message);
      }));
  }

  it("takes numbers that only begin alike for different ones", () =>
    withFolder({ "1_a.sql": "", "10_b.sql": "", "1-2-a.sql": "", "c.sql": "" }, async (folder) => {
      const names = Object.keys(await folderOfMigrations(folder).getMigrations());
      assert.deepEqual(names.sort(), ["1-2-a", "10_b", "1_a", "c"]);
    }));

  it("can be loaded by something else, and asked again when it was mended", () =>
    withFolder({ "001.ts": "not JavaScript" }, async (folder) => {
      let isBroken = true;
      const provider = folderOfMigrations(folder, {
        load: () => isBroken ? Promise.reject(new Error("broken")) : Promise.resolve({ up() {} }),
      });
      await assert.rejects(provider.getMigrations(), /broken/);
      isBroken = false;
      assert.deepEqual(Object.keys(await provider.getMigrations()), ["001"]);
    }));
});
