import type { DatabaseDialect } from "../database_dialect.ts";

/** Which of the databases that speak one family of SQL. */
export type DialectVariant =
  | "postgres"
  | "pglite"
  | "neon-http"
  | "mysql"
  | "mariadb"
  | "sqlite"
  | "d1"
  | "durable-object"
  | "libsql"
  | "mssql";

/** Which statements can return the rows they change. */
export interface ReturningCapabilities {
  /** `insert .. returning`. */
  readonly insert: boolean;
  /** `update .. returning`. */
  readonly update: boolean;
  /** `delete .. returning`. */
  readonly delete: boolean;
}

/** What a database can do, as far as SQL differs. */
export interface DialectCapabilities {
  /** The family of SQL. */
  readonly dialect: DatabaseDialect;
  /** The database. */
  readonly variant: DialectVariant;
  /** Statements that return the rows they change. SQL Server has OUTPUT instead. */
  readonly returning: ReturningCapabilities;
  /** Savepoints inside a transaction. */
  readonly savepoints: boolean;
  /** Transactions that stay open while the program decides what comes next. */
  readonly interactiveTransactions: boolean;
  /** Whether a rollback takes back a change of the schema. */
  readonly transactionalDdl: boolean;
  /** More than one connection at the same time, through the dialects of this package. */
  readonly multipleConnections: boolean;
  /** Locks with a name that the program chooses. */
  readonly advisoryLocks: boolean;
  /** `select .. for update`. */
  readonly forUpdate: boolean;
  /** `select .. for update skip locked`. */
  readonly skipLocked: boolean;
  /** Comparisons of rows, `(a, b) > (1, 2)`. */
  readonly rowValues: boolean;
  /** `order by .. nulls first` and `nulls last`. */
  readonly nullsOrder: boolean;
  /** Where an ascending order puts NULL when nothing else is said. */
  readonly nullsAscending: "first" | "last";
  /** A type of its own for booleans; elsewhere they are 1 and 0. */
  readonly booleans: boolean;
  /** How an insert can become an update of the row that is in its way. */
  readonly upsert: "on conflict" | "on duplicate key update" | "merge";
  /** The statement MERGE. */
  readonly merge: boolean;
  /** The statement REPLACE. */
  readonly replace: boolean;
  /** Lateral joins. */
  readonly lateralJoins: boolean;
  /** Full outer joins. */
  readonly fullJoins: boolean;
  /** The set operations INTERSECT and EXCEPT. */
  readonly intersectAndExcept: boolean;
  /** How many parameters one statement may have. */
  readonly parameterLimit: number;
  /** How many queries a UNION, INTERSECT or EXCEPT may have; `Infinity` where no limit is known. */
  readonly compoundLimit: number;
  /** How deep an expression may be: a chain of OR is as deep as it is long. */
  readonly expressionDepthLimit: number;
  /** How many bytes the pattern of LIKE may have. */
  readonly likePatternLimit: number;
  /** Whether integers beyond 2 ** 53 keep every digit, as parameters and in results. */
  readonly exactIntegers: boolean;
  /** Whether rows can be read one after the other, by `stream()`. */
  readonly streams: boolean;
  /** How long an identifier may be: bytes in PostgreSQL, else characters. */
  readonly identifierLimit: number;
}
