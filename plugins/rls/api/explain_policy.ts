import {
  type ExplainableQuery,
  type ExplainedReference,
  explainQuery,
  getContext,
  getMetadata,
  type QueryOperation,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { type Formula, leavesOf } from "../algebra/_algebra.ts";
import { type Answer, answerAt } from "../algebra/_answer.ts";
import { isBypassed } from "../algebra/_bypass.ts";
import type { RLSHooks } from "../enforce/_hooks.ts";
import { columnInMemory } from "../algebra/_predicate.ts";
import type { Site } from "../algebra/_site.ts";
import { mustHavePlugin } from "./_state.ts";
import { RLSPolicyViolation } from "../contract/errors.ts";
import type { PolicyType } from "../contract/policy.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/** A policy that had a say in a table reference. */
export interface AppliedPolicy {
  /** Its name. */
  readonly name: string;
  /** Its kind. */
  readonly type: PolicyType;
  /** Whether it chose rows that are there (`"using"`), or looked at new ones (`"check"`). */
  readonly use: "using" | "check";
}

/** An index that helps the database to find the rows of a caller. */
export interface ProposedIndex {
  /** The columns. */
  readonly columns: readonly string[];
  /** The statement that makes it; whether there is such an index already is not looked at. */
  readonly sql: string;
}

/** What the policies did about a table reference. */
export interface ExplainedPolicies {
  /** The table, as the query wrote it. */
  readonly table: string;
  /** The name its columns are qualified with. */
  readonly alias: string;
  /** What is done with it. */
  readonly operation: QueryOperation;
  /** Whether it is read or written. */
  readonly role: "source" | "target";
  /**
   * `filtered`: the policies applied; `refused`: they let nobody through, or there is no security
   * context; `bypassed`: the caller is exempt.
   */
  readonly outcome: "filtered" | "refused" | "bypassed";
  /** Those that had a say: those that a caller's context settled are left out. */
  readonly policies: readonly AppliedPolicy[];
  /** Where a policy compares columns with values, or hints at an index. */
  readonly index: ProposedIndex | undefined;
}

/** What the policies made of a query. */
export interface PolicyExplanation {
  /** The SQL that the user wrote. */
  readonly before: string;
  /** The SQL that runs; `undefined` where it does not. */
  readonly after: string | undefined;
  /** Why it does not run. */
  readonly refused: Error | undefined;
  /** The policies that refused it, or that would have had to allow it. */
  readonly refusedBy: readonly string[];
  /** Each reference to a policed table. */
  readonly references: readonly ExplainedPolicies[];
}

/**
 * Tells what the policies make of a query, and which of them, without running it.
 *
 * @param executor the instance that would run it: its caller counts
 * @param query a query builder of that instance
 * @returns the SQL before and after, and for each reference to a policed table the policies that had a
 * say in it, and an index that would help
 * @throws {RLSSchemaError} where the executor has no row-level security
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { defineRLSSchema, explainPolicy, filter, rlsPlugin } from "@kysera/rls";
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
 *     policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" })],
 *   },
 * });
 * const executor = await createExecutor(db, [rlsPlugin({ schema })]);
 * const one = bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 7 } });
 *
 * const { after, references } = explainPolicy(one, one.selectFrom("posts as p").select("p.id"));
 * assert.equal(after, `select "p"."id" from "posts" as "p" where "p"."tenant_id" = ?`);
 * assert.deepEqual(references[0]?.policies, [{ name: "tenants", type: "filter", use: "using" }]);
 * assert.match(references[0]?.index?.sql ?? "", /on "posts" \("tenant_id"\)/);
 * await db.destroy();
 * ```
 */
export function explainPolicy(executor: Kysely<any>, query: ExplainableQuery): PolicyExplanation {
  const layers = mustHavePlugin(executor, "explain what the policies do");
  const { before, after, refused, references } = explainQuery(executor, query);
  return {
    before,
    after,
    refused,
    refusedBy: refused instanceof RLSPolicyViolation ? refused.policies : [],
    references: references.flatMap((reference) =>
      layers.flatMap((hooks) => explained(hooks, executor, reference) ?? [])
    ),
  };
}

/** The places that a reference is asked about. */
const SITES: Readonly<Record<QueryOperation, readonly Site[]>> = {
  select: ["read"],
  insert: ["create-check"],
  replace: ["create-check"],
  update: ["update", "update-check"],
  delete: ["delete"],
  merge: ["merge"],
};

function explained(
  hooks: RLSHooks,
  executor: Kysely<any>,
  { table: name, schema, alias, operation, role }: ExplainedReference,
): ExplainedPolicies | undefined {
  const standing = hooks.tables.standingOf({ name, schema });
  if (standing.kind !== "policed") return undefined;
  const { table } = standing;
  const sites = role === "source" ? SITES.select : SITES[operation];
  const run = {};
  const answers = isBypassed(getMetadata(executor))
    ? []
    : sites.map((site) => answerOf(hooks, executor, table, site, run));
  const formulas = answers.flatMap((answer) => answer?.formulas ?? []);
  return {
    table: name,
    alias,
    operation,
    role,
    outcome: outcomeOf(answers),
    policies: policiesOf(formulas),
    index: indexFor(executor, name, schema, formulas),
  };
}

/** What cannot be answered is refused: without a context, for one. */
function outcomeOf(answers: readonly (Answer | undefined)[]): ExplainedPolicies["outcome"] {
  if (answers.some((answer) => answer === undefined || answer.refusal !== undefined)) {
    return "refused";
  }
  return answers.some((answer) => answer?.formulas !== undefined) ? "filtered" : "bypassed";
}

function answerOf(
  hooks: RLSHooks,
  executor: Kysely<any>,
  table: CompiledTable,
  site: Site,
  run: object,
): Answer | undefined {
  const place = {
    site,
    table,
    dialect: hooks.dialect,
    column: columnInMemory,
    problemOf: undefined,
    actions: undefined,
  };
  try {
    return answerAt(place, getContext(executor), hooks.source, hooks.settings.bypassRoles, run);
  } catch {
    // What is wrong is told as the refusal of the query.
    return undefined;
  }
}

function policiesOf(formulas: readonly Formula[]): readonly AppliedPolicy[] {
  const applied = formulas.flatMap((formula) => [
    ...leavesOf(formula).map(({ policy: { name, type } }): AppliedPolicy => ({
      name,
      type,
      use: formula.side,
    })),
  ]);
  const keys = applied.map(({ name, use }) => `${use}\0${name}`);
  return applied.filter((_, i) => keys.indexOf(keys[i]!) === i);
}

/** An index on the columns that all rows of a caller are found by. */
function indexFor(
  executor: Kysely<any>,
  table: string,
  schema: string | undefined,
  formulas: readonly Formula[],
): ProposedIndex | undefined {
  const using = formulas.filter(({ side, refusal }) => side === "using" && refusal === undefined);
  const hinted = using.flatMap(leavesOf).find(({ policy }) =>
    policy.hints.indexColumns !== undefined
  )?.policy.hints.indexColumns;
  // A denial is about the other rows; of several conditions one of which must hold each would want
  // an index of its own.
  const leaves = using.flatMap(({ restrictive, permissive = [] }) => [
    ...restrictive.filter(({ negated }) => !negated),
    ...permissive.length === 1 ? permissive : [],
  ]);
  const compared = leaves.flatMap(({ verdict }) =>
    verdict.kind === "columns" ? verdict.terms.map(({ column }) => column) : []
  );
  const columns = hinted ?? [...new Set(compared)];
  if (columns.length === 0) return undefined;
  const name = `${table}_${columns.join("_")}_idx`;
  const { sql } = executor.schema.createIndex(name)
    .on(schema === undefined ? table : `${schema}.${table}`).columns([...columns]).compile();
  return { columns, sql };
}
