import { BadRequestError } from "@kysera/core";
import { createSqlMigration, type Migration } from "@kysera/migrations";
import { type Scratch, upDownUp } from "@kysera/migrations/schema";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { RICH } from "../../../tests/migrations/_rich_schema.ts";
import { scratchOf } from "../../../tests/migrations/_databases.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

/** A migration of two scripts. */
const scripts = (name: string, up: string, down?: string): Migration =>
  createSqlMigration(name, down === undefined ? up : `${up};\n-- down\n${down}`);

onEveryDialect("upDownUp()", (dialect) => {
  const scratch = scratchOf(dialect);

  it("verifies migrations whose down undoes their up", async () => {
    const done: string[] = [];
    const migrations = [
      scripts("1", "create table a (id integer, b integer)", "drop table a"),
      scripts("2", "alter table a add name varchar(9)", "alter table a drop column name"),
      // The column stands last when it is there again.
      scripts("3", "alter table a drop column b", "alter table a add b integer"),
      scripts("4", "create view v as select id from a", "drop view v"),
      scripts("5", "insert into a values (1, 'x')"),
      {
        ...scripts("6", "drop view if exists w; create view w as select id from a"),
        repeatable: true,
      },
      scripts(
        "7",
        "create index i on a (id)",
        `drop index i${dialect.name === "mysql" ? " on a" : ""}`,
      ),
    ];
    const result = await upDownUp(migrations, {
      scratch,
      onProgress: (name, number, total) => void done.push(`${name} ${number}/${total}`),
    });
    assert.deepEqual(result, {
      verified: ["1", "2", "3", "4", "7"],
      skipped: ["5", "6"],
      problems: [],
      unchecked: [],
    });
    assert.deepEqual(done, ["1 1/7", "2 2/7", "3 3/7", "4 4/7", "5 5/7", "7 6/7"]);
    const strict = await upDownUp(migrations, { scratch, columnOrder: true });
    assert.deepEqual(strict.problems.map(({ migrationName, step }) => [migrationName, step]), [
      ["3", "down"],
    ]);
  });

  it("names the migration and the difference where down leaves or loses something", async () => {
    const nothing = dialect.dialect === "mysql" ? "do 1" : "select 1";
    const { verified, problems, unchecked } = await upDownUp([
      scripts("1", "create table a (id integer, n integer not null)", "drop table a"),
      scripts("2", "create table b (id integer); create table c (id integer)", "drop table b"),
      scripts("3", "alter table a drop column n", "alter table a add n integer"),
      scripts("4", "create table d (id integer)", "drop table d"),
    ], { scratch });
    assert.deepEqual(verified, ["1"]);
    const [two, again, ...rest] = problems;
    assert.deepEqual([two?.migrationName, two?.step], ["2", "down"]);
    assert.equal(two?.message, '"2" down leaves: table c: added');
    // The table that is left is in the way.
    assert.deepEqual([again?.migrationName, again?.step], ["2", "up again"]);
    assert.match(again!.message, /^"2" up again fails: /);
    assert.ok(again?.cause instanceof Error);
    assert.deepEqual([rest, unchecked], [[], ["3", "4"]]);

    const other = await upDownUp([
      scripts("1", "create table a (id integer, n integer not null)", "drop table a"),
      scripts("3", "alter table a drop column n", "alter table a add n integer"),
      scripts("4", "create table d (id integer)", nothing + "; drop table d"),
    ], { scratch });
    assert.deepEqual(other.problems.map(({ message }) => message), [
      '"3" down leaves: column a.n: nullable changed from "false" to "true"',
    ]);
    assert.deepEqual(other.verified, ["1", "4"]);
  });

  it("notices that up does something else when it runs again", async () => {
    let count = 0;
    const { problems } = await upDownUp([{
      name: "1",
      async up(db) {
        await sql`create table ${sql.id(`t${count++}`)} (id integer)`.execute(db);
      },
      async down(db) {
        await sql`drop table ${sql.id(`t${count - 1}`)}`.execute(db);
      },
    }], { scratch });
    assert.deepEqual(problems.map(({ message }) => message), [
      '"1" up again leaves: table t0: removed; table t1: added',
    ]);
  });

  it("reports a migration that fails, and what was not looked at", async () => {
    const result = await upDownUp([
      scripts("1", "create table a (id integer)", "drop table nothing"),
      scripts("2", "create table b (id integer)", "drop table b"),
      { ...scripts("3", "drop view if exists v"), repeatable: true },
    ], { scratch });
    assert.deepEqual(result.problems.map(({ step }) => step), ["down"]);
    assert.deepEqual(result.unchecked, ["2", "3"]);
    assert.deepEqual(
      (await upDownUp([scripts("1", "nonsense")], { scratch })).problems[0]?.step,
      "up",
    );
  });

  it("verifies a migration of every kind of object", async () => {
    const drops = {
      postgres: `drop materialized view counts; drop view "second", active;
        drop table dogs, animals, logs, posts, users, "Odd ""name""", fast cascade;
        drop procedure forget; drop aggregate total(integer);
        drop function touch(); drop function add(integer, integer); drop function add(text);
        drop type mood, address, span; drop domain positive`,
      mysql:
        `drop view second, active; drop table posts, users, \`odd \`\`name\`\`\`, parts, numbered;
        drop function twice; drop procedure forget; drop event often; drop sequence ticket`,
      sqlite: `drop view second; drop view active; drop table words; drop table posts;
        drop table "odd ""name"""; drop table users`,
    };
    const { verified, problems } = await upDownUp([
      createSqlMigration("rich", `${RICH[dialect.dialect]};\n-- down\n${drops[dialect.dialect]}`),
    ], { scratch });
    assert.deepEqual([verified, problems], [["rich"], []]);
  });

  it("refuses wrong options", async () => {
    const wrong = [{}, { scratch: 1 }, { scratch, columnorder: true }];
    for (const options of wrong) {
      await assert.rejects(upDownUp([], options as { scratch: Scratch }), BadRequestError);
    }
  });
});
