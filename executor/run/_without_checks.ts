import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import type { DialectTraits, LastInsertId } from "../dialect/mod.ts";
import { standFor } from "./_connection.ts";

/** What is known of a statement that checks its rows itself. */
export interface StatementChecks {
  /** The name of the checking column in the rows of the database. */
  readonly column: string;
  /** Whether RETURNING is there for the check alone. */
  readonly addsReturning: boolean;
  /** Returns the refusal of the check that raised an error, or the error where none did. */
  translated(error: unknown): unknown;
}

/** Returns a connection on which a statement with checks gives what it would give without them. */
export function withoutChecks(
  connection: DatabaseConnection,
  checks: StatementChecks,
  traits: DialectTraits,
): DatabaseConnection {
  const cleaning = new Proxy(connection, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key !== "executeQuery") return value.bind(target);
      return async (query: CompiledQuery, ...rest: []): Promise<QueryResult<unknown>> => {
        let result: QueryResult<unknown>;
        try {
          result = await target.executeQuery(query, ...rest);
        } catch (error) {
          throw checks.translated(error);
        }
        return await cleaned(result, query, target, checks, traits);
      };
    },
  });
  standFor(cleaning, connection);
  return cleaning;
}

async function cleaned(
  result: QueryResult<unknown>,
  { query }: CompiledQuery,
  connection: DatabaseConnection,
  { column, addsReturning }: StatementChecks,
  traits: DialectTraits,
): Promise<QueryResult<unknown>> {
  const [first] = result.rows as readonly Record<string, unknown>[];
  // Without a row there is nothing to take away; a row of another query has no such column.
  if (first !== undefined && !(column in first)) return result;
  if (first === undefined && !("returning" in query)) return result;
  // Drivers of SQLite count the rows of a statement without RETURNING only, those of PostgreSQL not
  // what the parts of a WITH have written.
  const count = BigInt(result.rows.length);
  const rest = addsReturning && (result.numAffectedRows ?? -1n) < count
    ? { ...result, numAffectedRows: count }
    : result;
  const alone = first === undefined || Object.keys(first).length === 1;
  const rows = alone ? [] : (result.rows as readonly Record<string, unknown>[]).map((row) => {
    const { [column]: _, ...others } = row;
    return others;
  });
  const { checks } = traits;
  const lastInsertId = checks.place === "returning" ? checks.lastInsertId : undefined;
  if (
    lastInsertId === undefined || !addsReturning || query.kind !== "InsertQueryNode" ||
    rest.insertId !== undefined
  ) {
    return { ...rest, rows };
  }
  const { rows: [last] } = await connection.executeQuery<LastInsertId>(lastInsertId);
  return last === undefined ? { ...rest, rows } : { ...rest, rows, insertId: BigInt(last.id) };
}
