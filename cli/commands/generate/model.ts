import { join, resolve } from "node:path";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";
import { modelFile } from "../../templates/code/_model_file.ts";
import {
  CODE_OPTIONS,
  importOf,
  openCode,
  PLUGIN_OPTIONS,
  TABLE_ARGUMENT,
  TYPES_OPTION,
} from "./_open_code.ts";
import { WRITE_OPTIONS, writtenFiles } from "./_written_files.ts";

/** `kysera generate model`. */
export const command: Command = defineCommand({
  description:
    "For a table `users`: the types User of rows, NewUser of new ones, UserChanges of changes.",
  arguments: [TABLE_ARGUMENT],
  options: {
    output: text("-o, --output <folder>", "where to", { default: "./src/models" }),
    types: TYPES_OPTION,
    ...PLUGIN_OPTIONS,
    ...CODE_OPTIONS,
    ...WRITE_OPTIONS,
  },
  examples: [
    ["kysera generate model", "write those of every table"],
    ["kysera generate model users -o src/model --types src/db.ts", "write those of one"],
  ],
  async run({ context, args: [name], options }) {
    const { relations, setByPlugins, typesFile } = await openCode(context, name, options, options);
    const types = typesFile(options.types);
    const files = relations.map((relation) => {
      const path = resolve(context.host.cwd, join(options.output, `${relation.fileName}.ts`));
      const typesImport = importOf(path, types.path);
      return { path, text: modelFile(relation, { typesImport, setByPlugins }) };
    });
    return await writtenFiles(context, [types, ...files], options);
  },
});
