import {
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
import type { Part } from "./_batch_parts.ts";
import type { BatchQuery } from "./batch_types.ts";
import type { GuardedExecutor, InstanceOptions, OpenRun } from "./_guarded_executor.ts";
import { type Queued, RecordingConnection } from "./_recording_connection.ts";

/** State of a statement. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * What a batch does with instances of an executor. It is passed in: a module that is loaded lazily and
 * imported this would have bundlers put the whole executor into a file that other programs share.
 */
export interface Instances {
  /** Returns the guarded executor inside an instance. */
  mustBeInstance(value: unknown, action: string): GuardedExecutor;
  /** Returns the same instance, whose queries are rewritten in another mode. */
  inMode(instance: Kysely<any>, options: Omit<InstanceOptions, "walk">): Kysely<any>;
}

/** A batch that runs. */
interface Run extends Instances {
  readonly parts: readonly Part[];
  readonly open: OpenRun;
}

/** Runs the statements of a batch, all or none; see `ExecutorInstance.batch()`. */
export async function runParts(
  executor: Kysely<any>,
  parts: readonly Part[],
  instances: Instances,
): Promise<Record<string, unknown>> {
  if (executor.isTransaction) {
    throw new BatchError("the executor is a transaction already; run the statements in it");
  }
  // One run: what plugins read of the caller and of the clock is the same in all statements.
  const open: OpenRun = { run: {} };
  const looked: TableId[] = [];
  try {
    const own = instances.inMode(executor, { mode: "run", open });
    const instance = instances.mustBeInstance(own, "run a batch");
    for (const part of parts) looked.push(...await prepare(own, instance, part));
    const run: Run = { ...instances, parts, open };
    const values = await atOnce(own, run) ?? await inTransaction(executor, run);
    return Object.fromEntries(parts.map(({ key }, i) => [key, values[i]]));
  } finally {
    open.run = undefined;
    instances.mustBeInstance(executor, "run a batch").state.relations.forgetAbsent(looked);
  }
}

/** Checks a statement before anything is sent, and looks up what has to be known of its tables. */
async function prepare(
  own: Kysely<any>,
  instance: GuardedExecutor,
  part: Part,
): Promise<readonly TableId[]> {
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
  return await instance.ready(query);
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
  run: Run,
): Promise<readonly unknown[] | undefined> {
  const { parts } = run;
  const instance = run.mustBeInstance(own, "run a batch");
  return await instance.provideConnection(async (connection) => {
    if (!runsBatches(connection)) return undefined;
    const recorders = parts.map(({ rows }) => new RecordingConnection(connection, rows));
    const outcomes = parts.map((part, i) => start(own, part, recorders[i]!, run));
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
  { mustBeInstance, inMode, open }: Run,
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
  { inMode, parts, open }: Run,
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
