import type { SchemaSnapshot, SchemaTable } from "@kysera/migrations/schema";
import type { Kysely, RawBuilder } from "kysely";

/** How bad a finding is. */
export type Severity = "error" | "warning" | "info";

/** What a check looks at. */
export interface Patient {
  readonly schema: SchemaSnapshot;
  /** Builds the statements that mend something; nothing is run by it. */
  readonly db: Kysely<any>;
  readonly facts: Facts;
}

/** What is known of the server and the session beside the schema. */
export interface Facts {
  /** On PostgreSQL, whether policies do not hold for the user: it is a superuser, or is exempt. */
  readonly bypassesPolicies: boolean;
  /** On SQLite, how changes are written: `wal`, `delete`. */
  readonly journalMode: string | undefined;
  /** The column that marks rows as deleted. */
  readonly deletedAt: string;
}

/** Something that a check has found. */
export interface Found {
  /** The table, where it is one. */
  readonly table: string | undefined;
  /** What was found. */
  readonly message: string;
  /** The statement, or the sentence, that mends it. */
  readonly fix: string;
}

/** One thing that is looked for. */
export interface Check {
  readonly id: string;
  readonly severity: Severity;
  /** Why it is bad. */
  readonly reason: string;
  find(patient: Patient): readonly Found[];
}

/** Tables whose rows are stored here; those of the runner are not in a snapshot. */
export function storedTables({ schema }: Patient): SchemaTable[] {
  return schema.tables.filter(({ kind, partitioning }) =>
    kind === "table" && partitioning.bound === null
  );
}

/** The columns of keys and indexes, each in its order; indexes of a part of the rows left out. */
export function indexedColumns(table: SchemaTable): (readonly string[])[] {
  return [
    ...table.primaryKey === null ? [] : [table.primaryKey.columns],
    ...table.uniques.map(({ columns }) => columns),
    ...table.indexes.filter(({ predicate }) => predicate === null)
      // What comes behind an expression is not found by columns.
      .map(({ parts }) => {
        const end = parts.findIndex(({ column }) => column === null);
        return parts.slice(0, end < 0 ? parts.length : end).map(({ column }) => column!);
      }),
  ];
}

/** Returns the text of a statement that mends something. */
export function statement({ db }: Patient, fragment: RawBuilder<unknown>): string {
  return `${fragment.compile(db).sql};`;
}
