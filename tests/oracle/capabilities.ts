import type { TestDialect } from "../support/matrix.ts";

/** What the generator may use on a dialect. */
export interface Capabilities {
  readonly dialect: "sqlite" | "postgres" | "mysql";
  /** Quoted names of tables are the same in upper case. */
  readonly caseless: boolean;
  readonly fullJoin: boolean;
  readonly lateral: boolean;
  readonly distinctOn: boolean;
  readonly quantified: boolean;
  /** `intersect all` and `except all`. */
  readonly setAll: boolean;
  /** Parenthesised arms of a set operation, with an order and a limit of their own. */
  readonly setParens: boolean;
  readonly aggregateFilter: boolean;
  readonly materialized: boolean;
  readonly lock: boolean;
  /** A subquery of FROM may use columns of an enclosing query. */
  readonly correlatedFrom: boolean;
  /** `limit` in the subquery of `in`. */
  readonly limitInIn: boolean;
  /** A subquery on the left of `in`, `any` and `all`: MariaDB 10.11 answers some wrongly. */
  readonly subqueryBeforeIn: boolean;
  /** Within `with`, an unqualified table name may be the CTE itself or one that follows. */
  readonly cteSeesItself: boolean;
  readonly jsonHelpers: boolean;
  /** A subquery may be a limit. */
  readonly limitSubquery: boolean;
  readonly updateFrom: boolean;
  readonly updateMany: boolean;
  readonly updateAlias: boolean;
  readonly deleteAlias: boolean;
  readonly deleteUsing: boolean;
  readonly deleteMany: boolean;
  readonly writeLimit: boolean;
  readonly returning: readonly ("insert" | "update" | "delete")[];
  /** RETURNING may hold subqueries. */
  readonly returningSubquery: boolean;
  readonly onConflict: boolean;
  readonly onDuplicate: boolean;
  readonly orReplace: boolean;
  readonly writeCtes: boolean;
  readonly dmlCtes: boolean;
  readonly merge: boolean;
  /** MERGE with RETURNING and `when not matched by source` (PostgreSQL 17). */
  readonly merge17: boolean;
  readonly stream: boolean;
}

/** The capabilities of a dialect of the matrix. */
export function capabilitiesOf(dialect: TestDialect): Capabilities {
  const postgres = dialect.dialect === "postgres";
  const mysql = dialect.dialect === "mysql";
  const sqlite = dialect.dialect === "sqlite";
  return {
    dialect: dialect.dialect,
    caseless: sqlite,
    fullJoin: !mysql,
    lateral: postgres,
    distinctOn: postgres,
    quantified: !sqlite,
    setAll: postgres,
    setParens: !sqlite,
    aggregateFilter: !mysql,
    materialized: !mysql,
    lock: !sqlite,
    correlatedFrom: !mysql,
    limitInIn: !mysql,
    subqueryBeforeIn: !mysql,
    // MariaDB 10.11 dies (signal 11) of a CTE that is read twice and whose body reads a table that
    // has the name of itself or of a later one: it parses the body again where the name is taken.
    cteSeesItself: !postgres,
    jsonHelpers: !mysql,
    limitSubquery: !mysql,
    updateFrom: !mysql,
    updateMany: mysql,
    updateAlias: true,
    deleteAlias: !mysql,
    deleteUsing: !sqlite,
    deleteMany: mysql,
    writeLimit: mysql,
    returning: mysql ? ["insert", "delete"] : ["insert", "update", "delete"],
    returningSubquery: postgres,
    onConflict: !mysql,
    onDuplicate: mysql,
    orReplace: !postgres,
    writeCtes: !mysql,
    dmlCtes: postgres,
    merge: postgres && dialect.lacks("MERGE") === undefined,
    merge17: dialect.name === "pglite",
    stream: dialect.name === "sqlite" || mysql,
  };
}
