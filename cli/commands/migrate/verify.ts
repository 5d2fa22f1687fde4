import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../program/_exit_codes.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate verify`. */
export const command: Command = defineCommand({
  description: "Nothing is changed. Exits with 3 if something does not fit.",
  options: { ...HISTORY_OPTIONS },
  examples: [["kysera migrate verify", "find what was changed after it was applied"]],
  async run({ context, options }) {
    const { runner } = await openRunner(context, { ...options, writes: false });
    const problems = await runner.verify();
    return {
      data: { problems },
      text: problems.length === 0
        ? "The migrations fit the history"
        : problems.map(({ migrationName, message, diff }) =>
          `${context.colors.bold(migrationName)}: ${message}${
            diff === undefined ? "" : `\n${diff}`
          }`
        ).join("\n"),
      exitCode: problems.length === 0 ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});
