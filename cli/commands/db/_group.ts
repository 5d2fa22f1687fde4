import type { CommandGroup } from "../../program/_command.ts";

/** `kysera db`. */
export const group: CommandGroup = {
  tables: {
    summary: "List the tables and views",
    load: () => import("./tables.ts"),
  },
  introspect: {
    summary: "Show columns, keys and indexes of tables",
    load: () => import("./introspect.ts"),
  },
  seed: {
    summary: "Run the files that fill the database",
    load: () => import("./seed.ts"),
  },
  reset: {
    summary: "Drop everything, apply every migration, and fill the database",
    load: () => import("./reset.ts"),
  },
  console: {
    summary: "Type statements of SQL, and queries of Kysely",
    load: () => import("./console.ts"),
  },
  dump: {
    summary: "Write the database as a script of SQL",
    load: () => import("./dump.ts"),
  },
  restore: {
    summary: "Run a script of `db dump`",
    load: () => import("./restore.ts"),
  },
};
