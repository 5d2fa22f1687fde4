import { getRawDb } from "@kysera/executor";
import { readSchema } from "@kysera/migrations/schema";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag } from "../../contract/_options.ts";
import { checkRepository } from "../../repositories/_check_repository.ts";
import { NONE, REPOSITORY_OPTIONS, withRepositories } from "./_open_repositories.ts";

/** `kysera repository validate`. */
export const command: Command = defineCommand({
  description:
    "Finds tables and columns that do not exist, keys that rows can share, and columns that have to have\n" +
    "a value and that `schemas.create` does not ask for. Exits with 3 if there is an error.",
  options: {
    strict: flag("--strict", "exit with 3 for warnings, too"),
    ...REPOSITORY_OPTIONS,
  },
  examples: [
    ["kysera repository validate", "find what no longer fits"],
    ["kysera repository validate --strict --json", "the same in a pipeline"],
  ],
  async run({ context, options }) {
    return await withRepositories(context, options, async (found, db) => {
      const snapshot = await readSchema(getRawDb(db).withoutPlugins());
      const repositories = [];
      for (const each of found) {
        const { name, file, table } = each;
        repositories.push({
          name,
          file,
          table,
          findings: await checkRepository(each, db, snapshot),
        });
      }
      const all = repositories.flatMap(({ findings }) => findings);
      const errors = all.filter(({ severity }) => severity === "error").length;
      const { bold, red, yellow } = context.colors;
      const paint = { error: red, warning: yellow };
      const lines = repositories.filter(({ findings }) => findings.length > 0).map((each) =>
        [
          `${bold(each.name)} (${each.file})`,
          ...each.findings.map(({ severity, message }) =>
            `  ${paint[severity](severity)} ${message}`
          ),
        ].join("\n")
      );
      const summary = `${repositories.length} repositories: ${errors} errors, ` +
        `${all.length - errors} warnings`;
      const isBad = errors > 0 || (options.strict && all.length > 0);
      return {
        data: { repositories },
        text: repositories.length === 0 ? NONE : [...lines, summary].join("\n\n"),
        exitCode: isBad ? ExitCodes.FINDINGS : ExitCodes.OK,
      };
    });
  },
});
