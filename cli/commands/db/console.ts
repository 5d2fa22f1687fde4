import { detectDialect } from "@kysera/core";
import { bindContext, isKyseraExecutor } from "@kysera/executor";
import type { Kysely } from "kysely";
import { runLine } from "../../console/_run_line.ts";
import { statementsOf } from "../../console/_statements_of.ts";
import { usageError } from "../../program/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../program/_options.ts";

/** `kysera db console`. */
export const command: Command = defineCommand({
  description:
    "A line is a statement of SQL, which may go on until a semicolon, or JavaScript that begins with\n" +
    "`db.` or `sql`. With `database.kysely` in the configuration the plugins of that executor hold. In a\n" +
    "pipe the statements of the standard input are run.",
  options: {
    query: text("-q, --query <sql>", "run this alone"),
    as: text("--as <json>", 'who asks, for the plugins: \'{"userId":1,"tenantId":7}\''),
    schema: text("-s, --schema <name>", "names without a schema mean this one"),
  },
  examples: [
    ["kysera db console", "begin"],
    ['kysera db console -q "select count(*) from users"', "run one statement"],
    ["kysera db console -q 'db.selectFrom(\"users\").selectAll()'", "run one of Kysely"],
  ],
  async run({ context, options }) {
    const opened = await context.open({ missing: "refuse", schema: options.schema });
    const db = boundTo(opened.db, options.as);
    if (options.query !== undefined) {
      const answer = await runLine(db, options.query, context.colors);
      return { data: answer.data, text: answer.text };
    }
    if (context.host.isInteractive && !context.shared.json) {
      const { startConsole } = await import("../../console/_start_console.ts");
      await startConsole(context, db, opened.target.label);
      return { data: undefined };
    }
    const input = await context.host.readInput();
    const answers = [];
    for (const line of statementsOf(input, detectDialect(db))) {
      answers.push(await runLine(db, line, context.colors));
    }
    return {
      data: answers.map(({ data }) => data),
      text: answers.map((answer) => answer.text).join("\n"),
    };
  },
});

/** Returns the executor for a principal. */
function boundTo(db: Kysely<any>, as: string | undefined): Kysely<any> {
  if (as === undefined) return db;
  if (!isKyseraExecutor(db)) {
    throw usageError("--as is for the plugins of an executor, and there is none", {
      hint: "Create it in the configuration: `database: { kysely: () => createExecutor(..) }`.",
    });
  }
  let auth: unknown;
  try {
    auth = JSON.parse(as);
  } catch (cause) {
    throw usageError("--as is not JSON", { cause, hint: "Write --as '{\"userId\":1}'." });
  }
  if (typeof auth !== "object" || auth === null) throw usageError("--as has to be an object");
  return bindContext(db, { auth: { roles: [], ...auth } });
}
