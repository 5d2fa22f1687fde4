import type { RLSSchema } from "../contract/policy.ts";
import { SchemaRelations } from "../policy/_schema_relations.ts";
import { type CompiledTable, PolicyRegistry } from "../policy/policy_registry.ts";
import { contextFunctions, dropFunctions } from "./_functions.ts";
import { type NativeSettings, readNativeOptions } from "./_settings.ts";
import { dropTableStatements, tableStatements } from "./_statements.ts";
import type { NativeOptions } from "./options.ts";

/**
 * Makes the policies of a schema into those of PostgreSQL: statements, one in each text, without a
 * semicolon.
 *
 * @example
 * ```ts
 * import { defineRLSSchema, filter } from "@kysera/rls";
 * import { PostgresRLSGenerator } from "@kysera/rls/native";
 * import assert from "node:assert/strict";
 *
 * const schema = defineRLSSchema({
 *   posts: { policies: [filter("read", { archived: false })] },
 * });
 * const statements = new PostgresRLSGenerator().generateStatements(schema);
 * assert.equal(
 *   statements.find((statement) => statement.includes("as restrictive")),
 *   `create policy "rls_filter_read_1_read" on "public"."posts" as restrictive for select ` +
 *     `using ("posts"."archived" = false)`,
 * );
 * ```
 */
export class PostgresRLSGenerator {
  /**
   * The policies, and what turns them on. They may be run again, and after a change of the schema:
   * those of before are dropped. They need the functions of
   * {@linkcode PostgresRLSGenerator.generateContextFunctions}.
   *
   * @param schema the policies
   * @param options see {@linkcode NativeOptions}
   * @returns the statements
   * @throws {RLSSchemaError} for a condition that PostgreSQL cannot evaluate: a function that looks at
   * `ctx.row`, or decides by a value of the context otherwise than by `includes`
   */
  generateStatements(schema: RLSSchema<any>, options: NativeOptions = {}): string[] {
    const settings = readNativeOptions(options);
    return tablesOf(schema, settings).flatMap((table) => tableStatements(table, settings));
  }

  /**
   * The functions that the policies read the context with. They may be run again.
   *
   * @param options see {@linkcode NativeOptions}
   * @returns the statements
   * @throws {RLSSchemaError} for an option that there is not
   */
  generateContextFunctions(options: NativeOptions = {}): string[] {
    return contextFunctions(readNativeOptions(options));
  }

  /**
   * What undoes all of it. They may be run again, and where a table is no longer there.
   *
   * @param schema the policies
   * @param options see {@linkcode NativeOptions}
   * @returns the statements
   * @throws {RLSSchemaError} for an option that there is not
   */
  generateDropStatements(schema: RLSSchema<any>, options: NativeOptions = {}): string[] {
    const settings = readNativeOptions(options);
    return [
      ...tablesOf(schema, settings).flatMap((table) => dropTableStatements(table, settings)),
      ...dropFunctions(settings),
    ];
  }
}

function tablesOf(schema: RLSSchema<any>, { skipTables }: NativeSettings): CompiledTable[] {
  const registry = new PolicyRegistry(schema);
  const relations = new SchemaRelations(schema);
  relations.mustKnowAll("read them of the database: await withForeignKeys(db, schema)");
  relations.checkForPostgres();
  return registry.tables().filter(({ table }) => !skipTables.includes(table));
}
