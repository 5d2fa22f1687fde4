import { defineRLSSchema } from "./define_rls_schema.ts";
import { RLSSchemaError } from "../contract/errors.ts";
import type { AnyRow, RLSSchema, TableRLSConfig, Tenancy } from "../contract/policy.ts";

/**
 * Merges schemas into one. A table that more than one of them has keeps all of its policies; it
 * denies by default where one of them does.
 *
 * @param schemas the schemas
 * @returns a schema, as `defineRLSSchema` gives it
 * @throws {RLSSchemaError} where two of them name a policy alike, or contradict each other about a
 * key, a stamp or a column
 *
 * @example
 * ```ts
 * import { allow, defineRLSSchema, filter, mergeRLSSchemas } from "@kysera/rls";
 * import assert from "node:assert/strict";
 *
 * const tenants = defineRLSSchema({
 *   posts: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
 * });
 * const authors = defineRLSSchema({
 *   posts: { policies: [allow("update", (ctx) => ({ author_id: ctx.auth.userId }))] },
 * });
 * const schema = mergeRLSSchemas(tenants, authors);
 * assert.equal(schema["posts"]!.policies.length, 2);
 * ```
 */
export function mergeRLSSchemas<DB = Record<string, AnyRow>>(
  ...schemas: readonly RLSSchema<NoInfer<DB>>[]
): RLSSchema<DB> {
  const merged = new Map<string, TableRLSConfig<any>>();
  for (const schema of schemas) {
    for (const [table, config] of Object.entries<TableRLSConfig<any> | undefined>(schema)) {
      if (config === undefined) continue;
      const known = merged.get(table);
      merged.set(table, known === undefined ? config : merge(known, config, table));
    }
  }
  // The tables are those of the schemas, which are of this type.
  return defineRLSSchema<DB>(Object.fromEntries(merged) as RLSSchema<DB>);
}

function merge(
  a: TableRLSConfig<any>,
  b: TableRLSConfig<any>,
  table: string,
): TableRLSConfig<any> {
  const skipFor = [...a.skipFor ?? [], ...b.skipFor ?? []];
  const primaryKey = one(a.primaryKey, b.primaryKey, `${table}.primaryKey`);
  const stamp = members(a.stamp, b.stamp, `${table}.stamp`);
  const columns = members(a.columns, b.columns, `${table}.columns`);
  const tenancy = oneTenancy(a.tenancy, b.tenancy, `${table}.tenancy`);
  const relations = members(a.relations, b.relations, `${table}.relations`);
  return {
    policies: [...a.policies, ...b.policies],
    defaultDeny: (a.defaultDeny ?? true) || (b.defaultDeny ?? true),
    ...(skipFor.length === 0 ? {} : { skipFor }),
    ...(tenancy === undefined ? {} : { tenancy }),
    ...(primaryKey === undefined ? {} : { primaryKey }),
    ...(stamp === undefined ? {} : { stamp }),
    ...(columns === undefined ? {} : { columns }),
    ...(relations === undefined ? {} : { relations }),
  };
}

function members<T extends object>(
  a: T | undefined,
  b: T | undefined,
  path: string,
): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const of = { ...a } as Record<string, unknown>;
  for (const [key, value] of Object.entries(b)) {
    of[key] = one(of[key], value, `${path}.${key}`);
  }
  // Both have members of the one type.
  return of as T;
}

function one<T>(a: T | undefined, b: T | undefined, path: string): T | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  if (isRelation(a) && isRelation(b) && formOf(a) === formOf(b)) return a;
  // Keys are lists that were copied.
  if (Array.isArray(a) && Array.isArray(b) && a.join("\0") === b.join("\0")) return a;
  throw new RLSSchemaError(path, "two schemas say different things of it");
}

function oneTenancy(
  a: Tenancy | false | undefined,
  b: Tenancy | false | undefined,
  path: string,
): Tenancy | false | undefined {
  const isSame = a && b && a.distributionColumn === b.distributionColumn && a.value === b.value;
  return isSame ? a : one(a, b, path);
}

interface AnyRelation {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
}

function isRelation(value: unknown): value is AnyRelation {
  return typeof value === "object" && value !== null && "table" in value && "columns" in value;
}

function formOf({ table, columns }: AnyRelation): string {
  return JSON.stringify([table, Object.entries(columns).sort()]);
}
