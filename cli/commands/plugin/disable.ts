import { CHANGE_OPTIONS, changeFile } from "../../plugins/_change_file.ts";
import { findExecutorFile } from "../../plugins/_find_file.ts";
import { pluginNamed } from "../../plugins/_known.ts";
import { type Command, defineCommand } from "../../program/_command.ts";

/** `kysera plugin disable`. */
export const command: Command = defineCommand({
  description:
    "Takes it out of the list that createExecutor() is given, and its import where nothing else needs " +
    "it. What it did is not undone: rows that soft delete hides are shown, policies are not enforced.",
  arguments: [{ name: "name", description: "the plugin" }],
  options: CHANGE_OPTIONS,
  examples: [["kysera plugin disable audit --dry-run", "show the change alone"]],
  async run({ context, args: [name], options }) {
    const plugin = pluginNamed(name!);
    const file = await findExecutorFile(context, options.file);
    if (file.list.callOf(plugin) === undefined) {
      const data = { file: file.path, changed: false, diff: "" };
      return { data, text: `${file.shown} does not have ${plugin.factory}()` };
    }
    return await changeFile(context, file, file.list.remove(plugin), options);
  },
});
