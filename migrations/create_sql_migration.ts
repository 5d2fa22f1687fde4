import { BadRequestError, detectDialect } from "@kysera/core";
import { CompiledQuery, type Kysely } from "kysely";
import type { MigrationOperation, MigrationWithMeta } from "./migration.ts";
import { noteLine } from "./sql/_lines.ts";
import { LEXES } from "./sql/_lexis.ts";
import { type ScriptStatement, splitScript } from "./sql/_split.ts";

/** What a comment says that begins a part of a script, or changes how it runs. */
const MARK = /^--\s*(?:(up|down)|transaction\s*:\s*(true|false)|(repeatable))\s*$/i;

/**
 * Creates a migration from a script of SQL.
 *
 * A line `-- down` begins the statements that undo it, and `-- up` those that make the change; what
 * stands before either belongs to `up`. A line `-- transaction: false` at the top has it run outside
 * of a transaction, and `-- repeatable` again whenever its text changes. Statements are told apart as
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
  const run = (operation: MigrationOperation) => async (db: Kysely<any>): Promise<void> => {
    const lexis = LEXES[detectDialect(db)];
    for (const { sql, line } of partOf(script, operation, lexis, name)) {
      try {
        await db.executeQuery(CompiledQuery.raw(sql));
      } catch (error) {
        noteLine(error, line);
        throw error;
      }
    }
  };
  return {
    name,
    up: run("up"),
    source: script,
    ...marks.down ? { down: run("down") } : {},
    ...marks.transaction === undefined ? {} : { transaction: marks.transaction },
    ...marks.repeatable ? { repeatable: true } : {},
  };
}

/** Finds the marks, without knowing yet how the dialect is read. */
function marksOf(script: string) {
  const marks = { down: false, transaction: undefined as boolean | undefined, repeatable: false };
  for (const line of script.split(/\r\n?|\n/)) {
    const [, part, transaction, repeatable] = MARK.exec(line.trim()) ?? [];
    if (part?.toLowerCase() === "down") marks.down = true;
    if (transaction !== undefined) marks.transaction = transaction.toLowerCase() === "true";
    if (repeatable !== undefined) marks.repeatable = true;
  }
  return marks;
}

/** Returns the statements that run one way. */
function partOf(
  script: string,
  operation: MigrationOperation,
  lexis: (typeof LEXES)["postgres"],
  name: string,
): ScriptStatement[] {
  const statements: ScriptStatement[] = [];
  let part: MigrationOperation = "up";
  let seen = 0;
  for (const each of splitScript(script, lexis)) {
    if (each.kind === "statement") {
      if (part === operation) statements.push(each);
      continue;
    }
    const mark = MARK.exec(each.text.trim());
    if (mark === null) continue;
    seen++;
    if (mark[1] !== undefined) part = mark[1].toLowerCase() === "up" ? "up" : "down";
  }
  const written = script.split(/\r\n?|\n/).filter((line) => MARK.test(line.trim())).length;
  if (seen !== written) {
    throw new BadRequestError(
      `Cannot run migration "${name}": a line like "-- down" stands inside of a statement, a string or ` +
        `a comment, or a statement before it does not end with a semicolon`,
    );
  }
  return statements;
}
