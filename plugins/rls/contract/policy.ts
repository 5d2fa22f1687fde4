/**
 * What policies and schemas of policies are made of.
 *
 * @module
 */
import type { DialectName } from "@kysera/executor";
import type { Expression, ExpressionBuilder, ExpressionWrapper, Selectable, SqlBool } from "kysely";
import type { RLSContext } from "./context.ts";
import type { RelatedOperation, RelationCondition, RelationConfig } from "./relation.ts";

/** What a statement does to a table. */
export type PolicyCommand = "read" | "create" | "update" | "delete";

/** What a policy is about. */
export type PolicyOperation = PolicyCommand | "all";

/** The kinds of policies: what they say is in the README, under "The algebra". */
export type PolicyType = "allow" | "deny" | "filter" | "validate";

/** A row of a table that nothing is known about. */
export type AnyRow = Readonly<Record<string, unknown>>;

/** A value that a column is compared with. */
export type PolicyValue = string | number | bigint | boolean | Date | Uint8Array;

/**
 * Columns with the values that they must have: `{ tenant_id: 7 }`. A list means one of its items; an
 * empty one, that no row has it. `null` means that the column is null; what a function gives may not
 * hold it, nor `undefined`, `NaN` or `""`: a caller of whom something is not known sees nothing.
 */
export type ConditionObject<Row = AnyRow> = {
  readonly [C in keyof Row]?: PolicyOperand | readonly PolicyOperand[];
};

/**
 * What a column may be compared with. What is known of the caller is a text or a number, or not known,
 * whatever the type of the column: it is looked at when the policy is asked.
 */
export type PolicyOperand = PolicyValue | null | undefined;

/** What a policy's function is told of the caller and of the row. */
export interface PolicyContext<Row = AnyRow> extends RLSContext {
  /**
   * The row. A function that looks at it is asked about rows in memory: of what an INSERT writes,
   * of what an UPDATE or DELETE would touch. It cannot be asked about rows that are read.
   */
  readonly row: Row;
  /** The new row of an INSERT or UPDATE, whole; as for {@linkcode PolicyContext.row}. */
  readonly data: Row;
  /** The table, as the schema names it. */
  readonly table: string;
  /** What is to be done. */
  readonly operation: PolicyCommand;
}

/** What a policy's function makes SQL with. */
export interface PolicyTools<Row = AnyRow> {
  /** Builds expressions, subqueries among them, which are subject to the policies as any query is. */
  readonly eb: ExpressionBuilder<any, any>;
  /** A column of the row, qualified with the name that the query has for the table. */
  column<C extends keyof Row & string>(name: C): ExpressionWrapper<any, any, Row[C]>;
  /** The family of SQL. */
  readonly dialect: DialectName;
  /** As the function `related`: an expression, to be put together with others. */
  related(relation: string, condition?: PolicyCondition<any>): ExpressionWrapper<any, any, SqlBool>;
  /** As the function `check`: an expression, to be put together with others. */
  check(relation: string, operation?: RelatedOperation): ExpressionWrapper<any, any, SqlBool>;
}

/** What a policy's function may answer. */
export type PolicyAnswer<Row = AnyRow> =
  | boolean
  | ConditionObject<Row>
  | RelationCondition
  | Expression<SqlBool>
  | Promise<boolean>;

/**
 * A condition that depends on the caller: it answers with columns and values, with an expression of
 * SQL, or with whether it holds. It must depend on nothing but what it is told: what it answers is kept
 * for as long as the context is.
 */
export type PolicyFunction<Row = AnyRow> = {
  // A method, so that a policy that was written for no table in particular may be used for one.
  bivariant(context: PolicyContext<Row>, tools: PolicyTools<Row>): PolicyAnswer<Row>;
}["bivariant"];

/** A condition: always or never, columns and values, a related row, or a function. */
export type PolicyCondition<Row = AnyRow> =
  | boolean
  | ConditionObject<Row>
  | RelationCondition
  | PolicyFunction<Row>;

/** What helps a database with a policy. */
export interface PolicyHints {
  /** The columns of an index that finds the rows; `explainPolicy` proposes it. */
  readonly indexColumns?: readonly string[];
}

/** Options of `allow`, `deny`, `filter` and `validate`. */
export interface PolicyOptions {
  /** A name, for errors and explanations; unique in its table. Default: made up of the others. */
  readonly name?: string | undefined;
  /**
   * What the user is told where the policy refuses: carried by the violation as `policyMessage`, for
   * an application to show. It must not hold values of rows.
   */
  readonly message?: string | undefined;
  /**
   * Policies of a higher one are asked, and named in refusals, first. It changes no result. Default
   * 100 for `deny`, else 0.
   */
  readonly priority?: number | undefined;
  /** What helps a database. */
  readonly hints?: PolicyHints | undefined;
}

/** Options of `allow` and `deny`. */
export interface RowPolicyOptions<Row = AnyRow> extends PolicyOptions {
  /**
   * What is asked of new rows instead of the condition (WITH CHECK, where the condition is USING).
   * Default: the condition itself.
   */
  readonly check?: PolicyCondition<Row> | undefined;
}

/** A policy, as `allow`, `deny`, `filter` and `validate` make it. */
export interface Policy<Row = AnyRow> extends PolicyOptions {
  /** The kind. */
  readonly type: PolicyType;
  /** What it is about. */
  readonly operation: readonly PolicyOperation[];
  /** The condition. */
  readonly condition: PolicyCondition<Row>;
  /** What is asked of new rows instead. */
  readonly check?: PolicyCondition<Row> | undefined;
}

/** A value that is stamped on new rows, or a function of the caller that gives it. */
export type StampValue<T = unknown> = T | ((context: RLSContext) => T);

/**
 * How the rows of tenants are spread over the nodes of a cluster. Each table then is subject to one
 * condition more, beside its policies: the column equals the value of the caller. It stands in the
 * WHERE, or the ON, of each reference to the table, where a planner finds it, and in new rows.
 */
export interface Tenancy {
  /** The column that the table is distributed by: each row is one tenant's. */
  readonly distributionColumn: string;
  /** Returns the value of the caller. Default: `(ctx) => ctx.auth.tenantId`. */
  readonly value?: ((context: RLSContext) => PolicyOperand) | undefined;
}

/** Options of `defineRLSSchema`. */
export interface RLSSchemaOptions {
  /** The {@linkcode Tenancy} of each table that does not have its own. Default: none. */
  readonly tenancy?: Tenancy | undefined;
}

/** Who may read and write a column. */
export interface ColumnRule<Row = AnyRow> {
  /** Of which rows the column may be read. Default: of all that are read. */
  readonly read?: PolicyCondition<Row> | undefined;
  /** What is read in its place of the other rows. Default `null`. */
  readonly mask?: string | number | boolean | null | undefined;
  /** Whether the caller may write the column at all: a boolean, or a function of the caller. */
  readonly write?: boolean | ((context: RLSContext) => boolean) | undefined;
}

/** The policies of a table. */
export interface TableRLSConfig<Row = AnyRow, DB = any> {
  /** The policies. */
  readonly policies: readonly Policy<Row>[];
  /** Whether what no policy is about is denied. Default `true`. */
  readonly defaultDeny?: boolean | undefined;
  /**
   * The column that the table is distributed by, and whose it is: see {@linkcode Tenancy}. `false`
   * for a table that has none, such as a reference table, where the schema has a default.
   */
  readonly tenancy?: Tenancy | false | undefined;
  /** Roles that the policies are not for. */
  readonly skipFor?: readonly string[] | undefined;
  /**
   * The columns that tell rows apart, for functions of the row. Default: the primary key, as the
   * catalog has it; `"id"` where that is not known.
   */
  readonly primaryKey?: string | readonly string[] | undefined;
  /**
   * Columns that an INSERT sets by itself, such as `{ tenant_id: (ctx) => ctx.auth.tenantId }`. Where
   * the statement gives another value, it is refused.
   */
  readonly stamp?: { readonly [C in keyof Row]?: StampValue<PolicyOperand> } | undefined;
  /**
   * Relations to other tables, by the names that `related` and `check` have for them. Default: those
   * that foreign keys make.
   */
  readonly relations?: { readonly [name: string]: RelationConfig<Row, DB> } | undefined;
  /** Columns that not everybody may read or write. */
  readonly columns?: { readonly [C in keyof Row]?: ColumnRule<Row> } | undefined;
}

/** Tables with their policies, by name: `posts`, or `app.posts`. */
export type RLSSchema<DB = Record<string, AnyRow>> = {
  readonly [T in keyof DB & string]?: TableRLSConfig<Selectable<DB[T]>, DB>;
};
