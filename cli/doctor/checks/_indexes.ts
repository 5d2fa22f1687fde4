import type { SchemaIndex } from "@kysera/migrations/schema";
import { type Check, storedTables } from "../_check.ts";

/** Indexes that another one makes useless. */
export const duplicateIndex: Check = {
  id: "duplicate-index",
  severity: "warning",
  reason: "Each write keeps both, and reads need one.",
  find: (patient) =>
    storedTables(patient).flatMap((table) =>
      table.indexes.flatMap((index) => {
        if (index.unique) return [];
        const other = table.indexes.find((each) => each !== index && covers(each, index)) ??
          [table.primaryKey, ...table.uniques].find((key) =>
            key !== null && key !== undefined && index.predicate === null &&
            index.method === "btree" && startsWith(key.columns, columnsOf(index))
          );
        if (other === undefined || other === null) return [];
        const drop = patient.db.schema.dropIndex(index.name);
        const isOnTable = patient.schema.dialect === "mysql";
        return [{
          table: table.name,
          message: `"${index.name}" is the beginning of "${other.name ?? "a key"}"`,
          fix: (isOnTable ? drop.on(table.name) : drop).compile().sql + ";",
        }];
      })
    ),
};

/** Indexes that were left half built. */
export const invalidIndex: Check = {
  id: "invalid-index",
  severity: "error",
  reason: "Building it failed: no query uses it, and each write keeps it.",
  find: (patient) =>
    storedTables(patient).flatMap((table) =>
      table.indexes.filter(({ valid }) => !valid).map(({ name, definition }) => ({
        table: table.name,
        message: `"${name}" is not valid`,
        fix: `${patient.db.schema.dropIndex(name).compile().sql}; ${definition};`,
      }))
    ),
};

function covers(other: SchemaIndex, index: SchemaIndex): boolean {
  if (other.predicate !== index.predicate || other.method !== index.method) return false;
  const isSame = other.parts.length === index.parts.length;
  // Of two that are the same the later one by name goes.
  if (isSame && !other.unique && other.name > index.name) return false;
  return index.parts.every((part, i) => JSON.stringify(part) === JSON.stringify(other.parts[i]));
}

function columnsOf({ parts }: SchemaIndex): (string | null)[] {
  return parts.map(({ column, order, prefix }) =>
    order === "asc" && prefix === null ? column : null
  );
}

function startsWith(all: readonly string[], some: readonly (string | null)[]): boolean {
  return some.every((column, i) => column !== null && column === all[i]);
}
