import type { CommandGroup } from "../../program/_command.ts";

/** `kysera generate`. */
export const group: CommandGroup = {
  types: {
    summary: "Write the types of the database for Kysely",
    load: () => import("./types.ts"),
  },
};
