import type { Compilable, Kysely, KyselyPlugin, RootOperationNode } from "kysely";
import { createQueryId } from "kysely";
import { leave, mustBeInstance } from "../instance/_graft.ts";
import { ExecutorCommand } from "../instance/_executor_command.ts";
import { restore } from "../instance/_provenance.ts";
import { type AppliedRule, type ExplainedReference, Trace } from "../hooks/_trace.ts";
import type { TableHook } from "../contract/_hook_table.ts";

export type { AppliedRule, ExplainedReference };

/** The hooks whose results are explained. */
export type ExplainedHook = TableHook;

/** What an executor makes of a query. */
export interface QueryExplanation {
  /** The SQL that the user wrote. */
  readonly before: string;
  /** The SQL that runs; `undefined` where it does not. */
  readonly after: string | undefined;
  /** Why it does not run. */
  readonly refused: Error | undefined;
  /** Each reference to a table that plugins care about, in the order they were met. */
  readonly references: readonly ExplainedReference[];
}

/**
 * Tells what an executor makes of a query, and why, without running it.
 *
 * @param executor the executor, or any instance of it: its context and flags count
 * @param query a query builder of that instance
 * @returns the SQL before and after, and the rules that applied to each table reference
 * @throws {ExecutorError} where the value is not an executor
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, explainQuery } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [{
 *   name: "visible",
 *   version: "1.0.0",
 *   filter: (users, { eb }) => eb(users.column("hidden"), "=", 0),
 *   explain: () => ["hidden users are not there"],
 * }]);
 * const { before, after, references } = explainQuery(
 *   executor,
 *   executor.selectFrom("users as u").select("u.id"),
 * );
 * assert.equal(before, `select "u"."id" from "users" as "u"`);
 * assert.equal(after, `select "u"."id" from "users" as "u" where "u"."hidden" = ?`);
 * assert.deepEqual(references[0]?.rules, [
 *   { plugin: "visible", hook: "filter", says: ["hidden users are not there"] },
 * ]);
 * ```
 */
export function explainQuery(executor: Kysely<any>, query: ExplainableQuery): QueryExplanation {
  const { rules } = mustBeInstance(executor, "explain a query");
  // The builder past the plugins: what it makes is as its user wrote it, subqueries apart.
  const bare = builderOn(query, (executor) => executor.inner.withoutPlugins());
  const inner = leave(executor).getExecutor();
  const queryId = createQueryId();
  const written = restore(bare.toOperationNode(), rules) as RootOperationNode;
  const before = inner.compileQuery(inner.transformQuery(written, queryId), queryId).sql;
  const trace = new Trace();
  const traced = builderOn(
    query,
    (executor) => executor.inMode({ mode: "explain", trace }),
  );
  try {
    const { sql: after } = traced.compile();
    return { before, after, refused: undefined, references: trace.references };
  } catch (error) {
    const refused = error instanceof Error ? error : new Error(String(error));
    return { before, after: undefined, refused, references: trace.references };
  }
}

/** Returns a query builder on another executor than its own. */
function builderOn(
  query: ExplainableQuery,
  obey: ExecutorCommand["obey"],
): Compilable & { toOperationNode(): RootOperationNode } {
  // withPlugin returns a builder of the same kind.
  return query.withPlugin(new ExecutorCommand(obey)) as Compilable & {
    toOperationNode(): RootOperationNode;
  };
}

/** A query builder of Kysely. */
export interface ExplainableQuery extends Compilable {
  /** Adds a plugin of Kysely's. */
  withPlugin(plugin: KyselyPlugin): unknown;
}
