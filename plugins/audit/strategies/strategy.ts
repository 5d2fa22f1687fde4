/**
 * What the plugin does in the way of one dialect. A dialect is a folder beside this file, with an
 * object of this type; the rest of the package asks the object, and compares no names of dialects.
 *
 * @module
 */
import type { QueryScope } from "@kysera/executor";
import type {
  CompiledQuery,
  CreateTableBuilder,
  Expression,
  QueryResult,
  RawBuilder,
} from "kysely";
import type { JsonValue } from "../sql/_json.ts";
import type { Target } from "./common/_before.ts";
import type { Ask, ColumnInfo, TableInfo } from "./common/_catalog.ts";
import type { MaskedColumn, NumberedImage } from "./common/_images.ts";
import type { LogTarget } from "./common/_log.ts";
import type { AuditedTable, Run } from "./common/_table.ts";
import type { Templates } from "./common/_templates.ts";
import type { Write } from "./common/_writes.ts";

/** What the plugin does in the way of one dialect. */
export interface AuditStrategy {
  readonly catalog: CatalogStrategy;
  readonly images: ImageStrategy;
  readonly entries: EntryStrategy;
  /** Returns what does the writes of an executor. */
  writer(): Writer;
  /** Returns what rows of a table are found again by after a write. */
  handleOf(table: AuditedTable): readonly string[];
}

/** Does writes, and writes down what they did. */
export type Writer = (work: WriteWork) => Promise<QueryResult<any>>;

/** A query that writes audited tables, and what it is done with. */
export interface WriteWork {
  readonly query: CompiledQuery;
  /** The writes of the query, with the targets of each. */
  readonly writes: readonly (Write & { readonly audited: readonly Target[] })[];
  readonly to: LogTarget;
  /** Runs a statement of ours. */
  readonly run: Run;
  /** Runs a statement as the user's own. */
  readonly next: (query: CompiledQuery) => Promise<QueryResult<any>>;
  readonly scope: QueryScope;
  readonly templates: Templates;
}

/** Tables and their names. */
export interface CatalogStrategy {
  /** Reads what the catalog says of a table; `undefined` where there is none of the name. */
  read(ask: Ask, name: string, schema: string | undefined): Promise<TableInfo | undefined>;
  /** Returns what names are compared by. */
  foldCase(name: string): string;
  /** The schema of a table that entries call by its name alone; `undefined` where it is looked up. */
  readonly defaultSchema: string | undefined;
}

/** Rows as JSON, and back. */
export interface ImageStrategy {
  /** Returns a row as JSON, as text with a colon before it. */
  textOf(table: AuditedTable, alias: string): RawBuilder<string>;
  /** Whether numbers in JSON have all of their digits: `1.10` is then kept as text. */
  readonly hasDecimals: boolean;
  /** Which rows a SELECT can lock: none, those of a table, or those of a derived table as well. */
  readonly locks: "none" | "tables" | "derived tables";
  /**
   * Returns images of rows as a table expression: the columns of the table, of its types and
   * collations, with a column for the number of an image, and copies of those that may be masked.
   */
  source(
    table: AuditedTable,
    images: readonly NumberedImage[],
    masks: readonly MaskedColumn[],
  ): Expression<any>;
  /** Whether a statement that fails ends its transaction. */
  readonly errorsEndTransactions: boolean;
  /** Whether JSON holds a value as the row had it. */
  isWhole(value: JsonValue, column: ColumnInfo): boolean;
  /** Returns whether two values of a column are not the same, to the last byte. */
  areDifferent(a: Expression<any>, b: Expression<any>): Expression<any>;
  /** Returns a value of an entry as the driver takes it for a column. */
  columnValue(value: JsonValue, column: ColumnInfo, isJsonNull: boolean): unknown;
}

/** The tables of the log. */
export interface EntryStrategy {
  /** Inserts entries, in as few statements as the dialect takes. */
  insert(
    run: Run,
    target: LogTarget,
    rows: readonly (readonly (string | null)[])[],
  ): Promise<void>;
  /** Keeps others from adding to the chain, behind the SELECT of its end. */
  readonly chainLock: Expression<any>;
  /** The types of short and of long texts, as `ALTER TABLE` takes them. */
  readonly types: { readonly short: string; readonly long: string };
  /** Adds the column of the numbers of entries to the table. */
  withNumbers(table: CreateTableBuilder<any, any>): CreateTableBuilder<any, any>;
  /** Whether writes in a batch keep their rows, as they were, in a table of the log. */
  readonly batchesKeepRows: boolean;
  /** Whether `CREATE INDEX` takes `IF NOT EXISTS`. */
  readonly indexIfNotExists: boolean;
}
