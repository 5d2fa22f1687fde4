import { CompiledQuery, SelectQueryNode, sql } from "kysely";
import { RELEASE, ROLLBACK_TO, SET } from "./_savepoint.ts";
import type { DialectTraits } from "./traits.ts";

/** SQLite. */
export const SQLITE: DialectTraits = {
  name: "sqlite",
  identifiers: {
    foldCase: (name) => name.toLowerCase(),
    foldUnquoted: (name) => name,
    truncatedAt: undefined,
    stringsAreNames: true,
  },
  lexis: {
    nameQuotes: { '"': '"', "`": "`", "[": "]" },
    doubleQuotedStrings: false,
    backslashEscapes: false,
    prefixedEscapes: false,
    comment: undefined,
    placeholders: "?:@$",
  },
  catalog: {
    schemas: [],
    tables: /^sqlite_(?:master|schema|sequence|temp_master|temp_schema|stat\d)$/i,
    values: {
      schemas: undefined,
      names: /^(?:sqlite_stat\d|sqlite_dbpage|sqlite_dbdata|sqlite_dbptr)$/,
      home: undefined,
    },
    hiddenColumns: ["rowid", "_rowid_", "oid"],
    reader: async () => (await import("./_read_sqlite.ts")).READER,
    readsEverySchema: true,
  },
  ctes: {
    visible: "all",
    visibleInRecursive: "all",
    visibilityVaries: false,
    nameCase: "folded",
  },
  sources: {
    commaIsJoin: true,
    // https://www.sqlite.org/lang_expr.html#the_in_and_not_in_operators
    inTakesTable: true,
    locksDerivedTables: true,
    // Of 3.39 to 3.53: `select * from (select a from t where b is null union all select 1 from u right
    // join v on true)` gives every row of t.
    unionLosesWhere: true,
  },
  deletes: {
    targetsNameSources: false,
    updateTakesUsing: false,
    updateTakesReturning: true,
  },
  checks: {
    place: "returning",
    row: "table",
    seesWritten: true,
    // As a read: it is not a write of the statement that it comes after.
    lastInsertId: {
      ...CompiledQuery.raw("select last_insert_rowid() as id"),
      query: SelectQueryNode.create(),
    },
    raiseUnless(condition, marker, value) {
      const told = value === undefined
        ? sql`${marker}`
        : sql`coalesce(nullif(${value}, ${value}), ${marker})`;
      return sql`json_extract('1', case when ${condition} then '$' else ${told} end)`
        .toOperationNode();
    },
  },
  transactions: {
    // One that reads first and writes then could be refused the lock when it needs it.
    begin: CompiledQuery.raw("begin immediate"),
    prefersBegin: true,
    writer: {
      plainBegin: /^\s{0,9}begin(?:\s{1,9}transaction)?\s{0,9};?\s{0,9}$/i,
      // SQLITE_READONLY, as drivers tell it: a number with the kind in its lowest byte, or a name
      isReadOnly(error) {
        const { errcode, rawCode, code } = (error ?? {}) as Record<string, unknown>;
        const number = [errcode, rawCode, code].find((value) => typeof value === "number");
        return typeof number === "number"
          ? (number & 0xff) === 8
          : typeof code === "string" && code.startsWith("SQLITE_READONLY");
      },
    },
    savepoint: { set: SET, rollbackTo: ROLLBACK_TO, release: RELEASE },
    probe: { by: "nothing" },
    fail: undefined,
    implicitCommit: undefined,
    isRolledBackBy: () => false,
  },
};
