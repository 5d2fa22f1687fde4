import type { QueryScope } from "@kysera/executor";
import type { CompiledQuery, QueryResult, RootOperationNode } from "kysely";
import { AuditConflictError } from "../../contract/errors.ts";
import type { LogTarget, SharedValues } from "../common/_log.ts";
import type { Change, Run } from "../common/_table.ts";
import type { Templates } from "../common/_templates.ts";
import { writesOf } from "../common/_writes.ts";
import { type AuditedWrite, looksFirst, MEANWHILE, type Plan } from "./_parts.ts";
import { postgresLock, type PostgresStatement, postgresStatement } from "./_statement.ts";

/** How often a statement is run again that another transaction came in between of. */
const MOST_RUNS = 5;

interface PostgresWork {
  readonly to: LogTarget;
  readonly run: Run;
  /** Runs a statement as the user's own. */
  readonly next: (query: CompiledQuery) => Promise<QueryResult<any>>;
  readonly scope: QueryScope;
  readonly templates: Templates;
  /** Tables whose rows are to be locked by a statement of its own. */
  readonly lockFirst: Set<string>;
  /** Writes changes to the chain. */
  chained(changes: readonly Change[]): Promise<void>;
}

/**
 * Does a write on PostgreSQL and writes down what it did, in one statement: it needs no transaction
 * around it. Only where another transaction came in between, where a table has no key to tell that
 * by, and for the chain, it takes more.
 */
export async function writeOnPostgres(
  query: CompiledQuery,
  writes: readonly AuditedWrite[],
  work: PostgresWork,
): Promise<QueryResult<any>> {
  const { scope, lockFirst, to } = work;
  const gives = to.settings.hashChain !== undefined;
  const [only] = writes as [AuditedWrite];
  const label = only.table.label;
  const mayLock = writes.length === 1 && only.cte === undefined && looksFirst(only);
  const locks = mayLock && (only.table.key.length === 0 || lockFirst.has(label));
  if (gives || locks) {
    return await scope.atomically(() => once(query, writes, work, locks ? only : undefined));
  }
  for (let runs = 1;; runs++) {
    try {
      return await once(query, writes, work, undefined);
    } catch (error) {
      if (!isMeanwhile(error)) throw error;
      // What is not only bad luck (a trigger that holds back rows) goes well the other way.
      if (mayLock) lockFirst.add(label);
      // In a batch nothing runs again by itself.
      if (scope.inTransaction || scope.batch !== undefined || runs >= MOST_RUNS) {
        throw new AuditConflictError(label, { cause: error });
      }
      if (mayLock) return await scope.atomically(() => once(query, writes, work, only));
    }
  }
}

async function once(
  query: CompiledQuery,
  writes: readonly AuditedWrite[],
  { to, run, next, scope, templates, chained }: PostgresWork,
  locked: AuditedWrite | undefined,
): Promise<QueryResult<any>> {
  const { settings, auditTable, values } = to;
  const rows = locked === undefined ? undefined : (await run(postgresLock(locked))).rows;
  const plan: Omit<Plan, "values"> = {
    settings,
    auditTable,
    gives: settings.hashChain !== undefined,
    expected: scope.batch?.expected,
    locked: rows === undefined ? undefined : JSON.stringify(rows.map(({ o, c }) => ({ o, c }))),
  };
  const make = (values: SharedValues, root: RootOperationNode): PostgresStatement =>
    postgresStatement(root, writesIn(root, writes), { ...plan, values });
  const { compile } = scope;
  const standsFor: QueryScope["standsFor"] = (values) => scope.standsFor(values);
  const key = query.query;
  const { made: { returns, asItWas }, compiled } = locked === undefined && !plan.expected
    ? templates.get({ key, name: "write", query, compile, standsFor, values }, make)
    // What it is restricted to is another thing each time.
    : uncached(make(values, query.query), compile);
  scope.batch?.replace(compiled);
  const result = await next(compiled);
  if (plan.gives) await chained(takeChanges(result));
  if (asItWas) return result;
  if (returns) {
    strip(result.rows);
    const { length } = result.rows;
    // Where the rows were returned for another plugin's check alone, there is only their number.
    const count = length > 0 ? BigInt(length) : result.numAffectedRows ?? 0n;
    return { ...result, numAffectedRows: count };
  }
  const [first] = result.rows;
  const counted = first?.["kyseracount"];
  const isSelect = query.query.kind === "SelectQueryNode";
  if (isSelect) return result;
  return {
    ...result,
    rows: [],
    numAffectedRows: counted === undefined ? result.numAffectedRows ?? 0n : BigInt(counted),
  };
}

/** The same writes in a tree that may have other values. */
function writesIn(root: RootOperationNode, writes: readonly AuditedWrite[]): AuditedWrite[] {
  const found = writesOf(root);
  return writes.map((write) => ({ ...write, ...found.find(({ cte }) => cte === write.cte) }));
}

function uncached(
  made: PostgresStatement,
  compile: QueryScope["compile"],
): { readonly made: PostgresStatement; readonly compiled: CompiledQuery } {
  return { made, compiled: compile(made.node) };
}

/** Takes out of a result what it says of the changes. */
function takeChanges(result: QueryResult<any>): Change[] {
  const { rows } = result;
  const text = String(rows[0]?.["kyserachanges"] ?? ":[]").slice(1);
  // The row that is there although the write gave none.
  if (rows.length === 1 && rows[0]["kyserahasrow"] !== true) rows.length = 0;
  for (const row of rows) {
    delete row["kyserachanges"];
    delete row["kyserahasrow"];
  }
  const changes = JSON.parse(text) as [
    string,
    string | null,
    string,
    string | null,
    string | null,
  ][];
  return changes.map(([table, key, operation, before, after]) => ({
    table,
    key,
    operation,
    before,
    after,
  }));
}

const OURS: ReadonlySet<string> = new Set([
  "kyseraold",
  "kyseranew",
  "kyseramet",
  "kyserao",
  "kyserac",
]);

/** Takes our columns out of rows; a Kysely plugin may have changed the letters of their names. */
function strip(rows: Record<string, unknown>[]): void {
  const [first] = rows;
  if (first === undefined) return;
  const names = Object.keys(first).filter((name) =>
    OURS.has(name.replaceAll("_", "").toLowerCase())
  );
  for (const row of rows) for (const name of names) delete row[name];
}

function isMeanwhile(error: unknown): boolean {
  return error instanceof Error && error.message.includes(MEANWHILE);
}
