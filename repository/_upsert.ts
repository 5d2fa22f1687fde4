import { BadRequestError, parseDatabaseError, UniqueConstraintError } from "@kysera/core";
import { insertAlone, readBack } from "./_insert.ts";
import type { Row, Table } from "./_table.ts";
import { inTransaction } from "./_together.ts";
import { counted } from "./_version.ts";
import { UpsertConflictError } from "./errors.ts";
import type { UpsertOptions } from "./types.ts";

/** Adds a row, or changes the one that has its key. */
export async function upsertRow(
  table: Table,
  row: Row,
  { conflictColumns, updateColumns }: UpsertOptions<any>,
): Promise<Row> {
  assertColumns(table, row, "conflictColumns", conflictColumns);
  if (conflictColumns.length === 0) {
    throw new BadRequestError(`Cannot upsert into "${table.name}": conflictColumns is empty`);
  }
  if (updateColumns !== undefined) assertColumns(table, row, "updateColumns", updateColumns);
  const { versionColumn } = table.definition;
  const changed = updateColumns ??
    Object.keys(row).filter((column) => !conflictColumns.includes(column));
  const set = changed.filter((column) => column !== versionColumn);
  return table.returns
    ? await upsertAtOnce(table, row, conflictColumns, set)
    : await inTransaction(table, (inside) => upsertInSteps(inside, row, conflictColumns, set));
}

function assertColumns(table: Table, row: Row, option: string, columns: unknown): void {
  if (Array.isArray(columns) && columns.every((column) => Object.hasOwn(row, column))) return;
  throw new BadRequestError(
    `Cannot upsert into "${table.name}": ${option} is to name columns that the input has a value ` +
      "for",
  );
}

async function upsertAtOnce(
  table: Table,
  row: Row,
  conflictColumns: readonly string[],
  changed: readonly string[],
): Promise<Row> {
  // Where there is nothing to change, a change to itself lets the row be returned.
  const columns = changed.length === 0 ? conflictColumns : changed;
  const written = await table.db.insertInto(table.name).values(row).onConflict((oc) =>
    oc.columns([...conflictColumns]).doUpdateSet((eb) => ({
      ...Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)])),
      ...counted(table, eb),
    }))
  ).returningAll().executeTakeFirst() as Row | undefined;
  if (written === undefined) throw new UpsertConflictError(table.name);
  return written;
}

/** An upsert of locks and steps, for a dialect whose own takes no condition. */
async function upsertInSteps(
  table: Table,
  row: Row,
  conflictColumns: readonly string[],
  changed: readonly string[],
): Promise<Row> {
  const { primaryKey } = table.definition;
  const [before] = await table.db.selectFrom(table.name).selectAll().where((eb) =>
    eb.and(conflictColumns.map((column) => eb(`${table.name}.${column}`, "=", row[column])))
  ).forUpdate().execute() as Row[];
  if (before === undefined) return await insertOrRefuse(table, row, conflictColumns);
  const set: Row = Object.fromEntries(changed.map((column) => [column, row[column]]));
  if (changed.length > 0 || table.definition.versionColumn !== undefined) {
    await table.db.updateTable(table.name).set((eb) => ({ ...set, ...counted(table, eb) }))
      .where((eb) => table.keyIsIn(eb, [primaryKey.map((column) => before[column])])).execute();
  }
  return await readBack(table, primaryKey.map((column) => set[column] ?? before[column]), {
    ...before,
    ...set,
  });
}

/** No visible row has the key: where one has it after all, it may not be changed. */
async function insertOrRefuse(
  table: Table,
  row: Row,
  conflictColumns: readonly string[],
): Promise<Row> {
  try {
    return await insertAlone(table, row);
  } catch (error) {
    const parsed = parseDatabaseError(error, table.dialect);
    const { primaryKey } = table.definition;
    const isKey = (columns: readonly string[]): boolean =>
      columns.length === conflictColumns.length &&
      columns.every((column) => conflictColumns.includes(column));
    // The database tells the name of the constraint; only the primary key's says its columns.
    const isOther = parsed instanceof UniqueConstraintError &&
      isKey(primaryKey) !== /(^|\.)primary$/i.test(parsed.constraint ?? "");
    if (!(parsed instanceof UniqueConstraintError) || isOther) throw error;
    throw new UpsertConflictError(table.name, { cause: error });
  }
}
