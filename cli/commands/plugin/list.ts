import { describeExecutor } from "@kysera/executor";
import { openExecutor } from "../../program/_open_executor.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { table } from "../../terminal/_table.ts";

/** `kysera plugin list`. */
export const command: Command = defineCommand({
  description: "The executor is the one that `database.kysely` of the configuration creates.",
  options: {},
  examples: [["kysera plugin list", "see the order"]],
  async run({ context }) {
    const { plugins, rawSql } = await describeExecutor(await openExecutor(context, undefined));
    const listed = plugins.map(({ name, version, priority, tables }) => ({
      name,
      version,
      priority,
      tables: tables.length,
    }));
    return {
      data: { plugins: listed, rawSql },
      text: listed.length === 0 ? "The executor has no plugins" : `${
        table(
          ["Plugin", "Version", "Priority", "Tables"],
          listed.map(({ name, version, priority, tables }) => [name, version, priority, tables]),
          context.colors.bold,
        )
      }\n\nRaw SQL: ${rawSql}`,
    };
  },
});
