import { usageError } from "../../contract/_cli_error.ts";
import { list, text, texts } from "../../contract/_options.ts";
import { CHANGE_OPTIONS, changeFile } from "../../plugins/_change_file.ts";
import { findExecutorFile } from "../../plugins/_find_file.ts";
import { pluginNamed } from "../../plugins/_known.ts";
import { edited, parseCode } from "../../plugins/_source.ts";
import { PluginList } from "../../plugins/_plugin_list.ts";
import { type Command, defineCommand } from "../../program/_command.ts";

/** `kysera plugin config`. */
export const command: Command = defineCommand({
  description:
    "Shows what a plugin is given, or changes it, in the file that creates the executor. Values are " +
    "JavaScript: names in them have to be in the file.",
  arguments: [{ name: "name", description: "the plugin" }],
  options: {
    options: text("-o, --options <code>", "give it this, in place of all that it is given"),
    set: texts("-s, --set <name=code>", "set an option: 'tables=[\"users\"]'"),
    unset: list("--unset <names>", "take options away"),
    ...CHANGE_OPTIONS,
  },
  examples: [
    ["kysera plugin config soft-delete", "show its options"],
    [`kysera plugin config audit --set 'tables=["users"]' --unset excludeTables`, "change some"],
  ],
  async run({ context, args: [name], options }) {
    const plugin = pluginNamed(name!);
    const { set, unset } = options;
    if (options.options !== undefined && set.length + unset.length > 0) {
      throw usageError("--options gives all of them: leave --set and --unset out");
    }
    const file = await findExecutorFile(context, options.file);
    const call = file.list.callOf(plugin);
    if (call === undefined) {
      throw usageError(`${file.shown} does not have ${plugin.factory}()`, {
        hint: `Add it by \`kysera plugin enable ${name}\`.`,
      });
    }
    const given = file.list.optionsOf(call);
    if (options.options === undefined && set.length + unset.length === 0) {
      return {
        data: { file: file.path, options: given ?? null },
        text: `${plugin.factory}(${given ?? ""})`,
      };
    }
    if (options.options !== undefined) {
      parseCode(options.options, "--options");
      return await changeFile(context, file, [file.list.configure(call, options.options)], options);
    }
    const members = [...set.map(readMember), ...unset.map((each) => [each, undefined] as const)];
    // One after the other: each change moves what stands behind it.
    let text = file.text;
    for (const [member, value] of members) {
      const now = PluginList.find(text, file.shown)!;
      const edits = now.setMember(now.callOf(plugin)!, member, value);
      if (edits === undefined) throw usageError(`${plugin.factory}() is not given "${member}"`);
      text = edited(text, edits);
    }
    const whole = { start: 0, end: file.text.length, text };
    return await changeFile(context, file, [whole], options);
  },
});

function readMember(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  const name = text.slice(0, at).trim();
  const value = text.slice(at + 1).trim();
  if (at < 1 || name === "" || value === "") {
    throw usageError(`--set: "${text}" sets nothing`, { hint: `Write --set 'tables=["users"]'.` });
  }
  parseCode(value, "--set");
  return [name, value];
}
