import type { CommandTree } from "../program/_command.ts";

/**
 * The commands of the program, in the order of its help.
 *
 * Each is loaded by a literal, so Deno has all of them in its graph, cached and compiled with the program. A
 * specifier that is put together saves 10 of 125 ms of `--version` from JSR and nothing once a command
 * runs, which then is fetched; in this repository, where Deno reads every file anew, it saves 75 ms.
 */
export const TREE: CommandTree = {
  init: {
    summary: "Begin a project, or add to one",
    load: () => import("./init.ts"),
  },
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
  audit: {
    summary: "Read the audit log, and undo what it tells",
    loadGroup: () => import("./audit/_group.ts"),
  },
  query: {
    summary: "Explain statements, and look at rows",
    loadGroup: () => import("./query/_group.ts"),
  },
  schema: {
    summary: "Create, copy, compare and drop schemas",
    loadGroup: () => import("./schema/_group.ts"),
  },
  repository: {
    summary: "List repositories, and compare them with the database",
    loadGroup: () => import("./repository/_group.ts"),
  },
  test: {
    summary: "Create, fill and drop the database of the tests",
    loadGroup: () => import("./test/_group.ts"),
  },
  health: {
    summary: "Ask the database whether it is there",
    loadGroup: () => import("./health/_group.ts"),
  },
  plugin: {
    summary: "Tell what the plugins of the executor do, and change them",
    loadGroup: () => import("./plugin/_group.ts"),
  },
  policies: {
    summary: "Explain, list, write out and check policies",
    loadGroup: () => import("./policies/_group.ts"),
  },
  doctor: {
    summary: "Look for trouble in the schema, and tell what mends it",
    load: () => import("./doctor.ts"),
  },
  mcp: {
    summary: "Let an assistant read the database, by the Model Context Protocol",
    load: () => import("./mcp.ts"),
  },
  completions: {
    summary: "Print the script by which a shell completes commands and options",
    load: () => import("./completions.ts"),
  },
  complete: {
    summary: "Tell a shell what can come next",
    isHidden: true,
    load: () => import("./complete.ts"),
  },
};
