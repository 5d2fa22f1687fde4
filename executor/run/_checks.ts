import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { standFor } from "./_connection.ts";
import { LateValue } from "../tree/_deferred_parameter.ts";
import { callHook } from "../hooks/_validate_results.ts";
import type { NamedCheck } from "../hooks/_table_rules.ts";
import { CheckRefusedError } from "../contract/errors.ts";
import type { Attributes, DialectName } from "../contract/plugin.ts";
import { isSlot } from "../tree/_slot.ts";

/** A check that a statement makes itself, in the database. */
export interface Guarded {
  readonly table: string;
  readonly check: NamedCheck;
}

/** A check of a row whose values a plan is given later. */
export interface Deferred extends Guarded {
  /** What is known of the row; slots and late values stand for what a call brings. */
  readonly row: ReadonlyMap<string, unknown>;
}

/** What the rewriting of one statement leaves to be checked when it runs. */
export class Checks {
  readonly guarded: Guarded[] = [];
  readonly deferred: Deferred[] = [];
  /** The name that the guard's column has in the rows of the database. */
  column: string = GUARD_COLUMN;
  /** Whether RETURNING is there for the guard alone. */
  addsReturning = false;

  get isEmpty(): boolean {
    return this.guarded.length === 0 && this.deferred.length === 0;
  }

  /** Takes a check to be made by the database; gives the text that an error of it bears. */
  add(guarded: Guarded): string {
    this.guarded.push(guarded);
    return `${MARKER}${this.guarded.length - 1}`;
  }

  /**
   * Makes the deferred checks, for the values of one call.
   *
   * @returns `false` where one of them cannot tell
   */
  satisfied(values: readonly unknown[], context: Attributes | undefined): boolean {
    let all = true;
    const run = {};
    for (const { table, check, row } of this.deferred) {
      const known = new Map<string, unknown>();
      for (const [column, value] of row) {
        known.set(
          column,
          isSlot(value)
            ? values[value.index]
            : value instanceof LateValue
            ? value.read(context, run)
            : value,
        );
      }
      if (!isSatisfied(check, known, table, context)) all = false;
    }
    return all;
  }
}

/** The alias of the guard's column: no plugin that changes letter case has anything to change. */
export const GUARD_COLUMN = "kyseracheck";
const MARKER = "kysera:check:";
const MARKED = /kysera:check:(\d+)/;
const LAST_ROW_ID = "select last_insert_rowid() as id";

/**
 * Asks a check about what is known of a row.
 *
 * @returns `false` where it cannot tell
 * @throws the refusal, where the row does not satisfy it
 */
export function isSatisfied(
  check: NamedCheck,
  known: ReadonlyMap<string, unknown>,
  table: string,
  context: Attributes | undefined,
): boolean {
  if (check.satisfied === undefined) return false;
  const row = Object.freeze(Object.fromEntries(known));
  const answer = callHook(check.plugin, "check", () => check.satisfied!(row, context));
  if (answer === true) return true;
  if (answer === undefined && check.predicate !== undefined) return false;
  throw refusal({ table, check }, "a row does not satisfy it");
}

/** The error of a check, by the plugin where it makes its own. */
export function refusal(
  { table, check }: Guarded,
  problem: string,
  cause?: unknown,
): unknown {
  if (check.refuse !== undefined) {
    return callHook(check.plugin, "check", () => check.refuse!(problem, cause));
  }
  return new CheckRefusedError(
    table,
    check.plugin,
    check.says,
    problem,
    cause === undefined ? undefined : { cause },
  );
}

/** A connection on which a statement with guards gives what it would give without them. */
export function withoutGuards(
  connection: DatabaseConnection,
  checks: Checks,
  dialect: DialectName,
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
          throw translated(error, checks);
        }
        return await cleaned(result, query, target, checks, dialect);
      };
    },
  });
  standFor(cleaning, connection);
  return cleaning;
}

function translated(error: unknown, { guarded }: Checks): unknown {
  const [, number] = error instanceof Error ? MARKED.exec(error.message) ?? [] : [];
  const found = number === undefined ? undefined : guarded[Number(number)];
  return found === undefined ? error : refusal(found, "a row does not satisfy it", error);
}

async function cleaned(
  result: QueryResult<unknown>,
  { query }: CompiledQuery,
  connection: DatabaseConnection,
  { column, addsReturning }: Checks,
  dialect: DialectName,
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
  if (
    dialect !== "sqlite" || !addsReturning || query.kind !== "InsertQueryNode" ||
    rest.insertId !== undefined
  ) {
    return { ...rest, rows };
  }
  // SQLite's drivers tell it for statements without rows only.
  const { rows: [last] } = await connection.executeQuery<{ id: number | bigint }>({
    query: { kind: "SelectQueryNode" } as CompiledQuery["query"],
    queryId: { queryId: "kysera" },
    sql: LAST_ROW_ID,
    parameters: [],
  });
  return last === undefined ? { ...rest, rows } : { ...rest, rows, insertId: BigInt(last.id) };
}
