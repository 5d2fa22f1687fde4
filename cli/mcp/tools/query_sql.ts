import { z } from "zod";
import { rowsAnswer } from "../_answer.ts";
import { defineTool, type Tool } from "../_tool.ts";
import { runStatement } from "../sql/_run_statement.ts";

/** Reads rows by a text of SQL, where policies of the database guard them. */
export const tool: Tool = defineTool<{ readonly sql: string }>({
  name: "query_sql",
  title: "Query rows by SQL",
  description:
    "Reads rows by one SELECT, without comments, and with functions that only compute. " +
    "It is refused where only plugins guard the rows: use `query` there.",
  input: { sql: z.string() },
  async run({ sql }, { db, protection, limits: { maxRows, timeout }, parse }) {
    const rows = await runStatement(sql, { db, protection, limit: maxRows + 1, timeout, parse });
    const answer = rowsAnswer(rows, maxRows);
    return { data: answer, log: `${answer.rowCount} rows` };
  },
});
