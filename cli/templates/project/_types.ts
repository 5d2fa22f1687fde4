import type { SchemaColumn, SchemaSnapshot, SchemaType } from "@kysera/migrations/schema";
import { emitTypes } from "../../types/_emit_types.ts";
import type { ProjectChoice, ProjectDatabaseName } from "./_choice.ts";

/** The types of the columns as the catalog of each database names them. */
const NAMES: Readonly<
  Record<ProjectDatabaseName, {
    readonly dialect: SchemaSnapshot["dialect"];
    readonly id: string;
    readonly text: string;
    readonly time: string;
  }>
> = {
  sqlite: { dialect: "sqlite", id: "integer", text: "text", time: "text" },
  pglite: { dialect: "postgres", id: "int4", text: "text", time: "timestamptz" },
  postgres: { dialect: "postgres", id: "int4", text: "text", time: "timestamptz" },
  mariadb: { dialect: "mysql", id: "int", text: "varchar", time: "datetime" },
};

/** `src/types.ts`, as `kysera generate types` writes it when the first migration is applied. */
export function typesFile({ database, plugins }: ProjectChoice): string {
  const { dialect, ...names } = NAMES[database];
  const columns = [
    column("id", names.id, { identity: { kind: "by default", options: null } }),
    column("email", names.text),
    column("name", names.text),
    ...plugins.includes("timestamps")
      ? ["created_at", "updated_at"].map((name) => column(name, names.time, { default: "now" }))
      : [],
    ...plugins.includes("soft-delete")
      ? [column("deleted_at", names.time, { nullable: true })]
      : [],
  ];
  const empty = { enums: [], domains: [], composites: [], ranges: [], sequences: [], views: [] };
  return emitTypes({
    ...empty,
    version: 1,
    dialect,
    server: { name: "", version: "" },
    defaultSchema: "",
    schemas: [null],
    routines: [],
    extensions: [],
    tables: [{
      schema: null,
      name: "users",
      kind: "table",
      columns,
      primaryKey: null,
      uniques: [],
      foreignKeys: [],
      checks: [],
      exclusions: [],
      indexes: [],
      triggers: [],
      rules: [],
      rowSecurity: { enabled: false, forced: false },
      policies: [],
      parents: [],
      partitioning: { by: null, bound: null },
      options: {},
      comment: null,
    }],
  }, {
    dateParser: "timestamp",
    numericParser: "string",
    isPglite: database === "pglite",
    camelCase: false,
    runtimeEnums: false,
    partitions: false,
    filled: [],
  });
}

function column(name: string, type: string, rest: Partial<SchemaColumn> = {}): SchemaColumn {
  return {
    name,
    type: {
      text: type,
      name: type,
      schema: null,
      kind: "base",
      array: false,
      values: [],
    } satisfies SchemaType,
    nullable: false,
    default: null,
    onUpdate: null,
    generated: null,
    identity: null,
    collation: null,
    hidden: false,
    inherited: false,
    comment: null,
    ...rest,
  };
}
