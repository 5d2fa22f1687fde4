import type { Compilable, Kysely, KyselyPlugin, RootOperationNode } from "kysely";
import { createQueryId } from "kysely";
import { leave, mustHaveGuard } from "../instance/_graft.ts";
import { HandleCommand } from "../instance/_executor_command.ts";
import { restore } from "../instance/_restore.ts";
import { Trace } from "../hooks/_trace.ts";
import type { QueryOperation } from "../contract/plugin.ts";

/** A hook's say about a reference. */
export interface AppliedRule {
  /** The plugin. */
  readonly plugin: string;
  /** Which of its hooks. */
  readonly hook: ExplainedHook;
  /** What the plugin's `explain` tells of it: names of policies, say. */
  readonly says: readonly string[];
}

/** The hooks whose answers are explained. */
export type ExplainedHook = "filter" | "stamp" | "check" | "mask" | "rewriteDelete";

/** What the plugins did about one table reference. */
export interface ExplainedReference {
  /** The table as the query wrote it. */
  readonly table: string;
  /** The schema the query qualified it with. */
  readonly schema: string | undefined;
  /** The name its columns are qualified with. */
  readonly alias: string;
  /** What is done with it. */
  readonly operation: QueryOperation;
  /** Whether it is read or written. */
  readonly role: "source" | "target";
  /** Which rules applied, in the order of their plugins; none where all had nothing to say. */
  readonly rules: readonly AppliedRule[];
}

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
 * @param executor the executor, or any handle of it: its context and flags count
 * @param query a query builder of that handle
 * @returns the SQL before and after, and the rules that applied to each table reference
 * @throws {ExecutorError} where the value is no executor
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
  const guard = mustHaveGuard(executor, "explain a query");
  // The builder past the plugins: what it makes is as its user wrote it, subqueries apart.
  const bare = query.withPlugin(new HandleCommand("bare")) as unknown as {
    toOperationNode(): RootOperationNode;
  };
  const inner = leave(executor).getExecutor();
  const queryId = createQueryId();
  const written = restore(bare.toOperationNode(), guard) as RootOperationNode;
  const before = inner.compileQuery(inner.transformQuery(written, queryId), queryId).sql;
  const trace = new Trace();
  const outer = guard.core.trace;
  guard.core.trace = trace;
  try {
    const { sql: after } = query.compile();
    return { before, after, refused: undefined, references: trace.references };
  } catch (error) {
    const refused = error instanceof Error ? error : new Error(String(error));
    return { before, after: undefined, refused, references: trace.references };
  } finally {
    guard.core.trace = outer;
  }
}

/** A query builder of Kysely. */
export interface ExplainableQuery extends Compilable {
  /** Adds a plugin of Kysely's. */
  withPlugin(plugin: KyselyPlugin): unknown;
}
