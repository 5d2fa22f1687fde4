import type { CommandGroup } from "../../program/_command.ts";

/** `kysera query`. */
export const group: CommandGroup = {
  explain: {
    summary: "Show how the database would run a statement",
    load: () => import("./explain.ts"),
  },
  analyze: {
    summary: "Find what makes a statement slow, and what mends it",
    load: () => import("./analyze.ts"),
  },
  "by-timestamp": {
    summary: "Show the rows of a time",
    load: () => import("./by_timestamp.ts"),
  },
  "soft-deleted": {
    summary: "Show rows that are marked as deleted, restore or remove them",
    load: () => import("./soft_deleted.ts"),
  },
};
