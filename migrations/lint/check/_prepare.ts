import type { MigrationWithMeta } from "../../migration.ts";
import type { PlannedMigration } from "../../results.ts";
import type { Lexis } from "../../sql/_lexis.ts";
import { partsOf, scriptOf } from "../../sql/_script.ts";
import { tokensOf } from "../../sql/_tokens.ts";
import type { ReadStatement } from "../read/_change.ts";
import type { LintedMigration, LintedStatement } from "../rules/_rule.ts";
import { type Ignore, ignoresIn } from "./_ignores.ts";

/** Reads what a statement does. */
export type ReadSql = (sql: string) => ReadStatement | Promise<ReadStatement>;

/** A pending migration, and what it says to ignore. */
export interface Prepared {
  readonly linted: LintedMigration;
  /** What comments and the migration itself say to ignore. */
  readonly ignores: readonly Ignore[];
}

/**
 * Reads the statements of a planned migration: of a script by its text, which has lines and comments;
 * of any other as they would be sent.
 *
 * @param planned what the migration would send
 * @param migration the migration
 * @param lexis how the dialect is read
 * @param read what reads a statement
 */
export async function prepare(
  planned: PlannedMigration,
  migration: MigrationWithMeta,
  lexis: Lexis,
  read: ReadSql,
): Promise<Prepared> {
  const statements: LintedStatement[] = [];
  const ignores: Ignore[] = Object.entries(migration.lintIgnore ?? {})
    .map(([rule, reason]) => ({ rule, reason, statement: undefined, isUsed: false }));
  const add = async (
    sql: string,
    parameters: readonly unknown[],
    line: number | undefined,
  ): Promise<void> => {
    for (const comment of commentsWithin(sql, lexis)) {
      ignores.push(...ignoresIn(comment, statements.length));
    }
    const { changes, unread } = await read(sql);
    statements.push({ sql, parameters, line, changes, unread });
  };
  const script = scriptOf(migration.up);
  if (script === undefined) {
    for (const { sql, parameters } of planned.statements) await add(sql, parameters, undefined);
  } else {
    for (const part of partsOf(script, "up", lexis, migration.name)) {
      if (part.kind === "comment") ignores.push(...ignoresIn(part.text, statements.length));
      else await add(part.sql, [], part.line);
    }
  }
  const { transaction, readsData, endsBecause } = planned;
  return { linted: { migration, transaction, statements, readsData, endsBecause }, ignores };
}

/** The comments inside of a statement. */
function* commentsWithin(sql: string, lexis: Lexis): Generator<string> {
  let before = 0;
  for (const { start, end } of tokensOf(sql, lexis)) {
    if (start > before) yield sql.slice(before, start);
    before = end;
  }
  yield sql.slice(before);
}
