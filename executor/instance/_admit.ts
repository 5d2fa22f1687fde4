import type { CompiledQuery, RawNode } from "kysely";
import { ForeignQueryError, QueryRefusedError, RawSqlError } from "../contract/errors.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { PluginRules } from "../hooks/_rules.ts";
import { Pass, type PassOptions } from "../rewrite/_pass.ts";
import { walk } from "../rewrite/_walk.ts";
import { textOf } from "../tree/_raw_text.ts";
import { ExecutorQuery } from "./_compiled_query.ts";

/**
 * Returns the query that is to run in the place of a compiled one, or refuses it.
 *
 * | query                                       | `rawSql: "allow"`         | `rawSql: "deny"` |
 * | ------------------------------------------- | ------------------------- | ---------------- |
 * | compiled by an instance of this scope       | runs                      | runs             |
 * | raw SQL, compiled by one of this scope      | runs, except TRUNCATE     | runs: it was read |
 * | raw SQL, compiled elsewhere                 | runs, except TRUNCATE     | refused          |
 * | compiled elsewhere, names no guarded table  | runs                      | refused          |
 * | compiled elsewhere, names a guarded table   | refused                   | refused          |
 *
 * Where the caller may be another one than when it was compiled, what hooks read of the caller is
 * compared (`ContextReads`): a query that was compiled for one caller does not run for another.
 *
 * @param run stands for the run of the query
 */
export function admit<R>(
  query: CompiledQuery<R>,
  rules: PluginRules,
  run: object,
): CompiledQuery<R> {
  ExecutorQuery.seal(query);
  const { query: node } = query;
  if (node.kind === "RawNode") {
    if (rules.deniesRaw && !ExecutorQuery.isRead(query)) {
      throw new RawSqlError("the query is raw SQL that this executor has not read");
    }
    if (!rules.deniesRaw) {
      if (!rules.idle) refuseTruncate(query, rules);
      return query;
    }
  }
  const by = ExecutorQuery.rulesOf(query);
  if (by !== undefined && by.set === rules.set && by.request === rules.request) {
    const reads = rules.callerMayChange ? ExecutorQuery.readsOf(query) : undefined;
    if (reads === undefined) return query;
    const admitted = reads.admit(
      query,
      rules.request.context,
      run,
      (run, before) => rules.isSameCaller(run, before),
    );
    if (admitted !== undefined) {
      ExecutorQuery.seal(admitted);
      // What was compiled again gives rows of the same type.
      return admitted as CompiledQuery<R>;
    }
    throw new ForeignQueryError(
      "it was compiled for another caller; compile it for the caller that runs it",
    );
  }
  if (
    rules.deniesRaw || Pass.start(rules, COMPARING).visit(node) !== node
  ) {
    throw new ForeignQueryError(
      "it was compiled by another executor instance, or under another context; compile it with " +
        "the instance that runs it",
    );
  }
  return query;
}

const COMPARING: PassOptions = { walk, mode: "run" };

/** TRUNCATE takes no condition; raw SQL is where it comes from. A call of truncate() is none. */
const TRUNCATE = /\btruncate\b(?!\s*\()/i;

function refuseTruncate(query: CompiledQuery, rules: PluginRules): void {
  for (const { name } of truncated(query)) {
    if (rules.table(name, undefined)?.applies !== true) continue;
    throw new QueryRefusedError(
      `Cannot truncate table "${name}": it would remove rows that a plugin hides; ` +
        `delete the rows, or run it on getRawDb(executor)`,
      "TRUNCATE",
      name,
    );
  }
}

/** Returns whatever may be the name of a table in raw SQL that truncates one. */
export function truncated({ query }: CompiledQuery): readonly TableId[] {
  if (query.kind !== "RawNode") return NONE;
  const text = textOf(query as RawNode).replace(/'(?:[^']|'')*'/g, "''");
  if (!TRUNCATE.test(text)) return NONE;
  const written = [...text.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)].map(([name]) => name);
  const names = written.flatMap((name) => [name, name.toLowerCase()]);
  const nodes: unknown[] = [...(query as RawNode).parameters];
  while (nodes.length > 0) {
    const next = nodes.pop();
    if (typeof next !== "object" || next === null) continue;
    if ("name" in next && typeof next.name === "string") names.push(next.name);
    if ("kind" in next && next.kind !== "ValueNode") nodes.push(...Object.values(next).flat());
  }
  return [...new Set(names)].filter((name) => !WORDS.test(name)).map((name) => ({ name }));
}

const NONE: readonly TableId[] = [];
/** Words of the statement itself. */
const WORDS = /^(?:truncate|table|only|restart|continue|identity|cascade|restrict)$/i;
