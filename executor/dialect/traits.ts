/**
 * What a dialect of SQL does in its own way, as far as the executor has to know. The rest of the
 * executor asks for a trait and compares no names of dialects.
 *
 * @module
 */
import type { Dialect } from "@kysera/core";
import type { CompiledQuery, Expression, Kysely, OperationNode } from "kysely";

/** The traits of one dialect. Every member is read while queries are rewritten: none is computed. */
export interface DialectTraits {
  /** The name that plugins know the dialect by. */
  readonly name: Dialect;
  readonly identifiers: IdentifierTraits;
  readonly lexis: LexisTraits;
  readonly catalog: CatalogTraits;
  readonly ctes: CteTraits;
  readonly sources: SourceTraits;
  readonly deletes: DeleteTraits;
  readonly checks: CheckTraits;
  readonly transactions: TransactionTraits;
}

/** How names are read and compared. */
export interface IdentifierTraits {
  /**
   * Returns what the names of tables and columns are compared by. Where letter case may not count,
   * two names that differ in nothing else are taken for one: one predicate too many is an error that
   * shows, one too few is a leak.
   */
  foldCase(name: string): string;
  /** Returns the name that an identifier without quotes stands for. */
  foldUnquoted(name: string): string;
  /** The bytes after which a longer name is cut off without an error. */
  readonly truncatedAt: number | undefined;
  /** Whether a string literal is read as a name where a table is expected. */
  readonly stringsAreNames: boolean;
}

/** How the text of raw SQL is read. */
export interface LexisTraits {
  /** The quotes of names: the sign that each begins with, and the one that it ends with. */
  readonly nameQuotes: Readonly<Record<string, string>>;
  /** Whether `"` is the quote of a string, unless the server is told otherwise. */
  readonly doubleQuotedStrings: boolean;
  /** Whether a backslash escapes in every string, unless the server is told otherwise. */
  readonly backslashEscapes: boolean;
  /** Whether `e'..'` is a string with escapes, and `U&".."` a name with them. */
  readonly prefixedEscapes: boolean;
  /** A sign that begins a comment, besides `--` and a slash with a star. */
  readonly comment: string | undefined;
  /** Signs that stand for a parameter: one in raw SQL would be given the value of another. */
  readonly placeholders: string;
}

/** What raw SQL may say where `rawSql` is `"deny"`: `raw.ts` has those of each dialect. */
export interface RawTraits {
  /** The first words of the statements that may read and change no row. */
  readonly statements: ReadonlySet<string>;
  /** Words that begin a further statement, with nothing that separates it from the one before. */
  readonly furtherStatements: ReadonlySet<string>;
  /** Words behind which a further table is named. */
  readonly joins: ReadonlySet<string>;
  /** Whether LATERAL may stand before what is read. */
  readonly lateral: boolean;
  /** Whether INSERT with brackets is a function of strings. */
  readonly insertIsFunction: boolean;
  /** The name of a table that has no rows, and stands where FROM is needed. */
  readonly emptyTable: string | undefined;
  /** The pattern of functions that run SQL, or read a table or file, which an argument names. */
  readonly readers: RegExp;
  /** The schema of the functions that come with the database. */
  readonly systemSchema: string | undefined;
  /** The pattern of functions that give rows of the catalog, and none of tables. */
  readonly catalogFunctions: RegExp | undefined;
  /** The function that changes a setting of the session. */
  readonly settingFunction: string | undefined;
  /** How many settings a SET changes. */
  readonly sets: "one" | "several";
  /** The pattern of settings that decide nothing about rows, or how text is read. */
  readonly settings: RegExp | undefined;
}

/** The tables of the database itself. */
export interface CatalogTraits {
  /** The schemas that hold them, as names are compared. */
  readonly schemas: readonly string[];
  /** The pattern of their names, where they are told apart by these alone. */
  readonly tables: RegExp | undefined;
  /** Those that show values of rows, or statements that hold some. */
  readonly values: ValueCatalogs;
  /** Columns that a table has beside those of its definition, as names are compared. */
  readonly hiddenColumns: readonly string[];
  /**
   * Loads what reads the catalog; `undefined` where nothing is looked up. It is loaded when it is first
   * asked, so that a program does not carry the queries of databases that it does not use.
   */
  readonly reader: (() => Promise<CatalogReader>) | undefined;
  /** Whether a name is looked up in every schema at once, and so known in all of them. */
  readonly readsEverySchema: boolean;
}

/** Reads the catalog of a database. */
export interface CatalogReader {
  /** Reads what the catalog says of relations. */
  readonly readRelations: ReadRelations;
  /** Reads the foreign keys of the tables that their names alone find. */
  readonly readForeignKeys: ReadForeignKeys;
  /** Returns whether the database itself gives a value to a column that must have one and has no default. */
  readonly fillsMissing?: FillsMissing | undefined;
  /** Reads which columns hold JSON though their type does not say so. */
  readonly readJsonColumns?: ReadJsonColumns | undefined;
}

/** Relations of the database itself that show values of rows. */
export interface ValueCatalogs {
  /** Schemas in which all do, as names are compared; `undefined` where there are none. */
  readonly schemas: RegExp | undefined;
  /** The names of others, as names are compared. */
  readonly names: RegExp;
  /** The schema that the name of one of these stands in, where it is not found without it. */
  readonly home: string | undefined;
}

/** A table as a query names it. */
export interface NamedTable {
  readonly name: string;
  readonly schema?: string | undefined;
}

/**
 * One row of a catalog query: a column of a relation, a column of one of its unique keys, or a
 * relation without columns.
 */
export interface CatalogRow {
  readonly relation: string;
  readonly namespace: string | null;
  /** 1 for a view. */
  readonly viewed: number | string;
  /** 1 where the name alone finds it. */
  readonly visible: number | string;
  readonly attribute: string | null;
  /** 1 where the column may hold NULL. */
  readonly nullable: number | string | null;
  /** The name of the key that the column is a part of, in rows that tell keys. */
  readonly key?: string | null;
  /** 1 where that is the primary key. */
  readonly primary?: number | string | null;
  /** The system column that tells the relation's rows apart. */
  readonly rowid?: string | null;
  /** The type of the column. */
  readonly type?: string | null;
  /** 1 where the database computes the column. */
  readonly generated?: number | string | null;
  /** 1 where a row may be added without a value for the column. */
  readonly optional?: number | string | null;
  /** 1 where the relation has columns that the catalog does not list. */
  readonly hiding?: number | string | null;
  /** The collation under which different texts of the column may be equal. */
  readonly collation?: string | null;
  /** 1 where triggers may change rows before they are stored. */
  readonly triggered?: number | string;
}

/**
 * Reads what the catalog says of relations.
 *
 * @param db the database, without plugins of any kind
 * @param tables those to ask about, in every schema that has one of the name; `undefined` for all
 */
export type ReadRelations = (
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
  /** Without a list: the schema whose relations are read; default those of all schemas. */
  schema?: string,
) => Promise<readonly CatalogRow[]>;

/** Tells, for one table, whether a value that must be given may be missing from an INSERT. */
export type FillsMissing = (db: Kysely<any>, table: NamedTable) => Promise<boolean>;

/** Returns the names of columns of one table that hold JSON. */
export type ReadJsonColumns = (db: Kysely<any>, table: NamedTable) => Promise<readonly string[]>;

/** One row of a query for foreign keys: a column of a key. They are in the order of its columns. */
export interface ForeignKeyRow {
  readonly table_name: string;
  /** What tells the keys of a table apart. */
  readonly key_name: string | number;
  readonly column_name: string;
  readonly referenced_table: string;
  /** `null` for the primary key of that table. */
  readonly referenced_column: string | null;
  /** What ON DELETE says, in words. */
  readonly on_delete: string;
}

/** Reads what the catalog says of foreign keys. */
export type ReadForeignKeys = (
  db: Kysely<any>,
  /** The schema whose tables are meant; default the tables that their names alone find. */
  schema?: string,
) => Promise<readonly ForeignKeyRow[]>;

/** What the name of a common table expression stands for. */
export interface CteTraits {
  /** The names that a body sees in a WITH. */
  readonly visible: CteVisibility;
  /** The names that a body sees in a WITH RECURSIVE. */
  readonly visibleInRecursive: CteVisibility;
  /**
   * Whether servers of the dialect disagree on which other names a body sees: a later one under
   * RECURSIVE, and from a nested WITH those of the query around it.
   */
  readonly visibilityVaries: boolean;
  /** Whether names that differ by letter case only are the same; `varies` where servers disagree. */
  readonly nameCase: "folded" | "kept" | "varies";
}

/**
 * The CTEs of its WITH that a body sees: those before it, `earlier`; with `itself`, that one as well;
 * or `all`.
 */
export type CteVisibility = "earlier" | "itself" | "all";

/** What stands where a table is read. */
export interface SourceTraits {
  /** Whether a comma is a join like any other; elsewhere it binds less tightly than JOIN. */
  readonly commaIsJoin: boolean;
  /** Whether `x in t` reads the table t. */
  readonly inTakesTable: boolean;
  /** Whether FOR UPDATE locks the rows that a derived table reads. */
  readonly locksDerivedTables: boolean;
  /**
   * Whether an arm of UNION ALL may lose its WHERE where a later arm has a RIGHT or a FULL join, and
   * the whole is the only thing that another query reads.
   */
  readonly unionLosesWhere: boolean;
}

/** What the targets of a DELETE are, and what an UPDATE in its place can take over from it. */
export interface DeleteTraits {
  /**
   * Whether the targets of a DELETE are names of what USING and the joins list; elsewhere they are
   * references of their own.
   */
  readonly targetsNameSources: boolean;
  /** Whether the UPDATE can take over USING and joins. */
  readonly updateTakesUsing: boolean;
  /** Whether the UPDATE can take over RETURNING. */
  readonly updateTakesReturning: boolean;
}

/**
 * Where a statement can check the rows that it writes: in RETURNING, which sees the new row; around
 * the values, where no clause does; or nowhere.
 */
export type CheckTraits =
  | {
    readonly place: "returning";
    /** Whether RETURNING knows the row by the alias of the target, or by the table's own name. */
    readonly row: "alias" | "table";
    /** Whether subqueries of RETURNING see the rows that the statement has written. */
    readonly seesWritten: boolean;
    /**
     * Asks for the id of the row inserted last ({@linkcode LastInsertId}), where drivers tell it
     * only for statements that return no rows.
     */
    readonly lastInsertId: CompiledQuery | undefined;
    readonly raiseUnless: RaiseUnless;
  }
  | {
    readonly place: "values";
    readonly raiseUnless: RaiseUnless;
  }
  | {
    readonly place: "nowhere";
  };

/** The row that tells the id of the row inserted last. */
export interface LastInsertId {
  readonly id: number | bigint;
}

/**
 * Returns an expression that is 1 where a condition holds, and else raises an error that bears the
 * marker.
 *
 * @param condition what must hold
 * @param marker text by which the error is recognized
 * @param value a column of the row; what is raised depends on it, or a planner might raise it where
 * there is no row at all
 */
export type RaiseUnless = (
  condition: Expression<unknown>,
  marker: string,
  value: Expression<unknown> | undefined,
) => OperationNode;

/** How statements are made atomic, and what ends a transaction. */
export interface TransactionTraits {
  /** Begins a transaction. */
  readonly begin: CompiledQuery;
  /** Whether a transaction of the executor's own begins with that, not as the driver begins one. */
  readonly prefersBegin: boolean;
  /** How a transaction begins as a writer; `undefined` where none needs to. */
  readonly writer: WriterTraits | undefined;
  readonly savepoint: SavepointTraits;
  readonly probe: TransactionProbe;
  /**
   * Where a failed statement leaves a transaction that can only be rolled back: a statement that
   * fails. Elsewhere a failed statement undoes itself alone.
   */
  readonly fail: CompiledQuery | undefined;
  /** The pattern of statements before which the open transaction is committed. */
  readonly implicitCommit: RegExp | undefined;
  /** Returns true if an error means that the whole transaction has been rolled back. */
  isRolledBackBy(error: unknown): boolean;
}

/**
 * Of a database that refuses a transaction which has read and then wants to write, where another one
 * writes: it has to begin as a writer, which waits.
 */
export interface WriterTraits {
  /** The pattern of what drivers send to begin a transaction of no particular kind. */
  readonly plainBegin: RegExp;
  /** Returns true if an error means that the database is never written to. */
  isReadOnly(error: unknown): boolean;
}

/** The commands of the savepoint {@linkcode ATOMIC_SAVEPOINT}. */
export interface SavepointTraits {
  readonly set: CompiledQuery;
  readonly rollbackTo: CompiledQuery;
  /** Releases it; `undefined` where one that is left behind is forgotten without. */
  readonly release: CompiledQuery | undefined;
}

/** The row that tells how many transactions are open. */
export interface OpenTransactions {
  readonly open: number;
}

/** How to find out whether a transaction is open that the driver has not shown. */
export type TransactionProbe =
  /** It need not be known: outside a transaction, a savepoint begins one. */
  | { readonly by: "nothing" }
  /** By a query for {@linkcode OpenTransactions}. */
  | { readonly by: "query"; readonly query: CompiledQuery }
  /** By a savepoint, which is refused outside a transaction. */
  | { readonly by: "savepoint"; isRefusal(error: unknown): boolean }
  /** By a savepoint and its release, which is refused outside a transaction. */
  | { readonly by: "release"; readonly release: CompiledQuery; isRefusal(error: unknown): boolean };
