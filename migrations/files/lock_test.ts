import { BadRequestError } from "@kysera/core";
import { createMigrationRunner, MigrationStateError } from "@kysera/migrations";
import {
  createMigrationFile,
  folderOfMigrations,
  rebaseMigrations,
  writeMigrationLock,
} from "@kysera/migrations/files";
import fc from "fast-check";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { onEveryDialect } from "../../tests/support/matrix.ts";
import { fuzzProperty } from "../../tests/support/random.ts";

async function withFolder(
  names: readonly string[],
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kysera-lock-"));
  try {
    for (const name of names) await addTo(folder, name);
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Adds a migration that creates a table of its name, without the number. */
async function addTo(folder: string, name: string): Promise<void> {
  const table = name.replace(/^[\d-]+_/, "");
  await writeFile(
    join(folder, `${name}.sql`),
    `create table ${table} (id integer);\n-- down\ndrop table ${table};\n`,
  );
}

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => file.endsWith(".sql")).map((file) => file.slice(0, -4))
    .sort();
const lockOf = (folder: string): Promise<string> => readFile(join(folder, "kysera.lock"), "utf8");
const read = (folder: string) => folderOfMigrations(folder).getMigrations();

describe("kysera.lock", () => {
  it("is chained, and checked before a run", () =>
    withFolder(["001_a", "002_b"], async (folder) => {
      await assert.rejects(
        folderOfMigrations(folder, { lock: "required" }).getMigrations(),
        /"kysera.lock": there is none; call writeMigrationLock/,
      );
      assert.deepEqual(await writeMigrationLock(folder), ["001_a", "002_b"]);
      const before = await lockOf(folder);
      assert.deepEqual(Object.keys(await read(folder)), ["001_a", "002_b"]);
      await addTo(folder, "003_c");
      await assert.rejects(read(folder), /does not have "003_c": call writeMigrationLock/);
      await writeMigrationLock(folder);
      assert.ok((await lockOf(folder)).startsWith(before));
      await rm(join(folder, "002_b.sql"));
      await assert.rejects(read(folder), /has "002_b", and there is no such file: restore/);
      assert.equal(
        Object.keys(await folderOfMigrations(folder, { lock: false }).getMigrations()).length,
        2,
      );
      await addTo(folder, "002_b");
      await writeFile(
        join(folder, "kysera.lock"),
        (await lockOf(folder)).replace(/002_b (\w+)/, "002_x $1"),
      );
      await assert.rejects(read(folder), /line \d is not chained .*rebaseMigrations/);
    }));

  it("has no repeatable migrations, and refuses new ones that come before", () =>
    withFolder(["001_a", "003_c"], async (folder) => {
      await writeFile(join(folder, "0_view.sql"), "-- repeatable\ncreate view v as select 1;");
      assert.deepEqual(await writeMigrationLock(folder), ["001_a", "003_c"]);
      await addTo(folder, "002_b");
      await assert.rejects(read(folder), /"002_b" is new, and comes before "003_c"/);
      await assert.rejects(writeMigrationLock(folder), BadRequestError);
    }));

  it("takes a new migration between others that replaces those before it", () =>
    withFolder(["001_a", "002_b", "003_c"], async (folder) => {
      await writeMigrationLock(folder);
      const squashed = join(folder, "002_squashed.sql");
      await writeFile(squashed, "-- replaces: 001_a\n-- replaces: 002_b\nselect 1;");
      await assert.rejects(read(folder), /does not have "002_squashed": call writeMigrationLock/);
      const all = ["001_a", "002_b", "002_squashed", "003_c"];
      assert.deepEqual(await writeMigrationLock(folder), all);
      const migrations = await folderOfMigrations(folder).getMigrations();
      assert.deepEqual(migrations["002_squashed"]?.replaces, ["001_a", "002_b"]);
      // Those that it replaces can go.
      await rm(join(folder, "001_a.sql"));
      await rm(join(folder, "002_b.sql"));
      await assert.rejects(read(folder), /there is no such file: .*another one replaces it/);
      assert.deepEqual(await writeMigrationLock(folder), ["002_squashed", "003_c"]);
      // A number is shared with none but those.
      await writeFile(squashed, "-- replaces: 001_a\nselect 1;");
      await addTo(folder, "002_b");
      await assert.rejects(
        folderOfMigrations(folder).getMigrations(),
        /begin with the same number/,
      );
    }));

  it("conflicts in git if two branches add migrations", (test) =>
    withFolder(["001_a"], async (folder) => {
      await writeMigrationLock(folder);
      const base = await lockOf(folder);
      const branch = async (name: string) => {
        await addTo(folder, name);
        await writeMigrationLock(folder);
        const text = await lockOf(folder);
        await rm(join(folder, `${name}.sql`));
        await writeFile(join(folder, "kysera.lock"), base);
        return text;
      };
      for (
        const [name, text] of [["ours", await branch("002_b")], ["theirs", await branch("003_c")]]
      ) {
        await writeFile(join(folder, name!), text!);
      }
      await writeFile(join(folder, "base"), base);
      const files = ["ours", "base", "theirs"].map((name) => join(folder, name));
      const { error, status, stdout } = spawnSync("git", ["merge-file", "-p", ...files], {
        encoding: "utf8",
      });
      if (error !== undefined) return test.skip(`git does not run: ${error.message}`);
      assert.equal(status, 1);
      await addTo(folder, "002_b");
      await addTo(folder, "003_c");
      await writeFile(join(folder, "kysera.lock"), stdout);
      await assert.rejects(read(folder), /two branches conflict in it, .*rebaseMigrations/);
      // Both added: the chain of one has the other in between.
      const both = stdout.split("\n").filter((line) => !/^[<=>]{7}/.test(line)).join("\n");
      await writeFile(join(folder, "kysera.lock"), both);
      await assert.rejects(read(folder), /is not chained/);
      assert.deepEqual(await rebaseMigrations(folder, ["001_a"]), []);
      assert.deepEqual(Object.keys(await read(folder)), ["001_a", "002_b", "003_c"]);
    }));
});

describe("createMigrationFile()", () => {
  it("creates files that come after the others, and locks them", () =>
    withFolder([], async (folder) => {
      const now = new Date("2024-01-02T03:04:59Z");
      const create = async (name: string, options = {}) =>
        basename(await createMigrationFile(join(folder, "new"), name, { now, ...options }));
      assert.equal(await create("add users", { extension: "sql" }), "20240102030459_add_users.sql");
      assert.equal(await create("größe"), "20240102030500_größe.ts");
      const path = join(folder, "new");
      assert.match(await lockOf(path), /\n20240102030459_add_users \w{32}\n20240102030500_größe /);
      const migrations = await read(path);
      assert.deepEqual(Object.keys(migrations), [
        "20240102030459_add_users",
        "20240102030500_größe",
      ]);
      assert.equal(typeof migrations["20240102030500_größe"]!.down, "function");
      await assert.rejects(createMigrationFile(path, "../x"), /letters, digits/);
      await assert.rejects(createMigrationFile(path, "x", { extension: "exe" as "ts" }), /"exe"/);
      await assert.rejects(createMigrationFile(path, "x", { kind: "ts" } as object), /kind/);
    }));

  it("goes on with numbers, as long as there are some", () =>
    withFolder(["0009_a"], async (folder) => {
      const file = await createMigrationFile(folder, "b", {
        extension: "sql",
        content: "select 1;",
      });
      assert.equal(basename(file), "0010_b.sql");
      assert.equal(await readFile(file, "utf8"), "select 1;");
      await addTo(folder, "9999_c");
      await assert.rejects(createMigrationFile(folder, "d"), /no number .* after "9999"/);
    }));
});

onEveryDialect("two branches that are merged late", (dialect) => {
  it("are refused, put in order, and run once each", async () => {
    const { db, close } = await dialect.open();
    try {
      await withFolder(["20240101000000_a", "20240103000000_c"], async (folder) => {
        const runner = () => createMigrationRunner(db, folderOfMigrations(folder));
        await writeMigrationLock(folder);
        await runner().up();
        await addTo(folder, "20240102000000_b");
        await addTo(folder, "20240103000001_d");
        await assert.rejects(runner().up(), /kysera.lock.*"20240102000000_b" is new/);
        await rm(join(folder, "kysera.lock"));
        await assert.rejects(runner().up(), (error: MigrationStateError) => {
          assert.deepEqual(
            error.problems.map(({ kind, migrationName }) => [kind, migrationName]),
            [["out-of-order", "20240102000000_b"]],
          );
          return error instanceof MigrationStateError;
        });
        const applied = await runner().getExecutedMigrations();
        const renamed = [
          { from: "20240102000000_b", to: "20240103000001_b" },
          { from: "20240103000001_d", to: "20240103000002_d" },
        ];
        const before = await namesIn(folder);
        assert.deepEqual(await rebaseMigrations(folder, applied, { dryRun: true }), renamed);
        assert.deepEqual(await namesIn(folder), before);
        assert.deepEqual(await rebaseMigrations(folder, applied), renamed);
        assert.deepEqual(await rebaseMigrations(folder, applied), []);
        assert.deepEqual((await runner().up()).executed, ["20240103000001_b", "20240103000002_d"]);
        assert.deepEqual((await runner().status()).problems, []);
        assert.deepEqual((await runner().reset()).executed.length, 4);
      });
    } finally {
      await close();
    }
  });
}, ["sqlite", "postgres", "mysql"]);

describe("rebaseMigrations()", () => {
  it("handles equal numbers, and what has none", () =>
    withFolder(["03_a", "03_b", "04_b"], async (folder) => {
      await assert.rejects(read(folder), /same number.*rebaseMigrations/);
      assert.deepEqual(await rebaseMigrations(folder, ["03_b"]), [
        { from: "03_a", to: "04_a" },
        { from: "04_b", to: "05_b" },
      ]);
      await addTo(folder, "last");
      assert.deepEqual(await rebaseMigrations(folder, ["03_b"]), []);
      await assert.rejects(rebaseMigrations(folder, ["last"]), /"last" begins with no number/);
      await rename(join(folder, "last.sql"), join(folder, "99_last.sql"));
      await assert.rejects(rebaseMigrations(folder, ["99_last"]), /no number of as many digits/);
      // It is applied, and the folder does not have it.
      assert.deepEqual(await rebaseMigrations(folder, ["03_b", "05_x"], { dryRun: true }), [
        { from: "04_a", to: "06_a" },
        { from: "05_b", to: "07_b" },
      ]);
    }));

  it("keeps what is applied, and the order of the rest, whatever was merged", async () => {
    const number = fc.integer({ min: 1, max: 60 }).map((n) => String(n).padStart(3, "0"));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(number, fc.constantFrom("a", "b"), fc.boolean()), {
          selector: ([stamp, word]) => `${stamp}${word}`,
          maxLength: 8,
        }),
        (drawn) => {
          const all = drawn.map(([stamp, word, isApplied]) => ({
            name: `${stamp}_${word}`,
            isApplied,
          }))
            .sort((a, b) => a.name < b.name ? -1 : 1);
          // What is applied was merged once, so that no two have one number.
          const applied = all.filter(({ isApplied }) => isApplied).map(({ name }) => name)
            .filter((name, index, names) => name.slice(0, 3) !== names[index - 1]?.slice(0, 3));
          const names = all.map(({ name }) => name);
          return withFolder(names, async (folder) => {
            const renamed = new Map(
              (await rebaseMigrations(folder, applied)).map(({ from, to }) => [from, to]),
            );
            assert.ok(applied.every((name) => !renamed.has(name)));
            const pending = names.filter((name) => !applied.includes(name));
            const now = pending.map((name) => renamed.get(name) ?? name);
            assert.deepEqual(now, [...now].sort(), "the order of what is not applied");
            assert.ok(now.every((name) => name > (applied.at(-1) ?? "")));
            assert.deepEqual(await namesIn(folder), [...applied, ...now]);
            assert.deepEqual(Object.keys(await read(folder)).sort(), [...applied, ...now]);
            assert.deepEqual(await rebaseMigrations(folder, applied), []);
          });
        },
      ),
      fuzzProperty(100),
    );
  });
});
