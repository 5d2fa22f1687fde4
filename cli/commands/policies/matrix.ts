import { compareFile } from "../../files/_compare_file.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { matrixText, snapshotText } from "../../policies/_matrix_text.ts";
import { readMatrix } from "../../policies/_read_matrix.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { openExecutor, PRINCIPALS_OPTION, principalsOf } from "../../program/_open_executor.ts";

/** `kysera policies matrix`. */
export const command: Command = defineCommand({
  description:
    "Principals are those of `policies.principals` in the configuration, or of --as. The policies are " +
    "those of the executor that `database.kysely` creates; no rows are read. A policy that is a function " +
    'of the row is shown as policy("name"). With --snapshot it exits with 3 where the file differs.',
  options: {
    as: PRINCIPALS_OPTION,
    table: list("-t, --table <names>", "only these tables"),
    snapshot: text("--snapshot <file>", "compare with this file, which is kept in the repository"),
    update: flag("--update", "write the file of --snapshot"),
  },
  examples: [
    ["kysera policies matrix", "see what each principal may do with each table"],
    [
      `kysera policies matrix -t posts --as 'ada={"userId":7,"tenantId":1}' --as null`,
      "for one table, as Ada and as nobody",
    ],
    ["kysera policies matrix --snapshot policies.txt", "find in CI that something has changed"],
  ],
  async run({ context, options }) {
    const { snapshot, update } = options;
    if (update && snapshot === undefined) {
      throw usageError("--update writes a file: name it with --snapshot");
    }
    const principals = await principalsOf(context, options.as);
    const executor = await openExecutor(context, undefined);
    const matrix = await readMatrix(executor, principals, options.table);
    if (snapshot === undefined) {
      return { data: { matrix }, text: matrixText(matrix, context.colors) };
    }
    return await compareFile(context, {
      path: snapshot,
      text: snapshotText(matrix),
      source: "the policies",
      isUpdated: update,
      cure: "run the command with --update",
    }, { matrix });
  },
});
