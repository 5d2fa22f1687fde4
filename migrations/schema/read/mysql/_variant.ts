import { type RawBuilder, sql } from "kysely";
import { literal } from "./_text.ts";

/** In what MariaDB and MySQL differ, as far as their catalogs go. */
export interface Variant {
  readonly name: "MariaDB" | "MySQL";
  /** What `information_schema.statistics` has for the expression of an index. */
  readonly indexExpression: RawBuilder<unknown>;
  /** Whether the server uses an index, by `information_schema.statistics`. */
  readonly indexIsUsed: RawBuilder<unknown>;
  /** What `information_schema.views` has for the algorithm of a view. */
  readonly viewAlgorithm: RawBuilder<unknown>;
  /** The checks of the databases. */
  checks(databases: RawBuilder<unknown>): RawBuilder<unknown>;
  /** Returns a default as SQL writes it. */
  defaultOf(column: DefaultColumn): string | null;
}

/** What the catalog says of the default of a column. */
export interface DefaultColumn {
  readonly default: string | null;
  readonly extra: string;
  readonly data_type: string;
}

/** Types whose literals stand without quotes. */
const UNQUOTED: ReadonlySet<string> = new Set([
  "tinyint",
  "smallint",
  "mediumint",
  "int",
  "bigint",
  "decimal",
  "float",
  "double",
  "bit",
  "year",
]);

const mariadb: Variant = {
  name: "MariaDB",
  indexExpression: sql`null`,
  indexIsUsed: sql`ignored <> 'YES'`,
  viewAlgorithm: sql`algorithm`,
  checks: (databases) =>
    sql`
    select constraint_schema as \`schema\`, table_name as \`table\`, constraint_name as name,
      check_clause as clause, level as level, 'YES' as enforced
    from information_schema.check_constraints where constraint_schema in (${databases})`,
  // It writes a default as SQL, and `NULL` for a column that has none and allows NULL.
  defaultOf: (column) => column.default === "NULL" ? null : column.default,
};

const mysql: Variant = {
  name: "MySQL",
  indexExpression: sql`expression`,
  indexIsUsed: sql`is_visible = 'YES'`,
  viewAlgorithm: sql`'UNDEFINED'`,
  checks: (databases) =>
    sql`
    select c.constraint_schema as \`schema\`, t.table_name as \`table\`, c.constraint_name as name,
      c.check_clause as clause, 'Table' as level, t.enforced as enforced
    from information_schema.check_constraints as c
    join information_schema.table_constraints as t
      on t.constraint_schema = c.constraint_schema and t.constraint_name = c.constraint_name
      and t.constraint_type = 'CHECK'
    where c.constraint_schema in (${databases})`,
  // It writes a literal without its quotes, and says of an expression that it is one.
  defaultOf(column) {
    if (column.default === null) return null;
    const isExpression = /\bDEFAULT_GENERATED\b/.test(column.extra);
    if (isExpression || UNQUOTED.has(column.data_type)) return column.default;
    return /^b'[01]*'$/.test(column.default) ? column.default : literal(column.default);
  },
};

/** Returns the variant of a server by the version that it tells. */
export function variantOf(version: string): Variant {
  return version.includes("MariaDB") ? mariadb : mysql;
}
