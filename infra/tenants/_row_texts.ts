import type { Dialect } from "@kysera/core";
import type { Relation } from "@kysera/executor";
import type { Expression, Kysely, RawBuilder, SqlBool } from "kysely";
import { MYSQL_ROWS } from "./_rows_mysql.ts";
import { POSTGRES_ROWS } from "./_rows_postgres.ts";
import { SQLITE_ROWS } from "./_rows_sqlite.ts";

/** A table of a tenant at one of the places. */
export interface TableAt {
  readonly relation: Relation;
  /** The table as statements name it there. */
  readonly table: RawBuilder<unknown>;
  readonly schema: string | undefined;
  /** The columns that are written: those that the database does not compute. */
  readonly columns: readonly Relation["columns"][number][];
  /** The columns of its key. */
  readonly key: readonly Relation["columns"][number][];
  /** Which rows are the tenant's; `undefined` for all. */
  readonly rows: Expression<SqlBool> | undefined;
}

/** A row in a form in which nothing of it is lost on the way, and equal rows are equal. */
export interface RowText {
  /** What it is compared by. */
  readonly text: string;
  /** What `insert` is given. */
  readonly values: unknown;
}

/** How the rows of a family of SQL are carried from one place to another. */
export interface RowTexts {
  /** Returns the rows after one, in the order of the key. */
  page(
    db: Kysely<any>,
    at: TableAt,
    after: RowText | undefined,
    limit: number,
  ): Promise<readonly RowText[]>;
  /** Adds rows. */
  insert(db: Kysely<any>, at: TableAt, rows: readonly RowText[]): Promise<void>;
  /** Lets the numbers that the table gives begin behind those that it has. */
  advanceSequences(db: Kysely<any>, at: TableAt): Promise<void>;
}

/** Returns how rows are carried; `undefined` where that is not known. */
export function rowTextsOf(dialect: Dialect): RowTexts | undefined {
  return { postgres: POSTGRES_ROWS, mysql: MYSQL_ROWS, sqlite: SQLITE_ROWS, mssql: undefined }[
    dialect
  ];
}
