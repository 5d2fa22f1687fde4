import type { CommandGroup } from "../../program/_command.ts";

/** `kysera audit`. */
export const group: CommandGroup = {
  logs: {
    summary: "Show entries of the audit log",
    load: () => import("./logs.ts"),
  },
  history: {
    summary: "Show what happened to a row",
    load: () => import("./history.ts"),
  },
  diff: {
    summary: "Show how a row has changed between two times",
    load: () => import("./diff.ts"),
  },
  compare: {
    summary: "Show in what the rows of two entries differ",
    load: () => import("./compare.ts"),
  },
  restore: {
    summary: "Undo the update or the delete of an entry",
    load: () => import("./restore.ts"),
  },
  stats: {
    summary: "Count entries by table, operation and user",
    load: () => import("./stats.ts"),
  },
  cleanup: {
    summary: "Remove old entries",
    load: () => import("./cleanup.ts"),
  },
  verify: {
    summary: "Find what was done to a log with a chain of hashes",
    load: () => import("./verify.ts"),
  },
};
