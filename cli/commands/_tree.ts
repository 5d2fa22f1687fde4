import type { CommandTree } from "../program/_command.ts";

/** The commands of the program, in the order of its help. */
export const TREE: CommandTree = {
  migrate: {
    summary: "Apply, undo, plan and check migrations",
    aliases: ["m"],
    loadGroup: () => import("./migrate/_group.ts"),
  },
  db: {
    summary: "Look into the database, fill it, begin anew",
    loadGroup: () => import("./db/_group.ts"),
  },
  generate: {
    summary: "Write code from the schema of the database",
    aliases: ["g"],
    loadGroup: () => import("./generate/_group.ts"),
  },
};
