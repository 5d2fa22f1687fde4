import { detectDialect } from "@kysera/core";
import { AS_OPTION, boundTo, principalsIn } from "../../program/_open_executor.ts";
import { runLine } from "../../console/_run_line.ts";
import { statementsOf } from "../../console/_statements_of.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";

/** `kysera db console`. */
export const command: Command = defineCommand({
  description:
    "A line is a statement of SQL, which may go on until a semicolon, or JavaScript that begins with\n" +
    "`db.` or `sql`. With `database.kysely` in the configuration the plugins of that executor hold. In a\n" +
    "pipe the statements of the standard input are run.",
  options: {
    query: text("-q, --query <sql>", "run this alone"),
    as: AS_OPTION,
    schema: text("-s, --schema <name>", "names without a schema mean this one"),
  },
  examples: [
    ["kysera db console", "begin"],
    ['kysera db console -q "select count(*) from users"', "run one statement"],
    ["kysera db console -q 'db.selectFrom(\"users\").selectAll()'", "run one of Kysely"],
  ],
  async run({ context, options }) {
    const opened = await context.open({ missing: "refuse", schema: options.schema });
    const db = boundTo(opened.db, options.as, await principalsIn(context));
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
