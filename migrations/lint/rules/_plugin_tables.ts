import { isPlainObject } from "@kysera/core";
import type { LintPlugins, LintPolicies, LintTables } from "../contract/lint_plugins.ts";
import type { ObjectName } from "../read/_change.ts";
import type { TableView } from "../view/_schema_view.ts";

/** Whether a list of names has a table, in whichever schema. */
export function hasName(
  names: readonly string[] | undefined,
  { schema, name }: ObjectName,
): boolean {
  return names !== undefined &&
    (names.includes(name) || (schema !== undefined && names.includes(`${schema}.${name}`)));
}

/** Whether a plugin is for a table, as far as its lists say; `undefined` where they say nothing. */
export function isListed(options: LintTables, table: ObjectName): boolean | undefined {
  if (hasName(options.excludeTables, table)) return false;
  return options.tables === undefined ? undefined : hasName(options.tables, table);
}

/** Returns the column that says which rows of a table are deleted, if the plugin is for it. */
export function deletedColumnOf(
  { softDelete }: LintPlugins,
  table: ObjectName,
  known: TableView | undefined,
): string | undefined {
  if (softDelete === undefined) return undefined;
  const column = softDelete.deletedAtColumn ?? "deleted_at";
  const isFor = isListed(softDelete, table) ?? known?.columns.has(column) ?? false;
  return isFor ? column : undefined;
}

/** Returns the entry of a table in the schema of policies. */
export function policiesOf(
  { rls }: LintPlugins,
  { schema, name }: ObjectName,
): LintPolicies | undefined {
  if (rls === undefined) return undefined;
  const qualified = schema === undefined ? undefined : `${schema}.${name}`;
  for (const key of [qualified, name]) {
    if (key !== undefined && Object.hasOwn(rls.schema, key)) return rls.schema[key];
  }
  return undefined;
}

/** Returns the column that says whose a row is, of a table that has policies. */
export function tenantColumnOf(
  plugins: LintPlugins,
  table: ObjectName,
  known: TableView | undefined,
): string | undefined {
  const policies = policiesOf(plugins, table);
  if (policies === undefined) return undefined;
  const column = plugins.rls!.tenantColumn ?? "tenant_id";
  const isUsed = known?.columns.has(column) || columnsOf(policies).includes(column);
  return isUsed ? column : undefined;
}

/** Returns the columns that the policies of a table compare, as far as these say so. */
export function columnsOf(
  { policies, stamp }: LintPolicies,
): string[] {
  const columns = new Set(Object.keys(stamp ?? {}));
  for (const { condition, hints } of policies) {
    for (const column of hints?.indexColumns ?? []) columns.add(column);
    if (isPlainObject(condition)) { for (const key of Object.keys(condition)) columns.add(key); }
  }
  return [...columns];
}
