import { BadRequestError } from "@kysera/core";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DatabaseDialect } from "../database_dialect.ts";
import type { TableName } from "./_table_name.ts";

/** How a database is asked what it holds. Without a schema it is what a name alone would mean. */
export interface Catalog {
  readonly dialect: DatabaseDialect;
  /** The size of a database in bytes; of the current one without a name. */
  size(db: Kysely<any>, database: string | undefined): Promise<number>;
  /** The names of the tables of a schema, or of one of them if it is there. */
  tables(
    db: Kysely<any>,
    schema: string | undefined,
    table: string | undefined,
  ): Promise<string[]>;
  /** The names of the columns of a table or view. */
  columns(db: Kysely<any>, name: TableName): Promise<string[]>;
  /** Empties tables that are there, so that references among them are no obstacle. */
  truncate(db: Kysely<any>, tables: readonly TableName[], cascade: boolean): Promise<void>;
}

/** A table as a node, its name taken as it is. */
export function tableId({ schema, table }: TableName): RawBuilder<unknown> {
  return schema === undefined ? sql.id(table) : sql.id(schema, table);
}

/** @throws {BadRequestError} If `cascade` was asked for. */
export function refuseCascade(dialect: DatabaseDialect, cascade: boolean): void {
  if (!cascade) return;
  throw new BadRequestError(`Cannot truncate with option "cascade": "${dialect}" has none`);
}
