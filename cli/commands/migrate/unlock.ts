import { type Command, defineCommand } from "../../program/_command.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate unlock`. */
export const command: Command = defineCommand({
  description: "A runner that lives after all sends nothing more when it finds out.",
  options: { ...HISTORY_OPTIONS },
  examples: [["kysera migrate unlock", "go on without waiting until it counts as dead"]],
  async run({ context, options }) {
    const { runner } = await openRunner(context, { ...options, writes: true });
    const holder = await runner.unlock();
    return {
      data: { holder: holder ?? null },
      text: holder === undefined ? "Nobody holds the lock" : `Took the lock from ${holder.from}`,
    };
  },
});
