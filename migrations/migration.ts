import type { Kysely } from "kysely";

/**
 * One step of the history of a schema.
 *
 * @example
 * ```ts
 * import type { Migration } from "@kysera/migrations";
 *
 * export const createUsers: Migration = {
 *   name: "001_create_users",
 *   async up(db) {
 *     await db.schema.createTable("users").addColumn("id", "integer").execute();
 *   },
 *   async down(db) {
 *     await db.schema.dropTable("users").execute();
 *   },
 * };
 * ```
 */
export interface Migration<DB = any> {
  /** Its name in the history: not empty, at most 255 characters, unlike any other. */
  readonly name: string;
  /** Makes the change. It is given a transaction, unless the migration goes without one. */
  up(db: Kysely<DB>): Promise<void>;
  /** Undoes the change. A migration without it stops a rollback. */
  down?(db: Kysely<DB>): Promise<void>;
  /**
   * Whether it runs in a transaction, where the database can change its schema in one. `false` is for
   * statements that cannot run inside one, such as `create index concurrently`. Default: as the
   * option `useTransactions` of the runner says.
   */
  readonly transaction?: boolean | undefined;
  /** What Kysely 0.30 has in place of `transaction`. */
  readonly config?: { readonly transaction?: boolean | undefined } | undefined;
  /**
   * Whether it runs again whenever its source changes, behind all the others: for views, functions and
   * policies, which are replaced as a whole. It has no `down`; undoing another migration has it run
   * again. Default: `false`.
   */
  readonly repeatable?: boolean | undefined;
  /**
   * The text that the migration was read from; changes of it are noticed. Default: the text of its
   * functions.
   */
  readonly source?: string | undefined;
  /** The file that the migration was read from, for messages. */
  readonly file?: string | undefined;
}

/** A migration, and what readers should know of it. */
export interface MigrationWithMeta<DB = any> extends Migration<DB> {
  /** What it does. */
  readonly description?: string | undefined;
  /** Whether programs that run already stop working. A warning is logged before it runs. */
  readonly breaking?: boolean | undefined;
  /** How long it is expected to take, in milliseconds. */
  readonly estimatedDuration?: number | undefined;
  /** Words to find it by. */
  readonly tags?: readonly string[] | undefined;
  /**
   * The migrations that it stands in for, as `squash()` writes it. Where all of them are applied it
   * counts as applied, where none is it runs and they do not; a part of them is refused.
   */
  readonly replaces?: readonly string[] | undefined;
  /** Rules of `lintMigrations()` that it may break, each with the reason. */
  readonly lintIgnore?: Readonly<Record<string, string>> | undefined;
}

/** A migration as Kysely's own Migrator has it: it is named by the key that it stands under. */
export type UnnamedMigration<DB = any> = Omit<MigrationWithMeta<DB>, "name">;

/** Returns migrations by name, as the `MigrationProvider` of Kysely does. */
export interface MigrationProvider {
  /** Returns the migrations; they run in the order of their names. */
  getMigrations(): Promise<Record<string, UnnamedMigration>>;
  /**
   * Compares two names: negative if the first one comes first. Default: by code units, as Kysely
   * compares them, and so `V10` comes before `V2`.
   */
  compareNames?(one: string, other: string): number;
}

/**
 * Migrations in the order in which they run; or by name, and then they run in the order of their
 * names.
 */
export type MigrationList =
  | readonly MigrationWithMeta[]
  | Readonly<Record<string, UnnamedMigration>>
  | MigrationProvider;

/** Which way a migration runs. */
export type MigrationOperation = "up" | "down";
