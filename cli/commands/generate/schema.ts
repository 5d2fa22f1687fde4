import { join } from "node:path";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { schemaFile } from "../../templates/code/_schema_file.ts";
import { LIBRARY_OPTION, libraryFor } from "./_library.ts";
import { CODE_OPTIONS, openCode, PLUGIN_OPTIONS, TABLE_ARGUMENT } from "./_open_code.ts";
import { WRITE_OPTIONS, writtenFiles } from "./_written_files.ts";

/** `kysera generate schema`. */
export const command: Command = defineCommand({
  description:
    "For a table `users`: UserSchema for rows, NewUserSchema for new ones, UserChangesSchema for\n" +
    "changes. They fit the types of `generate types`. Limits and lists of values are taken from checks.",
  arguments: [TABLE_ARGUMENT],
  options: {
    output: text("-o, --output <folder>", "where to", { default: "./src/schemas" }),
    library: LIBRARY_OPTION,
    strict: flag("--no-strict", "leave out keys that are not columns, and do not refuse them"),
    ...PLUGIN_OPTIONS,
    ...CODE_OPTIONS,
    ...WRITE_OPTIONS,
  },
  examples: [
    ["kysera generate schema", "write those of every table"],
    ["kysera generate schema users --library valibot --dry-run", "show those of one"],
  ],
  async run({ context, args: [name], options }) {
    const library = await libraryFor(context, options.library);
    const { relations } = await openCode(context, name, options, options);
    const files = relations.map((relation) => ({
      path: join(options.output, `${relation.fileName}.ts`),
      text: schemaFile(relation, { library, strict: options.strict }),
    }));
    return await writtenFiles(context, files, options, { library });
  },
});
