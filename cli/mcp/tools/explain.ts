import { detectDialect, type Dialect } from "@kysera/core";
import { explainQuery, isKyseraExecutor } from "@kysera/executor";
import { sql } from "kysely";
import { reading } from "../../connect/_sessions.ts";
import { defineTool, type Tool } from "../_tool.ts";
import { buildQuery, tablesOf } from "../query/_build_query.ts";
import { type Query, QUERY_FIELDS } from "../query/_query.ts";

/** How a dialect is asked for a plan. */
const PLANS: Readonly<
  Partial<Record<Dialect, Parameters<ReturnType<typeof buildQuery>["explain"]>>>
> = {
  // Estimates are made of rows that may be hidden.
  postgres: ["text", sql`costs off`],
  sqlite: [undefined, sql`query plan`],
  mysql: [],
};

/** What plans tell of the number of rows. */
const ESTIMATES: ReadonlySet<string> = new Set(["rows", "filtered", "r_rows", "r_filtered"]);

/** Explains a query. */
export const tool: Tool = defineTool<Query>({
  name: "explain",
  title: "Explain a query",
  description:
    "Tells what a query of the tool `query` becomes: the SQL before and after the plugins, " +
    "the rules that were applied, and the plan of the database. Nothing is run.",
  input: QUERY_FIELDS,
  async run(query, { db, catalog, limits }) {
    const names = tablesOf(query);
    const relations = await catalog.having(names);
    return await reading(db, limits.timeout, async (session) => {
      const built = buildQuery(session, relations, query, limits.maxRows);
      const rules = isKyseraExecutor(session) ? rulesOf(explainQuery(session, built)) : {
        before: built.compile().sql,
      };
      const plan = await built.explain(...PLANS[detectDialect(db)] ?? []);
      return {
        data: { ...rules, plan: plan.map(planLine) },
        log: [...new Set(names)].join(", "),
      };
    });
  },
});

function rulesOf(
  { before, after, refused, references }: ReturnType<typeof explainQuery>,
): Record<string, unknown> {
  if (refused !== undefined) throw refused;
  return {
    before,
    after,
    rules: references.flatMap(({ table, alias, rules }) =>
      rules.map(({ plugin, hook, says }) => ({ table, alias, plugin, hook, says }))
    ),
  };
}

/** A line of a plan: without estimates, and as a text if it is one. */
function planLine(row: Record<string, unknown>): unknown {
  if (typeof row["detail"] === "string") return row["detail"];
  const columns = Object.entries(row).filter(([name]) => !ESTIMATES.has(name));
  return columns.length === 1 ? columns[0]![1] : Object.fromEntries(columns);
}
