import { resolve } from "node:path";
import { type Command, defineCommand } from "../../program/_command.ts";
import { integer, text } from "../../contract/_options.ts";
import { watchHealth } from "./_watch_health.ts";

/** `kysera health watch`. */
export const command: Command = defineCommand({
  description: "It ends when it is interrupted. With --json each answer is a line of JSON.",
  options: {
    interval: integer("--interval <ms>", "how long between two questions", {
      least: 1,
      default: 5000,
    }),
    log: text("--log <file>", "add each answer to this file, as a line of JSON"),
  },
  examples: [["kysera health watch --interval 1000 --log health.ndjson", "keep what it finds"]],
  async run({ context, options }) {
    const { db } = await context.open({ missing: "refuse" });
    const log = options.log === undefined ? undefined : resolve(context.host.cwd, options.log);
    return await watchHealth(context, { db, interval: options.interval, log });
  },
});
