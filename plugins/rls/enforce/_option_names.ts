import {
  type DialectName,
  isCatalogTable,
  type OptionName,
  parseTableName,
} from "@kysera/executor";
import type { Settings } from "./_settings.ts";
import type { PolicyCondition } from "../contract/policy.ts";
import { SchemaRelations } from "../policy/_schema_relations.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/**
 * Returns the names of tables and columns that the schema and the options hold, as far as they can be
 * read there: columns that a function answers with are known when it is asked.
 */
export function optionNames(
  { registry, schema, skipTables, check }: Settings,
  dialect: DialectName,
): OptionName[] {
  if (check === "off") return [];
  // The database's own tables are not listed everywhere.
  const skipped = skipTables.filter((table) => !isCatalogTable(parseTableName(table), dialect));
  return [
    ...registry.tables().flatMap(namesOfTable),
    ...new SchemaRelations(schema).names().map(({ where, table, column }) => ({
      option: `schema.${where}`,
      table,
      column,
    })),
    ...skipped.map((table) => ({ option: "skipTables", table })),
  ];
}

function namesOfTable(config: CompiledTable): OptionName[] {
  const { table, policies, primaryKey = [], tenancy, stamp, columns } = config;
  const distributed = tenancy ? tenancy.distributionColumn : undefined;
  const named = (where: string, names: readonly string[]): OptionName[] =>
    names.map((column) => ({ option: `schema.${table}.${where}`, table, column }));
  return [
    { option: "schema", table },
    ...named("primaryKey", primaryKey),
    ...distributed === undefined ? [] : named("tenancy", [distributed]),
    ...named("stamp", Object.keys(stamp).filter((column) => column !== distributed)),
    ...named("columns", Object.keys(columns)),
    ...Object.entries(columns).flatMap(([column, { read }]) =>
      named(`columns.${column}.read`, columnsOf(read))
    ),
    // What is stamped, or distributes, is a policy as well, and was named.
    ...policies.filter((each) => (each.stamps ?? each.distributes) === undefined).flatMap((
      policy,
    ) =>
      named(`policies "${policy.name}"`, [
        ...new Set([
          ...columnsOf(policy.using),
          ...columnsOf(policy.check),
          ...policy.hints.indexColumns ?? [],
        ]),
      ])
    ),
  ];
}

function columnsOf(condition: PolicyCondition<any> | undefined): string[] {
  return typeof condition === "object" ? Object.keys(condition) : [];
}
