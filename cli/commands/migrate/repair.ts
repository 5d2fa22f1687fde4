import { type Command, defineCommand } from "../../program/_command.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate repair`. */
export const command: Command = defineCommand({
  description:
    "The schema is not touched: a migration that stopped halfway counts as not applied, and of one\n" +
    "that was changed the history takes what the code has now.",
  options: { ...HISTORY_OPTIONS, ...CONFIRM_OPTIONS },
  examples: [["kysera migrate repair", "after what was half done has been undone by hand"]],
  async run({ context, options }) {
    await confirmDestruction(context, options, {
      what: "This changes the history of migrations",
      isHarmless: true,
    });
    const { runner } = await openRunner(context, { ...options, writes: true });
    const mended = await context.finishFirst(() => runner.repair());
    return {
      data: { repaired: mended },
      text: mended.length === 0
        ? "Nothing to repair"
        : `Repaired ${mended.length}:\n${mended.map((name) => `  ${name}`).join("\n")}`,
    };
  },
});
