import {
  assertKnownOptions,
  BatchRowsError,
  type BatchStatement,
  isPromise,
  maxParametersOf,
  withQueryExecutor,
} from "@kysera/core";
import type { CompiledQuery, Kysely } from "kysely";
import type { QueryExpectation } from "../contract/plugin.ts";
import { BatchError, BatchExpectationError } from "../contract/errors.ts";
import type { TableId } from "../contract/table_scope.ts";
import { changedRows } from "../tree/_changed_rows.ts";
import { runsBatches } from "../run/_query_batch.ts";
import { changesSchema } from "../tree/_statement.ts";
import type { Batch, BatchEntry, BatchQuery } from "./batch_types.ts";
import { inMode, mustBeInstance } from "./_graft.ts";
import type { OpenRun } from "./_guarded_executor.ts";
import { type Queued, RecordingConnection } from "./_recording_connection.ts";

/** An entry, and what it stands for. */
interface Part {
  readonly key: string;
  readonly rows: number | undefined;
  build(db: Kysely<any>): BatchQuery<unknown>;
}

/** State of a statement. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Runs the statements that a callback adds, all or none; see `ExecutorInstance.batch()`. */
export async function runBatch(
  executor: Kysely<any>,
  callback: (batch: Batch<any>) => Readonly<Record<string, BatchEntry<unknown>>>,
): Promise<Record<string, unknown>> {
  const parts = collect(callback);
  if (executor.isTransaction) {
    throw new BatchError("the executor is a transaction already; run the statements in it");
  }
  // One run: what plugins read of the caller and of the clock is the same in all statements.
  const open: OpenRun = { run: {} };
  const looked: TableId[] = [];
  try {
    const own = inMode(executor, { mode: "run", open });
    for (const part of parts) looked.push(...await prepare(own, part));
    const values = await atOnce(own, parts, open) ?? await inTransaction(executor, parts, open);
    return Object.fromEntries(parts.map(({ key }, i) => [key, values[i]]));
  } finally {
    open.run = undefined;
    mustBeInstance(executor, "run a batch").state.relations.forgetAbsent(looked);
  }
}

function collect(
  callback: (batch: Batch<any>) => Readonly<Record<string, BatchEntry<unknown>>>,
): readonly Part[] {
  const added = new Map<object, Omit<Part, "key">>();
  let isOpen = true;
  const entries: unknown = callback({
    add(build, options = {}) {
      if (!isOpen) throw new BatchError("a statement was added after the callback has returned");
      refuseUnknown(options, ["expect"]);
      const { expect } = options;
      if (expect !== undefined) {
        refuseUnknown(expect, ["rows"]);
        if (!(Number.isSafeInteger(expect.rows) && expect.rows >= 0)) {
          throw new BatchError('option "expect" needs "rows", a whole number, 0 or more');
        }
      }
      const rows = expect?.rows;
      const entry = Object.freeze({});
      added.set(entry, { build, rows });
      return entry;
    },
  });
  isOpen = false;
  if (isPromise(entries)) {
    // What it is rejected with has nobody else to be told to.
    Promise.resolve(entries).catch(() => {});
    throw new BatchError("the callback returned a promise; it has to add the statements at once");
  }
  if (typeof entries !== "object" || entries === null) {
    throw new BatchError("the callback has to return an object with what add() gave");
  }
  const keys = new Map<unknown, string>();
  for (const [key, entry] of Object.entries(entries)) {
    if (!added.has(entry)) throw new BatchError(`"${key}" is not what add() of this batch gave`);
    if (keys.has(entry)) throw new BatchError(`"${key}" and "${keys.get(entry)}" are one entry`);
    keys.set(entry, key);
  }
  return [...added].map(([entry, part]) => {
    const key = keys.get(entry);
    if (key !== undefined) return { ...part, key };
    throw new BatchError("a statement was added that the callback does not return; return each");
  });
}

/** An option with a typing error would silently check nothing. */
function refuseUnknown(options: object, known: readonly string[]): void {
  assertKnownOptions(options, known, {
    action: "run the batch",
    subject: "what add() is given",
    makeError: TypeError,
  });
}

/** Checks a statement before anything is sent, and looks up what has to be known of its tables. */
async function prepare(own: Kysely<any>, part: Part): Promise<readonly TableId[]> {
  const query = built(own, part).compile();
  if (changesSchema(query)) {
    throw new BatchError(`"${part.key}" changes the schema; run it before the batch`);
  }
  const most = maxParametersOf(own);
  if (query.parameters.length > most) {
    throw new BatchError(
      `"${part.key}" has ${query.parameters.length} parameters, and the database takes ${most} in ` +
        "one statement; add it in parts",
    );
  }
  return await mustBeInstance(own, "run a batch").ready(query);
}

function built(db: Kysely<any>, { build, key }: Part): BatchQuery<unknown> {
  const query: Partial<BatchQuery<unknown>> | undefined = build(db);
  if (typeof query?.compile === "function" && typeof query.execute === "function") {
    return query as BatchQuery<unknown>;
  }
  throw new BatchError(
    `"${key}" is ${isPromise(query) ? "a promise" : "not a query"}; return the builder, without ` +
      "execute()",
  );
}

/**
 * Runs the statements as one batch of the database.
 *
 * @returns their results; `undefined` where the database has no batches, or a plugin needs a
 * transaction: then nothing was sent
 */
async function atOnce(
  own: Kysely<any>,
  parts: readonly Part[],
  open: OpenRun,
): Promise<readonly unknown[] | undefined> {
  const instance = mustBeInstance(own, "run a batch");
  return await instance.provideConnection(async (connection) => {
    if (!runsBatches(connection)) return undefined;
    const recorders = parts.map(({ rows }) => new RecordingConnection(connection, rows));
    const outcomes = parts.map((part, i) => start(own, part, recorders[i]!, open));
    const early = await Promise.all(
      recorders.map(({ queued }, i) => Promise.race([queued, outcomes[i]!])),
    );
    const failed = early.find((each): each is { error: unknown } => "error" in each);
    const unsent = early.some((each) => "value" in each);
    if (failed !== undefined || unsent) {
      const reason = new BatchError("another of its statements was refused");
      for (const recorder of recorders) recorder.refuse(reason);
      await Promise.all(outcomes);
      if (unsent || recorders.some(({ needsTransaction }) => needsTransaction)) return undefined;
      throw failed!.error;
    }
    const statements: BatchStatement[] = [];
    const places = (early as Queued[]).map(({ before, query, after, replaces }, i) => {
      statements.push(...before.map(alone));
      const place = statements.push({ query, rows: replaces ? undefined : parts[i]!.rows }) -
        1;
      statements.push(...after.map(alone));
      return place;
    });
    try {
      const { held } = instance.state;
      held.begin();
      const results = await connection.executeBatch(statements).finally(() => held.end());
      for (const [i, recorder] of recorders.entries()) recorder.answer(results[places[i]!]!);
    } catch (error) {
      for (const recorder of recorders) recorder.refuse(error);
      const unmet = recorders.findIndex(({ expected }) => isUnmet(expected, error));
      if (unmet >= 0) {
        const { key, rows } = parts[unmet]!;
        throw new BatchExpectationError(key, rows!, { cause: error });
      }
      throw failureOf(error, await Promise.all(outcomes), parts, places);
    }
    return (await Promise.all(outcomes)).map((outcome) => {
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    });
  });
}

function alone(query: CompiledQuery): BatchStatement {
  return { query };
}

function start(
  own: Kysely<any>,
  part: Part,
  recorder: RecordingConnection,
  open: OpenRun,
): Promise<Outcome> {
  const compiled = ({ sql }: CompiledQuery): void => {
    recorder.sql = sql;
  };
  const instance = mustBeInstance(inMode(own, { mode: "run", open, compiled }), "run a batch");
  const db = withQueryExecutor(
    own,
    instance.withConnectionProvider({ provideConnection: (consumer) => consumer(recorder) }),
  );
  return Promise.resolve().then(() => built(db, part).execute()).then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
}

function isUnmet(expected: QueryExpectation | undefined, error: unknown): boolean {
  return expected !== undefined && error instanceof Error &&
    error.message.includes(expected.marker);
}

/** What a plugin makes of the error for one of the statements says more than the error. */
function failureOf(
  error: unknown,
  outcomes: readonly Outcome[],
  parts: readonly Part[],
  places: readonly number[],
): unknown {
  if (error instanceof BatchRowsError) {
    const { key, rows } = parts[places.indexOf(error.index)]!;
    return new BatchExpectationError(key, rows!, { cause: error.cause });
  }
  const told = outcomes.find((outcome): outcome is { error: unknown } =>
    "error" in outcome && outcome.error !== error
  );
  return told === undefined ? error : told.error;
}

/** Runs the statements one after the other, in one transaction. */
async function inTransaction(
  executor: Kysely<any>,
  parts: readonly Part[],
  open: OpenRun,
): Promise<readonly unknown[]> {
  const writer = inMode(executor, { mode: "run", open, asWriter: true });
  return await writer.transaction().execute(async (transaction) => {
    const values: unknown[] = [];
    for (const part of parts) {
      const value = await built(transaction, part).execute();
      if (part.rows !== undefined && changedRows(value) !== BigInt(part.rows)) {
        throw new BatchExpectationError(part.key, part.rows);
      }
      values.push(value);
    }
    return values;
  });
}
