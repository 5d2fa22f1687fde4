/** What a case of the corpus is: a shape of query as data and a function that runs it. */
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import type { Plugin } from "@kysera/executor";
import type { TestDialectName } from "../support/matrix.ts";
import type { SubjectName } from "./subjects.ts";

/**
 * What a sound answer to a shape is called: `F` filtered, `C` checked, `R` refused with a named
 * error, `ok` where there is nothing to hide and the query must simply work.
 */
export type Letter = "F" | "C" | "R" | "ok";

/** How a shape ended: a sound {@linkcode Letter}, or one of the rest. */
export type Verdict =
  | Letter
  /** Raw SQL went past the plugins, as `rawSql: "allow"` says. */
  | "raw"
  /** A hidden row was seen or changed, or the result depends on one. */
  | "LEAK"
  /** Rows that should be there are missing. */
  | "OVER"
  /** It failed with an error that says nothing of the refusal. */
  | "ERROR"
  /** The case proves nothing: the right answer is the unfiltered one, or there is none. */
  | "VOID";

/** The shape as a reader knows it, and where the corpus lists it. */
export interface BypassRow {
  readonly number: number;
  readonly shape: string;
  /** Sound answers; the first one is preferred. */
  readonly must: readonly Letter[];
  /** What must happen, in words, where the letters do not say it all. */
  readonly note?: string;
  readonly cases: readonly BypassCase[];
}

/** Dialects that do not have a shape, each with the reason. */
export type Lacks = Readonly<Partial<Record<TestDialectName, string>>>;

/** One shape of query. */
export interface BypassCase {
  /** What the shape is; unique in its row. */
  readonly name: string;
  readonly lacks?: Lacks | undefined;
  /** Whether rows may change: the tables are looked at afterwards and filled anew. */
  readonly writes?: boolean;
  /** Whether the order of the rows counts. */
  readonly ordered?: boolean;
  /** Nothing hidden is within the shape's reach, plugins or not: it must work. */
  readonly harmless?: boolean;
  /** Raw text names a table: `rawSql: "allow"` lets it past the plugins. */
  readonly raw?: boolean;
  /** Sound answers, where they are not those of the row. */
  readonly must?: readonly Letter[];
  /** Sound answers under `rawSql: "deny"`, where they differ. */
  readonly deny?: readonly Letter[];
  /** The plugins under test, where not all of them fit. */
  readonly subjects?: readonly SubjectName[];
  /** Runs the shape, and gives what was seen. */
  run(probe: Probe): Promise<unknown>;
  /**
   * What is right, where it is not what bare Kysely gives on a database that holds the visible rows
   * only. It runs on bare Kysely and all rows, and writes the filter by hand.
   */
  truth?(probe: Probe): Promise<unknown>;
}

/** What a case is given. Where the right answer is looked for, all handles are bare Kysely. */
export interface Probe {
  /** The handle under test, bound to the caller. */
  readonly db: Kysely<any>;
  /** The same executor before a caller was bound to it. */
  readonly unbound: Kysely<any>;
  /** The same executor bound to another caller, who sees the rows that are hidden here. */
  readonly stranger: Kysely<any>;
  /** The database without plugins. */
  readonly bare: Kysely<any>;
  readonly dialect: "sqlite" | "postgres" | "mysql";
  /** The schema (or database) that the tables are in. */
  readonly schema: string;
  /** Whether the handles have plugins in them. */
  readonly guarded: boolean;
  /** Puts plugins into a database: those under test, unless others are given; binds the caller. */
  make(db: Kysely<any>, plugins?: readonly Plugin[]): Promise<Kysely<any>>;
  /** The plugins under test, made anew. */
  plugins(): Plugin[];
  /** The filter of the plugins under test, written by hand. */
  visible(eb: ExpressionBuilder<any, any>, table: string, alias?: string): Expression<SqlBool>;
}
