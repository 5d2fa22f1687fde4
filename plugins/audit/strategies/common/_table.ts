import type { Expression } from "kysely";
import type { ColumnInfo, TableInfo } from "./_catalog.ts";

/** A table that is audited, as the database has it. */
export interface AuditedTable {
  readonly name: string;
  readonly schema: string | undefined;
  /** What queries call it: its name, with the schema where the name alone does not find it. */
  readonly path: string;
  /** What entries call it: its name, with the schema unless that is the default one. */
  readonly label: string;
  /** What entries may call it that were written before. */
  readonly labels: readonly string[];
  readonly info: TableInfo;
  /** The columns that tell its rows apart; empty where nothing does. */
  readonly key: readonly string[];
  /** Columns whose values are kept. */
  readonly kept: readonly ColumnInfo[];
  /** Those of them of which only that there is a value is kept. */
  readonly masked: ReadonlySet<string>;
  /** What none of its columns begins with: for columns of ours beside them. */
  readonly free: string;
  /** Whether no column is left out. */
  readonly keepsAll: boolean;
  /** The column that says that a row is deleted, where it has one. */
  readonly deletedAt: string | undefined;
}

/** What a mask leaves of a value. */
export const MASK = "***";

/** The table of what triggers are told that the plugin writes down itself. */
export function markerOf(auditTable: string): string {
  return `${auditTable}_marker`;
}

/** The table of what triggers are told of who does a write: it is empty but inside of a write. */
export function callerTableOf(auditTable: string): string {
  return `${auditTable}_caller`;
}

/** The table of the rows that a batch changes, as they were: it is empty but inside of a batch. */
export function batchTableOf(auditTable: string): string {
  return `${auditTable}_batch`;
}

/** The tables that belong to a log, the log first. */
export function ownNames(auditTable: string): string[] {
  return [
    auditTable,
    `${auditTable}_chain`,
    markerOf(auditTable),
    callerTableOf(auditTable),
    batchTableOf(auditTable),
  ];
}

/** What entries call a table. */
export function labelOf(name: string, schema: string | undefined): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** A change of one row, as it is to be written down. */
export interface Change {
  readonly table: string;
  readonly key: string | null;
  readonly operation: string;
  /** JSON of the row as it was. */
  readonly before: string | null;
  /** JSON of the row as it is. */
  readonly after: string | null;
}

/** Runs a statement of ours on the connection of the write. */
export type Run = (query: Expression<any>) => Promise<{
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}>;

/** The name of a table, with its schema where that is known. */
export interface TableName {
  readonly name: string;
  readonly schema: string | undefined;
}
