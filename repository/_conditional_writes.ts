import { BadRequestError, findDatabaseErrorAsync, UniqueConstraintError } from "@kysera/core";
import { columnReference, inOneRun } from "@kysera/executor";
import { columnsOf } from "./_condition_columns.ts";
import type { ReadCondition } from "./_condition.ts";
import { insertAlone, partsOf } from "./_insert.ts";
import type { Row, Table, UpsertInput } from "./_table.ts";
import { inSavepoint, inTransaction, TRIES } from "./_together.ts";
import { telling } from "./_told.ts";
import { change, lockByKey, type Plan, readPlan, rowsByKey } from "./_upsert.ts";
import { counted } from "./_version.ts";
import { StaleRowError, UpsertConflictError } from "./errors.ts";

/** What was done with a row that was upserted. */
export type Outcome = "created" | "updated" | "unchanged";

/** A row, and what was done with it. */
export interface RowOutcome {
  readonly row: Row;
  readonly outcome: Outcome;
}

/** How often a row is tried that others add and remove meanwhile. */
const MOST_TURNS = 4;

/**
 * Adds a row, or changes the one that has its key, if it satisfies a condition.
 *
 * @param where which row may be changed; `null` where none may: then it is only read
 */
export async function upsertIf(
  table: Table,
  input: UpsertInput,
  where: object | undefined | null,
): Promise<RowOutcome> {
  const plan = readPlan(table, input, { isRead: true, knowsKey: true });
  let condition = where === null ? null : table.condition(where);
  if (condition !== null && condition.shape !== "()") {
    const action = `upsert into "${table.name}"`;
    if (await table.mustHave(columnsOf(condition.condition), action)) {
      condition = table.condition(where!);
    }
  }
  const { row } = input;
  return table.returns
    ? await inTurns(table, row, plan, condition)
    : await inTransaction(table, (inside) => inSteps(inside, row, plan, condition), TRIES);
}

/** Each statement waits for whoever writes the row, so one of them meets what there is. */
async function inTurns(
  table: Table,
  row: Row,
  plan: Plan,
  condition: ReadCondition | null,
): Promise<RowOutcome> {
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    // Most rows that are only looked for are there.
    const [found] = condition === null || turn > 0 ? await rowsByKey(table, row, plan) : [];
    if (found !== undefined && condition === null) return { row: found, outcome: "unchanged" };
    const created = await insertUnlessTaken(table, row, plan.key);
    if (created !== undefined) return { row: created, outcome: "created" };
    if (condition !== null) {
      const updated = await updateIf(table, row, plan, condition);
      if (updated !== undefined) return { row: updated, outcome: "updated" };
    }
    const [left] = await rowsByKey(table, row, plan);
    if (left !== undefined) return { row: notStale(table, left, plan), outcome: "unchanged" };
  }
  throw new UpsertConflictError(table.name);
}

function notStale(table: Table, row: Row, { expected }: Plan): Row {
  const { versionColumn } = table.definition;
  if (expected === undefined || String(row[versionColumn!]) === String(expected)) return row;
  throw new StaleRowError(table.name, versionColumn!);
}

/** Where there is no ON CONFLICT: the row is locked first. */
async function inSteps(
  table: Table,
  row: Row,
  plan: Plan,
  condition: ReadCondition | null,
): Promise<RowOutcome> {
  let before = (await rowsByKey(table, row, plan, condition !== null))[0];
  if (before === undefined) {
    try {
      return { row: await insertAlone(table, row), outcome: "created" };
    } catch (error) {
      if (!await isTakenBy(table, plan.key, error)) throw error;
      before = await lockByKey(table, row, plan);
      if (before === undefined) throw new UpsertConflictError(table.name, { cause: error });
    }
  }
  if (condition === null) return { row: before, outcome: "unchanged" };
  notStale(table, before, plan);
  if (plan.set.length === 0 || !await isMet(table, row, plan, condition)) {
    return { row: before, outcome: "unchanged" };
  }
  return { row: await change(table, row, plan, before), outcome: "updated" };
}

async function isMet(
  table: Table,
  row: Row,
  { key }: Plan,
  condition: ReadCondition,
): Promise<boolean> {
  if (condition.shape === "()") return true;
  const { rows } = await table.run(
    `upsert if ${JSON.stringify(key)} ${condition.shape}`,
    [...key.map((column) => row[column]), ...condition.values],
    (db, at) =>
      db.selectFrom(table.name).select((eb) => eb.lit(1).as("met")).where((eb) =>
        eb.and([
          ...key.map((column, i) => eb(columnReference(table.name, column), "=", at(i))),
          table.slots(condition, eb, at, key.length),
        ])
      ),
  );
  return rows.length > 0;
}

async function updateIf(
  table: Table,
  row: Row,
  { key, set, expected }: Plan,
  condition: ReadCondition,
): Promise<Row | undefined> {
  if (set.length === 0) return undefined;
  const { versionColumn } = table.definition;
  const isCompared = expected !== undefined;
  const compared = isCompared ? [...key, versionColumn!] : key;
  const values = [
    ...set.map((column) => row[column]),
    ...key.map((column) => row[column]),
    ...isCompared ? [expected] : [],
    ...condition.values,
  ];
  const { rows } = await table.run(
    `update if ${JSON.stringify([set, compared])} ${condition.shape}`,
    values,
    (db, at) =>
      db.updateTable(table.name).set((eb) => ({
        ...Object.fromEntries(set.map((column, i) => [column, at(i)])),
        ...counted(table, eb),
      })).where((eb) =>
        eb.and([
          ...compared.map((column, i) =>
            eb(columnReference(table.name, column), "=", at(set.length + i))
          ),
          ...condition.shape === "()"
            ? []
            : [table.slots(condition, eb, at, set.length + compared.length)],
        ])
      ).returningAll(),
  );
  return rows[0];
}

/** Adds a row where its key is free. @returns the row; `undefined` where the key is taken */
async function insertUnlessTaken(
  table: Table,
  row: Row,
  key: readonly string[],
): Promise<Row | undefined> {
  const columns = Object.keys(row);
  const { rows } = await table.run(
    `insert unless ${JSON.stringify([columns, key])}`,
    Object.values(row),
    (db, at) =>
      db.insertInto(table.name)
        .values(Object.fromEntries(columns.map((column, i) => [column, at(i)])))
        .onConflict((oc) => oc.columns([...key]).doNothing())
        .returningAll(),
  );
  return rows[0];
}

/** How many rows were added, and how many were not, since their keys are taken. */
export interface Counts {
  readonly created: number;
  readonly skipped: number;
}

/**
 * Adds the rows whose keys are free, and gives none of them back.
 *
 * @param key the columns that may be taken; all unique keys where it is `undefined`
 */
export async function insertCounting(
  table: Table,
  rows: readonly Row[],
  key: readonly string[] | undefined,
): Promise<Counts> {
  const groups = partsOf(table, rows, false).map((group) => group.map((i) => rows[i]!));
  const all = async (inside: Table): Promise<number> => {
    let created = 0;
    for (const group of groups) created += await insertPart(inside, group, key);
    return created;
  };
  const created = groups.length === 1 && table.returns
    ? await all(table)
    : await inSavepoint(table, all);
  return { created, skipped: rows.length - created };
}

async function insertPart(
  table: Table,
  rows: readonly Row[],
  key: readonly string[] | undefined,
): Promise<number> {
  try {
    return await insertAtOnce(table, rows, key);
  } catch (error) {
    // Without ON CONFLICT: a statement that fails has added nothing, so each half is tried.
    if (table.returns || !await isTakenBy(table, key, error)) throw error;
    if (rows.length === 1) return 0;
  }
  const half = Math.ceil(rows.length / 2);
  return await insertPart(table, rows.slice(0, half), key) +
    await insertPart(table, rows.slice(half), key);
}

async function insertAtOnce(
  table: Table,
  rows: readonly Row[],
  key: readonly string[] | undefined,
): Promise<number> {
  if (Object.keys(rows[0]!).length === 0) {
    await insertAlone(table, rows[0]!, false);
    return 1;
  }
  const { numInsertedOrUpdatedRows } = await telling(table, () =>
    inOneRun(table.db, (db) => {
      const query = db.insertInto(table.name).values(rows);
      if (!table.returns) return query.executeTakeFirst();
      return query.onConflict((oc) =>
        key === undefined ? oc.doNothing() : oc.columns([...key]).doNothing()
      ).executeTakeFirst();
    }));
  return Number(numInsertedOrUpdatedRows ?? 0n);
}

/** Whether an insert failed because one of the keys that may be taken is. */
async function isTakenBy(
  table: Table,
  key: readonly string[] | undefined,
  error: unknown,
): Promise<boolean> {
  const parsed = await findDatabaseErrorAsync(error, table.dialect);
  if (!(parsed instanceof UniqueConstraintError)) return false;
  if (key === undefined) return true;
  // The database tells the name of the index; the catalog, its columns.
  const { columns } = parsed;
  return columns.length === 0 ||
    (columns.length === key.length && columns.every((column) => key.includes(column)));
}

/** Reads the columns that an upsert goes by. @throws {BadRequestError} */
export function readKey(table: Table, columns: unknown, action: string): readonly string[] {
  if (Array.isArray(columns) && columns.length > 0 && columns.every((c) => typeof c === "string")) {
    return columns;
  }
  throw new BadRequestError(
    `Cannot ${action} of "${table.name}": conflictColumns is to name the columns of a unique key`,
  );
}
