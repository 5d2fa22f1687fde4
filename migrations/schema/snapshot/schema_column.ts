import type { SchemaType } from "./schema_type.ts";

/** What a column is computed from. */
export interface SchemaGenerated {
  /** The expression. */
  readonly expression: string;
  /** Whether the value is stored with the row, and not computed when it is read. */
  readonly stored: boolean;
}

/** How the database numbers the rows by a column. */
export interface SchemaIdentity {
  /**
   * `"always"` and `"by default"`: identity columns of PostgreSQL. `"auto increment"`: that of MySQL
   * and SQLite. `"rowid"`: `integer primary key` of SQLite, which is the number of the row.
   */
  readonly kind: "always" | "by default" | "auto increment" | "rowid";
  /** The options of the sequence where they are not the default ones, as PostgreSQL writes them. */
  readonly options: string | null;
}

/** A column of a table. */
export interface SchemaColumn {
  /** Its name. */
  readonly name: string;
  /** Its type. */
  readonly type: SchemaType;
  /** Whether it allows NULL. A key of SQLite's `WITHOUT ROWID` and `integer primary key` do not. */
  readonly nullable: boolean;
  /** The expression of its default, as SQL: a text is quoted. `null` where there is none. */
  readonly default: string | null;
  /** What MySQL sets it to by `on update`. */
  readonly onUpdate: string | null;
  /** What it is computed from. */
  readonly generated: SchemaGenerated | null;
  /** How it numbers the rows. */
  readonly identity: SchemaIdentity | null;
  /** Its collation, where it is another one than that of its type or table. */
  readonly collation: string | null;
  /** Whether `select *` leaves it out, as MySQL and SQLite's virtual tables can. */
  readonly hidden: boolean;
  /** Whether the table has it only because the tables that it inherits from do. */
  readonly inherited: boolean;
  /** Its comment. */
  readonly comment: string | null;
}
