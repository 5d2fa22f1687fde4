import type { CommandGroup } from "../../program/_command.ts";

/** `kysera test`. */
export const group: CommandGroup = {
  setup: {
    summary: "Create the database of the tests, and apply the migrations",
    load: () => import("./setup.ts"),
  },
  seed: {
    summary: "Fill tables of the tests with rows that are made up",
    load: () => import("./seed.ts"),
  },
  fixtures: {
    summary: "Load, check, list or save rows for tests",
    load: () => import("./fixtures.ts"),
  },
  teardown: {
    summary: "Drop the database of the tests",
    load: () => import("./teardown.ts"),
  },
};
