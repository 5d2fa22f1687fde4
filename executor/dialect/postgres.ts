import { CompiledQuery, sql } from "kysely";
import { RELEASE, ROLLBACK_TO, SET } from "./_savepoint.ts";
import type { DialectTraits } from "./traits.ts";

/** PostgreSQL. */
export const POSTGRES: DialectTraits = {
  name: "postgres",
  identifiers: {
    foldCase: (name) => name,
    foldUnquoted: (name) => name.toLowerCase(),
    // NAMEDATALEN - 1
    truncatedAt: 63,
    stringsAreNames: false,
  },
  lexis: {
    nameQuotes: { '"': '"' },
    doubleQuotedStrings: false,
    backslashEscapes: false,
    prefixedEscapes: true,
    comment: undefined,
    placeholders: "",
  },
  catalog: {
    schemas: ["pg_catalog", "information_schema"],
    tables: undefined,
    values: {
      schemas: /^pg_toast$/,
      names:
        /^pg_(?:stats|stats_ext|stats_ext_exprs|statistic|statistic_ext_data|stat_activity|stat_statements|prepared_statements|cursors|largeobject)$/,
      home: undefined,
    },
    hiddenColumns: ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"],
    reader: async () => (await import("./_read_postgres.ts")).READER,
    readsEverySchema: true,
  },
  ctes: {
    visible: "earlier",
    visibleInRecursive: "all",
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
    updateTakesUsing: true,
    updateTakesReturning: true,
  },
  checks: {
    place: "returning",
    row: "alias",
    seesWritten: false,
    lastInsertId: undefined,
    raiseUnless(condition, marker, value) {
      const text = sql`cast(${value} as text)`;
      const told = value === undefined
        ? sql`${marker}`
        : sql`coalesce(nullif(${text}, ${text}), ${marker})`;
      return sql`cast(case when ${condition} then '1' else ${told} end as integer)`
        .toOperationNode();
    },
  },
  transactions: {
    begin: CompiledQuery.raw("begin"),
    prefersBegin: false,
    writer: undefined,
    savepoint: { set: SET, rollbackTo: ROLLBACK_TO, release: RELEASE },
    probe: {
      by: "savepoint",
      // no_active_sql_transaction
      isRefusal: (error) => (error as { code?: unknown } | null)?.code === "25P01",
    },
    // The server's log shows it, and so says why.
    fail: CompiledQuery.raw(
      "select cast('a plugin failed after a write: this transaction can only be rolled back' as integer)",
    ),
    implicitCommit: undefined,
    isRolledBackBy: () => false,
  },
};
