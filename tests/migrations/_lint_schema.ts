/**
 * The schema that examples of the linter find.
 *
 * @module
 */
import type { SchemaSnapshot, SchemaTable } from "@kysera/migrations/schema";

/** A table in short. */
export interface ShortTable {
  readonly name: string;
  /** The types of its columns; a question mark at the end lets it be null. */
  readonly columns: Readonly<Record<string, string>>;
  readonly key?: readonly string[];
  /** Their columns; a name that ends with an exclamation mark is that of an invalid one. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  readonly foreignKeys?: Readonly<Record<string, readonly [column: string, table: string]>>;
  readonly triggers?: readonly string[];
}

/** The tables that the examples change. */
export const TABLES: readonly ShortTable[] = [
  {
    name: "users",
    columns: {
      id: "bigint",
      email: "varchar(50)",
      nick: "character varying(50)?",
      age: "integer?",
      kind: "enum('a','b','c')",
      flags: "set('a','b','c')",
      team_id: "bigint?",
      tenant_id: "bigint",
      deleted_at: "timestamp with time zone?",
    },
    key: ["id"],
    indexes: { users_email: ["email", "nick"] },
    foreignKeys: { users_team: ["team_id", "teams"] },
    triggers: ["users_log"],
  },
  {
    name: "teams",
    columns: { id: "bigint", tenant_id: "bigint" },
    key: ["id"],
    indexes: { teams_tenant: ["tenant_id"], "teams_broken!": ["id", "tenant_id"] },
  },
];

/** Returns a snapshot as `readSchema()` returns it. */
export function snapshotOf(tables: readonly ShortTable[]): SchemaSnapshot {
  return {
    version: 1,
    dialect: "postgres",
    server: { name: "PostgreSQL", version: "15" },
    defaultSchema: "public",
    schemas: [null],
    tables: tables.map(tableOf),
    views: [],
    enums: [],
    domains: [],
    composites: [],
    ranges: [],
    sequences: [],
    routines: [],
    extensions: [],
  };
}

function tableOf(table: ShortTable): SchemaTable {
  const own = { inherited: false, comment: null, definition: "" } as const;
  return {
    schema: null,
    name: table.name,
    kind: "table",
    columns: Object.entries(table.columns).map(([name, type]) => ({
      name,
      type: {
        text: type.replace(/[?]$/, ""),
        name: "",
        schema: null,
        kind: "base",
        array: false,
        values: [],
      },
      nullable: type.endsWith("?"),
      default: null,
      onUpdate: null,
      generated: null,
      identity: null,
      collation: null,
      hidden: false,
      inherited: false,
      comment: null,
    })),
    primaryKey: table.key === undefined ? null : { ...own, name: "key", columns: table.key },
    uniques: [],
    foreignKeys: Object.entries(table.foreignKeys ?? {}).map(([name, [column, references]]) => ({
      ...own,
      name,
      columns: [column],
      referencedSchema: null,
      referencedTable: references,
      referencedColumns: ["id"],
      onUpdate: "no action",
      onDelete: "no action",
      deferrable: "no",
      validated: true,
    })),
    checks: [],
    exclusions: [],
    indexes: Object.entries(table.indexes ?? {}).map(([name, columns]) => ({
      ...own,
      name: name.replace(/!$/, ""),
      unique: false,
      method: "btree",
      parts: columns.map((column) => ({
        column,
        expression: null,
        order: "asc",
        nulls: "last",
        prefix: null,
        collation: null,
      })),
      include: [],
      predicate: null,
      valid: !name.endsWith("!"),
    })),
    triggers: (table.triggers ?? []).map((name) => ({
      name,
      timing: "after",
      events: ["insert"],
      level: "row",
      enabled: "yes",
      definition: "",
      comment: null,
    })),
    rules: [],
    rowSecurity: { enabled: false, forced: false },
    policies: [],
    parents: [],
    partitioning: { by: null, bound: null },
    options: {},
    comment: null,
  };
}
