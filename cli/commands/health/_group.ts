import type { CommandGroup } from "../../program/_command.ts";

/** `kysera health`. */
export const group: CommandGroup = {
  check: {
    summary: "Ask the database once",
    load: () => import("./check.ts"),
  },
  watch: {
    summary: "Ask the database again and again",
    load: () => import("./watch.ts"),
  },
  metrics: {
    summary: "Show what the server says of its work",
    load: () => import("./metrics.ts"),
  },
};
