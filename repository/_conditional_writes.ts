import { BadRequestError, findDatabaseErrorAsync, UniqueConstraintError } from "@kysera/core";
import { columnReference, inOneRun } from "@kysera/executor";
import type { ExpressionBuilder, InsertQueryBuilder, InsertResult, Kysely } from "kysely";
import { type BatchedWrite, needsBatch, runInBatch } from "./_batch.ts";
import { columnsOf } from "./_condition_columns.ts";
import type { ReadCondition } from "./_condition.ts";
import { insertAlone, partsOf } from "./_insert.ts";
import type { At, Row, Table, UpsertInput } from "./_table.ts";
import { inSavepoint, inTransaction, TRIES } from "./_together.ts";
import { telling } from "./_told.ts";
import { change, lockByKey, OF_REPOSITORY, type Plan, readPlan, rowsByKey } from "./_upsert.ts";
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
  const plan = readPlan(table, input, OF_REPOSITORY);
  const condition = where === null ? null : await readWhere(table, where);
  const { row } = input;
  return table.returns
    ? await inTurns(table, row, plan, condition)
    : await inTransaction(table, (inside) => inSteps(inside, row, plan, condition), TRIES);
}

/** {@linkcode upsertIf} of many, all or none. @returns the rows in their order */
export async function upsertManyIf(
  table: Table,
  inputs: readonly UpsertInput[],
  where: object,
): Promise<Row[]> {
  // A version is compared by a statement of its own, which says nothing of what others do meanwhile;
  // a batch of SQLite is alone.
  const isAlone = table.dialect === "sqlite" ||
    inputs.every(({ version }) => version === undefined);
  if (table.returns && isAlone && needsBatch(table)) return await inBatch(table, inputs, where);
  const done: Row[] = [];
  await inSavepoint(table, async (inside) => {
    done.length = 0;
    for (const each of inputs) done.push((await upsertIf(inside, each, where)).row);
  }, TRIES);
  return done;
}

/**
 * {@linkcode upsertManyIf} where there are no transactions. What is decided by results elsewhere is
 * expected of the statements: a row of another version is not there, and one that was neither added
 * nor changed is.
 */
async function inBatch(
  table: Table,
  inputs: readonly UpsertInput[],
  where: object,
): Promise<Row[]> {
  const condition = await readWhere(table, where);
  const { versionColumn } = table.definition;
  const writes: BatchedWrite[] = [];
  const errors = new Map<number, (cause: unknown) => Error>();
  const places = inputs.map((input) => {
    const plan = readPlan(table, input, OF_REPOSITORY);
    const { row } = input;
    const byKey = (eb: ExpressionBuilder<any, any>, at: At, first = 0) =>
      plan.key.map((column, i) => eb(columnReference(table.name, column), "=", at(first + i)));
    const key = plan.key.map((column) => row[column]);
    if (plan.expected !== undefined) {
      const stale = writes.push({
        values: [...key, plan.expected],
        build: (db, at) =>
          db.selectFrom(table.name).select((eb) => eb.lit(1).as("stale")).where((eb) => {
            const version = columnReference(table.name, versionColumn!);
            return eb.and([
              ...byKey(eb, at),
              eb.or([eb(version, "<>", at(key.length)), eb(version, "is", null)]),
            ]);
          }),
        rows: 0,
      });
      errors.set(stale - 1, () => new StaleRowError(table.name, versionColumn!));
    }
    const written = writes.push(upsertWhere(table, row, plan, condition)) - 1;
    const left = writes.push({
      values: key,
      build: (db, at) => db.selectFrom(table.name).selectAll().where((eb) => eb.and(byKey(eb, at))),
      rows: 1,
    }) - 1;
    errors.set(left, (cause) => new UpsertConflictError(table.name, { cause }));
    return { written, left };
  });
  const results = await runInBatch(table, writes, (index, cause) => errors.get(index)!(cause));
  return places.map(({ written, left }) => results[written]![0] ?? results[left]![0]);
}

/** Adds a row, or changes the one that has its key and satisfies a condition, in one statement. */
function upsertWhere(
  table: Table,
  row: Row,
  { key, set, expected }: Plan,
  condition: ReadCondition,
): BatchedWrite {
  const columns = Object.keys(row);
  const { versionColumn } = table.definition;
  const compared = expected === undefined ? [] : [expected];
  return {
    values: [...Object.values(row), ...compared, ...condition.values],
    build: (db, at) => {
      const given = Object.fromEntries(columns.map((column, i) => [column, at(i)]));
      return db.insertInto(table.name).values(given).onConflict((oc) => {
        const taken = oc.columns([...key]);
        if (set.length === 0) return taken.doNothing();
        const update = taken.doUpdateSet((eb) => ({
          // The values themselves, so that plugins that check rows see them.
          ...Object.fromEntries(set.map((column) => [column, given[column]])),
          ...counted(table, eb),
        }));
        if (compared.length === 0 && condition.shape === "()") return update;
        return update.where((eb) =>
          eb.and([
            ...compared.map((_, i) =>
              eb(columnReference(table.name, versionColumn!), "=", at(columns.length + i))
            ),
            ...condition.shape === "()"
              ? []
              : [table.slots(condition, eb, at, columns.length + compared.length)],
          ])
        );
      }).returningAll();
    },
  };
}

/** Reads the condition on the row that is there; the columns that it names are looked up. */
async function readWhere(table: Table, where: object | undefined): Promise<ReadCondition> {
  const condition = table.condition(where);
  if (condition.shape === "()") return condition;
  const action = `upsert into "${table.name}"`;
  return await table.mustHave(columnsOf(condition.condition), action)
    ? table.condition(where)
    : condition;
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
  const isBatch = groups.length > 1 && table.returns && needsBatch(table) &&
    groups.every(([row]) => Object.keys(row!).length > 0);
  if (isBatch) {
    const writes = groups.map((group): BatchedWrite => ({
      values: [],
      build: (db) => insertionOf(table, db, group, key),
    }));
    const results = await runInBatch(table, writes, (_, cause) => cause);
    const created = results.reduce((sum, [result]) => sum + addedBy(result), 0);
    return { created, skipped: rows.length - created };
  }
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
  return addedBy(
    await telling(
      table,
      () => inOneRun(table.db, (db) => insertionOf(table, db, rows, key).executeTakeFirst()),
    ),
  );
}

function addedBy({ numInsertedOrUpdatedRows }: InsertResult): number {
  return Number(numInsertedOrUpdatedRows ?? 0n);
}

/** Adds the rows whose keys are free, where the dialect can say so. */
function insertionOf(
  table: Table,
  db: Kysely<any>,
  rows: readonly Row[],
  key: readonly string[] | undefined,
): InsertQueryBuilder<any, any, InsertResult> {
  const query = db.insertInto(table.name).values(rows);
  if (!table.returns) return query;
  return query.onConflict((oc) =>
    key === undefined ? oc.doNothing() : oc.columns([...key]).doNothing()
  );
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
