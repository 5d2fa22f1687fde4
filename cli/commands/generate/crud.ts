import { join, resolve } from "node:path";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";
import type { CodeRelation } from "../../templates/code/_code_relation.ts";
import { modelFile } from "../../templates/code/_model_file.ts";
import { schemaFile } from "../../templates/code/_schema_file.ts";
import { LIBRARY_OPTION, libraryFor } from "./_library.ts";
import { CODE_OPTIONS, importOf, openCode } from "./_open_code.ts";
import { assertRestorable, REPOSITORY_OPTIONS, repositoryFiles } from "./_repository_files.ts";
import { type CodeFile, WRITE_OPTIONS, writtenFiles } from "./_written_files.ts";

/** `kysera generate crud`. */
export const command: Command = defineCommand({
  description:
    "Writes models/, schemas/ and repositories/ in the folder, and a test. The types and what opens the\n" +
    "database of the tests are written where they are not there.",
  arguments: [{ name: "table", description: "the table or view" }],
  options: {
    outputDir: text("-o, --output-dir <folder>", "where to", { default: "./src" }),
    output: text("--output <folder>", "the same as --output-dir"),
    types: text("--types <file>", "the file of `generate types`; by default types.ts there"),
    library: LIBRARY_OPTION,
    ...REPOSITORY_OPTIONS,
    ...CODE_OPTIONS,
    ...WRITE_OPTIONS,
  },
  examples: [
    ["kysera generate crud users", "write all that is needed for users"],
    ["kysera generate crud users --with-soft-delete --dry-run", "show what would be written"],
  ],
  async run({ context, args: [name], options }) {
    const { withSoftDelete, withValidation } = options;
    const folder = options.output ?? options.outputDir;
    const opened = await openCode(context, name, options, {
      timestamps: options.withTimestamps,
      softDelete: withSoftDelete,
    });
    if (withSoftDelete) assertRestorable(opened.relations);
    const types = opened.typesFile(options.types ?? join(folder, "types.ts"));
    const pathOf = (kind: string, { fileName }: CodeRelation): string =>
      resolve(context.host.cwd, folder, kind, `${fileName}.ts`);
    const library = withValidation ? await libraryFor(context, options.library) : "zod";
    const files: CodeFile[] = opened.relations.flatMap((relation) => {
      const path = pathOf("models", relation);
      const typesImport = importOf(path, types.path);
      const { setByPlugins } = opened;
      return [
        { path, text: modelFile(relation, { typesImport, setByPlugins }) },
        ...withValidation
          ? [{
            path: pathOf("schemas", relation),
            text: schemaFile(relation, { library, strict: true }),
          }]
          : [],
      ];
    });
    const repositories = await repositoryFiles(context, opened, {
      ...options,
      output: join(folder, "repositories"),
      types,
      schemaPath: withValidation ? (relation) => pathOf("schemas", relation) : undefined,
    });
    return await writtenFiles(context, [types, ...files, ...repositories], options);
  },
});
