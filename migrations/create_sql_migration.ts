import type { MigrationOperation, MigrationWithMeta } from "./migration.ts";
import { runnerOf } from "./sql/_run_script.ts";
import { marksOf } from "./sql/_script.ts";

/**
 * Creates a migration from a script of SQL.
 *
 * A line `-- down` begins the statements that undo it, and `-- up` those that make the change; what
 * stands before either belongs to `up`. A line `-- transaction: false` at the top has it run outside
 * of a transaction, and `-- repeatable` again whenever its text changes. Lines
 * `-- replaces: 001_users` name the migrations that it stands in for. Statements are told apart as
 * the dialect of the database does it, and sent one by one.
 *
 * @param name its name in the history
 * @param script the text
 * @returns the migration
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigrationRunner, createSqlMigration } from "@kysera/migrations";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const users = createSqlMigration("001_users", `
 *   create table users (id integer primary key, name text);
 *   insert into users (name) values ('Ada; or Grace');
 *   -- down
 *   drop table users;
 * `);
 * const runner = createMigrationRunner(db, [users]);
 * await runner.up();
 * assert.deepEqual(await db.selectFrom("users").select("name").execute(), [
 *   { name: "Ada; or Grace" },
 * ]);
 * await runner.down();
 * await db.destroy();
 * ```
 */
export function createSqlMigration(name: string, script: string): MigrationWithMeta {
  const marks = marksOf(script);
  const run = (operation: MigrationOperation) =>
    runnerOf({ text: script, hasMarks: true }, operation, name);
  const up = run("up");
  return {
    name,
    up,
    source: script,
    ...marks.down ? { down: run("down") } : {},
    ...marks.transaction === undefined ? {} : { transaction: marks.transaction },
    ...marks.repeatable ? { repeatable: true } : {},
    ...marks.replaces.length > 0 ? { replaces: marks.replaces } : {},
  };
}
