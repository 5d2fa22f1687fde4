import { ExplainNode } from "kysely";
import type { Dialect } from "../dialect.ts";
import { count } from "./_count.ts";
import { withoutOrder } from "./_nodes.ts";
import { type AnyQuery, type Inspected, replace } from "./_query.ts";
import type { TotalMode } from "./paginated_result.ts";

/** How many rows the query has, as exactly as is asked for. */
export async function totalOf(
  query: AnyQuery,
  inspected: Inspected,
  dialect: Dialect,
  mode: TotalMode,
): Promise<number | undefined> {
  if (mode === "none") return undefined;
  const guess = mode === "estimate" ? await estimate(query, inspected, dialect) : undefined;
  return guess ?? await count(query, inspected);
}

/** What the planner thinks; `undefined` where it does not say. */
async function estimate(
  query: AnyQuery,
  inspected: Inspected,
  dialect: Dialect,
): Promise<number | undefined> {
  const explain = (format?: "json") =>
    replace(query, inspected, {
      ...withoutOrder(inspected.node),
      explain: ExplainNode.create(format),
    }).execute();
  switch (dialect) {
    case "postgres":
      return postgresRows(await explain("json"));
    case "mysql":
      return mysqlRows(await explain());
    default:
      return undefined;
  }
}

/** `[{ "QUERY PLAN": [{ Plan: { "Plan Rows": 7 } }] }]`; plugins may have changed the outer name. */
function postgresRows([row]: Record<string, unknown>[]): number | undefined {
  let plan = Object.values(row ?? {})[0];
  if (typeof plan === "string") plan = JSON.parse(plan);
  const rows: unknown = (plan as { Plan?: { "Plan Rows"?: unknown } }[])[0]?.Plan?.["Plan Rows"];
  return typeof rows === "number" ? rows : undefined;
}

/** One row per table, in the order they are joined; each has the rows that it multiplies by. */
function mysqlRows(rows: Record<string, unknown>[]): number | undefined {
  let product = 1;
  for (const { id, rows: read, filtered } of rows) {
    if (Number(id) !== 1) continue;
    // `rows` is NULL where no table is read
    product *= Number(read ?? 1) * Number(filtered ?? 100) / 100;
  }
  return Number.isFinite(product) ? Math.round(product) : undefined;
}
