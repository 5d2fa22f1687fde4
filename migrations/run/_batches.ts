import { BadRequestError } from "@kysera/core";
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import type { Batch, BatchKey, BatchProgress } from "../batch.ts";
import type { MigrationTraits } from "../dialect/_traits.ts";
import type { BatchTask } from "./_batch_context.ts";
import { sleep } from "./_wait.ts";

/** How often a batch that meets a lock is tried. */
const MOST_TRIES = 8;

/** How far a run over a table is, as it is stored. */
export interface BatchState {
  /** The key of the last row that is done. */
  readonly after: readonly BatchKey[] | undefined;
  readonly rows: number;
}

/** Where the state is stored. */
export interface BatchStore {
  /** Says that the runner lives, and has the row of the lock until the transaction ends. */
  hold(): Promise<void>;
  /** Stores the state in the transaction that is open. */
  save(state: BatchState): Promise<void>;
}

/** Runs the batches that are left. */
export async function runBatches(
  db: Kysely<any>,
  traits: MigrationTraits,
  task: BatchTask,
  state: BatchState,
  store: BatchStore,
): Promise<BatchProgress> {
  const start = performance.now();
  const before = state.rows;
  const left = task.onProgress === undefined ? undefined : await countLeft(db, task, state.after);
  const progress = (rows: number): BatchProgress => {
    const seconds = (performance.now() - start) / 1000;
    const rowsPerSecond = seconds === 0 ? 0 : (rows - before) / seconds;
    const total = left === undefined ? undefined : before + left;
    return {
      rows,
      total,
      rowsPerSecond,
      timeLeft: total === undefined || rowsPerSecond === 0
        ? undefined
        : Math.max(0, total - rows) / rowsPerSecond * 1000,
    };
  };
  let current = state;
  for (;;) {
    task.signal?.throwIfAborted();
    const next = await runOne(db, traits, task, current, store);
    if (next === undefined) return progress(current.rows);
    current = next;
    task.onProgress?.(progress(current.rows));
    if (task.throttle > 0) await sleep(task.throttle, task.signal);
  }
}

/** Runs the next batch; again, and smaller, where a lock is in its way. */
async function runOne(
  db: Kysely<any>,
  traits: MigrationTraits,
  task: BatchTask,
  state: BatchState,
  store: BatchStore,
): Promise<BatchState | undefined> {
  let { size } = task;
  for (let tries = 1;; tries++) {
    const trx = await db.startTransaction().execute();
    try {
      await store.hold();
      const batch = await cut(trx, task, state.after, size);
      if (batch !== undefined) await task.run(trx, batch);
      const next = batch && { after: batch.last, rows: state.rows + batch.rows };
      if (next !== undefined) await store.save(next);
      await trx.commit().execute();
      return next;
    } catch (error) {
      await trx.rollback().execute().catch(() => {});
      if (!traits.isBusy(error) || tries === MOST_TRIES) throw error;
      size = Math.max(1, Math.floor(size / 2));
      await sleep(50 * tries, task.signal);
    }
  }
}

async function cut(
  trx: Kysely<any>,
  { table, columns }: BatchTask,
  after: readonly BatchKey[] | undefined,
  size: number,
): Promise<Batch | undefined> {
  let query = trx.selectFrom(table).select([...columns]).limit(size);
  if (after !== undefined) query = query.where((eb) => compare(eb, columns, ">", after));
  for (const column of columns) query = query.orderBy(column);
  const rows = await query.execute();
  if (rows.length === 0) return undefined;
  const first = keyOf(rows[0]!, columns, table);
  const last = keyOf(rows.at(-1)!, columns, table);
  return {
    rows: rows.length,
    first,
    last,
    where: (eb) =>
      eb.and([compare(eb, columns, ">", first, true), compare(eb, columns, "<", last, true)]),
  };
}

async function countLeft(
  db: Kysely<any>,
  { table, columns }: BatchTask,
  after: readonly BatchKey[] | undefined,
): Promise<number> {
  let query = db.selectFrom(table).select((eb) => eb.fn.countAll().as("count"));
  if (after !== undefined) query = query.where((eb) => compare(eb, columns, ">", after));
  return Number((await query.executeTakeFirstOrThrow())["count"]);
}

/** Compares a key of several columns, the first of which counts most. */
function compare(
  eb: ExpressionBuilder<any, any>,
  columns: readonly string[],
  operator: ">" | "<",
  key: readonly BatchKey[],
  orEqual = false,
): Expression<SqlBool> {
  return eb.or(columns.map((column, index) => {
    const isLast = index === columns.length - 1;
    return eb.and([
      ...columns.slice(0, index).map((before, place) => eb(before, "=", key[place])),
      eb(column, isLast && orEqual ? `${operator}=` : operator, key[index]),
    ]);
  }));
}

function keyOf(
  row: Record<string, unknown>,
  columns: readonly string[],
  table: string,
): BatchKey[] {
  return columns.map((column) => {
    const value = row[column];
    if (
      typeof value === "string" || typeof value === "number" || typeof value === "bigint" ||
      value instanceof Uint8Array
    ) return value;
    const what = value === null ? "NULL" : value instanceof Date ? "a date" : typeof value;
    throw new BadRequestError(
      `Cannot run batches: column "${column}" of "${table}" holds ${what}; a key has to be text, ` +
        `numbers or bytes, because drivers round other values`,
    );
  });
}

/** A state as text. */
export function textOf({ after, rows }: BatchState): string {
  return JSON.stringify({
    rows,
    after: after?.map((value) =>
      typeof value === "bigint"
        ? { bigint: String(value) }
        : value instanceof Uint8Array
        ? { bytes: [...value] }
        : value
    ),
  });
}

/** The state that a text says. */
export function stateIn(text: string | undefined): BatchState {
  if (text === undefined) return { after: undefined, rows: 0 };
  const { rows, after } = JSON.parse(text);
  return {
    rows,
    after: after?.map((value: unknown) => {
      if (typeof value !== "object" || value === null) return value;
      const { bigint, bytes } = value as { bigint?: string; bytes?: number[] };
      return bigint === undefined ? new Uint8Array(bytes ?? []) : BigInt(bigint);
    }),
  };
}
