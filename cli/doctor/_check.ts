import type { SchemaSnapshot, SchemaTable } from "@kysera/migrations/schema";
import type { Kysely, RawBuilder } from "kysely";
import type { Facts } from "./facts/_facts.ts";

/** How bad a finding is. */
export type Severity = "error" | "warning" | "info";

/** What a check looks at. */
export interface Patient {
  readonly schema: SchemaSnapshot;
  /** Builds the statements that mend something; nothing is run by it. */
  readonly db: Kysely<any>;
  readonly facts: Facts;
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

/** Something that was found, with the check that found it. */
export interface Finding extends Found {
  readonly check: string;
  readonly severity: Severity;
  readonly reason: string;
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

/** The tables that policies of the database, or of the executor, apply to. */
export function policedTables(patient: Patient): ReadonlySet<string> {
  const native = storedTables(patient).filter(({ policies, rowSecurity }) =>
    policies.length > 0 && rowSecurity.enabled
  );
  const ours = [...patient.facts.policed].filter((name) => !patient.facts.openViews.has(name));
  return new Set([...native.map(({ name }) => name), ...ours]);
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

/** Returns true if an index finds rows by columns, in whatever order it has them. */
export function isIndexed(table: SchemaTable, columns: readonly string[]): boolean {
  return indexedColumns(table).some((each) =>
    columns.every((column) => each.slice(0, columns.length).includes(column))
  );
}

/** Returns the text of a statement that mends something. */
export function statement({ db }: Patient, fragment: RawBuilder<unknown>): string {
  return `${fragment.compile(db).sql};`;
}
