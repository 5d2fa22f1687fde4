import { dirname, join, resolve } from "node:path";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";
import type { CodeRelation } from "../../templates/code/_code_relation.ts";
import { schemaFile } from "../../templates/code/_schema_file.ts";
import { LIBRARY_OPTION, libraryFor } from "./_library.ts";
import { CODE_OPTIONS, openCode, TABLE_ARGUMENT, TYPES_OPTION } from "./_open_code.ts";
import { assertRestorable, REPOSITORY_OPTIONS, repositoryFiles } from "./_repository_files.ts";
import { type CodeFile, WRITE_OPTIONS, writtenFiles } from "./_written_files.ts";

/** `kysera generate repository`. */
export const command: Command = defineCommand({
  description:
    "For a table `users`: the function userRepository, with a test that runs. The types, the schemas\n" +
    "beside its folder and what opens the database of the tests are written where they are not there.\n" +
    "Of views there are methods that read.",
  arguments: [TABLE_ARGUMENT],
  options: {
    output: text("-o, --output <folder>", "where to", { default: "./src/repositories" }),
    types: TYPES_OPTION,
    library: LIBRARY_OPTION,
    ...REPOSITORY_OPTIONS,
    ...CODE_OPTIONS,
    ...WRITE_OPTIONS,
  },
  examples: [
    ["kysera generate repository users", "write one, its test, and what it needs"],
    ["kysera generate repository --no-with-validation --no-test", "write one of every table"],
  ],
  async run({ context, args: [name], options }) {
    const { withSoftDelete, withValidation } = options;
    const opened = await openCode(context, name, options, {
      timestamps: options.withTimestamps,
      softDelete: withSoftDelete,
    });
    const isNamed = name !== undefined || options.table.length > 0;
    if (withSoftDelete && isNamed) assertRestorable(opened.relations);
    const types = opened.typesFile(options.types);
    const schemaPath = ({ fileName }: CodeRelation): string =>
      resolve(context.host.cwd, dirname(options.output), join("schemas", `${fileName}.ts`));
    const validated = withValidation ? opened.relations.filter((each) => each.isWritable) : [];
    const library = validated.length > 0 ? await libraryFor(context, options.library) : "zod";
    const schemas: CodeFile[] = validated.map((relation) => ({
      path: schemaPath(relation),
      text: schemaFile(relation, { library, strict: true }),
      isNeeded: true,
    }));
    const files = await repositoryFiles(context, opened, {
      ...options,
      types,
      schemaPath: withValidation ? schemaPath : undefined,
    });
    return await writtenFiles(context, [types, ...schemas, ...files], options);
  },
});
