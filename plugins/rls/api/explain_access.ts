import {
  getContext,
  getMetadata,
  getRawDb,
  isKyseraExecutor,
  parseTableName,
} from "@kysera/executor";
import { expressionBuilder, type ExpressionWrapper, type Kysely, sql } from "kysely";
import { type Formula, type Leaf, leavesOf } from "../algebra/_algebra.ts";
import { type Answer, answerAt, type Place } from "../algebra/_answer.ts";
import { isBypassed } from "../algebra/_bypass.ts";
import { expressionOf, formOf, predicateOf, valueOperand } from "../algebra/_predicate.ts";
import type { Site } from "../algebra/_site.ts";
import type { RLSContext } from "../contract/context.ts";
import { RLSContextError, RLSError } from "../contract/errors.ts";
import type { PolicyCommand } from "../contract/policy.ts";
import type { RLSHooks } from "../enforce/_hooks.ts";
import { columnRightsOf } from "../enforce/_mask.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";
import { mustHavePlugin } from "./_state.ts";
import type { AppliedPolicy } from "./explain_policy.ts";

/**
 * What a caller may do with the rows of a table: `all` or `none` of them, or `some`, by a condition;
 * `exempt`: the policies do not apply to the caller; `free`: no policy applies to the table.
 */
export type AccessOutcome = "all" | "some" | "none" | "exempt" | "free";

/** What a row must satisfy. */
export interface AccessCondition {
  /**
   * The condition as SQL, with placeholders for its values. A function of the row, which is not SQL,
   * stands in it as `policy("name")`.
   */
  readonly sql: string;
  /** The values, which may be those of the caller's context. */
  readonly parameters: readonly unknown[];
  /** The policies that are functions of the row, and are asked about each. */
  readonly functions: readonly string[];
}

/** What the rules of a column keep a caller from. */
export interface ExplainedColumn {
  /** The column. */
  readonly column: string;
  /**
   * `hidden`: it is not read of any row; `masked`: it is read of some rows alone; `read-only`: it may
   * not be written.
   */
  readonly access: "hidden" | "masked" | "read-only";
  /** What a row must satisfy for the column to be read, where it is `masked`. */
  readonly rows: AccessCondition | undefined;
}

/** What the policies let a caller do with a table. */
export interface ExplainedAccess {
  /** The table, as it was named. */
  readonly table: string;
  /** The operation. */
  readonly operation: PolicyCommand;
  /** Which rows the operation may be done to. */
  readonly outcome: AccessOutcome;
  /** What a row that is there must satisfy; `undefined` where nothing is asked, or no row can. */
  readonly rows: AccessCondition | undefined;
  /** What a row must satisfy as it is written. */
  readonly newRows: AccessCondition | undefined;
  /** The columns that the caller may not read, or not write. */
  readonly columns: readonly ExplainedColumn[];
  /** The policies that had a say in it, apart from those that the context settled. */
  readonly policies: readonly AppliedPolicy[];
  /** Why the outcome is `none`. */
  readonly reason: string | undefined;
}

/**
 * Explains what the policies let a caller do with the rows of a table, without asking the database.
 *
 * @param executor an executor instance that the caller's context is bound to
 * @param operation the operation
 * @param table the table
 * @returns which rows it may be done to, and the condition where it depends on the row. Without a
 * security context nothing may be done
 * @throws {RLSSchemaError} if the executor has no row-level security
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { allow, defineRLSSchema, explainAccess, filter, rlsPlugin } from "@kysera/rls";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   posts: { id: number; tenant_id: number };
 * }
 * const db = new Kysely<Database>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const schema = defineRLSSchema<Database>({
 *   posts: {
 *     policies: [
 *       filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
 *       allow("delete", (ctx) => ctx.auth.roles.includes("editor")),
 *     ],
 *   },
 * });
 * const executor = await createExecutor(db, [rlsPlugin({ schema })]);
 * const ada = bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 7 } });
 *
 * const { outcome, rows } = explainAccess(ada, "read", "posts");
 * assert.deepEqual([outcome, rows?.sql, rows?.parameters], ["some", `"posts"."tenant_id" = ?`, [7]]);
 * assert.equal(explainAccess(ada, "delete", "posts").outcome, "none");
 * await db.destroy();
 * ```
 */
export function explainAccess(
  executor: Kysely<any>,
  operation: PolicyCommand,
  table: string,
): ExplainedAccess {
  const layers = mustHavePlugin(executor, "explain what the policies allow");
  const none = (reason: string, policies: readonly AppliedPolicy[] = []): ExplainedAccess => ({
    ...{ table, operation, outcome: "none", rows: undefined, newRows: undefined },
    ...{ columns: [], policies, reason },
  });
  const before: Formula[] = [];
  const after: Formula[] = [];
  const columns: ExplainedColumn[] = [];
  let outcome: AccessOutcome = "free";
  try {
    for (const hooks of layers) {
      const standing = hooks.tables.standingOf(parseTableName(table));
      if (standing.kind === "free") continue;
      if (standing.kind === "refused") return none(standing.why);
      const policed = standing.table;
      // The provider is asked once for all places.
      const run = {};
      const answers = isBypassed(getMetadata(executor)) ? [] : SITES[operation].map((site) => ({
        site,
        answer: answerOf(hooks, executor, policed, site, run),
      }));
      const refused = answers.find(({ answer }) => answer.refusal !== undefined)?.answer;
      if (refused !== undefined) {
        const { reason, policies } = refused.refusal!;
        return none(reason, refusing(policed, policies, refused.formulas));
      }
      const context = answers[0]?.answer.context;
      if (context === undefined || answers[0]?.answer.formulas === undefined) {
        if (outcome === "free") outcome = "exempt";
        continue;
      }
      outcome = "all";
      for (const { site, answer: { formulas = [] } } of answers) {
        (site.endsWith("-check") ? after : before).push(...formulas);
      }
      columns.push(...columnsOf(hooks, executor, policed, context, operation));
    }
  } catch (error) {
    // A caller of whom too little is known is refused, and so is what cannot be asked.
    if (error instanceof RLSError) {
      return none(
        error instanceof RLSContextError ? "no security context is bound" : error.message,
      );
    }
    throw error;
  }
  const column = columnOf(table, layers[0]!);
  const rows = conditionOf(before, executor, layers[0]!, column);
  const newRows = conditionOf(after, executor, layers[0]!, column);
  if (rows !== undefined || newRows !== undefined) outcome = "some";
  const policies = appliedOf([...before, ...after]);
  return { table, operation, outcome, rows, newRows, columns, policies, reason: undefined };
}

const SITES: Readonly<Record<PolicyCommand, readonly Site[]>> = {
  read: ["read"],
  create: ["create-check"],
  update: ["update", "update-check"],
  delete: ["delete"],
};

const eb = expressionBuilder<any, any>();

function answerOf(
  hooks: RLSHooks,
  executor: Kysely<any>,
  table: CompiledTable,
  site: Site,
  run: object,
): Answer {
  const place = { ...howOf(hooks, table), site, table, actions: undefined };
  return answerAt(place, getContext(executor), hooks.source, hooks.settings.bypassRoles, run);
}

/** How the conditions of a table are written. */
function howOf(
  hooks: RLSHooks,
  { table }: CompiledTable,
): Pick<Place, "dialect" | "column" | "problemOf" | "inside"> {
  const { name, schema } = parseTableName(table);
  return {
    dialect: hooks.dialect,
    column: columnOf(table, hooks),
    problemOf: hooks.problemOf({ name, schema }),
    inside: hooks.insideOf(schema),
  };
}

/** The columns whose rules keep a caller from something in an operation. */
function columnsOf(
  hooks: RLSHooks,
  executor: Kysely<any>,
  table: CompiledTable,
  context: RLSContext,
  operation: PolicyCommand,
): ExplainedColumn[] {
  const isWritten = operation === "create" || operation === "update";
  const { readable, unwritable } = columnRightsOf(table, context, isWritten, howOf(hooks, table));
  if (isWritten) {
    return unwritable.map((column) => ({ column, access: "read-only", rows: undefined }));
  }
  if (operation === "delete") return [];
  return [...readable].filter(([, right]) => right !== true).map(([column, right]) => ({
    column,
    access: right === false ? "hidden" : "masked",
    rows: typeof right === "boolean"
      ? undefined
      : conditionOf([right], executor, hooks, columnOf(table.table, hooks)),
  }));
}

/** How the columns of a table are written: with its name, for the sake of subqueries. */
function columnOf(
  table: string,
  hooks: RLSHooks,
): (column: string) => ExpressionWrapper<any, any, any> {
  const { name } = parseTableName(table);
  return (column) => eb.ref(`${name}.${hooks.columnFor(column)}`);
}

function conditionOf(
  formulas: readonly Formula[],
  executor: Kysely<any>,
  { dialect }: RLSHooks,
  column: ReturnType<typeof columnOf>,
): AccessCondition | undefined {
  const leaves = formulas.flatMap(leavesOf);
  if (leaves.length === 0) return undefined;
  const shown = formulas.map(withFunctions);
  const node = predicateOf(shown, column, valueOperand(formOf(shown, dialect).values));
  const { sql: text, parameters } = sql`${expressionOf(node!)}`.compile(plainOf(executor));
  const functions = leaves.filter(({ verdict }) => verdict.kind === "rows")
    .map(({ policy }) => policy.name);
  return { sql: text, parameters, functions: [...new Set(functions)] };
}

/** A formula in which a function of the row stands as a call, so that no condition is left out. */
function withFunctions(formula: Formula): Formula {
  const shown = (leaf: Leaf): Leaf => {
    if (leaf.verdict.kind !== "rows") return leaf;
    const node = sql`policy(${sql.id(leaf.policy.name)})`.toOperationNode();
    return { ...leaf, verdict: { kind: "sql", node, form: "", values: [] } };
  };
  return {
    ...formula,
    permissive: formula.permissive?.map(shown),
    restrictive: formula.restrictive.map(shown),
  };
}

/** The database beneath every executor: it compiles what is only shown. */
function plainOf(executor: Kysely<any>): Kysely<any> {
  let db = executor;
  while (isKyseraExecutor(db)) db = getRawDb<any>(db);
  return db;
}

function appliedOf(formulas: readonly Formula[]): AppliedPolicy[] {
  const applied = formulas.flatMap((formula) =>
    leavesOf(formula).map(({ policy: { name, type } }): AppliedPolicy => ({
      name,
      type,
      use: formula.side,
    }))
  );
  const keys = applied.map(({ name, use }) => `${use}\0${name}`);
  return applied.filter((_, i) => keys.indexOf(keys[i]!) === i);
}

/** The policies that refused, or that would have had to allow it. */
function refusing(
  table: CompiledTable,
  names: readonly string[],
  formulas: readonly Formula[] | undefined,
): AppliedPolicy[] {
  const use = formulas?.find(({ refusal }) => refusal !== undefined)?.side ?? "using";
  return table.policies.filter(({ name }) => names.includes(name))
    .map(({ name, type }) => ({ name, type, use }));
}
