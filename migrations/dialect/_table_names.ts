/** The names of the runner's own tables. */
export interface TableNames {
  /** The schema that they are in; the one that names without a schema mean if `undefined`. */
  readonly schema: string | undefined;
  /** A row for each migration that is applied, or was begun. */
  readonly history: string;
  /** One row: who holds the lock. */
  readonly lock: string;
  /** The statements of the migration that runs without a transaction. */
  readonly step: string;
}

/** The name of the table of the history, unless an option gives another. */
export const DEFAULT_TABLE = "kysera_migration";

/** Returns the names of the tables. */
export function tableNames(table: string = DEFAULT_TABLE, schema?: string): TableNames {
  return { schema, history: table, lock: `${table}_lock`, step: `${table}_step` };
}
