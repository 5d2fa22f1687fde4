import type { RLSSchema } from "../contract/policy.ts";
import { PostgresRLSGenerator } from "./generator.ts";
import type { NativeOptions } from "./options.ts";
import { toPostgres } from "./to_postgres.ts";

/**
 * Makes a migration of the policies of a schema: the text of a module with `up` and `down`.
 *
 * @example
 * ```ts
 * import { defineRLSSchema, filter } from "@kysera/rls";
 * import { RLSMigrationGenerator } from "@kysera/rls/native";
 * import assert from "node:assert/strict";
 *
 * const schema = defineRLSSchema({
 *   posts: { policies: [filter("read", { archived: false })] },
 * });
 * const generator = new RLSMigrationGenerator();
 * assert.match(generator.generateMigration(schema), /export async function up/);
 * assert.equal(
 *   generator.generateFilename("posts policies", new Date(Date.UTC(2024, 0, 31, 12))),
 *   "20240131120000_posts_policies.ts",
 * );
 * ```
 */
export class RLSMigrationGenerator {
  /**
   * A migration that makes the policies, and takes them away again.
   *
   * @param schema the policies
   * @param options see {@linkcode NativeOptions}
   * @returns the text of the module, in TypeScript
   * @throws {RLSSchemaError} for a condition that PostgreSQL cannot evaluate
   */
  generateMigration(schema: RLSSchema<any>, options: NativeOptions = {}): string {
    const up = toPostgres(schema, options);
    const down = new PostgresRLSGenerator().generateDropStatements(schema, options);
    return `import { type Kysely, sql } from "kysely";

const policies: readonly string[] = ${listOf(up)};

const withoutPolicies: readonly string[] = ${listOf(down)};

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of policies) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const statement of withoutPolicies) await sql.raw(statement).execute(db);
}
`;
  }

  /**
   * A name for the file of a migration, which sorts by time.
   *
   * @param name what it is about. Default `"row_level_security"`
   * @param now the time, in UTC. Default: the time of the clock
   * @returns the name, with `.ts`
   */
  generateFilename(name = "row_level_security", now: Date = new Date()): string {
    const time = now.toISOString().slice(0, 19).replace(/\D/g, "");
    const words = name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
    return `${time}_${words === "" ? "row_level_security" : words}.ts`;
  }
}

/** The statements as a list of texts of JavaScript. */
function listOf(statements: readonly string[]): string {
  return `[\n${statements.map((statement) => `  ${JSON.stringify(statement)},\n`).join("")}]`;
}
