import type { RLSSchema } from "../contract/policy.ts";
import { PostgresRLSGenerator } from "./generator.ts";
import type { NativeOptions } from "./options.ts";

/**
 * Returns the policies of a schema as those of PostgreSQL, so that the database itself enforces
 * them: functions that read the context, `ENABLE` and `FORCE ROW LEVEL SECURITY`, and `CREATE
 * POLICY`. They may be run again, and after a change of the schema.
 *
 * The policies read the context from a setting of the transaction: `syncContextToPostgres` sets it,
 * and `nativeRLSPlugin` does so for every query. Where it is not set, a query that a policy asks for a
 * value fails. No policy holds for a superuser, or for a role with `BYPASSRLS`.
 *
 * @param schema the policies
 * @param options see {@linkcode NativeOptions}
 * @returns the statements, to be run in this order
 * @throws {RLSSchemaError} for a condition that PostgreSQL cannot evaluate
 *
 * @example
 * ```ts
 * import { defineRLSSchema, filter } from "@kysera/rls";
 * import { toPostgres } from "@kysera/rls/native";
 * import { type Kysely, sql } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const schema = defineRLSSchema({
 *   posts: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
 * });
 *
 * export async function up(db: Kysely<unknown>): Promise<void> {
 *   for (const statement of toPostgres(schema)) await sql.raw(statement).execute(db);
 * }
 *
 * assert.match(toPostgres(schema).join("\n"), /alter table "public"."posts" force row level security/);
 * ```
 */
export function toPostgres(schema: RLSSchema<any>, options: NativeOptions = {}): string[] {
  const generator = new PostgresRLSGenerator();
  return [
    ...generator.generateContextFunctions(options),
    ...generator.generateStatements(schema, options),
  ];
}
