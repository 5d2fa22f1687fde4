import type { SchemaColumn } from "./schema_column.ts";

/** What happens to a row when the one that it refers to is changed or deleted. */
export type ForeignKeyAction = "no action" | "restrict" | "cascade" | "set null" | "set default";

/** A primary key or a unique constraint. */
export interface SchemaKey {
  /** Its name; `null` on SQLite where it has none. */
  readonly name: string | null;
  /** Its columns in their order. */
  readonly columns: readonly string[];
  /**
   * The constraint as PostgreSQL writes it, with what the other fields do not tell, such as
   * `NULLS NOT DISTINCT`, `INCLUDE` and `DEFERRABLE`. Elsewhere its text in canonical form.
   */
  readonly definition: string;
  /** Whether the table has it from the table that it is a partition of. */
  readonly inherited: boolean;
  /** Its comment. */
  readonly comment: string | null;
}

/** A foreign key. */
export interface SchemaForeignKey {
  /** Its name; `null` on SQLite where it has none. */
  readonly name: string | null;
  /** Its columns in their order. */
  readonly columns: readonly string[];
  /** The schema of the table that it refers to; `null` for the default one. */
  readonly referencedSchema: string | null;
  /** The table that it refers to. */
  readonly referencedTable: string;
  /** The columns that it refers to. */
  readonly referencedColumns: readonly string[];
  /** What an update of those does. */
  readonly onUpdate: ForeignKeyAction;
  /** What a delete of the row does. */
  readonly onDelete: ForeignKeyAction;
  /** Whether and when its check can wait until the end of the transaction. */
  readonly deferrable: "no" | "initially immediate" | "initially deferred";
  /** Whether all rows are known to keep it: not where PostgreSQL has it `NOT VALID`. */
  readonly validated: boolean;
  /** The constraint as PostgreSQL writes it; elsewhere its text in canonical form. */
  readonly definition: string;
  /** Whether the table has it from the table that it is a partition of. */
  readonly inherited: boolean;
  /** Its comment. */
  readonly comment: string | null;
}

/** A check of a table or of a column. */
export interface SchemaCheck {
  /** Its name; `null` on SQLite where it has none. */
  readonly name: string | null;
  /** The condition. */
  readonly expression: string;
  /** Whether all rows are known to keep it. */
  readonly validated: boolean;
  /** The constraint as PostgreSQL writes it; elsewhere its text in canonical form. */
  readonly definition: string;
  /** Whether the table has it only because the tables that it inherits from do. */
  readonly inherited: boolean;
  /** Its comment. */
  readonly comment: string | null;
}

/** An exclusion constraint of PostgreSQL. */
export interface SchemaExclusion {
  /** Its name. */
  readonly name: string;
  /** The constraint as PostgreSQL writes it. */
  readonly definition: string;
  /** Whether the table has it from the table that it is a partition of. */
  readonly inherited: boolean;
  /** Its comment. */
  readonly comment: string | null;
}

/** A part of an index: a column or an expression. */
export interface SchemaIndexPart {
  /** The column; `null` where it is an expression. */
  readonly column: string | null;
  /** The expression; `null` where it is a column. */
  readonly expression: string | null;
  /** The order. */
  readonly order: "asc" | "desc";
  /** Where NULL stands in the order. */
  readonly nulls: "first" | "last";
  /** How many characters of the column are in the index, on MySQL. */
  readonly prefix: number | null;
  /** The collation, where it is another one than that of the column. */
  readonly collation: string | null;
}

/** An index, except those of keys, unique constraints and exclusion constraints. */
export interface SchemaIndex {
  /** Its name. */
  readonly name: string;
  /** Whether it is unique. */
  readonly unique: boolean;
  /** The method in lower case: `"btree"`, `"gin"`, `"fulltext"`. */
  readonly method: string;
  /** Its columns and expressions in their order. */
  readonly parts: readonly SchemaIndexPart[];
  /** Columns that are stored in it and not searched by. */
  readonly include: readonly string[];
  /** The condition of a partial index. */
  readonly predicate: string | null;
  /** Whether it is valid: not where building it concurrently failed. */
  readonly valid: boolean;
  /** The statement that creates it, in canonical form. */
  readonly definition: string;
  /** Whether the table has it from the table that it is a partition of. */
  readonly inherited: boolean;
  /** Its comment. */
  readonly comment: string | null;
}

/** A trigger. */
export interface SchemaTrigger {
  /** Its name. */
  readonly name: string;
  /** When it runs. */
  readonly timing: "before" | "after" | "instead of";
  /** What it runs for, sorted: `delete`, `insert`, `truncate`, `update`. */
  readonly events: readonly string[];
  /** Whether it runs for each row, or once for the statement. */
  readonly level: "row" | "statement";
  /** Whether it is enabled, and on replicas. */
  readonly enabled: "yes" | "no" | "replica" | "always";
  /** The statement that creates it, in canonical form. */
  readonly definition: string;
  /** Its comment. */
  readonly comment: string | null;
}

/** A rule of PostgreSQL that rewrites queries, except those that make a view. */
export interface SchemaRule {
  /** Its name. */
  readonly name: string;
  /** The statement that creates it. */
  readonly definition: string;
}

/** A row-level security policy of PostgreSQL. */
export interface SchemaPolicy {
  /** Its name. */
  readonly name: string;
  /** The statements that it is for. */
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  /** Whether it grants rows, or takes them away. */
  readonly permissive: boolean;
  /** The roles that it is for, sorted; `public` is everybody. */
  readonly roles: readonly string[];
  /** The condition for rows that are read. */
  readonly using: string | null;
  /** The condition for rows that are written. */
  readonly withCheck: string | null;
  /** Its comment. */
  readonly comment: string | null;
}

/** Row-level security of a table. */
export interface SchemaRowSecurity {
  /** Whether policies apply. */
  readonly enabled: boolean;
  /** Whether they apply to the owner of the table as well. */
  readonly forced: boolean;
}

/** A table that another one inherits from, or is a partition of. */
export interface SchemaParent {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
}

/** How a table is partitioned, or what part of another one it is. */
export interface SchemaPartitioning {
  /** The key by which it is partitioned. */
  readonly by: string | null;
  /** The rows that it holds, where it is a partition: `FOR VALUES ..`. */
  readonly bound: string | null;
}

/** A table. */
export interface SchemaTable {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** What kind of table it is; `virtual` on SQLite, `foreign` on PostgreSQL. */
  readonly kind: "table" | "foreign" | "virtual";
  /** Its columns in their order. */
  readonly columns: readonly SchemaColumn[];
  /** Its primary key. */
  readonly primaryKey: SchemaKey | null;
  /** Its unique constraints. */
  readonly uniques: readonly SchemaKey[];
  /** Its foreign keys. */
  readonly foreignKeys: readonly SchemaForeignKey[];
  /** Its checks. */
  readonly checks: readonly SchemaCheck[];
  /** Its exclusion constraints. */
  readonly exclusions: readonly SchemaExclusion[];
  /** Its indexes, except those of keys, unique constraints and exclusion constraints. */
  readonly indexes: readonly SchemaIndex[];
  /** Its triggers. */
  readonly triggers: readonly SchemaTrigger[];
  /** Its rules. */
  readonly rules: readonly SchemaRule[];
  /** Whether row-level security applies. */
  readonly rowSecurity: SchemaRowSecurity;
  /** Its policies. */
  readonly policies: readonly SchemaPolicy[];
  /** The tables that it inherits from or is a partition of. */
  readonly parents: readonly SchemaParent[];
  /** How it is partitioned. */
  readonly partitioning: SchemaPartitioning;
  /**
   * Options of the table by their names: `unlogged` of PostgreSQL and what its `WITH` sets, `strict`
   * and `without rowid` of SQLite, `engine` and `collation` of MySQL.
   */
  readonly options: Readonly<Record<string, string>>;
  /** Its comment. */
  readonly comment: string | null;
}
