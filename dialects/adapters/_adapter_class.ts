import type { Kysely } from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { getDefaultPort } from "../connection/get_default_port.ts";
import type { DatabaseDialect } from "../database_dialect.ts";
import type { Catalog } from "./_catalog.ts";
import { parseTableName, type TableName } from "./_table_name.ts";
import { isForeignKeyError, isNotNullError, isUniqueConstraintError } from "./constraint_errors.ts";
import type {
  DialectAdapter,
  DialectAdapterClass,
  DialectAdapterOptions,
  SchemaOptions,
  TruncateOptions,
} from "./dialect_adapter.ts";
import { escapeIdentifier } from "./escape_identifier.ts";
import { formatDate } from "./format_date.ts";
import { getCurrentTimestamp } from "./get_current_timestamp.ts";

/** The class of the adapters of a database: they differ in nothing but their catalogs. */
export function adapterClass(catalog: Catalog): DialectAdapterClass {
  return class extends CatalogAdapter {
    constructor(options?: DialectAdapterOptions) {
      super(catalog, options);
    }
  };
}

class CatalogAdapter implements DialectAdapter {
  readonly #catalog: Catalog;
  readonly dialect: DatabaseDialect;
  readonly defaultSchema: string | undefined;

  constructor(catalog: Catalog, options: DialectAdapterOptions = {}) {
    refuseUnknownOptions("the constructor of a dialect adapter", options, ["defaultSchema"]);
    this.#catalog = catalog;
    this.dialect = catalog.dialect;
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
    return await this.#isThere(db, this.#resolve(table, options));
  }

  async getTableColumns(
    db: Kysely<any>,
    table: string,
    options?: SchemaOptions,
  ): Promise<string[]> {
    return await this.#catalog.columns(db, this.#resolve(table, options));
  }

  async getTables(db: Kysely<any>, options?: SchemaOptions): Promise<string[]> {
    return await this.#catalog.tables(db, this.#schemaOf(options), undefined);
  }

  async getDatabaseSize(db: Kysely<any>, database?: string): Promise<number> {
    return await this.#catalog.size(db, database);
  }

  async truncateTable(
    db: Kysely<any>,
    table: string,
    options: TruncateOptions = {},
  ): Promise<boolean> {
    const { cascade = false, ...rest } = options;
    const name = this.#resolve(table, rest);
    if (!await this.#isThere(db, name)) return false;
    await this.#catalog.truncate(db, [name], cascade);
    return true;
  }

  async truncateAllTables(
    db: Kysely<any>,
    exclude: readonly string[] = [],
    options?: SchemaOptions,
  ): Promise<void> {
    const schema = this.#schemaOf(options);
    const tables = (await this.#catalog.tables(db, schema, undefined))
      .filter((table) => !exclude.includes(table))
      .map((table) => ({ schema, table }));
    if (tables.length > 0) await this.#catalog.truncate(db, tables, false);
  }

  async #isThere(db: Kysely<any>, { schema, table }: TableName): Promise<boolean> {
    return (await this.#catalog.tables(db, schema, table)).length > 0;
  }

  #schemaOf(options: SchemaOptions = {}): string | undefined {
    refuseUnknownOptions("a method of a dialect adapter", options, ["schema"]);
    return options.schema ?? this.defaultSchema;
  }

  #resolve(table: string, options: SchemaOptions = {}): TableName {
    const schema = this.#schemaOf(options);
    // A name with a schema of its own is not held against the default one.
    return parseTableName(table, table.includes(".") ? options.schema : schema);
  }
}
