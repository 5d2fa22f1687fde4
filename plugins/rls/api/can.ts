import { getContext, getMetadata, parseTableName, type TableId } from "@kysera/executor";
import type { Kysely } from "kysely";
import { answerAt, type Place } from "../algebra/_answer.ts";
import type { Formula, Leaf } from "../algebra/_algebra.ts";
import { isBypassed } from "../algebra/_bypass.ts";
import type { RLSHooks } from "../enforce/_hooks.ts";
import { compareAsDatabase, type ComparedColumn, isSame } from "../algebra/_compare.ts";
import { evaluate, type EvaluatedRow } from "../algebra/_evaluate.ts";
import {
  blamed,
  type Compare,
  type RowsInMemory,
  type Truth,
  truthOf,
  truthOfLeaf,
} from "../algebra/_in_memory.ts";
import { columnInMemory } from "../algebra/_predicate.ts";
import type { Site } from "../algebra/_site.ts";
import { mustHavePlugin } from "./_state.ts";
import { verdictOf } from "../algebra/_verdict.ts";
import type { RLSContext } from "../contract/context.ts";
import { RLSPolicyEvaluationError, RLSPolicyViolation } from "../contract/errors.ts";
import type { AnyRow, PolicyCommand } from "../contract/policy.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/**
 * Returns whether the caller of an instance may do something with a row, by the policies of the
 * executor and without asking the database: for buttons and menus. A statement is kept to the
 * policies whether this was asked or not.
 *
 * @param executor an instance that the caller's context is bound to, or whose plugin is provided
 * with it
 * @param operation what is to be done
 * @param table the table
 * @param row the row: of `"create"` the new one, else the one that is there, as it was read. Values
 * are compared as the database does, by what the catalog says of the columns
 * @param changes of `"update"`: the columns that are to be set. Without them only the row is looked at
 * @returns whether the policies allow it; a table without policies allows everything
 * @throws {RLSContextError} where no security context is bound
 * @throws {RLSPolicyEvaluationError} where it cannot be told in memory: a policy asks for related rows,
 * or is SQL other than comparisons of columns with values, or an async function; a column that a policy
 * looks at is not in the row, or masked; or values are of different types (a text and a number), or
 * texts that may be the same under a collation
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
    problemOf: undefined,
    actions: undefined,
  };
  const { source, settings } = hooks;
  const attributes = getContext(executor);
  const { formulas, context, refusal } = answerAt(
    place,
    attributes,
    source,
    settings.bypassRoles,
    run,
  );
  if (formulas === undefined) return true;
  if (refusal !== undefined || context === undefined) return false;
  const memory = new Memory(hooks, parseTableName(name), place, context);
  const seen = memory.seen(rows, operation);
  return formulas.every((formula) => holds(formula, context, seen, memory, site));
}

/** What is known of a table's rows without the database. */
class Memory {
  readonly table: CompiledTable;
  readonly #hooks: RLSHooks;
  readonly #place: Place;
  readonly #context: RLSContext;
  readonly #columns: ReadonlyMap<string, ComparedColumn>;

  constructor(hooks: RLSHooks, id: TableId, place: Place, context: RLSContext) {
    this.table = place.table;
    this.#hooks = hooks;
    this.#place = place;
    this.#context = context;
    this.#columns = new Map(hooks.tables.catalogOf(id).map((each) => [each.name, each]));
  }

  readonly compare: Compare = (a, b, _negated, column) =>
    isSame(compareAsDatabase(a, b, this.#column(column), this.#hooks.dialect));

  /** Returns the rows without what says nothing of the database. */
  seen({ row, data }: RowsInMemory, operation: PolicyCommand): RowsInMemory {
    const isNew = operation === "create";
    const before = isNew ? row : without(row, (column) => this.#isMasked(column));
    const after = data === undefined || isNew
      ? data
      : without(data, (column) => data[column] === row[column] && this.#isMasked(column));
    // Of JSON a driver gives its own null, which is not that of the database.
    const isUnclear = (of: AnyRow) => (column: string): boolean =>
      of[column] === null && /^jsonb?$/.test(this.#column(column).type ?? "");
    return {
      row: without(before, isUnclear(before)),
      data: after && without(after, isUnclear(after)),
    };
  }

  evaluated(row: AnyRow): EvaluatedRow {
    return {
      dialect: this.#hooks.dialect,
      value: (column) => Object.hasOwn(row, column) ? row[column] : undefined,
      column: (column) => this.#column(column),
    };
  }

  #column(column: string): ComparedColumn {
    return this.#columns.get(this.#hooks.physicalColumn(column)) ?? this.#columns.get(column) ?? {};
  }

  /** Whether what the caller has read may be a mask. */
  #isMasked(column: string): boolean {
    const read = this.table.columns[column]?.read;
    return read !== undefined && verdictOf(read, {
          ...this.#place,
          context: this.#context,
          table: this.table.table,
          policy: `columns.${column}.read`,
          operation: "read",
        }) !== true;
  }
}

function without(row: AnyRow, isLeftOut: (column: string) => boolean): AnyRow {
  const columns = Object.keys(row);
  return columns.some(isLeftOut)
    ? Object.fromEntries(Object.entries(row).filter(([column]) => !isLeftOut(column)))
    : row;
}

function holds(
  formula: Formula,
  context: RLSContext,
  rows: RowsInMemory,
  memory: Memory,
  site: Site,
): boolean {
  // What may be read is asked of the new row as well.
  const about: RowsInMemory = site === "update-check" && formula.side === "using"
    ? { row: rows.data!, data: rows.data }
    : rows;
  const of = (leaf: Leaf): Truth => {
    const { verdict, negated } = leaf;
    if (verdict.kind !== "sql") return truthOfLeaf(leaf, formula, context, about, memory.compare);
    const row = formula.side === "check" ? about.data ?? about.row : about.row;
    const truth = evaluate(verdict.node, memory.evaluated(row));
    // What is not known to the database counts as refused.
    return truth === null ? false : truth === undefined ? undefined : truth !== negated;
  };
  const truth = truthOf(formula, of);
  if (truth !== undefined) return truth;
  const [policy = ""] = blamed(formula, of);
  throw new RLSPolicyEvaluationError(
    { operation: formula.command, table: memory.table.table },
    policy,
    "it cannot be told without the database: it asks for related rows, or is another subquery, a " +
      "function of SQL or an async function; or it looks at a column that is not in the row or is masked, or at a new row where " +
      "none is given; or compares values of different types, or texts that a collation may take " +
      "for the same; run the statement and see whether it finds the row, or give the policy values " +
      "of the type that the driver gives the column",
  );
}
