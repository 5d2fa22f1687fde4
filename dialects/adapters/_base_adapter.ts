import { BadRequestError } from "@kysera/core";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { getDefaultPort } from "../connection/get_default_port.ts";
import type { DatabaseDialect } from "../database_dialect.ts";
import { parseTableName, type TableName } from "./_table_name.ts";
import { isForeignKeyError, isNotNullError, isUniqueConstraintError } from "./constraint_errors.ts";
import type {
  DialectAdapter,
  DialectAdapterOptions,
  SchemaOptions,
  TruncateOptions,
} from "./dialect_adapter.ts";
import { escapeIdentifier } from "./escape_identifier.ts";
import { formatDate } from "./format_date.ts";
import { getCurrentTimestamp } from "./get_current_timestamp.ts";

/** What all adapters do alike. */
export abstract class BaseAdapter implements DialectAdapter {
  abstract readonly dialect: DatabaseDialect;
  readonly defaultSchema: string | undefined;

  constructor(options: DialectAdapterOptions = {}) {
    refuseUnknownOptions("the constructor of a dialect adapter", options, ["defaultSchema"]);
    this.defaultSchema = options.defaultSchema;
  }

  getDefaultPort(): number | null {
    return getDefaultPort(this.dialect);
  }

  getCurrentTimestamp(): string {
    return getCurrentTimestamp(this.dialect);
  }

  escapeIdentifier(identifier: string): string {
    return escapeIdentifier(identifier, this.dialect);
  }

  formatDate(date: Date): string {
    return formatDate(date, this.dialect);
  }

  isUniqueConstraintError(error: unknown): boolean {
    return isUniqueConstraintError(error, this.dialect);
  }

  isForeignKeyError(error: unknown): boolean {
    return isForeignKeyError(error, this.dialect);
  }

  isNotNullError(error: unknown): boolean {
    return isNotNullError(error, this.dialect);
  }

  async tableExists(db: Kysely<any>, table: string, options?: SchemaOptions): Promise<boolean> {
    const name = this.resolve(table, options);
    return (await this.listTables(db, name.schema, name.table)).length > 0;
  }

  async getTables(db: Kysely<any>, options?: SchemaOptions): Promise<string[]> {
    return await this.listTables(db, this.schemaOf(options), undefined);
  }

  async getTableColumns(
    db: Kysely<any>,
    table: string,
    options?: SchemaOptions,
  ): Promise<string[]> {
    return await this.listColumns(db, this.resolve(table, options));
  }

  async truncateTable(
    db: Kysely<any>,
    table: string,
    options: TruncateOptions = {},
  ): Promise<boolean> {
    const { cascade = false, ...rest } = options;
    const name = this.resolve(table, rest);
    if ((await this.listTables(db, name.schema, name.table)).length === 0) return false;
    await this.truncate(db, [name], cascade);
    return true;
  }

  async truncateAllTables(
    db: Kysely<any>,
    exclude: readonly string[] = [],
    options?: SchemaOptions,
  ): Promise<void> {
    const schema = this.schemaOf(options);
    const tables = (await this.listTables(db, schema, undefined))
      .filter((table) => !exclude.includes(table))
      .map((table) => ({ schema, table }));
    if (tables.length > 0) await this.truncate(db, tables, false);
  }

  abstract getDatabaseSize(db: Kysely<any>, database?: string): Promise<number>;

  /** The names of the tables of a schema, or of one of them if it is there. */
  protected abstract listTables(
    db: Kysely<any>,
    schema: string | undefined,
    table: string | undefined,
  ): Promise<string[]>;

  protected abstract listColumns(db: Kysely<any>, name: TableName): Promise<string[]>;

  /** Empties tables that are there, so that references among them are no obstacle. */
  protected abstract truncate(
    db: Kysely<any>,
    tables: readonly TableName[],
    cascade: boolean,
  ): Promise<void>;

  /** @throws {BadRequestError} If `cascade` was asked for. */
  protected refuseCascade(cascade: boolean): void {
    if (!cascade) return;
    throw new BadRequestError(`Cannot truncate with option "cascade": "${this.dialect}" has none`);
  }

  protected schemaOf(options: SchemaOptions = {}): string | undefined {
    refuseUnknownOptions("a method of a dialect adapter", options, ["schema"]);
    return options.schema ?? this.defaultSchema;
  }

  protected resolve(table: string, options: SchemaOptions = {}): TableName {
    const schema = this.schemaOf(options);
    // A name with a schema of its own is not held against the default one.
    return parseTableName(table, table.includes(".") ? options.schema : schema);
  }
}

/** A table as a node, its name taken as it is. */
export function tableId({ schema, table }: TableName): RawBuilder<unknown> {
  return schema === undefined ? sql.id(table) : sql.id(schema, table);
}
