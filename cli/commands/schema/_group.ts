import type { CommandGroup } from "../../program/_command.ts";

/** `kysera schema`. */
export const group: CommandGroup = {
  list: {
    summary: "List the schemas",
    load: () => import("./list.ts"),
  },
  info: {
    summary: "Count what is in a schema",
    load: () => import("./info.ts"),
  },
  create: {
    summary: "Create a schema",
    load: () => import("./create.ts"),
  },
  drop: {
    summary: "Drop a schema",
    load: () => import("./drop.ts"),
  },
  clone: {
    summary: "Create a schema like another one",
    load: () => import("./clone.ts"),
  },
  compare: {
    summary: "Tell in what two schemas differ",
    load: () => import("./compare.ts"),
  },
};
