import { BadRequestError } from "@kysera/core";
import type { DatabaseDialect } from "../database_dialect.ts";

const QUOTES: Readonly<Record<DatabaseDialect, readonly [string, string]>> = {
  postgres: ['"', '"'],
  sqlite: ['"', '"'],
  mysql: ["`", "`"],
  mssql: ["[", "]"],
};

/**
 * Quotes a name, so that it can be written into SQL. In queries let Kysely do that, with
 * `sql.id()` and `sql.table()`.
 *
 * @param identifier The name of one thing: a dot is part of it.
 * @param dialect The family of SQL.
 * @returns The name in quotes.
 * @throws {BadRequestError} If it is empty or has a NUL character, which no database takes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { escapeIdentifier } from "@kysera/dialects";
 *
 * assert.equal(escapeIdentifier('my "table"', "postgres"), '"my ""table"""');
 * assert.equal(escapeIdentifier("my table", "mysql"), "`my table`");
 * ```
 */
export function escapeIdentifier(identifier: string, dialect: DatabaseDialect): string {
  if (identifier === "" || identifier.includes("\0")) {
    throw new BadRequestError(
      `Cannot quote ${
        JSON.stringify(identifier)
      }: an identifier is not empty and has no NUL character`,
    );
  }
  const [open, close] = QUOTES[dialect];
  return `${open}${identifier.replaceAll(close, close + close)}${close}`;
}
