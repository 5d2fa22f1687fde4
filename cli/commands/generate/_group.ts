import type { CommandGroup } from "../../program/_command.ts";

/** `kysera generate`. */
export const group: CommandGroup = {
  types: {
    summary: "Write the types of the database for Kysely",
    load: () => import("./types.ts"),
  },
  schema: {
    summary: "Write Zod or Valibot schemas of tables",
    load: () => import("./schema.ts"),
  },
  model: {
    summary: "Write types of rows, of new ones and of changes",
    load: () => import("./model.ts"),
  },
  repository: {
    summary: "Write repositories of tables, with tests",
    load: () => import("./repository.ts"),
  },
  crud: {
    summary: "Write the types, schemas, repository and test of a table",
    load: () => import("./crud.ts"),
  },
  policies: {
    summary: "Write row-level security from columns of tenants and owners",
    load: () => import("./policies.ts"),
  },
  migration: {
    summary: "The same as `migrate create`",
    load: () => import("./migration.ts"),
  },
};
