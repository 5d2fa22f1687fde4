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
  enable: {
    summary: "Add a plugin to the executor of the program",
    load: () => import("./enable.ts"),
  },
  disable: {
    summary: "Take a plugin out of the executor of the program",
    load: () => import("./disable.ts"),
  },
  config: {
    summary: "Show or change what a plugin of the program is given",
    load: () => import("./config.ts"),
  },
};
