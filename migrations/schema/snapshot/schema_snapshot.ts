import type { SchemaRoutine, SchemaSequence } from "./schema_routine.ts";
import type { SchemaTable } from "./schema_table.ts";
import type { SchemaComposite, SchemaDomain, SchemaEnum, SchemaRange } from "./schema_type.ts";
import type { SchemaView } from "./schema_view.ts";

/** The version of the format of {@linkcode SchemaSnapshot}; it grows when a reader of it breaks. */
export const SNAPSHOT_VERSION = 1;

/** The families of SQL whose schemas can be read. MariaDB counts as `mysql`. */
export type SchemaDialect = "postgres" | "mysql" | "sqlite";

/** The server that a snapshot was read from. Comparisons leave it out. */
export interface SchemaServer {
  /** `"PostgreSQL"`, `"MariaDB"`, `"MySQL"` or `"SQLite"`. PGlite is a PostgreSQL. */
  readonly name: string;
  /** The version, such as `"15.18"`. */
  readonly version: string;
}

/**
 * The schema of a database as plain data: what the catalog knows, without rows, grants, owners and
 * storage parameters. It can be stored as JSON, and two snapshots of the same schema are equal.
 *
 * In each object `schema` is `null` for the default schema, so that the schemas of two tenants, or
 * of a database and its scratch copy, compare as equal. Lists are sorted by schema and name; columns
 * and attributes stand in the order of the table.
 */
export interface SchemaSnapshot {
  /** The version of this format: {@linkcode SNAPSHOT_VERSION}. */
  readonly version: number;
  /** The family of SQL. */
  readonly dialect: SchemaDialect;
  /** The server. */
  readonly server: SchemaServer;
  /** The name of the schema that `null` stands for in each object. */
  readonly defaultSchema: string;
  /** The schemas that were read; `null` is the default schema. */
  readonly schemas: readonly (string | null)[];
  /** Tables, with all that belongs to them. */
  readonly tables: readonly SchemaTable[];
  /** Views and materialized views. */
  readonly views: readonly SchemaView[];
  /** Enumerations, on PostgreSQL. */
  readonly enums: readonly SchemaEnum[];
  /** Domains, on PostgreSQL. */
  readonly domains: readonly SchemaDomain[];
  /** Composite types, on PostgreSQL. */
  readonly composites: readonly SchemaComposite[];
  /** Range types, on PostgreSQL. */
  readonly ranges: readonly SchemaRange[];
  /** Sequences, except those of identity columns; PostgreSQL and MariaDB. */
  readonly sequences: readonly SchemaSequence[];
  /** Functions, procedures, and MySQL's events. */
  readonly routines: readonly SchemaRoutine[];
  /** The names of PostgreSQL's extensions. What belongs to one is not in the other lists. */
  readonly extensions: readonly string[];
}
