/**
 * All that rewriting knows of plugins: what they say about a table, and about a query as a whole.
 *
 * @module
 */
import type { KyselyPlugin, OperationNode, SelectionNode } from "kysely";
import type { TableHook } from "../contract/_hook_table.ts";
import type { NamedHooks } from "../contract/_call_hook.ts";
import type {
  Attributes,
  DeleteRewrite,
  DialectName,
  HookContext,
  Plugin,
  QueryOperation,
  RowCheck,
  Stamp,
  TableReference,
} from "../contract/plugin.ts";
import type { DialectTraits } from "../dialect/mod.ts";
import type { ContextMemo } from "../tree/_context_memo.ts";
import type { ReferenceName } from "../tree/_table_reference.ts";
import type { RewriteParts } from "./parts/parts.ts";
import type { Pass } from "./_pass.ts";

/** Who runs a query, and with which flags. Executor instances of one scope may run each other's queries. */
export interface RequestScope {
  /** What was bound. */
  readonly context: Attributes | undefined;
  /** The flags of the executor instance. */
  readonly metadata: Attributes;
  /** What hooks have read of the context; `undefined` where none is bound. */
  readonly memo: ContextMemo | undefined;
}

/** What the plugins of an executor say, for one request scope and one list of Kysely plugins. */
export interface Rules {
  /** The name of the dialect, as hooks know it. */
  readonly dialect: DialectName;
  readonly traits: DialectTraits;
  readonly request: RequestScope;
  readonly deniesRaw: boolean;
  /** Whether some plugin intercepts query blocks. */
  readonly intercepts: boolean;
  /** Whether some plugin rewrites or denies DELETE. */
  readonly rewritesDeletes: boolean;
  /** Whether some plugin assigns, checks or masks columns. */
  readonly writes: boolean;
  /** The rules that are there for some plugins and options only. */
  readonly parts: RewriteParts;
  /** Whether some plugin masks columns. */
  readonly masks: boolean;
  /** Whether what hooks read of the caller may be another caller's when the query runs. */
  readonly callerMayChange: boolean;
  /** What hooks have read of the context; `undefined` where they may read another caller's next time. */
  readonly memo: ContextMemo | undefined;
  /** The plugins that intercept query blocks. */
  readonly interceptors: readonly Plugin[];
  /** Functions that may stand where a table is named. */
  readonly tableFunctions: ReadonlySet<string>;
  /** The Kysely plugins that put unqualified tables into a schema. */
  readonly schemas: readonly KyselyPlugin[];
  readonly provenance: Provenance;
  /** The same rules without the flags of the executor instance. */
  readonly withoutFlags: Rules;
  /** Returns what the plugins say about a table, or `undefined` where they say nothing. */
  table(name: string, schema: string | undefined): TableRules | undefined;
  /** Returns what columns are compared by. */
  columnKey(name: string): string;
  /** Returns the name that a column has in the rows of the database. */
  physicalColumn(name: string): string;
  /** Returns the name that the database has for a table. */
  physicalName(name: string): string;
  /** Returns what the names of CTEs are compared by. */
  cteKey(name: string): string;
}

/** Where a query that stands in another one came from. */
export interface Provenance {
  /**
   * Rewrites a query that an executor instance has rewritten before, from what its user wrote.
   *
   * @returns `undefined` where the node is to be rewritten as it stands
   */
  rewrite(node: OperationNode, pass: Pass): OperationNode | undefined;
  /** Returns what a query was before an instance of the same scope rewrote it. */
  originalOf(node: OperationNode, rules: Rules): OperationNode | undefined;
  /** Returns true if some executor instance has rewritten the query. */
  isRewritten(node: OperationNode): boolean;
}

/** What the plugins say about one table. */
export interface TableRules {
  /** Returns true if plugins have rules for the table; notes a table that nobody knows yet. */
  apply(pass: Pass): boolean;
  /**
   * Returns the predicate for the rows of a reference that exist.
   *
   * @returns `undefined` where all rows do; else a node that is safe as an operand of AND
   */
  predicate(
    name: ReferenceName,
    operation: QueryOperation,
    pass: Pass,
  ): OperationNode | undefined;
  /** Returns what a DELETE of the table is rewritten to: the first plugin that answers decides. */
  deleteRewrite(name: ReferenceName, pass: Pass): NamedDeleteRewrite | undefined;
  /** Returns the columns that plugins set on rows that are written, in the plugins' order. */
  assignments(
    name: ReferenceName,
    operation: "insert" | "update",
    pass: Pass,
  ): readonly NamedAssignment[];
  /** Returns what the plugins ask of rows that are written. */
  checks(
    name: ReferenceName,
    operation: "insert" | "update",
    returning: boolean,
    pass: Pass,
  ): NamedCheck[];
  /**
   * Returns the predicate of a check.
   *
   * @param name what the row is known by where the predicate will stand
   */
  rowPredicate(
    check: NamedCheck,
    name: ReferenceName,
    operation: "insert" | "update",
    pass: Pass,
  ): OperationNode;
  /** Returns the masked columns of a reference, or `undefined` where none is masked. */
  mask(name: ReferenceName, operation: QueryOperation, pass: Pass): MaskedColumns | undefined;
}

/** Columns that a plugin sets, and which plugin. */
export interface NamedAssignment extends Stamp {
  readonly plugin: string;
}

/** A check, and which plugin asks it. */
export interface NamedCheck {
  readonly plugin: string;
  readonly columns: readonly string[];
  readonly says: string;
  readonly implied: boolean;
  /** The checks of one plugin that have the same key ask the same. */
  readonly key: unknown;
  readonly asProposed?: boolean | undefined;
  readonly satisfied: RowCheck["satisfied"] | undefined;
  readonly predicate:
    | ((row: Parameters<NonNullable<RowCheck["predicate"]>>[0], context: HookContext) => unknown)
    | undefined;
  readonly refuse: RowCheck["refuse"] | undefined;
}

/** What a plugin makes of a DELETE. */
export interface NamedDeleteRewrite {
  readonly plugin: string;
  readonly answer: DeleteRewrite | "deny";
}

/** The masked columns of one reference. */
export interface MaskedColumns {
  /** What the caller may not write, as columns are compared, and the plugin that says so. */
  readonly readOnly: ReadonlyMap<string, string>;
  /** The names of the columns that are masked. */
  readonly names: readonly string[];
  /** Returns true if a column is masked. */
  has(column: string): boolean;
  /** Returns what is seen in a column's place. */
  shown(column: string): OperationNode;
  /** Returns what `*` stands for. */
  selections(name: ReferenceName): SelectionNode[];
}

/** What `explainQuery()` gathers while a query is rewritten. */
export interface RuleTrace {
  /** Notes that hooks of plugins applied to a reference; the list is empty where none did. */
  add(
    reference: TableReference,
    hook: TableHook,
    applied: readonly NamedHooks[],
    contextFor: (plugin: string) => HookContext,
  ): void;
}
