import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { listingText, listMigrations } from "./_listing.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate list`. */
export const command: Command = defineCommand({
  options: {
    pending: flag("--pending", "only those that are not applied"),
    executed: flag("--executed", "only those that are applied"),
    ...HISTORY_OPTIONS,
  },
  examples: [["kysera migrate list --pending", "list what `up` would apply"]],
  async run({ context, options }) {
    const { migrations } = await listMigrations(
      await openRunner(context, { ...options, writes: false }),
    );
    const isAny = options.pending === options.executed;
    const shown = migrations.filter(({ status }) =>
      isAny || (status === "pending") === options.pending
    );
    return {
      data: { migrations: shown },
      text: shown.length === 0 ? "" : listingText(shown, context.colors),
    };
  },
});
