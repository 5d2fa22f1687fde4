import type { Migration } from "@kysera/migrations";
import type { LintOptions } from "@kysera/migrations/lint";
import type { AlterTableBuilder, Kysely } from "kysely";

/** A script of SQL, or what Kysely builds; or a whole migration. */
export type ExampleMigration =
  | string
  | ((db: Kysely<any>) => Promise<unknown>)
  | Partial<Migration>;

/** What a rule finds something in, and what it does not. */
export interface Example {
  readonly rule: string;
  readonly dialect: "postgres" | "mysql" | "sqlite";
  readonly bad: readonly ExampleMigration[];
  readonly good: readonly ExampleMigration[];
  readonly options?: LintOptions;
}

/** The column that most tables begin with. */
export const key = "id bigint primary key";

/** Builds a change of `users`. */
export const alter = (db: Kysely<any>): AlterTableBuilder => db.schema.alterTable("users");
