import type { CommandGroup } from "../../program/_command.ts";

/** `kysera plugin`. */
export const group: CommandGroup = {
  list: {
    summary: "List the plugins of the executor, in the order they run in",
    load: () => import("./list.ts"),
  },
  describe: {
    summary: "Tell what the plugins do to each table",
    load: () => import("./describe.ts"),
  },
};
