import { performHealthCheck } from "@kysera/infra";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, integer } from "../../contract/_options.ts";
import { healthText, watchHealth } from "./_watch_health.ts";

/** `kysera health check`. */
export const command: Command = defineCommand({
  description:
    "An answer within 100 ms is healthy, one within 500 ms degraded. Exits with 1 if the database is\n" +
    "unhealthy.",
  options: {
    watch: flag("--watch", "ask again and again"),
    interval: integer("--interval <ms>", "how long between two questions", {
      least: 1,
      default: 5000,
    }),
  },
  examples: [
    ["kysera health check", "ask once"],
    ["kysera health check --json", "ask once, for a program"],
  ],
  async run({ context, options }) {
    const { db, target } = await context.open({ missing: "refuse" });
    if (options.watch) {
      return await watchHealth(context, { db, interval: options.interval, log: undefined });
    }
    const result = await performHealthCheck(db, { verbose: context.shared.verbose });
    const isUnhealthy = result.status === "unhealthy";
    return {
      data: { ...result, database: target.label },
      text: healthText(result, context.colors),
      exitCode: isUnhealthy ? ExitCodes.FAILED : ExitCodes.OK,
    };
  },
});
