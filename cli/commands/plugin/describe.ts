import { didYouMean } from "@kysera/core";
import { describeExecutor } from "@kysera/executor";
import { openExecutor } from "../../program/_open_executor.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";

/** `kysera plugin describe`. */
export const command: Command = defineCommand({
  description: "The executor is the one that `database.kysely` of the configuration creates.",
  arguments: [{ name: "name", description: "only this plugin", isOptional: true }],
  options: {},
  examples: [["kysera plugin describe @kysera/rls", "see which tables it guards, and how"]],
  async run({ context, args: [name] }) {
    const { plugins, warnings = [] } = await describeExecutor(
      await openExecutor(context, undefined),
    );
    const known = plugins.map((plugin) => plugin.name);
    if (name !== undefined && !known.includes(name)) {
      throw usageError(`The executor has no plugin "${name}"${didYouMean(name, known)}`);
    }
    const isShown = (plugin: string) => name === undefined || plugin === name;
    for (const { plugin, table, warning } of warnings) {
      if (isShown(plugin)) context.warn(`${table}: ${warning}`);
    }
    const shown = plugins.filter((plugin) => isShown(plugin.name));
    const { bold } = context.colors;
    return {
      data: { plugins: shown },
      text: shown.map((plugin) =>
        [
          bold(`${plugin.name} ${plugin.version}`),
          ...plugin.everywhere.map((effect) => `  ${effect}`),
          ...plugin.tables.flatMap(({ table, effects }) =>
            effects.map((effect) => `  ${table}: ${effect}`)
          ),
        ].join("\n")
      ).join("\n\n"),
    };
  },
});
