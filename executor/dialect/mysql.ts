import { CompiledQuery, sql } from "kysely";
import { RELEASE, ROLLBACK_TO, SET } from "./_savepoint.ts";
import type { DialectTraits } from "./traits.ts";

/** MySQL and MariaDB; where these differ, what is safe on both. */
export const MYSQL: DialectTraits = {
  name: "mysql",
  identifiers: {
    foldCase: (name) => name.toLowerCase(),
    foldUnquoted: (name) => name,
    truncatedAt: undefined,
    stringsAreNames: false,
  },
  lexis: {
    nameQuotes: { "`": "`" },
    doubleQuotedStrings: true,
    backslashEscapes: true,
    prefixedEscapes: false,
    comment: "#",
    placeholders: "?",
  },
  catalog: {
    schemas: ["information_schema", "mysql", "performance_schema", "sys"],
    tables: undefined,
    values: {
      schemas: /^(?:mysql|performance_schema|sys)$/,
      names:
        /^(?:processlist|column_statistics|user_variables|innodb_trx|innodb_locks|innodb_ft_\w+)$/,
      home: "information_schema",
    },
    hiddenColumns: ["_rowid"],
    reader: async () => (await import("./_read_mysql.ts")).READER,
    readsEverySchema: false,
  },
  ctes: {
    visible: "earlier",
    visibleInRecursive: "itself",
    // MariaDB's bodies see later names under RECURSIVE; its nested WITH does not see those around it.
    visibilityVaries: true,
    // MariaDB sees no letter case in the name of a CTE; MySQL may see it.
    nameCase: "varies",
  },
  sources: {
    commaIsJoin: false,
    inTakesTable: false,
    locksDerivedTables: false,
    unionLosesWhere: false,
  },
  deletes: {
    targetsNameSources: true,
    updateTakesUsing: false,
    updateTakesReturning: false,
  },
  checks: {
    place: "values",
    raiseUnless(condition, marker, value) {
      // An error shows the expression that it is of: a literal, as a parameter may not be shown.
      const length = sql`char_length(${sql.lit(marker)})`;
      const told = value === undefined
        ? length
        : sql`coalesce(char_length(nullif(${value}, ${value})), ${length})`;
      return sql`case when ${condition} then 1 else 18446744073709551615 + ${told} end`
        .toOperationNode();
    },
  },
  transactions: {
    begin: CompiledQuery.raw("begin"),
    prefersBegin: false,
    writer: undefined,
    // Another one of its name takes its place.
    savepoint: { set: SET, rollbackTo: ROLLBACK_TO, release: undefined },
    probe: {
      by: "release",
      release: RELEASE,
      // ER_SP_DOES_NOT_EXIST
      isRefusal: (error) => (error as { errno?: unknown } | null)?.errno === 1305,
    },
    fail: undefined,
    implicitCommit:
      /^\s*(?:create|alter|drop|rename|truncate|lock\s+tables|set\s+autocommit)\b(?!\s+temporary\b)/i,
    // ER_LOCK_DEADLOCK
    isRolledBackBy: (error) => (error as { errno?: unknown } | null)?.errno === 1213,
  },
};
