import { BadRequestError } from "@kysera/core";
import { type CreateTableBuilder, type Kysely, sql } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { legacyHistories, type LegacyHistory } from "./_legacy.ts";
import { History, LOCK_ID } from "./_history.ts";
import type { TableNames } from "../dialect/_table_names.ts";

/** What the database has of the runner's tables, and of those of other runners. */
export interface Layout {
  /** Whether the runner's tables are there. */
  readonly isSetUp: boolean;
  /** Histories of other runners that would be taken over. */
  readonly legacy: readonly LegacyHistory[];
}

const COLUMNS = ["name", "sequence", "state", "operation", "executed_at", "duration_ms", "plan"];

/** Reads what is there; nothing is created. */
export async function readLayout(
  db: Kysely<any>,
  traits: MigrationTraits,
  names: TableNames,
): Promise<Layout> {
  const found = await traits.readColumns(
    db,
    [names.history, names.lock, names.step, ...legacyHistories.map(({ table }) => table)],
    names.schema,
  );
  const columnsOf = (table: string) =>
    found.filter((each) => each.table === table).map(({ column }) => column);
  const own = columnsOf(names.history);
  if (own.length > 0 && !COLUMNS.every((column) => own.includes(column))) {
    throw new BadRequestError(
      `Cannot read migrations: table "${names.history}" has the columns ` +
        `${own.map((column) => `"${column}"`).join(", ")}, so it is not one of this runner; ` +
        `set the option tableName to another name`,
    );
  }
  const isThere = own.length > 0 && columnsOf(names.lock).length > 0 &&
    columnsOf(names.step).length > 0;
  const isSetUp = isThere &&
    await new History(db, traits, names).lock() !== undefined;
  return {
    isSetUp,
    legacy: isSetUp ? [] : legacyHistories.filter(({ table, columns }) => {
      const there = columnsOf(table);
      return there.length === columns.length && columns.every((column) => there.includes(column));
    }),
  };
}

/**
 * Creates the tables; what is there already is left. The row of the lock comes last, so that tables
 * without it are known to be unfinished.
 */
export async function createTables(
  db: Kysely<any>,
  traits: MigrationTraits,
  names: TableNames,
): Promise<void> {
  const { columns } = traits;
  const schema = names.schema === undefined ? db.schema : db.withSchema(names.schema).schema;
  const create = (table: string): CreateTableBuilder<string, never> =>
    schema.createTable(table).ifNotExists() as CreateTableBuilder<string, never>;
  await create(names.history)
    .addColumn("name", columns.name as never, (column) => column.primaryKey().notNull())
    .addColumn("sequence", "integer", (column) => column.notNull())
    .addColumn("state", "varchar(16)", (column) => column.notNull())
    .addColumn("operation", "varchar(8)", (column) => column.notNull())
    .addColumn("executed_at", "varchar(32)", (column) => column.notNull())
    .addColumn("duration_ms", columns.bigint)
    .addColumn("source_hash", "varchar(64)")
    .addColumn("plan_hash", "varchar(64)")
    .addColumn("plan", columns.text as never)
    .execute();
  await create(names.lock)
    .addColumn("id", "integer", (column) => column.primaryKey().notNull())
    .addColumn("revision", columns.bigint, (column) => column.notNull())
    .addColumn("owner", "varchar(64)")
    .addColumn("holder", "varchar(255)")
    .addColumn("since", columns.bigint)
    .addColumn("expires", columns.bigint)
    .execute();
  await create(names.step)
    .addColumn("name", columns.name as never, (column) => column.notNull())
    .addColumn("step", "integer", (column) => column.notNull())
    .addColumn("state", "varchar(16)", (column) => column.notNull())
    .addColumn("hash", "varchar(64)", (column) => column.notNull())
    .addColumn("sql", columns.text as never, (column) => column.notNull())
    .addColumn("result", columns.text as never)
    .addColumn("fingerprint", columns.text as never)
    .addColumn("recorded_at", "varchar(32)", (column) => column.notNull())
    .addPrimaryKeyConstraint(`${names.step}_pk`, ["name" as never, "step" as never])
    .execute();
}

/** Creates the row of the lock. Where two runners do, one of them fails with a taken key. */
export async function insertLockRow(db: Kysely<any>, names: TableNames): Promise<void> {
  const over = names.schema === undefined ? db : db.withSchema(names.schema);
  await over.insertInto(names.lock).values({ id: LOCK_ID, revision: sql`1` }).execute();
}
