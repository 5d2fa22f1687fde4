import type { Dialect } from "@kysera/core";
import { type Expression, expressionBuilder, type Kysely, type SqlBool } from "kysely";
import { usageError } from "../../contract/_cli_error.ts";
import type { Condition, Query, Value } from "./_query.ts";
import type { Scope } from "./_scope.ts";

/** What conditions are built with. */
export interface ConditionTools {
  readonly db: Kysely<any>;
  readonly dialect: Dialect;
  /** Builds a query that stands in a condition. */
  build(query: Query, scope: Scope): Expression<any>;
}

/**
 * Builds a condition.
 *
 * @param of whether it is one of rows, or one of groups, in which aggregates can be named
 */
export function buildCondition(
  condition: Condition,
  scope: Scope,
  tools: ConditionTools,
  of: "rows" | "groups" = "rows",
): Expression<SqlBool> {
  scope.countPart();
  const eb = expressionBuilder<any, any>();
  const each = (conditions: readonly Condition[]) =>
    conditions.map((inner) => buildCondition(inner, scope, tools, of));
  if ("and" in condition) return eb.and(each(condition.and));
  if ("or" in condition) return eb.or(each(condition.or));
  if ("not" in condition) return eb.not(buildCondition(condition.not, scope, tools, of));
  if ("exists" in condition) return eb.exists(tools.build(condition.exists, scope.inner()));
  const column = of === "groups" ? scope.result(condition.column) : scope.column(condition.column);
  if (isAboutNull(condition)) return eb(column, condition.op === "is null" ? "is" : "is not", null);
  const op = operatorOf(condition.op, tools.dialect);
  if ("value" in condition) return eb(column, op, valueOf(condition.value, tools.dialect));
  if ("other" in condition) return eb(column, op, scope.column(condition.other));
  if ("values" in condition) {
    return eb(column, op, condition.values.map((value) => valueOf(value, tools.dialect)));
  }
  if (condition.query.columns?.length !== 1) {
    throw usageError(`The query of "${condition.op}" has to have one column: name it in "columns"`);
  }
  return eb(column, op, tools.build(condition.query, scope.inner()));
}

type NullCondition = Extract<Condition, { op: "is null" | "is not null" }>;

type KyselyOperator = Exclude<
  Extract<Condition, { op: unknown }>["op"],
  "is null" | "is not null"
>;

function isAboutNull(condition: Condition): condition is NullCondition {
  return "op" in condition && (condition.op === "is null" || condition.op === "is not null");
}

/** The others compare texts without letter case by `like` itself. */
function operatorOf(op: KyselyOperator, dialect: Dialect): KyselyOperator {
  return op === "ilike" && dialect !== "postgres" ? "like" : op;
}

/** SQLite has numbers for truth values. */
export function valueOf(value: Value, dialect: Dialect): Value {
  return typeof value === "boolean" && dialect === "sqlite" ? Number(value) : value;
}
