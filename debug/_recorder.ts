import { consoleLogger, type KyseraLogger } from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { CircularBuffer } from "./circular_buffer.ts";
import { Detector } from "./detect/_detector.ts";
import { type Warning, WARNING_KINDS, type WarningKind } from "./detect/warning.ts";
import { fingerprint } from "./fingerprint.ts";
import { assertOptions, type DebugOptions } from "./options.ts";
import { planWithoutLiterals, withoutLiterals } from "./format/_without_literals.ts";
import { visibleParameters } from "./_parameters.ts";
import { Redaction } from "./_redaction.ts";
import { safeError } from "./_safe_error.ts";
import { publish } from "./profile/_profilers.ts";
import type { QueryRecord } from "./query_record.ts";
import { summarize } from "./query_summary.ts";

/** Somebody who wants to see each query. */
export type Listener = (record: QueryRecord, query: CompiledQuery, at: number) => void;

/** What is known of the run of a query. */
export interface Run {
  readonly query: CompiledQuery;
  readonly dialect: string;
  readonly inTransaction: boolean;
  /** To ask for the plan on. */
  readonly connection: DatabaseConnection | undefined;
}

/** Keeps, logs and judges what ran on one database. */
export class Recorder {
  readonly metrics: CircularBuffer<QueryRecord>;
  readonly listeners: Set<Listener> = new Set();
  readonly now: () => number;
  readonly #options: DebugOptions;
  readonly #logger: KyseraLogger;
  readonly #threshold: number;
  readonly #detector: Detector;
  readonly #kinds: ReadonlySet<WarningKind>;
  readonly #redaction: Redaction;

  constructor(options: DebugOptions) {
    assertOptions(options);
    const { warnings = false, nPlusOneThreshold = 5, window = 1_000 } = options;
    this.#options = options;
    this.#logger = options.logger ?? consoleLogger;
    this.#redaction = new Redaction(
      options.redact ?? [],
      (message) => this.#logger.warn(message),
    );
    this.#threshold = options.slowQueryThreshold ?? 100;
    this.metrics = new CircularBuffer(options.maxMetrics ?? 1_000);
    this.now = options.now ?? (() => performance.now());
    this.#kinds = new Set(
      warnings === true ? WARNING_KINDS : warnings === false ? [] : warnings,
    );
    this.#detector = new Detector({ kinds: this.#kinds, nPlusOneThreshold, window });
  }

  /** Whether everything is to be seen, values included. */
  get #showsValues(): boolean {
    const { logParams = false } = this.#options;
    return logParams && this.#redaction.isEmpty;
  }

  /** Notes that a query ran, and how. */
  async note(
    run: Run,
    start: number,
    result: { readonly rows: number } | { readonly error: unknown },
  ): Promise<void> {
    const at = this.now();
    const { query, inTransaction } = run;
    const { operation, text } = summarize(query);
    const { logQueries = this.#options.logQuery ?? true, logParams = false } = this.#options;
    // Parameters are shown of columns that are not redacted; of a literal nobody knows the column.
    const isPlain = this.#showsValues;
    const record: QueryRecord = Object.freeze({
      sql: isPlain ? query.sql : withoutLiterals(query.sql, run.dialect),
      ...(logParams
        ? { params: Object.freeze([...visibleParameters(query, this.#redaction)]) }
        : {}),
      duration: at - start,
      timestamp: Date.now() - (at - start),
      fingerprint: fingerprint(query),
      summary: text,
      operation,
      rows: "rows" in result ? result.rows : 0,
      inTransaction,
      ...("error" in result
        ? { error: isPlain ? result.error : safeError(result.error, run.dialect) }
        : {}),
    });
    this.metrics.add(record);
    publish(record);
    for (const listener of this.listeners) listener(record, query, at);
    if (logQueries) {
      const outcome = "error" in result ? "failed" : `${record.rows} rows`;
      this.#logger.debug(
        `${record.sql} (${record.duration.toFixed(1)} ms, ${outcome})`,
        ...(record.params === undefined ? [] : [record.params]),
      );
    }
    for (const warning of this.#detector.look(query, record, at)) this.#warn(warning);
    if (record.duration >= this.#threshold) await this.#slow(run, record);
  }

  async #slow(run: Run, record: QueryRecord): Promise<void> {
    this.#safely("onSlowQuery", () => this.#options.onSlowQuery?.(record));
    const { explainSlow = false } = this.#options;
    const plan = explainSlow === false || record.error !== undefined
      ? undefined
      : await this.#plan(run, explainSlow === "analyze");
    const message = `"${record.summary}" took ${record.duration.toFixed(1)} ms, which is ` +
      `${this.#threshold} ms or more: ${record.sql}`;
    if (this.#kinds.has("slow")) {
      this.#warn({ kind: "slow", message, query: record, count: 1, plan });
    } else this.#logger.warn(message, ...(plan === undefined ? [] : [plan.join("\n")]));
  }

  /** How the database runs a query. Nothing is asked within a transaction, which it might spoil. */
  async #plan(
    { query, dialect, inTransaction, connection }: Run,
    analyze: boolean,
  ): Promise<readonly string[] | undefined> {
    if (inTransaction || connection === undefined || dialect === "mssql") return undefined;
    const { kind } = query.query;
    const isWrite = ["InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode", "MergeQueryNode"]
      .includes(kind);
    const isRead = kind === "SelectQueryNode" && !("with" in query.query && query.query.with);
    if (!isWrite && kind !== "SelectQueryNode") return undefined;
    const prefixes = dialect === "sqlite"
      ? ["explain query plan "]
      // MariaDB knows no EXPLAIN ANALYZE.
      : analyze && isRead
      ? ["explain analyze ", "explain "]
      : ["explain "];
    for (const prefix of prefixes) {
      try {
        const { rows } = await connection.executeQuery<Record<string, unknown>>({
          ...query,
          parameters: query.parameters,
          sql: prefix + query.sql,
        });
        const lines = rows.map(lineOf);
        return this.#showsValues ? lines : lines.map((line) => planWithoutLiterals(line, dialect));
      } catch {
        // A plan is an extra: without one, the query is still told to be slow.
      }
    }
    return undefined;
  }

  #warn(warning: Warning): void {
    this.#logger.warn(
      warning.message,
      ...(warning.plan === undefined ? [] : [warning.plan.join("\n")]),
    );
    this.#safely("onWarning", () => this.#options.onWarning?.(warning));
  }

  /** What a callback throws is no matter of the query. */
  #safely(name: string, callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#logger.error(`${name} threw`, error);
    }
  }
}

/** How many rows a result tells of. */
export function rowsOf(result: QueryResult<unknown>): number {
  return result.rows.length > 0 ? result.rows.length : Number(result.numAffectedRows ?? 0);
}

/** SQLite tells the plan in a column of that name, PostgreSQL has but one, MySQL has many. */
function lineOf(row: Record<string, unknown>): string {
  if ("detail" in row) return String(row["detail"]);
  return Object.values(row).filter((value) => value !== null).join(" ");
}
