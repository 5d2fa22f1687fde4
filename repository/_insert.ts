import { BadRequestError } from "@kysera/core";
import { inOneRun } from "@kysera/executor";
import { type InsertQueryBuilder, type Kysely, sql } from "kysely";
import { type BatchedWrite, needsBatch, runInBatch } from "./_batch.ts";
import type { At, Row, Table } from "./_table.ts";
import { telling } from "./_told.ts";
import { inSavepoint } from "./_together.ts";

/** How many rows of a long list go into one statement on SQLite. */
const CHUNK = 100;

/**
 * Adds one row. Where the dialect gives none back it is read, so the caller opens a transaction.
 *
 * @param isRead whether what the database made of the row is wanted
 * @returns the row, as the database has it
 */
export async function insertAlone(table: Table, row: Row, isRead = true): Promise<Row> {
  const columns = Object.keys(row);
  // What is read back is to be the row that was written.
  if (!table.returns && isRead && !table.isKeyUnique) await table.checkKey();
  const { rows, insertId } = await table.run(
    `insert ${JSON.stringify(columns)}`,
    Object.values(row),
    (db, at) => insertion(table, db, at, columns, 1),
  );
  if (table.returns) return written(table, rows, 1)[0]!;
  if (!isRead) return row;
  return await readBack(table, keyOfInserted(table, row, insertId), row);
}

/** Adds rows, all or none. @returns them in their order */
export async function insertAll(table: Table, rows: readonly Row[]): Promise<Row[]> {
  const groups = partsOf(table, rows);
  const out = new Array<Row>(rows.length);
  // The parts of a long list are of one length, so one plan serves them, however long the list is.
  const usual = groups.length > 1 ? groups[0]!.length : 0;
  if (!table.returns && !table.isKeyUnique) await table.checkKey();
  if (table.returns && groups.length > 1 && needsBatch(table)) {
    return await insertInBatch(table, rows, groups);
  }
  const all = async (inside: Table): Promise<Row[]> => {
    for (const group of groups) await insertGroup(inside, rows, group, out, usual);
    return out;
  };
  // One statement is all or none by itself.
  return table.returns && groups.length === 1 ? await all(table) : await inSavepoint(table, all);
}

async function insertInBatch(
  table: Table,
  rows: readonly Row[],
  groups: readonly (readonly number[])[],
): Promise<Row[]> {
  const writes = groups.map((group): BatchedWrite => {
    const columns = Object.keys(rows[group[0]!]!);
    return {
      values: group.flatMap((i) => columns.map((column) => rows[i]![column])),
      build: (db, at) => insertion(table, db, at, columns, group.length),
      rows: group.length,
    };
  });
  const results = await runInBatch(table, writes, () =>
    new BadRequestError(
      `Cannot add rows to "${table.name}": the database added fewer; a trigger may keep the others`,
    ));
  const out = new Array<Row>(rows.length);
  groups.forEach((group, n) => group.forEach((i, at) => out[i] = results[n]![at]));
  return out;
}

/**
 * Rows as parts of one statement each, by their indexes.
 *
 * @param isRead whether each row is wanted back
 */
export function partsOf(table: Table, rows: readonly Row[], isRead = true): number[][] {
  return sameColumns(rows).flatMap((group) => inParts(table, rows, group, isRead));
}

/** Reads a row that was written; one that is hidden now is told by what was written. */
export async function readBack(
  table: Table,
  key: readonly unknown[],
  row: Row,
): Promise<Row> {
  const { rows } = await table.run(
    "by id",
    key,
    (db, at) => db.selectFrom(table.name).selectAll().where((eb) => table.keyIs(eb, at)),
  );
  const { primaryKey } = table.definition;
  return rows[0] ??
    { ...row, ...Object.fromEntries(primaryKey.map((column, i) => [column, key[i]])) };
}

function insertion(
  table: Table,
  db: Kysely<any>,
  at: At,
  columns: readonly string[],
  count: number,
): InsertQueryBuilder<any, any, any> {
  const into = db.insertInto(table.name);
  let slot = 0;
  const one = (): Row => Object.fromEntries(columns.map((column) => [column, at(slot++)]));
  const query = columns.length > 0
    ? into.values(Array.from({ length: count }, one))
    : table.dialect === "mysql"
    // MySQL has no DEFAULT VALUES.
    ? into.values({ [table.definition.primaryKey[0]!]: sql`default` })
    : into.defaultValues();
  return table.returns ? query.returningAll() : query;
}

function written<R extends { readonly length: number }>(
  table: Table,
  rows: R,
  count: number,
): R {
  if (rows.length === count) return rows;
  throw new BadRequestError(
    `Cannot give the rows that were added to "${table.name}": the database returned ` +
      `${rows.length} of ${count}; a trigger or a rule may keep the others`,
  );
}

function keyOfInserted(table: Table, row: Row, insertId: bigint | undefined): unknown[] {
  const { primaryKey } = table.definition;
  return primaryKey.map((column) => {
    if (row[column] !== undefined && row[column] !== null) return row[column];
    if (insertId !== undefined && insertId > 0n && primaryKey.length === 1) {
      return insertId <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(insertId) : insertId;
    }
    throw new BadRequestError(
      `Cannot read back the row that was added to "${table.name}": the database does not tell ` +
        `its "${column}"; give it with the input`,
    );
  });
}

/** Indexes of rows that have the same columns: SQLite would give NULL for one that a row lacks. */
function sameColumns(rows: readonly Row[]): number[][] {
  const groups = new Map<string, number[]>();
  let last: readonly string[] | undefined;
  let group: number[] = [];
  rows.forEach((row, i) => {
    const columns = Object.keys(row);
    // Most rows have the columns of the one before, in the same order.
    if (last === undefined || !isSame(columns, last)) {
      last = columns;
      const key = JSON.stringify([...columns].sort());
      const known = groups.get(key);
      if (known === undefined) groups.set(key, group = []);
      else group = known;
    }
    group.push(i);
  });
  return [...groups.values()];
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** A group as parts of one statement each. */
function inParts(
  table: Table,
  rows: readonly Row[],
  group: readonly number[],
  isRead: boolean,
): number[][] {
  const columns = Object.keys(rows[group[0]!]!);
  const hasKey = table.definition.primaryKey.every((column) => columns.includes(column));
  // Without RETURNING nothing tells which of several rows got which key.
  const isAlone = columns.length === 0 || (isRead && !table.returns && !hasKey);
  let size = 1;
  if (!isAlone && group.length > 1) {
    // Plugins may add values to each row: a statement of one row shows how many.
    const { parameters } = table.db.insertInto(table.name).values(rows[group[0]!]!).compile();
    size = table.rowsPerStatement(Math.max(columns.length, parameters.length));
    // Where no network is between, several statements that are known are quicker than a new one.
    if (table.dialect === "sqlite" && group.length > 2 * CHUNK) size = Math.min(size, CHUNK);
  }
  const parts: number[][] = [];
  for (let i = 0; i < group.length; i += size) parts.push(group.slice(i, i + size));
  return parts;
}

async function insertGroup(
  table: Table,
  rows: readonly Row[],
  group: readonly number[],
  out: Row[],
  usual: number,
): Promise<void> {
  if (group.length === 1) {
    out[group[0]!] = await insertAlone(table, rows[group[0]!]!);
    return;
  }
  const columns = Object.keys(rows[group[0]!]!);
  const shape = `insert ${JSON.stringify(columns)} ${group.length}`;
  const result = group.length === usual || table.comesAgain(shape)
    ? await table.run(
      shape,
      group.flatMap((i) => columns.map((column) => rows[i]![column])),
      (db, at) => insertion(table, db, at, columns, group.length),
    )
    : await insertMany(table, group.map((i) => rows[i]!));
  if (table.returns) {
    const given = written(table, result.rows, group.length);
    group.forEach((i, at) => out[i] = given[at]!);
    return;
  }
  const found = await rowsByKey(table, group.map((i) => rows[i]!));
  for (const i of group) out[i] = found.get(table.nameOf(rows[i]!)) ?? rows[i]!;
}

/** Lists of plain values are what Kysely is quickest with; slots would be slower. */
async function insertMany(table: Table, rows: readonly Row[]): Promise<{ readonly rows: Row[] }> {
  return await telling(table, () =>
    inOneRun(table.db, (db) => {
      const query = db.insertInto(table.name).values(rows);
      // The builder's own execute() would keep the rows from being returned as they are.
      return db.executeQuery<Row>(table.returns ? query.returningAll() : query);
    }));
}

async function rowsByKey(table: Table, rows: readonly Row[]): Promise<Map<string, Row>> {
  const { primaryKey } = table.definition;
  const keys = rows.map((row) => primaryKey.map((column) => row[column]));
  const found = new Map<string, Row>();
  for (const keysOfPart of table.keyParts(keys)) {
    const part: Row[] = await inOneRun(table.db, (db) =>
      db.selectFrom(table.name).selectAll()
        .where((eb) => table.keyIsIn(eb, keysOfPart)).execute());
    for (const row of part) found.set(table.nameOf(row), row);
  }
  return found;
}
