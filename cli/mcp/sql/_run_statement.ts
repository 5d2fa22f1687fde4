import { detectDialect, type Dialect } from "@kysera/core";
import { CompiledQuery, type Kysely, type QueryResult } from "kysely";
import { refusal } from "../../contract/_cli_error.ts";
import { ownFunctions, relationsPastPolicies } from "../_past_policies.ts";
import type { Protection } from "../_protection.ts";
import { reading } from "../../connect/_sessions.ts";
import { type ReadingStatement, readingStatement } from "./_read_statement.ts";

/** What a text of SQL is run with. */
export interface StatementRequest {
  readonly db: Kysely<any>;
  readonly protection: Protection;
  /** How many rows are read at most. */
  readonly limit: number;
  /** In milliseconds. */
  readonly timeout: number;
  /** PostgreSQL's own parser, where the project has it; throws if it cannot read a text. */
  readonly parse: ((sql: string) => unknown) | undefined;
}

/**
 * Runs a text of SQL, if it is one statement that only reads, and nothing but policies of the database
 * decide which rows it shows.
 *
 * @throws {CliError} if it is refused
 */
export async function runStatement(
  text: string,
  { db, protection, limit, timeout, parse }: StatementRequest,
): Promise<readonly unknown[]> {
  const { noSql } = protection;
  if (noSql !== undefined) {
    throw refusal(`No text of SQL runs: ${noSql}`, { hint: "Use the tool `query`." });
  }
  const dialect = detectDialect(db);
  const statement = readingStatement(text, dialect);
  return await reading(db, timeout, async (session) => {
    if (dialect === "postgres") {
      if (parse !== undefined) assertOneSelect(parse(statement.sql));
      await assertGuarded(session, statement, protection);
    }
    return await READERS[dialect]!(session, statement.sql, limit);
  });
}

type Reader = (db: Kysely<any>, statement: string, limit: number) => Promise<unknown[]>;

const READERS: Readonly<Partial<Record<Dialect, Reader>>> = {
  // A cursor is for SELECT alone: the server refuses anything else.
  postgres: async (db, statement, limit) => {
    await db.executeQuery(
      CompiledQuery.raw(`declare kysera_mcp no scroll cursor for ${statement}`),
    );
    const { rows } = await db.executeQuery(
      CompiledQuery.raw(`fetch forward ${Math.trunc(limit)} from kysera_mcp`),
    );
    return rows;
  },
  sqlite: streamed,
  mysql: streamed,
};

async function streamed(db: Kysely<any>, statement: string, limit: number): Promise<unknown[]> {
  const rows: unknown[] = [];
  const results: AsyncIterableIterator<QueryResult<unknown>> = db.getExecutor().stream(
    CompiledQuery.raw(statement),
    Math.min(limit, 100),
  );
  for await (const result of results) {
    rows.push(...result.rows);
    if (rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}

/** Throws if a statement names something for which the policies of the database do not hold. */
async function assertGuarded(
  db: Kysely<any>,
  { names, functions }: ReadingStatement,
  { isNative, holdsCopies }: Protection,
): Promise<void> {
  const written = new Set([...names].map((name) => name.toLowerCase()));
  for (const { name, isOfRow } of await ownFunctions(db)) {
    const isMeant = functions.has(name) || isOfRow && written.has(name.toLowerCase());
    if (isMeant) throw refusal(`"${name}" is a function of this database, which may read any row`);
  }
  if (!isNative) return;
  for (const name of written) {
    if (!holdsCopies({ name, schema: undefined })) continue;
    throw refusal(`"${name}" holds copies of rows, which no policies are for`);
  }
  for (const { schema, name } of await relationsPastPolicies(db)) {
    if (!written.has(name.toLowerCase())) continue;
    throw refusal(`No policies hold for "${schema}.${name}", as this role reads it`, {
      hint: "Views have to be made with security_invoker; partitions are read by their table.",
    });
  }
}

/** Throws if what PostgreSQL's parser has read is not one SELECT, or has something else in it. */
function assertOneSelect(parsed: unknown): void {
  const { stmts = [] } = parsed as { stmts?: readonly { stmt?: object }[] };
  const [first] = stmts;
  if (stmts.length !== 1 || Object.keys(first?.stmt ?? {})[0] !== "SelectStmt") {
    throw refusal("The text has to be one SELECT");
  }
  const rest: unknown[] = [first];
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    if (typeof value !== "object" || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      const isOther = /Stmt$/.test(key) && key !== "SelectStmt";
      if (isOther || key === "intoClause" || key === "lockingClause") {
        throw refusal(`The SELECT has something in it that does more than read: ${key}`);
      }
      rest.push(child);
    }
  }
}
