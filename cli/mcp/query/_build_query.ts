import { detectDialect } from "@kysera/core";
import {
  type AliasableExpression,
  type AliasedExpression,
  expressionBuilder,
  type Kysely,
  type SelectQueryBuilder,
} from "kysely";
import { usageError } from "../../contract/_cli_error.ts";
import type { Relation } from "../_catalog.ts";
import { buildCondition, type ConditionTools } from "./_build_condition.ts";
import type { Condition, Query, Selected } from "./_query.ts";
import { Scope } from "./_scope.ts";

type Builder = SelectQueryBuilder<any, any, any>;

/** Returns the names of the tables that a query reads. */
export function tablesOf(query: Query): string[] {
  return [
    query.from,
    ...(query.joins ?? []).map(({ table }) => table),
    ...[query.where, query.having].flatMap((each) => each === undefined ? [] : tablesIn(each)),
  ];
}

/** Returns the names of the tables that the queries of a condition read. */
export function tablesIn(condition: Condition): string[] {
  if ("and" in condition) return condition.and.flatMap(tablesIn);
  if ("or" in condition) return condition.or.flatMap(tablesIn);
  if ("not" in condition) return tablesIn(condition.not);
  if ("exists" in condition) return tablesOf(condition.exists);
  return "query" in condition ? tablesOf(condition.query) : [];
}

/**
 * Builds a query of Kysely. Tables and columns are looked up, and values are parameters.
 *
 * @param db the executor: its plugins hold for the query
 * @param limit how many rows it gives at most
 * @throws {CliError} for a name that does not exist
 */
export function buildQuery(
  db: Kysely<any>,
  relations: ReadonlyMap<string, Relation>,
  query: Query,
  limit: number,
): Builder {
  const built = buildSelect(query, new Scope(relations), toolsOf(db));
  return built.limit(Math.min(query.limit ?? limit, limit));
}

/** Returns what conditions are built with. */
export function toolsOf(db: Kysely<any>): ConditionTools {
  const tools: ConditionTools = {
    db,
    dialect: detectDialect(db),
    build: (query, scope) => {
      if (query.offset !== undefined && query.limit === undefined) {
        throw usageError('A query in a condition has an "offset" and no "limit"');
      }
      const built = buildSelect(query, scope, tools);
      return query.limit === undefined ? built : built.limit(query.limit);
    },
  };
  return tools;
}

function buildSelect(query: Query, scope: Scope, tools: ConditionTools): Builder {
  const from = scope.add(query.from, query.as);
  const joins = (query.joins ?? []).map((join) => ({
    ...join,
    name: scope.add(join.table, join.as),
  }));
  let built: Builder = tools.db.selectFrom(from);
  for (const { type, name, on } of joins) {
    const joined = type === "left" ? built.leftJoin.bind(built) : built.innerJoin.bind(built);
    built = joined(
      name,
      (join) =>
        on.reduce(
          (all, { left, right }) => all.on(scope.column(left), "=", scope.column(right)),
          join,
        ),
    );
  }
  built = built.select(selectionsOf(query, scope));
  if (query.distinct === true) built = built.distinct();
  if (query.where !== undefined) built = built.where(buildCondition(query.where, scope, tools));
  for (const column of query.groupBy ?? []) built = built.groupBy(scope.column(column));
  if (query.having !== undefined) {
    built = built.having(buildCondition(query.having, scope, tools, "groups"));
  }
  for (const { column, direction = "asc" } of query.orderBy ?? []) {
    built = built.orderBy(scope.result(column), direction);
  }
  return query.offset === undefined ? built : built.offset(query.offset);
}

function selectionsOf(query: Query, scope: Scope): AliasedExpression<unknown, string>[] {
  const all = () =>
    [...scope.relation(query.from).columns].map((name) => `${query.as ?? query.from}.${name}`);
  const seen = new Set<string>();
  return (query.columns ?? all()).map((selected) => {
    const { expression, name } = selectionOf(selected, scope);
    if (seen.has(name)) {
      throw usageError(`Two columns of the result are called "${name}": give one an alias by "as"`);
    }
    seen.add(name);
    return expression.as(name);
  });
}

function selectionOf(
  selected: Selected,
  scope: Scope,
): { readonly expression: AliasableExpression<unknown>; readonly name: string } {
  if (typeof selected === "string" || !("aggregate" in selected)) {
    const { column, as } = typeof selected === "string"
      ? { column: selected, as: undefined }
      : selected;
    return { expression: scope.column(column), name: as ?? scope.resolve(column).column };
  }
  const expression = aggregateOf(selected, scope);
  scope.aggregates.set(selected.as, expression);
  return { expression, name: selected.as };
}

function aggregateOf(
  { aggregate, column, distinct }: Extract<Selected, { aggregate: unknown }>,
  scope: Scope,
): AliasableExpression<unknown> {
  const { fn } = expressionBuilder<any, any>();
  if (column === undefined) {
    if (aggregate === "count" && distinct !== true) return fn.countAll();
    throw usageError(`"${aggregate}" has to name a column`);
  }
  const call = fn.agg<unknown>(aggregate, [scope.column(column) as any]);
  return distinct === true ? call.distinct() : call;
}
