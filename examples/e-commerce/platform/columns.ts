import { detectDialect, type Dialect } from "@kysera/core";
import { type ColumnDefinitionBuilder, type Expression, type Kysely, sql } from "kysely";

type ColumnType = "integer" | "text" | Expression<unknown>;

/** How a family of SQL spells the columns that the migrations need. */
export interface Columns {
  /** The definition of an integer key that the database counts up and never uses again. */
  readonly identity: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** Text of a limited length, which can be indexed; letter case counts. */
  readonly varchar: (length: number) => ColumnType;
  /** Text of any length. */
  readonly text: ColumnType;
  /** A time with milliseconds. */
  readonly time: ColumnType;
  /** Makes a column unique among the rows that are not soft-deleted. */
  readonly uniqueUnlessDeleted: (db: Kysely<any>, target: UniqueTarget) => Promise<void>;
}

/** The column of {@linkcode Columns.uniqueUnlessDeleted}. */
export interface UniqueTarget {
  readonly table: string;
  readonly column: string;
  /** The type of the column. */
  readonly type: ColumnType;
  readonly constraint: string;
}

/** PostgreSQL and SQLite have partial indexes. */
const partialIndex: Columns["uniqueUnlessDeleted"] = async (db, { table, column, constraint }) => {
  await db.schema.createIndex(constraint).unique().on(table).column(column)
    .where("deleted_at", "is", null).execute();
};

const COLUMNS: Readonly<Partial<Record<Dialect, Columns>>> = {
  postgres: {
    identity: (column) => column.generatedAlwaysAsIdentity().primaryKey(),
    varchar: (length) => sql`varchar(${sql.lit(length)})`,
    text: "text",
    time: sql`timestamptz(3)`,
    uniqueUnlessDeleted: partialIndex,
  },
  sqlite: {
    identity: (column) => column.primaryKey().autoIncrement(),
    varchar: (length) => sql`varchar(${sql.lit(length)})`,
    text: "text",
    time: "text",
    uniqueUnlessDeleted: partialIndex,
  },
  mysql: {
    identity: (column) => column.autoIncrement().primaryKey(),
    // Else "Ada" and "ada" are the same name on this database alone.
    varchar: (length) => sql`varchar(${sql.lit(length)}) character set utf8mb4 collate utf8mb4_bin`,
    text: sql`mediumtext character set utf8mb4 collate utf8mb4_bin`,
    time: sql`datetime(3)`,
    // There are no partial indexes; of a generated column that is NULL there may be many.
    uniqueUnlessDeleted: async (db, { table, column, type, constraint }) => {
      const visible = `visible_${column}`;
      const value = sql`case when deleted_at is null then ${sql.ref(column)} end`;
      await db.schema.alterTable(table)
        .addColumn(visible, type as Expression<any>, (c) => c.generatedAlwaysAs(value).stored())
        .execute();
      await db.schema.createIndex(constraint).unique().on(table).column(visible).execute();
    },
  },
};

/**
 * Returns the columns for the dialect of a database.
 *
 * @throws {Error} for a dialect that the migrations were not written for
 */
export function columnsOf(db: Kysely<any>): Columns {
  const dialect = detectDialect(db);
  const columns = COLUMNS[dialect];
  if (columns === undefined) throw new Error(`Cannot migrate: "${dialect}" is not supported`);
  return columns;
}
