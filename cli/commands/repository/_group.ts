import type { CommandGroup } from "../../program/_command.ts";

/** `kysera repository`. */
export const group: CommandGroup = {
  list: {
    summary: "List the repositories of the project",
    load: () => import("./list.ts"),
  },
  inspect: {
    summary: "Tell what a repository is made of",
    load: () => import("./inspect.ts"),
  },
  methods: {
    summary: "List the methods of repositories, and which plugin adds them",
    load: () => import("./methods.ts"),
  },
  validate: {
    summary: "Compare the repositories with the schema of the database",
    load: () => import("./validate.ts"),
  },
};
