import { BadRequestError } from "@kysera/core";
import {
  createMigrationRunner,
  createSqlMigration,
  MigrationError,
  MigrationStateError,
  type MigrationWithMeta,
} from "@kysera/migrations";
import {
  diffSchemas,
  findDrift,
  readSchema,
  type Scratch,
  squash,
} from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { RICH } from "../../../tests/migrations/_rich_schema.ts";
import { scratchOf } from "../../../tests/migrations/_databases.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

const ONE = createSqlMigration("1", "create table a (id integer);\n-- down\ndrop table a");
const TWO = createSqlMigration("2", "create table b (id integer);\n-- down\ndrop table b");
const THREE = createSqlMigration(
  "3",
  "alter table a add n integer;\n-- down\nalter table a drop n",
);
const FOUR = createSqlMigration("4", "create table d (id integer);\n-- down\ndrop table d");
const OLD: readonly MigrationWithMeta[] = [ONE, TWO, THREE];

onEveryDialect("squash()", (dialect) => {
  const scratch = scratchOf(dialect);
  const squashed = async (name = "3_squashed") => (await squash(OLD, { name, scratch })).migration;

  it("writes a migration that makes the same schema, whatever is in it", async () => {
    const rich = createSqlMigration("rich", RICH[dialect.dialect]);
    const { script, replaces, schema, migration } = await squash([ONE, rich, FOUR], {
      name: "all",
      upTo: "rich",
      scratch,
    });
    assert.deepEqual(replaces, ["1", "rich"]);
    assert.ok(script.startsWith("-- replaces: 1\n-- replaces: rich\n\n"));
    assert.deepEqual(migration.replaces, replaces);
    await scratch(async (db) => {
      await createMigrationRunner(db, [createSqlMigration("all", script), FOUR]).up();
      const changes = diffSchemas(schema, await readSchema(db));
      assert.deepEqual(changes.map(({ text }) => text), ["table d: added"]);
    });
  });

  it("runs in place of the others on an empty database", async () => {
    const code = [...OLD, await squashed(), FOUR];
    await scratch(async (db) => {
      const runner = createMigrationRunner(db, code);
      assert.deepEqual((await runner.status()).pending, ["3_squashed", "4"]);
      assert.deepEqual((await runner.up()).executed, ["3_squashed", "4"]);
      const { executed, pending, problems } = await runner.status();
      assert.deepEqual([executed, pending, problems], [["3_squashed", "4"], [], []]);
      // Deleting the others changes nothing.
      const later = createMigrationRunner(db, code.slice(3));
      assert.deepEqual((await later.up()).executed, []);
      assert.deepEqual(await later.verify(), []);
      assert.deepEqual((await later.down()).executed, ["4"]);
      await assert.rejects(later.down(), MigrationError);
    });
  });

  it("counts as applied where all of the others are", async () => {
    const squash = await squashed();
    await scratch(async (db) => {
      await createMigrationRunner(db, [...OLD, FOUR]).up();
      const before = await readSchema(db);
      for (const code of [[...OLD, squash, FOUR], [squash, FOUR]]) {
        const runner = createMigrationRunner(db, code);
        assert.deepEqual((await runner.status()).pending, []);
        assert.deepEqual((await runner.status()).problems, []);
        assert.ok((await runner.status()).executed.includes("3_squashed"));
        const dry = await createMigrationRunner(db, code, { dryRun: true }).up();
        assert.deepEqual(dry.executed, []);
        const { executed, skipped } = await runner.up();
        assert.deepEqual([executed, skipped], [[], ["3_squashed", "4"]]);
        assert.deepEqual(await runner.verify(), []);
      }
      assert.deepEqual(diffSchemas(before, await readSchema(db)), []);
      const runner = createMigrationRunner(db, [squash, FOUR]);
      assert.deepEqual(await runner.getExecutedMigrations(), ["3_squashed", "4"]);
      // The code from before it sees that the database is ahead of it, and changes nothing.
      await assert.rejects(createMigrationRunner(db, [...OLD, FOUR]).up(), MigrationStateError);
      // What was applied behind the squashed ones is undone before them.
      assert.deepEqual((await runner.down()).executed, ["4"]);
      await assert.rejects(runner.down(), /"3_squashed".*no function down/);
      assert.deepEqual((await runner.up()).executed, ["4"]);
      assert.deepEqual((await findDrift(db, [squash, FOUR], { scratch })).findings, []);
      assert.deepEqual((await findDrift(db, [...OLD, squash, FOUR], { scratch })).findings, []);
    });
  });

  it("takes the place of the others, too, where a runner that recorded it did not get to its end", async () => {
    const squash = await squashed();
    await scratch(async (db) => {
      await createMigrationRunner(db, OLD).up();
      const runner = createMigrationRunner(db, [squash, FOUR]);
      await runner.markAsExecuted("3_squashed");
      assert.deepEqual(await runner.getExecutedMigrations(), ["1", "2", "3", "3_squashed"]);
      assert.deepEqual((await runner.status()).executed, ["3_squashed"]);
      assert.deepEqual((await runner.up()).executed, ["4"]);
      assert.deepEqual(await runner.getExecutedMigrations(), ["3_squashed", "4"]);
    });
  });

  it("is recorded once by runners that start together", async () => {
    const squash = await squashed();
    await scratch(async (db) => {
      await createMigrationRunner(db, OLD).up();
      const runners = [1, 2, 3].map(() => createMigrationRunner(db, [...OLD, squash, FOUR]));
      const results = await Promise.all(runners.map((runner) => runner.up()));
      assert.deepEqual(results.flatMap(({ executed }) => executed), ["4"]);
      assert.deepEqual(await runners[0]!.getExecutedMigrations(), ["3_squashed", "4"]);
    });
  });

  it("is refused where a part of the others is applied, whatever the policy", async () => {
    const squash = await squashed();
    await scratch(async (db) => {
      await createMigrationRunner(db, [ONE, TWO]).up();
      for (const code of [[...OLD, squash, FOUR], [squash, FOUR]]) {
        for (const policy of ["strict", "allow-unordered", "repair"] as const) {
          const runner = createMigrationRunner(db, code, { policy });
          await assert.rejects(runner.up(), (error) => {
            assert.ok(error instanceof MigrationStateError);
            const problem = error.problems.find(({ kind }) => kind === "partly-replaced");
            assert.match(problem!.message, /"1", "2" are applied and "3" is not/);
            return true;
          });
        }
      }
      assert.deepEqual(
        (await readSchema(db)).tables.map(({ name, columns }) => [name, columns.length]),
        [["a", 1], ["b", 1]],
      );
      // With the code from before, it goes on.
      await createMigrationRunner(db, OLD).up();
      assert.deepEqual((await createMigrationRunner(db, [squash]).up()).executed, []);
    });
  });

  it("can be replaced itself", async () => {
    const first = await squashed();
    const second = (await squash([...OLD, first, FOUR], { name: "4_squashed", scratch })).migration;
    assert.deepEqual(second.replaces, ["3_squashed", "4"]);
    const code = [...OLD, first, FOUR, second];
    const states: readonly (readonly MigrationWithMeta[])[] = [[], [...OLD, FOUR], [first, FOUR]];
    for (const before of states) {
      await scratch(async (db: Kysely<any>) => {
        if (before.length > 0) await createMigrationRunner(db, before).up();
        const { executed } = await createMigrationRunner(db, code).up();
        assert.deepEqual(executed, before.length === 0 ? ["4_squashed"] : []);
        const last = createMigrationRunner(db, [second]);
        assert.deepEqual((await last.up()).executed, []);
        assert.deepEqual((await last.status()).pending, []);
        assert.deepEqual(
          (await readSchema(db)).tables.map(({ name, columns }) => [name, columns.length]),
          [["a", 2], ["b", 1], ["d", 1]],
        );
      });
    }
  });

  it("refuses rows that would be lost, and what it cannot do", async () => {
    const rows = [...OLD, createSqlMigration("4", "insert into b values (1)")];
    await assert.rejects(squash(rows, { name: "x", scratch }), /rows in "b"; move what inserts/);
    const { replaces } = await squash(rows, { name: "x", scratch, rows: "leave out" });
    assert.equal(replaces.length, 4);
    const wrong = [
      { name: "", scratch },
      { name: "x" },
      { name: "1", scratch },
      { name: "x", upTo: "y", scratch },
      { name: "x", rows: "keep", scratch },
      { name: "x", scratch, upto: "1" },
    ];
    for (const options of wrong) {
      await assert.rejects(
        squash(OLD, options as { name: string; scratch: Scratch }),
        BadRequestError,
      );
    }
    await assert.rejects(squash([], { name: "x", scratch }), BadRequestError);
  });

  it("refuses migrations that replace each other, or one twice", async () => {
    const up = () => Promise.resolve();
    const wrong: MigrationWithMeta[][] = [
      [{ name: "a", replaces: ["a"], up }],
      [{ name: "a", replaces: ["b"], up }, { name: "b", replaces: ["a"], up }],
      [{ name: "a", replaces: ["x"], up }, { name: "b", replaces: ["x"], up }],
      [{ name: "a", replaces: ["x"], repeatable: true, up }],
      [{ name: "a", replaces: "x" as never, up }],
    ];
    await scratch(async (db) => {
      for (const code of wrong) {
        await assert.rejects(createMigrationRunner(db, code).up(), BadRequestError);
      }
    });
  });
});
