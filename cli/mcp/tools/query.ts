import { rowsAnswer } from "../_answer.ts";
import { reading } from "../../connect/_sessions.ts";
import { defineTool, type Tool } from "../_tool.ts";
import { buildQuery, tablesOf } from "../query/_build_query.ts";
import { type Query, QUERY_FIELDS } from "../query/_query.ts";

/** Reads rows by a query that is JSON. */
export const tool: Tool = defineTool<Query>({
  name: "query",
  title: "Query rows",
  description: "Reads rows of tables. What may not be seen is not there. For example:\n" +
    '{"from":"posts","as":"p","joins":[{"type":"left","table":"users","as":"u",' +
    '"on":[{"left":"u.id","right":"p.user_id"}]}],"columns":["u.name",' +
    '{"aggregate":"count","as":"posts"}],"where":{"and":[{"column":"p.likes","op":">=","value":5}]},' +
    '"groupBy":["u.name"],"orderBy":[{"column":"posts","direction":"desc"}],"limit":10}',
  input: QUERY_FIELDS,
  async run(query, { db, catalog, limits }) {
    const names = tablesOf(query);
    const relations = await catalog.having(names);
    const limit = Math.min(query.limit ?? limits.maxRows, limits.maxRows);
    const rows = await reading(
      db,
      limits.timeout,
      (session) =>
        // One row more tells whether there are more.
        buildQuery(session, relations, query, query.limit === limit ? limit : limit + 1).execute(),
    );
    const answer = rowsAnswer(rows, limit);
    return { data: answer, log: `${[...new Set(names)].join(", ")}: ${answer.rowCount} rows` };
  },
});
