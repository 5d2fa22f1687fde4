import { completionsOf } from "../completion/_tab.ts";
import { type Command, defineCommand } from "../program/_command.ts";

/** `kysera complete`: what the scripts of the shells call. */
export const command: Command = defineCommand({
  arguments: [{
    name: "words",
    description: "the words so far",
    isOptional: true,
    isVariadic: true,
  }],
  options: {},
  examples: [["kysera complete -- migrate u", "what can come next"]],
  async run({ context, args }) {
    const text = await completionsOf(args, context.tree);
    return { data: { completions: text.split("\n") }, text };
  },
});
