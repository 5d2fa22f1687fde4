import type { CommandTree } from "../program/_command.ts";

/** The commands of the program, in the order of its help. */
export const TREE: CommandTree = {
  migrate: {
    summary: "Apply, undo, plan and check migrations",
    aliases: ["m"],
    loadGroup: () => import("./migrate/_group.ts"),
  },
};
