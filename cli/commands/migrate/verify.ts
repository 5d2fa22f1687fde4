import { upDownUp, type UpDownUpResult } from "@kysera/migrations/schema";
import { SCRATCH_OPTION, scratchOf } from "../../connect/_scratch.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag } from "../../contract/_options.ts";
import { HISTORY_OPTIONS, type OpenedRunner, openRunner } from "./_open_runner.ts";

/** `kysera migrate verify`. */
export const command: Command = defineCommand({
  description:
    "The history is compared with the code. With --proof each migration also runs up, down and up again\n" +
    "on a scratch database, and the schemas are compared. The database is only read. Exits with 3 if\n" +
    "something does not fit.",
  options: {
    proof: flag("--proof", "prove that each down undoes its up"),
    scratch: SCRATCH_OPTION,
    ...HISTORY_OPTIONS,
  },
  examples: [
    ["kysera migrate verify", "find what was changed after it was applied"],
    ["kysera migrate verify --proof", "find a down that does not undo its up"],
  ],
  async run({ context, options }) {
    const opened = await openRunner(context, { ...options, writes: false });
    const problems = await opened.runner.verify();
    const proof = options.proof ? await prove(context, opened, options.scratch) : undefined;
    const lines = problems.map(({ migrationName, message, diff }) =>
      `${context.colors.bold(migrationName)}: ${message}${diff === undefined ? "" : `\n${diff}`}`
    );
    const isGood = problems.length === 0 && (proof?.problems.length ?? 0) === 0;
    return {
      data: { problems, ...proof === undefined ? {} : { proof } },
      text: [
        ...problems.length === 0 ? ["The migrations fit the history"] : lines,
        ...proof === undefined ? [] : proofLines(proof),
      ].join("\n"),
      exitCode: isGood ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});

async function prove(
  context: Context,
  { connection, migrations }: OpenedRunner,
  where: string,
): Promise<UpDownUpResult> {
  const { root } = await context.settings();
  const scratch = await scratchOf(connection, root, where);
  return await upDownUp(migrations, {
    scratch,
    onProgress: (name, done, total) => context.say(`${done} of ${total}: ${name}`),
  });
}

function proofLines({ verified, skipped, problems, unchecked }: UpDownUpResult): string[] {
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  return [
    ...problems.map(({ message }) => message),
    `${verified.length} ${verified.length === 1 ? "migration" : "migrations"} can be undone`,
    ...skipped.length === 0 ? [] : [`Without a down: ${list(skipped)}`],
    ...unchecked.length === 0 ? [] : [`Not looked at: ${list(unchecked)}`],
  ];
}
