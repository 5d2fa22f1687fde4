/**
 * What the specification says of the commands of migrations, statement by statement: what scripts that
 * were written for the command of version 0.8 read and rely on.
 */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { it } from "node:test";
import { withDatabase } from "../../cli/_testing/databases.ts";
import { onEveryDialect } from "../support/matrix.ts";

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  "default": [],
  "create-table": ["--table", "tags", "--columns", "title:varchar(50)"],
  "add-columns": ["--table", "tags", "--columns", "more:integer?"],
  "create-index": ["--table", "tags", "--columns", "more"],
  "drop-index": ["--table", "tags", "--columns", "more"],
  "drop-columns": ["--table", "tags", "--columns", "more"],
  "alter-table": ["--table", "tags"],
  "seed-data": ["--table", "tags", "--columns", "title"],
};

onEveryDialect("specification: the commands of migrations", (dialect) => {
  it("list nothing where there is none", () =>
    withDatabase(dialect, async ({ project }) => {
      await project.write("migrations/readme.txt", "");
      const { code, data } = await project.json(["migrate", "list"]);
      assert.deepEqual([code, data], [0, { migrations: [] }]);
    }));

  it("tell the status by names, times and a connection without its password", () =>
    withDatabase(dialect, async ({ project }) => {
      await project.write("migrations/20240102030405_a.sql", "create table a (id integer);");
      await project.write("migrations/20240102030406_b.sql", "create table b (id integer);");
      await project.json(["migrate", "up", "--steps", "1"]);
      const { data } = await project.json(["migrate", "status"]);
      assert.deepEqual([data.total, data.executed, data.pending], [2, 1, 1]);
      const [a, b] = data.migrations;
      assert.deepEqual([a.name, a.timestamp, a.status], [
        "20240102030405_a",
        "20240102030405",
        "executed",
      ]);
      assert.ok(Math.abs(Date.parse(a.executedAt) - Date.now()) < 600_000, a.executedAt);
      assert.deepEqual([b.status, b.executedAt], ["pending", null]);
      const { dialect: name, connection } = data.database;
      assert.ok(typeof name === "string" && !/:[^/@]+@/.test(connection), connection);
      const listed = async (flag: string) =>
        (await project.json(["migrate", "list", flag])).data.migrations.map((each: any) =>
          each.name
        );
      assert.deepEqual(await listed("--pending"), ["20240102030406_b"]);
      assert.deepEqual(await listed("--executed"), ["20240102030405_a"]);
    }));

  it("go up to a migration and by a number, and down by a number, to one, and all", () =>
    withDatabase(dialect, async ({ project }) => {
      for (const name of ["1", "2", "3", "4"]) {
        const script = `create table t${name} (id integer);\n-- down\ndrop table t${name};\n`;
        await project.write(`migrations/00${name}_t.sql`, script);
      }
      const executed = async (...args: string[]): Promise<readonly string[]> => {
        const { code, data, error } = await project.json(["migrate", ...args]);
        assert.equal(code, 0, error?.message);
        return data.executed;
      };
      assert.deepEqual(await executed("up", "--to", "002_t"), ["001_t", "002_t"]);
      assert.deepEqual(await executed("up", "--count", "1"), ["003_t"]);
      assert.deepEqual(await executed("up", "--steps", "1"), ["004_t"]);
      assert.deepEqual(await executed("down"), ["004_t"]);
      assert.deepEqual(await executed("down", "--count", "1"), ["003_t"]);
      assert.deepEqual(await executed("up"), ["003_t", "004_t"]);
      assert.deepEqual(await executed("down", "--to", "002_t"), ["004_t", "003_t"]);
      const all = await project.json(["migrate", "down", "--all", "--dry-run"]);
      assert.equal(all.code, 0, all.error?.message);
      assert.equal((await project.json(["migrate", "status"])).data.executed, 2);
      for (const words of [["up"], ["down"], ["plan"], ["sql"], ["up", "--dry-run"]]) {
        const unknown = await project.json(["migrate", ...words, "--to", "002_x"]);
        assert.equal(unknown.code, 2, words.join(" "));
        assert.match(unknown.error.message, /no migration "002_x" \(did you mean "002_t"/);
      }
      const pending = await project.json(["migrate", "down", "--to", "004_t"]);
      assert.equal(pending.code, 2);
      assert.match(pending.error.message, /"004_t" is not applied/);
    }));

  it("write nothing in a dry run, and name what would run", () =>
    withDatabase(dialect, async ({ project, db }) => {
      await project.write("migrations/001_a.sql", "create table dry_a (id integer);");
      const { code, stdout } = await project.on(dialect)(["migrate", "up", "--dry-run"]);
      assert.equal(code, 0);
      assert.match(stdout, /Would apply 1 migration[\s\S]*001_a/);
      if (db !== undefined) {
        const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
        assert.ok(tables.every(({ name }) => name !== "dry_a" && name !== "kysera_migration"));
      }
      assert.equal((await project.json(["migrate", "status"])).data.executed, 0);
    }));

  it("create files of every template, which run", () =>
    withDatabase(dialect, async ({ project }) => {
      for (const [template, args] of Object.entries(TEMPLATES)) {
        const name = template.replace("-", "_");
        const create = ["migrate", "create", name, "-t", template, "--no-ts", ...args];
        const { code, stdout, stderr } = await project.on(dialect)(create);
        assert.equal(code, 0, `${template}: ${stderr}`);
        const [, file = ""] = /^Migration created: (.*)$/m.exec(stdout) ?? [];
        assert.match(basename(file), new RegExp(`^\\d{14}_${name}\\.js$`));
      }
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      assert.equal(up.data.executed.length, Object.keys(TEMPLATES).length);
    }));
}, ["sqlite", "postgres", "mysql"]);
