import { getContext, getMetadata, parseTableName } from "@kysera/executor";
import type { Kysely } from "kysely";
import { answerAt, type Place } from "./_answer.ts";
import type { Formula, Leaf } from "./_algebra.ts";
import { isBypassed } from "./_bypass.ts";
import type { RLSHooks } from "./_hooks.ts";
import {
  blamed,
  compareInLanguage,
  type RowsInMemory,
  type Truth,
  truthOf,
  truthOfLeaf,
} from "./_in_memory.ts";
import { columnInMemory } from "./_predicate.ts";
import type { Site } from "./_site.ts";
import { mustHavePlugin } from "./_state.ts";
import type { RLSContext } from "./context.ts";
import { RLSPolicyEvaluationError, RLSPolicyViolation } from "./errors.ts";
import type { AnyRow, PolicyCommand } from "./policy.ts";

/**
 * Whether the caller of a handle may do something with a row, by the policies of the executor and
 * without asking the database: for buttons and menus. A statement is kept to the policies whether
 * this was asked or not.
 *
 * @param executor a handle that the caller's context is bound to, or whose plugin is provided with it
 * @param operation what is to be done
 * @param table the table
 * @param row the row: of `"create"` the new one, else the one that is there. Values are compared as
 * the language does; a collation of the database may see more of them as the same
 * @param changes of `"update"`: the columns that are to be set. Without them only the row is looked at
 * @returns whether the policies allow it; a table without policies allows everything
 * @throws {RLSContextError} where no security context is bound
 * @throws {RLSPolicyEvaluationError} where it cannot be told in memory: a policy is SQL or an async
 * function, or a column that a policy looks at is not in the row
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { allow, can, defineRLSSchema, rlsPlugin } from "@kysera/rls";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   posts: { id: number; author_id: number };
 * }
 * const db = new Kysely<Database>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const schema = defineRLSSchema<Database>({
 *   posts: {
 *     policies: [
 *       allow("read", true),
 *       allow("update", (ctx) => ({ author_id: ctx.auth.userId })),
 *     ],
 *   },
 * });
 * const executor = await createExecutor(db, [rlsPlugin({ schema })]);
 * const ada = bindContext(executor, { auth: { userId: 1, roles: [] } });
 *
 * assert.equal(can(ada, "update", "posts", { id: 7, author_id: 1 }), true);
 * assert.equal(can(ada, "update", "posts", { id: 8, author_id: 2 }), false);
 * // The post of one's own may not be given away.
 * assert.equal(can(ada, "update", "posts", { id: 7, author_id: 1 }, { author_id: 2 }), false);
 * assert.equal(can(ada, "delete", "posts", { id: 7, author_id: 1 }), false);
 * await db.destroy();
 * ```
 */
export function can(
  executor: Kysely<any>,
  operation: PolicyCommand,
  table: string,
  row: object,
  changes?: object,
): boolean {
  if (!(operation in SITES)) {
    throw new TypeError(
      `Cannot tell whether somebody can "${operation}"; ask for "read", "create", "update" or ` +
        `"delete"`,
    );
  }
  // A row is an object of columns.
  const before = row as AnyRow;
  const data = operation === "create"
    ? before
    : changes === undefined
    ? undefined
    : { ...before, ...changes };
  const rows: RowsInMemory = { row: before, data };
  const sites = operation === "update" && data !== undefined
    ? SITES.update
    : SITES[operation].slice(0, 1);
  // The provider is asked once for all policies.
  const run = {};
  return mustHavePlugin(executor, "tell what the policies allow").every((hooks) =>
    isBypassed(getMetadata(executor)) ||
    sites.every((site) => passes(hooks, executor, site, table, rows, operation, run))
  );
}

const SITES: Readonly<Record<PolicyCommand, readonly Site[]>> = {
  read: ["read"],
  create: ["create-check"],
  update: ["update", "update-check"],
  delete: ["delete"],
};

function passes(
  hooks: RLSHooks,
  executor: Kysely<any>,
  site: Site,
  name: string,
  rows: RowsInMemory,
  operation: PolicyCommand,
  run: object,
): boolean {
  const standing = hooks.tables.standingOf(parseTableName(name));
  if (standing.kind === "free") return true;
  if (standing.kind === "refused") {
    throw new RLSPolicyViolation({ operation, table: name }, standing.why);
  }
  const { table } = standing;
  const place: Place = {
    site,
    table,
    dialect: hooks.dialect,
    column: columnInMemory,
    actions: undefined,
  };
  const { source, settings } = hooks;
  const { formulas, context, refusal } = answerAt(
    place,
    getContext(executor),
    source,
    settings.bypassRoles,
    run,
  );
  if (formulas === undefined) return true;
  if (refusal !== undefined || context === undefined) return false;
  return formulas.every((formula) => holds(formula, context, rows, table.table, site));
}

function holds(
  formula: Formula,
  context: RLSContext,
  rows: RowsInMemory,
  table: string,
  site: Site,
): boolean {
  // What may be read is asked of the new row as well.
  const about: RowsInMemory = site === "update-check" && formula.side === "using"
    ? { row: rows.data!, data: rows.data }
    : rows;
  const of = (leaf: Leaf): Truth => truthOfLeaf(leaf, formula, context, about, compareInLanguage);
  const truth = truthOf(formula, of);
  if (truth !== undefined) return truth;
  const [policy = ""] = blamed(formula, of);
  throw new RLSPolicyEvaluationError(
    { operation: formula.command, table },
    policy,
    "it cannot be told without the database: it is SQL or an async function, or looks at a column " +
      "that is not in the row, or at the new row where none is given",
  );
}
