import { usageError } from "../../contract/_cli_error.ts";
import { text } from "../../contract/_options.ts";
import { CHANGE_OPTIONS, changeFile, warnIfMissing } from "../../plugins/_change_file.ts";
import { findExecutorFile } from "../../plugins/_find_file.ts";
import { PLUGIN_NAMES, pluginNamed } from "../../plugins/_known.ts";
import { parseCode } from "../../plugins/_source.ts";
import { type Command, defineCommand } from "../../program/_command.ts";

/** `kysera plugin enable`. */
export const command: Command = defineCommand({
  description:
    "Adds it to the list that createExecutor() is given: in the configuration, in a module that it " +
    `imports, or in the only file that creates an executor. Plugins: ${
      PLUGIN_NAMES.join(", ")
    }, or ` +
    '"package#factory". The change is shown, and the rest of the file stays as it is.',
  arguments: [{ name: "name", description: "the plugin" }],
  options: {
    options: text("-o, --options <code>", "what the plugin is given: '{ tables: [\"users\"] }'"),
    ...CHANGE_OPTIONS,
  },
  examples: [
    ["kysera plugin enable soft-delete", "show the change, and make it"],
    [`kysera plugin enable audit -o '{ tables: ["users"] }' --yes`, "with options, without asking"],
    ["kysera plugin enable timestamps --dry-run", "show the change alone"],
  ],
  async run({ context, args: [name], options }) {
    const plugin = pluginNamed(name!);
    if (options.options !== undefined) parseCode(options.options, "--options");
    else if (plugin.needs !== undefined) {
      throw usageError(`${plugin.factory}() has to be told something`, {
        hint: `Give it with --options '${plugin.needs}'; the names in it have to be in the file.`,
      });
    }
    const file = await findExecutorFile(context, options.file);
    if (file.list.callOf(plugin) !== undefined) {
      const data = { file: file.path, changed: false, diff: "" };
      return { data, text: `${file.shown} has ${plugin.factory}() already` };
    }
    await warnIfMissing(context, plugin.from);
    return await changeFile(context, file, file.list.add(plugin, options.options), options);
  },
});
