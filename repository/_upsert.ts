import { BadRequestError, findDatabaseErrorAsync, UniqueConstraintError } from "@kysera/core";
import { insertAlone, readBack } from "./_insert.ts";
import { CheckRefusedError, columnReference, inOneRun } from "@kysera/executor";
import type { CompiledQuery, InsertQueryBuilder, Kysely } from "kysely";
import { type BatchedWrite, needsBatch, runInBatch } from "./_batch.ts";
import type { Build, Row, Table, UpsertInput } from "./_table.ts";
import { inSavepoint, inTransaction, TRIES } from "./_together.ts";
import { counted } from "./_version.ts";
import { telling } from "./_told.ts";
import { StaleRowError, UpsertConflictError } from "./errors.ts";

/** What an upsert goes by, read. */
export interface Plan {
  /** The columns of the unique key. */
  readonly key: readonly string[];
  /** The columns that are changed where the key is taken. */
  readonly set: readonly string[];
  /** The version that the row must have where the key is taken; any where it is `undefined`. */
  readonly expected: unknown;
  /** Whether the row is wanted. */
  readonly isRead: boolean;
  /** Whether the table's primary key is known, and not just taken to be what the upsert goes by. */
  readonly knowsKey: boolean;
}

/** How an upsert without a repository differs from one of it. */
export interface UpsertManner {
  readonly isRead: boolean;
  readonly knowsKey: boolean;
}

/** How an upsert of a repository is done. */
export const OF_REPOSITORY: UpsertManner = { isRead: true, knowsKey: true };

/** Adds one row, or changes the one that has its key. */
export async function upsertRow(
  table: Table,
  input: UpsertInput,
  manner: UpsertManner = OF_REPOSITORY,
): Promise<Row> {
  const { row } = input;
  const plan = readPlan(table, input, manner);
  return table.returns
    ? await upsertAtOnce(table, row, plan)
    : await inTransaction(table, (inside) => upsertInSteps(inside, row, plan), TRIES);
}

/** {@linkcode upsertRow} of many, all or none. @returns them in their order */
export async function upsertRows(
  table: Table,
  inputs: readonly UpsertInput[],
  manner: UpsertManner = OF_REPOSITORY,
): Promise<Row[]> {
  const plans = inputs.map((input) => readPlan(table, input, manner));
  const rows = inputs.map(({ row }) => row);
  if (inputs.length === 0) return [];
  if (inputs.length === 1) return [await upsertRow(table, inputs[0]!, manner)];
  if (table.returns && needsBatch(table)) return await upsertInBatch(table, rows, plans);
  return await inSavepoint(table, async (inside) => {
    const out: Row[] = [];
    if (!inside.returns) {
      for (const [i, row] of rows.entries()) out.push(await upsertInSteps(inside, row, plans[i]!));
      return out;
    }
    for (const { from, to } of partsOf(inside, rows, plans)) {
      const plan = plans[from]!;
      if (plan.expected !== undefined) out.push(await upsertAtOnce(inside, rows[from]!, plan));
      else out.push(...await upsertPart(inside, rows.slice(from, to), plan));
    }
    return out;
  }, TRIES);
}

export function readPlan(
  table: Table,
  { row, options: { conflictColumns, updateColumns }, version }: UpsertInput,
  manner: UpsertManner,
): Plan {
  assertColumns(table, row, "conflictColumns", conflictColumns);
  if (conflictColumns.length === 0) {
    throw new BadRequestError(`Cannot upsert into "${table.name}": conflictColumns is empty`);
  }
  if (updateColumns !== undefined) assertColumns(table, row, "updateColumns", updateColumns);
  const { versionColumn } = table.definition;
  const changed = updateColumns ??
    Object.keys(row).filter((column) => !conflictColumns.includes(column));
  return {
    key: conflictColumns,
    set: changed.filter((column) => column !== versionColumn),
    expected: version,
    ...manner,
  };
}

/**
 * Neighbours that write and change the same columns go into one statement, but no key twice; a row
 * of which the version is compared goes alone.
 */
function* partsOf(
  table: Table,
  rows: readonly Row[],
  plans: readonly Plan[],
): Iterable<{ readonly from: number; readonly to: number }> {
  const { key } = plans[0]!;
  const shapeOf = (i: number): string => JSON.stringify([Object.keys(rows[i]!), plans[i]!.set]);
  let from = 0;
  while (from < rows.length) {
    const columns = Object.keys(rows[from]!);
    const shape = shapeOf(from);
    const most = from + table.rowsPerStatement(2 * columns.length);
    const seen = new Set<string>();
    let to = from;
    for (; to < rows.length && to < most; to++) {
      const row = rows[to]!;
      const name = table.keyName(key.map((column) => row[column]));
      if (seen.has(name) || shapeOf(to) !== shape) break;
      if (to > from && (plans[to]!.expected ?? plans[from]!.expected) !== undefined) break;
      seen.add(name);
    }
    yield { from, to };
    from = to;
  }
}

async function upsertPart(table: Table, rows: readonly Row[], plan: Plan): Promise<Row[]> {
  const started = inOneRun(table.db, (db) => {
    let compiled: CompiledQuery<Row>;
    try {
      compiled = upsertOfPart(table, db, rows, plan).compile();
    } catch (error) {
      if (!(error instanceof CheckRefusedError) || rows.length === 0) throw error;
      return undefined;
    }
    return db.executeQuery(compiled);
  });
  if (started === undefined) {
    // A check sees the values of a single row only: those of "excluded" are not in the statement.
    const out: Row[] = [];
    for (const row of rows) out.push(await upsertAtOnce(table, row, plan));
    return out;
  }
  const { rows: written } = await telling(table, () => started);
  if (written.length < rows.length) throw new UpsertConflictError(table.name);
  return written;
}

/** The upsert of rows that write and change the same columns. */
function upsertOfPart(
  table: Table,
  db: Kysely<any>,
  rows: readonly Row[],
  { key, set }: Plan,
): InsertQueryBuilder<any, any, Row> {
  // Where there is nothing to change, a change to itself lets the row be returned.
  const columns = set.length === 0 ? key : set;
  return db.insertInto(table.name).values(rows).onConflict((oc) =>
    oc.columns([...key]).doUpdateSet((eb) => ({
      ...Object.fromEntries(
        columns.map((column) => [column, columnReference("excluded", column)]),
      ),
      ...counted(table, eb),
    }))
  ).returningAll();
}

/** {@linkcode upsertRows} where there are no transactions. */
async function upsertInBatch(
  table: Table,
  rows: readonly Row[],
  plans: readonly Plan[],
): Promise<Row[]> {
  const writes: BatchedWrite[] = [];
  /** The first row of each write. */
  const firsts: number[] = [];
  const alone = (i: number): void => {
    firsts.push(i);
    writes.push({ ...upsertOf(table, rows[i]!, plans[i]!), rows: 1 });
  };
  for (const { from, to } of partsOf(table, rows, plans)) {
    const part = rows.slice(from, to);
    const plan = plans[from]!;
    if (plan.expected !== undefined || part.length === 1 || isChecked(table, part, plan)) {
      for (let i = from; i < to; i++) alone(i);
      continue;
    }
    firsts.push(from);
    writes.push({
      values: [],
      build: (db) => upsertOfPart(table, db, part, plan),
      rows: part.length,
    });
  }
  const results = await runInBatch(table, writes, async (index, cause) => {
    const row = firsts[index]!;
    return await notUpserted(table, rows[row]!, plans[row]!, cause);
  });
  return results.flat();
}

/** Whether a plugin's check needs the values of each row in a statement of its own. */
function isChecked(table: Table, rows: readonly Row[], plan: Plan): boolean {
  try {
    inOneRun(table.db, (db) => upsertOfPart(table, db, rows, plan).compile());
    return false;
  } catch (error) {
    if (error instanceof CheckRefusedError) return true;
    throw error;
  }
}

/** Says why an upsert has changed no row. */
async function notUpserted(table: Table, row: Row, plan: Plan, cause?: unknown): Promise<Error> {
  if (plan.expected !== undefined && (await rowsByKey(table, row, plan)).length > 0) {
    return new StaleRowError(table.name, table.definition.versionColumn!);
  }
  return new UpsertConflictError(table.name, cause === undefined ? {} : { cause });
}

function assertColumns(table: Table, row: Row, option: string, columns: unknown): void {
  if (Array.isArray(columns) && columns.every((column) => Object.hasOwn(row, column))) return;
  throw new BadRequestError(
    `Cannot upsert into "${table.name}": ${option} is to name columns that the input has a value ` +
      "for",
  );
}

async function upsertAtOnce(table: Table, row: Row, plan: Plan): Promise<Row> {
  const { shape, values, build } = upsertOf(table, row, plan);
  const { rows } = await table.run(shape, values, build);
  if (rows.length > 0) return rows[0]!;
  throw await notUpserted(table, row, plan);
}

/** The upsert of one row. */
function upsertOf(
  table: Table,
  row: Row,
  { key, set, expected }: Plan,
): { readonly shape: string; readonly values: readonly unknown[]; readonly build: Build } {
  const columns = Object.keys(row);
  const { versionColumn } = table.definition;
  // Where there is nothing to change, a change to itself lets the row be returned.
  const changed = set.length === 0 ? key : set;
  const isCompared = expected !== undefined;
  const shape = `upsert ${JSON.stringify([columns, key, changed, isCompared])}`;
  const values = isCompared ? [...Object.values(row), expected] : Object.values(row);
  const build: Build = (db, at) => {
    const given = Object.fromEntries(columns.map((column, i) => [column, at(i)]));
    return db.insertInto(table.name).values(given).onConflict((oc) => {
      const update = oc.columns([...key]).doUpdateSet((eb) => ({
        // The values themselves, so that plugins that check rows see them.
        ...Object.fromEntries(changed.map((column) => [column, given[column]])),
        ...counted(table, eb),
      }));
      if (!isCompared) return update;
      return update.where(columnReference(table.name, versionColumn!), "=", at(columns.length));
    }).returningAll();
  };
  return { shape, values, build };
}

/** An upsert of locks and steps, for a dialect whose own takes no condition. */
async function upsertInSteps(table: Table, row: Row, plan: Plan): Promise<Row> {
  const before = await lockByKey(table, row, plan);
  if (before !== undefined) return await change(table, row, plan, before);
  try {
    return await insertAlone(table, row, plan.isRead);
  } catch (error) {
    if (!await isTaken(table, plan, error)) throw error;
    // Another may have added it meanwhile; where it is still not to be seen, it is hidden.
    const added = await lockByKey(table, row, plan);
    if (added !== undefined) return await change(table, row, plan, added);
    throw new UpsertConflictError(table.name, { cause: error });
  }
}

export async function rowsByKey(
  table: Table,
  row: Row,
  { key }: Plan,
  isLocked = false,
): Promise<Row[]> {
  return await inOneRun(table.db, (db) => {
    const query = db.selectFrom(table.name).selectAll().where((eb) =>
      eb.and(key.map((column) => eb(columnReference(table.name, column), "=", row[column])))
    );
    return (isLocked ? query.forUpdate() : query).execute();
  });
}

export async function lockByKey(table: Table, row: Row, plan: Plan): Promise<Row | undefined> {
  return (await rowsByKey(table, row, plan, true))[0];
}

export async function change(table: Table, row: Row, plan: Plan, before: Row): Promise<Row> {
  const { set, isRead, expected } = plan;
  const { primaryKey, versionColumn } = table.definition;
  if (expected !== undefined && String(before[versionColumn!]) !== String(expected)) {
    throw new StaleRowError(table.name, versionColumn!);
  }
  const values: Row = Object.fromEntries(set.map((column) => [column, row[column]]));
  if (!table.isKeyUnique) await table.mustMeetOneRow([primaryKey.map((column) => before[column])]);
  if (set.length > 0 || versionColumn !== undefined) {
    await telling(table, () =>
      inOneRun(
        table.db,
        (db) =>
          db.updateTable(table.name).set((eb) => ({ ...values, ...counted(table, eb) }))
            .where((eb) => table.keyIsIn(eb, [primaryKey.map((column) => before[column])]))
            .execute(),
      ));
  }
  const known = { ...before, ...values };
  return isRead ? await readBack(table, primaryKey.map((column) => known[column]), known) : known;
}

/** Whether an insert failed because its key is taken. */
async function isTaken(
  table: Table,
  { key, knowsKey }: Plan,
  error: unknown,
): Promise<boolean> {
  const parsed = await findDatabaseErrorAsync(error, table.dialect);
  if (!(parsed instanceof UniqueConstraintError)) return false;
  if (!knowsKey) return true;
  const { primaryKey } = table.definition;
  const isKey = primaryKey.length === key.length &&
    primaryKey.every((column) => key.includes(column));
  // The database tells the name of the constraint; only the primary key's says its columns.
  return isKey === /(^|\.)primary$/i.test(parsed.constraint ?? "");
}
