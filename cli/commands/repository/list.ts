import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { table } from "../../terminal/_table.ts";
import { methodsOf } from "../../repositories/_methods.ts";
import { NONE, REPOSITORY_OPTIONS, withRepositories } from "./_open_repositories.ts";

/** `kysera repository list`. */
export const command: Command = defineCommand({
  description:
    "Modules that import @kysera/repository are loaded. What they export is a repository, a function\n" +
    "that creates one of a database, or a class that extends ContextAwareRepository. The database cannot\n" +
    "be written meanwhile.",
  options: {
    showMethods: flag("--show-methods", "show the names of the methods"),
    ...REPOSITORY_OPTIONS,
  },
  examples: [
    ["kysera repository list", "list those of src"],
    ["kysera repository list -d app -p '**/*Repository.ts'", "look elsewhere"],
  ],
  async run({ context, options }) {
    return await withRepositories(context, options, (found, db) => {
      const repositories = found.map((each) => ({
        name: each.name,
        file: each.file,
        table: each.table,
        primaryKey: each.primaryKey,
        methods: methodsOf(each, db).map(({ name }) => name),
      }));
      const rows = repositories.map(({ name, table, primaryKey, methods, file }) => [
        ...[name, table, primaryKey.join(", ")],
        options.showMethods ? methods.join(", ") : methods.length,
        file,
      ]);
      return Promise.resolve({
        data: { repositories },
        text: rows.length === 0
          ? NONE
          : table(["Name", "Table", "Key", "Methods", "File"], rows, context.colors.bold),
      });
    });
  },
});
