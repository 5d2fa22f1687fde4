import type { Expression } from "kysely";

/** A column of a table. */
export interface ColumnInfo {
  readonly name: string;
  /** The type, as the database's catalog names it. */
  readonly type: string;
  /** Whether the database works it out: it is then never written. */
  readonly generated: boolean;
  /** Whether it has a default. Not asked of PostgreSQL. */
  readonly defaulted: boolean;
  /** PostgreSQL: whether it cannot hold NULL. */
  readonly required?: boolean;
  /** MySQL: the whole type and the collation, as a column is declared with. */
  readonly declared?: { readonly type: string; readonly collation: string | null };
}

/** What has to be known of a table to write down its changes. */
export interface TableInfo {
  /** Its name, in the letter case that it has there. */
  readonly name: string;
  /** The schema it is in, named in the query or not; of SQLite the name of the attached database. */
  readonly schema: string;
  /** Whether its name alone finds it. */
  readonly isVisible: boolean;
  /** Whether entries call it by its name alone; of SQLite a table of the main database. */
  readonly isDefault: boolean;
  /** PostgreSQL: whether rows are kept in partitions, or on another server: some have no `xmax`. */
  readonly isScattered: boolean;
  readonly columns: readonly ColumnInfo[];
  /** The columns of its primary key; empty where it has none. */
  readonly key: readonly string[];
  readonly isView: boolean;
  /** SQLite: whether its rows have no number of their own. */
  readonly withoutRowid: boolean;
  /** SQLite: whether the version of the schema can be read, which Cloudflare's runtime refuses. */
  readonly tellsSchema?: boolean;
  /** The column that the database numbers. */
  readonly numbered: string | undefined;
  /** The columns of each unique key; `undefined` in it for an expression. Not asked of PostgreSQL. */
  readonly uniques: readonly (readonly (string | undefined)[])[];
  /** PostgreSQL: `150018`. */
  readonly version: number;
  /** Whether it has triggers of ours that must be told to leave a write to the plugin. */
  readonly triggered: boolean;
  /** Whether INSERT and DELETE have RETURNING. */
  readonly returns: boolean;
}

/** Runs a statement that reads the catalog. */
export type Ask = (query: Expression<any>) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Groups rows: the values of a column, by those of another one. */
export function grouped(
  rows: readonly Readonly<Record<string, unknown>>[],
  by: string,
  column: string,
): (string | undefined)[][] {
  const groups = new Map<unknown, (string | undefined)[]>();
  for (const row of rows) {
    const group = groups.get(row[by]) ?? [];
    groups.set(row[by], group);
    group.push(row[column] === null ? undefined : String(row[column]));
  }
  return [...groups.values()];
}
