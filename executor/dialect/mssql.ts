import { CompiledQuery } from "kysely";
import { ATOMIC_SAVEPOINT } from "./_savepoint.ts";
import type { DialectTraits } from "./traits.ts";

/** SQL Server. */
export const MSSQL: DialectTraits = {
  name: "mssql",
  identifiers: {
    // By the usual collations.
    foldCase: (name) => name.toLowerCase(),
    foldUnquoted: (name) => name,
    truncatedAt: undefined,
    stringsAreNames: false,
  },
  lexis: {
    nameQuotes: { '"': '"', "[": "]" },
    doubleQuotedStrings: false,
    backslashEscapes: false,
    prefixedEscapes: false,
    comment: undefined,
    placeholders: "",
  },
  catalog: {
    schemas: ["information_schema", "sys"],
    tables: undefined,
    values: { schemas: undefined, names: /^dm_(?:exec|db_stats)_\w+$/, home: undefined },
    hiddenColumns: [],
    reader: undefined,
    readsEverySchema: true,
  },
  ctes: {
    // It has no word for RECURSIVE.
    visible: "itself",
    visibleInRecursive: "itself",
    visibilityVaries: false,
    nameCase: "kept",
  },
  sources: {
    commaIsJoin: false,
    inTakesTable: false,
    locksDerivedTables: true,
    unionLosesWhere: false,
  },
  deletes: {
    targetsNameSources: false,
    updateTakesUsing: false,
    // It has OUTPUT instead.
    updateTakesReturning: false,
  },
  checks: { place: "nowhere" },
  transactions: {
    begin: CompiledQuery.raw("begin transaction"),
    prefersBegin: false,
    writer: undefined,
    savepoint: {
      set: CompiledQuery.raw(`save transaction ${ATOMIC_SAVEPOINT}`),
      rollbackTo: CompiledQuery.raw(`rollback transaction ${ATOMIC_SAVEPOINT}`),
      // It cannot be released.
      release: undefined,
    },
    probe: { by: "query", query: CompiledQuery.raw("select @@trancount as [open]") },
    fail: undefined,
    implicitCommit: undefined,
    isRolledBackBy: () => false,
  },
};
