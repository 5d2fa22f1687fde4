import { adoptHistory, createMigrationRunner } from "@kysera/migrations";
import {
  createMigrationFile,
  folderOfMigrations,
  rebaseMigrations,
  writeMigrationLock,
} from "@kysera/migrations/files";
import { lintMigrations } from "@kysera/migrations/lint";
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { onEveryDialect } from "../support/matrix.ts";
import { createForeignTable, insertFlyway } from "./_foreign_tables.ts";

/** A folder, by the files that it has. */
async function withFolder(
  files: Readonly<Record<string, string>>,
  body: (folder: string, add: (file: string, text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kysera-flyway-"));
  const add = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  };
  try {
    for (const [file, text] of Object.entries(files)) await add(file, text);
    await body(folder, add);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The checksum of Flyway: of the lines, without their ends. */
function checksumOf(text: string): number {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n?|\n/);
  return crc32(lines.join("")) | 0;
}

const FILES = {
  "V1__users.sql": "create table users (id integer);\n-- down\ncreate table kept (id integer);\n",
  "V1.1__names.sql": "alter table users add column name varchar(20);\n",
  "V2__posts.sql": "create table posts (id integer);\n",
  "U2__posts.sql": "drop table posts;\n",
  "later/V10__tags.sql": "create table tags (id integer, post integer);\n",
  "R__names.sql": "insert into users (id, name) values (1, 'first');\n",
};

onEveryDialect("a folder laid out as Flyway's", (dialect) => {
  const withDb = async (body: (db: any) => Promise<void>): Promise<void> => {
    const { db, close } = await dialect.open();
    try {
      await body(db);
    } finally {
      await close();
    }
  };

  it("runs in the order of its versions, and undoes by its undo files", () =>
    withDb((db) =>
      withFolder(FILES, async (folder, add) => {
        const runner = () => createMigrationRunner(db, folderOfMigrations(folder));
        assert.deepEqual((await runner().up()).executed, [
          "V1__users",
          "V1.1__names",
          "V2__posts",
          "V10__tags",
          "R__names",
        ]);
        // A line that other scripts are parted by is a comment here, as it is for Flyway.
        assert.deepEqual(await db.selectFrom("kept").selectAll().execute(), []);
        assert.deepEqual((await runner().up()).executed, []);
        assert.deepEqual(await runner().verify(), []);

        await add("R__names.sql", "insert into users (id, name) values (2, 'second');\n");
        assert.deepEqual((await runner().up()).executed, ["R__names"]);
        const rows = await db.selectFrom("users").select("name").orderBy("id").execute();
        assert.deepEqual(rows.map(({ name }: any) => name), ["first", "second"]);

        // Version 10 has no undo file, and stops a rollback.
        await assert.rejects(runner().down(), /V10__tags/);
        await runner().markAsRolledBack("V10__tags");
        assert.deepEqual((await runner().down()).executed, ["V2__posts"]);
        await assert.rejects(db.selectFrom("posts").selectAll().execute());
        const { pending } = await runner().status();
        // What repeats runs again behind what was undone.
        assert.deepEqual(pending, ["V2__posts", "V10__tags", "R__names"]);
      })
    ));

  it("goes on with the history of Flyway, by its checksums", () =>
    withDb((db) =>
      withFolder(FILES, async (folder, add) => {
        for (const file of ["V1__users.sql", "V1.1__names.sql"] as const) {
          for (const sql of FILES[file].split(";\n")) {
            const statement = sql.replace("-- down", "").trim();
            if (statement !== "") {
              await db.executeQuery({ sql: statement, parameters: [], query: {} });
            }
          }
        }
        await createForeignTable(db, dialect, "flyway");
        await insertFlyway(db, dialect, [
          { version: "1", script: "V1__users.sql", checksum: checksumOf(FILES["V1__users.sql"]) },
          { version: "1.1", script: "V1.1__names.sql", checksum: 1 },
          { version: null, script: "R__names.sql", checksum: checksumOf(FILES["R__names.sql"]) },
        ]);
        const migrations = folderOfMigrations(folder);
        const { adopted, notes, unknown } = await adoptHistory(db, migrations);
        assert.deepEqual(adopted, ["V1__users", "V1.1__names", "R__names"]);
        assert.deepEqual(unknown, []);
        assert.deepEqual(
          notes.map(({ migrationName }) => migrationName),
          ["V1.1__names"],
        );
        const runner = createMigrationRunner(db, migrations);
        assert.deepEqual((await runner.up()).executed, ["V2__posts", "V10__tags"]);

        // One that comes late is told by its number, not by its letters.
        await add("V9__late.sql", "create table late (id integer);\n");
        const late = createMigrationRunner(db, folderOfMigrations(folder));
        await assert.rejects(late.up(), /"V9__late".*V10__tags/s);
      })
    ));

  it("stands for older versions in an empty database alone", () =>
    withDb((db) =>
      withFolder({
        ...FILES,
        "B2__all.sql": "create table users (id integer, name varchar(20));\n" +
          "create table posts (id integer);\n",
      }, async (folder) => {
        const runner = createMigrationRunner(db, folderOfMigrations(folder));
        assert.deepEqual((await runner.up()).executed, ["B2__all", "V10__tags", "R__names"]);
      })
    ));

  it("does not run what stands for versions that Flyway has applied", () =>
    withDb((db) =>
      withFolder({ "B2__all.sql": "create table users (id integer);\n" }, async (folder) => {
        await createForeignTable(db, dialect, "flyway");
        await insertFlyway(db, dialect, [{ version: "1", script: "V1__users.sql" }]);
        const migrations = folderOfMigrations(folder);
        const { adopted } = await adoptHistory(db, migrations, { unknown: "leave" });
        assert.deepEqual(adopted, ["B2__all"]);
        assert.deepEqual((await createMigrationRunner(db, migrations).up()).executed, []);
      })
    ));

  it("fills placeholders in, and refuses those that it does not know", () =>
    withDb((db) =>
      withFolder({
        "V1__users.sql": "create table ${prefix}users (id integer);\n",
        "R__row.sql": "insert into ${prefix}users (id) values (${id});\n",
      }, async (folder, add) => {
        const refused = createMigrationRunner(db, folderOfMigrations(folder));
        await assert.rejects(refused.up(), (error: any) => {
          assert.match(
            `${error.message} ${error.cause?.message}`,
            /V1__users\.sql.*"\$\{prefix\}"/,
          );
          return true;
        });
        assert.deepEqual(await refused.getExecutedMigrations(), []);
        const runner = (id: string) =>
          createMigrationRunner(
            db,
            folderOfMigrations(folder, { placeholders: { prefix: "app_", id } }),
          );
        assert.deepEqual((await runner("1").up()).executed, ["V1__users", "R__row"]);
        // What runs again does so when its text has another value.
        assert.deepEqual((await runner("1").up()).executed, []);
        assert.deepEqual((await runner("2").up()).executed, ["R__row"]);
        const rows = await db.selectFrom("app_users").selectAll().orderBy("id").execute();
        assert.deepEqual(rows.map(({ id }: any) => id), [1, 2]);

        await add("V2__text.sql", "insert into app_users (id) select 3 where '${x}' <> 'x';\n");
        await add("V2__text.sql.conf", "# As it is\nplaceholderReplacement=false\n");
        assert.deepEqual((await runner("2").up()).executed, ["V2__text"]);
      })
    ));

  it("runs a script out of a transaction where its settings say so", () =>
    withDb((db) =>
      withFolder({
        "V1__users.sql": "create table users (id integer);\n",
        "V1__users.sql.conf": "executeInTransaction=false\n",
      }, async (folder) => {
        const migrations = folderOfMigrations(folder);
        const { V1__users } = await migrations.getMigrations();
        assert.equal(V1__users?.transaction, false);
        const runner = createMigrationRunner(db, migrations);
        assert.deepEqual((await runner.up()).executed, ["V1__users"]);
        const { findings } = await lintMigrations(db, migrations);
        assert.deepEqual(findings, []);
      })
    ));
});

describe("the files of a folder of Flyway", () => {
  const refusal = async (files: readonly string[]): Promise<string> => {
    let message = "";
    await withFolder(
      Object.fromEntries(files.map((file) => [file, "select 1;\n"])),
      async (folder) => {
        await assert.rejects(folderOfMigrations(folder).getMigrations(), (error: Error) => {
          message = error.message;
          return true;
        });
      },
    );
    return message;
  };

  it("are refused where nothing says in which order they run", async () => {
    assert.match(
      await refusal(["V1__a.sql", "002_b.sql"]),
      /"V1__a" has a version of Flyway, and "002_b" has none/,
    );
    assert.match(await refusal(["V1__a.sql", "sub/V1.0__b.sql"]), /"V1__a" and "V1.0__b" have one/);
    assert.match(await refusal(["V1__a.sql", "U2__b.sql"]), /"U2__b" undoes version 2, and there/);
    assert.match(await refusal(["V1__a.sql", "afterMigrate.sql"]), /"afterMigrate" is a callback/);
  });

  it("are refused where their settings mean something to Flyway alone", () =>
    withFolder({
      "V1__a.sql": "select 1;\n",
      "V1__a.sql.conf": "shouldExecute=${run}\n",
    }, async (folder) => {
      await assert.rejects(
        folderOfMigrations(folder).getMigrations(),
        /"V1__a\.sql\.conf" sets "shouldExecute"/,
      );
    }));

  it("leave folders of other names as they were", () =>
    withFolder({
      "001_users.sql": "-- repeatable\nselect 1;\n",
      "R__views.sql": "select 1;\n-- down\nselect 2;\n",
      "archive/V1__old.sql": "drop table users;\n",
    }, async (folder) => {
      const migrations = await folderOfMigrations(folder).getMigrations();
      assert.deepEqual(Object.keys(migrations), ["001_users", "R__views"]);
      assert.equal(migrations["R__views"]!.repeatable, undefined);
      assert.equal(typeof migrations["R__views"]!.down, "function");
    }));

  it("are created with the version that comes next, and one that undoes it", () =>
    withFolder({ "V2__a.sql": "select 1;\n", "V10__b.sql": "select 1;\n" }, async (folder) => {
      const sql = await createMigrationFile(folder, "add tags", {
        extension: "sql",
        content: "create table tags (id integer);\n\n-- down\ndrop table tags;\n",
      });
      assert.equal(basename(sql), "V11__add_tags.sql");
      assert.equal(await readFile(sql, "utf8"), "create table tags (id integer);\n");
      const undo = await readFile(join(folder, "U11__add_tags.sql"), "utf8");
      assert.equal(undo, "drop table tags;\n");
      const code = await createMigrationFile(folder, "more", { extension: "js", content: "\n" })
        .catch(
          (error) => error,
        );
      // Its lock file is written, and that reads all of them: an empty module is none.
      assert.match(code.message, /"V12__more\.js" exports no function "up"/);
      await rm(join(folder, "V12__more.js"));
      assert.deepEqual(await writeMigrationLock(folder), ["V2__a", "V10__b", "V11__add_tags"]);
      assert.deepEqual(await rebaseMigrations(folder, ["V2__a"]), []);
      await writeFile(join(folder, "V9__late.sql"), "select 1;\n");
      await assert.rejects(
        writeMigrationLock(folder),
        /"V9__late" is new, and comes before "V10__b"/,
      );
      await assert.rejects(rebaseMigrations(folder, ["V10__b"]), /"V9__late"|"V2__a"/);
    }));

  it("stand for all others, where a migration is written that replaces them", () =>
    withFolder({
      "V1__a.sql": "select 1;\n",
      "B1__a.sql": "select 1;\n",
      "V2__b.sql": "select 1;\n",
      "V10__c.sql": "select 1;\n",
      "R__d.sql": "select 1;\n",
    }, async (folder) => {
      const write = (...replaces: string[]) =>
        createMigrationFile(folder, "all", {
          extension: "sql",
          content: `${replaces.map((name) => `-- replaces: ${name}\n`).join("")}select 2;\n`,
          lock: false,
        });
      await assert.rejects(write("B1__a", "V10__c"), /it does not replace "V2__b"/);
      const file = await write("B1__a", "V2__b", "V10__c");
      assert.equal(basename(file), "B10__all.sql");
      assert.equal(await readFile(file, "utf8"), "select 2;\n");
      const migrations = await folderOfMigrations(folder).getMigrations();
      assert.deepEqual(migrations["B1__a"]!.replaces, ["V1__a"]);
      assert.deepEqual(migrations["B10__all"]!.replaces, ["B1__a", "V2__b", "V10__c"]);
    }));

  it("follow dotted versions and times", async () => {
    const nextOf = async (version: string): Promise<string> => {
      let name = "";
      await withFolder({ [`V${version}__a.sql`]: "select 1;\n" }, async (folder) => {
        const now = new Date("2026-01-02T03:04:05Z");
        name = basename(await createMigrationFile(folder, "b", { extension: "sql", now }));
      });
      return name;
    };
    assert.equal(await nextOf("1.9"), "V1.10__b.sql");
    assert.equal(await nextOf("1_009"), "V1_010__b.sql");
    assert.equal(await nextOf("20250101000000"), "V20260102030405__b.sql");
    assert.equal(await nextOf("20270101000000"), "V20270101000001__b.sql");
  });
});
