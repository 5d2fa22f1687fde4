import { BadRequestError } from "@kysera/core";
import { createMigrationRunner, createSqlMigration } from "@kysera/migrations";
import { baseline, dumpSchema, type Scratch } from "@kysera/migrations/schema";
import assert from "node:assert/strict";
import { it } from "node:test";
import { scratchOf } from "../../../tests/migrations/_databases.ts";
import { runScript } from "../../../tests/migrations/_run_script.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

const MIGRATIONS = [
  createSqlMigration("1", "create table a (id integer)"),
  createSqlMigration("2", "create table b (id integer)"),
  createSqlMigration("3", "create table c (id integer)"),
];

onEveryDialect("baseline()", (dialect) => {
  const scratch = scratchOf(dialect);

  it("records migrations whose schema is there", () =>
    scratch(async (db) => {
      await runScript(db, "create table a (id integer); create table b (id integer)");
      const runner = createMigrationRunner(db, MIGRATIONS);
      await assert.rejects(baseline(db, MIGRATIONS, { at: "1", scratch }), /table b: added/);
      await assert.rejects(baseline(db, MIGRATIONS, { at: "3", scratch }), /table c: removed/);
      assert.deepEqual(await runner.getExecutedMigrations(), []);
      assert.deepEqual(await baseline(db, MIGRATIONS, { at: "2", scratch }), ["1", "2"]);
      assert.deepEqual(await baseline(db, MIGRATIONS, { at: "2", scratch }), []);
      assert.deepEqual((await runner.up()).executed, ["3"]);
    }));

  it("takes the dump of a database as its first migration", () =>
    scratch(async (db) => {
      await runScript(db, "create table a (id integer); create view v as select id from a");
      const first = createSqlMigration("0_baseline", await dumpSchema(db));
      assert.deepEqual(await baseline(db, [first], { at: "0_baseline", scratch }), ["0_baseline"]);
      assert.deepEqual((await createMigrationRunner(db, [first]).up()).executed, []);
    }));

  it("refuses wrong options", () =>
    scratch(async (db) => {
      const wrong = [{ at: "4", scratch }, { at: "1" }, { scratch }, { at: "1", scratch, x: 1 }];
      for (const options of wrong) {
        await assert.rejects(
          baseline(db, MIGRATIONS, options as { at: string; scratch: Scratch }),
          BadRequestError,
        );
      }
    }));
});
