import type { CommandGroup } from "../../program/_command.ts";

/** `kysera policies`. */
export const group: CommandGroup = {
  explain: {
    summary: "Show what the plugins make of a query, and which rule does",
    load: () => import("./explain.ts"),
  },
  matrix: {
    summary: "Show what each principal may do with each table",
    load: () => import("./matrix.ts"),
  },
  "to-postgres": {
    summary: "Write the policies as those of PostgreSQL itself",
    load: () => import("./to_postgres.ts"),
  },
  check: {
    summary: "Compare the policies with those of PostgreSQL on a scratch database",
    load: () => import("./check.ts"),
  },
};
