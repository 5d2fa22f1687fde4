import { detectDialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { CompiledQuery, type Kysely } from "kysely";
import { RLSSchemaError } from "../contract/errors.ts";
import type { RLSSchema } from "../contract/policy.ts";
import { PostgresRLSGenerator } from "./generator.ts";
import type { NativeOptions } from "./options.ts";
import { toPostgres } from "./to_postgres.ts";

/** Options of {@linkcode rlsMigration}, beside those of `toPostgres`. */
export interface RLSMigrationOptions extends NativeOptions {
  /** The name of the migration in a list. Default `"row_level_security"`. */
  readonly name?: string | undefined;
  /**
   * Whether the migration runs again whenever its statements change, as `@kysera/migrations` does with
   * repeatable ones. Such a migration has no `down`. Default `false`.
   */
  readonly repeatable?: boolean | undefined;
}

/**
 * A migration as Kysely's Migrator and `@kysera/migrations` take it. In an object of migrations its key
 * is its name, and `name` is not looked at.
 */
export interface RLSMigration {
  /** Its name in a list. */
  readonly name: string;
  /** Creates the policies, and what they need; those of before are dropped. */
  up(db: Kysely<any>): Promise<void>;
  /** Drops them, and turns row-level security off. A repeatable migration does not have it. */
  down?(db: Kysely<any>): Promise<void>;
  /** The statements: a text that changes with the policies. */
  readonly source: string;
  /** Whether it runs again when that changes. */
  readonly repeatable?: boolean;
}

/**
 * Creates a migration of the policies of a schema as those of PostgreSQL.
 *
 * A change of the policies is a migration of its own, with another name; or the migration is
 * repeatable, and runs again by itself. The policies of a table that the schema does not have any more
 * stay: drop them in a migration.
 *
 * @param schema the policies
 * @param options see {@linkcode RLSMigrationOptions}
 * @returns the migration
 * @throws {RLSSchemaError} for a condition that PostgreSQL cannot evaluate, or an option that does not
 * exist; when it runs, if the database is not PostgreSQL
 *
 * @example
 * ```ts
 * import { defineRLSSchema, filter } from "@kysera/rls";
 * import { rlsMigration } from "@kysera/rls/native";
 * import assert from "node:assert/strict";
 *
 * const schema = defineRLSSchema({
 *   posts: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
 * });
 * // With a runner: createMigrationRunner(db, [.., rlsMigration(schema, { repeatable: true })])
 * const migration = rlsMigration(schema, { name: "policies", repeatable: true });
 * assert.match(migration.source, /create policy/);
 * ```
 */
export function rlsMigration(
  schema: RLSSchema<any>,
  options: RLSMigrationOptions = {},
): RLSMigration {
  const { name = "row_level_security", repeatable = false, ...native } = options;
  if (typeof name !== "string" || name === "") {
    throw new RLSSchemaError("options.name", "it must be a text");
  }
  if (typeof repeatable !== "boolean") {
    throw new RLSSchemaError("options.repeatable", "it must be a boolean");
  }
  const up = toPostgres(schema, native);
  const down = new PostgresRLSGenerator().generateDropStatements(schema, native);
  const migration = { name, up: (db: Kysely<any>) => run(db, up), source: up.join(";\n") };
  return repeatable
    ? { ...migration, repeatable }
    : { ...migration, down: (db: Kysely<any>) => run(db, down) };
}

async function run(db: Kysely<any>, statements: readonly string[]): Promise<void> {
  const dialect = detectDialect(db);
  if (dialect !== "postgres") {
    throw new RLSSchemaError(
      "database",
      `it is ${dialect}, and only PostgreSQL has policies of its own; leave the migration out, and ` +
        "use rlsPlugin()",
    );
  }
  const plain: Kysely<any> = getRawDb<any>(db).withoutPlugins();
  for (const statement of statements) await plain.executeQuery(CompiledQuery.raw(statement));
}
