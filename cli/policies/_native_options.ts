import { detectDialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { readSchema, type SchemaSnapshot } from "@kysera/migrations/schema";
import { type PolicySource, policySourcesOf } from "@kysera/rls";
import type { NativeOptions } from "@kysera/rls/native";
import type { Kysely } from "kysely";
import { refusal } from "../contract/_cli_error.ts";

/** The policies of an executor that has them once. */
export function onlySourceOf(executor: Kysely<any>): PolicySource {
  const [source, ...more] = policySourcesOf(executor);
  if (more.length === 0) return source!;
  throw refusal("The executor has row-level security twice, and PostgreSQL has it once", {
    hint: "Make one schema of the two with mergeRLSSchemas(), and one plugin.",
  });
}

/** The options that follow from the plugin and the database, for policies of PostgreSQL. */
export async function nativeOptionsOf(
  executor: Kysely<any>,
  { schema, bypassRoles, skipTables }: PolicySource,
  roles: readonly string[],
): Promise<NativeOptions> {
  const options = { bypassRoles, skipTables, roles };
  if (detectDialect(executor) !== "postgres") return options;
  const raw: Kysely<any> = getRawDb<any>(executor).withoutPlugins();
  const snapshot = await readSchema(raw);
  const withRules = Object.keys(schema).filter((table) =>
    Object.keys(schema[table]?.columns ?? {}).length > 0
  );
  return {
    ...options,
    schemaName: snapshot.defaultSchema,
    columns: Object.fromEntries(
      withRules.map((table) => [table, columnsOf(snapshot, table)]).filter(([, all]) =>
        all !== undefined
      ),
    ),
  };
}

function columnsOf({ tables }: SchemaSnapshot, name: string): readonly string[] | undefined {
  const found = tables.find((table) =>
    (table.schema === null ? table.name : `${table.schema}.${table.name}`) === name
  );
  return found?.columns.map((column) => column.name);
}
