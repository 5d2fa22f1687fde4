import type { SchemaIndex, SchemaTable } from "@kysera/migrations/schema";
import { comparisonsIn } from "../../sql/_conditions.ts";
import { wordsOf } from "../../sql/_words.ts";
import type { WantedIndex } from "../facts/_facts.ts";
import { type Check, isIndexed, type Patient, storedTables } from "../_check.ts";

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

/** Columns that policies compare, and no index begins with. */
export const unindexedPolicy: Check = {
  id: "unindexed-policy",
  severity: "warning",
  reason: "Each query of a caller reads the rows of all.",
  find: (patient) => {
    const said = new Set<string>();
    const wanted = [...patient.facts.wantedIndexes, ...wantedByDatabase(patient)];
    return wanted.flatMap(({ table: name, columns }) => {
      const table = storedTables(patient).find((each) => each.name === name);
      const key = `${name}(${[...columns].sort().join()})`;
      if (table === undefined || said.has(key) || isIndexed(table, columns)) return [];
      said.add(key);
      return [{
        table: name,
        message: `Policies of "${name}" compare ${columns.join(", ")}, and no index begins with ` +
          (columns.length === 1 ? "it" : "them"),
        fix: indexOn(patient, name, columns),
      }];
    });
  },
};

/** Columns that pages are sorted by, and no index is. */
export const unindexedKeyset: Check = {
  id: "unindexed-keyset",
  severity: "warning",
  reason: "Each page sorts all rows before it shows the first.",
  find: (patient) =>
    Object.entries(patient.facts.keysets).flatMap(([name, keyset]) => {
      const table = storedTables(patient).find((each) => each.name === name);
      if (table === undefined) {
        return [{
          table: name,
          message: `There is no table "${name}", and a keyset names it`,
          fix: "Take it out of doctor.keysets, or create it by a migration.",
        }];
      }
      const wanted = keyset.map((column) => ({
        column: column.replace(/^[-+]/, ""),
        isFalling: column.startsWith("-"),
      }));
      const before = patient.facts.wantedIndexes.filter((each) => each.table === name)
        .map(({ columns }) => columns);
      if (isSorted(table, wanted, before)) return [];
      const [first = []] = before;
      const columns = [...first, ...wanted.map(({ column }) => column)];
      const isMixed = wanted.some(({ isFalling }) => isFalling !== wanted[0]!.isFalling);
      const index = patient.db.schema.createIndex(`${name}_${columns.join("_")}_index`).on(name);
      const fix = isMixed
        ? [
          ...first,
          ...wanted.map(({ column, isFalling }) =>
            `${column} ${isFalling ? "desc" : "asc"}` as const
          ),
        ]
          .reduce((builder, column) => builder.column(column), index)
        : index.columns(columns);
      return [{
        table: name,
        message: `Pages of "${name}" are sorted by ${keyset.join(", ")}, and no index is`,
        fix: `${fix.compile().sql};`,
      }];
    }),
};

/** The columns that all rows of a caller are found by, by the policies of the database itself. */
function wantedByDatabase(patient: Patient): WantedIndex[] {
  return storedTables(patient).flatMap((table) => {
    if (!table.rowSecurity.enabled) return [];
    const reading = table.policies.filter(({ command, using }) =>
      using !== null && (command === "all" || command === "select")
    );
    const granting = reading.filter(({ permissive }) => permissive);
    // Of several conditions one of which must hold each would want an index of its own.
    const asked = reading.filter(({ permissive }) => !permissive || granting.length === 1)
      .map(({ using }) => wordsOf(using!))
      .filter((words) => !words.some(({ text, kind }) => kind === "word" && text === "or"));
    const columns = asked.flatMap((words) =>
      comparisonsIn(words, { alias: table.name, table }).equal
    );
    return columns.length === 0 ? [] : [{ table: table.name, columns: [...new Set(columns)] }];
  });
}

function indexOn({ db }: Patient, table: string, columns: readonly string[]): string {
  return db.schema.createIndex(`${table}_${columns.join("_")}_index`).on(table)
    .columns([...columns]).compile().sql + ";";
}

/** A column of a keyset. */
interface SortedColumn {
  readonly column: string;
  readonly isFalling: boolean;
}

/** Whether an index has the order of a keyset, or its reverse, behind columns that policies compare. */
function isSorted(
  table: SchemaTable,
  wanted: readonly SortedColumn[],
  before: readonly (readonly string[])[],
): boolean {
  const rising = (columns: readonly string[]): SortedColumn[] =>
    columns.map((column) => ({ column, isFalling: false }));
  const orders = [
    ...[table.primaryKey, ...table.uniques].flatMap((key) =>
      key === null ? [] : [rising(key.columns)]
    ),
    ...table.indexes.filter(({ predicate }) => predicate === null).map(({ parts }) =>
      parts.map(({ column, order }) => ({ column: column ?? "", isFalling: order !== "asc" }))
    ),
  ];
  const has = (order: readonly SortedColumn[], isTurned: boolean) =>
    wanted.every(({ column, isFalling }, i) =>
      order[i]?.column === column && order[i]?.isFalling === (isFalling !== isTurned)
    );
  return orders.some((order) =>
    [[], ...before].some((columns) => {
      const isBehind = columns.every((column) =>
        order.slice(0, columns.length).some((each) => each.column === column)
      );
      const rest = order.slice(columns.length);
      return isBehind && (has(rest, false) || has(rest, true));
    })
  );
}

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
