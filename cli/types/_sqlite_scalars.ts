import type { SchemaType } from "@kysera/migrations/schema";
import type { NamedScalars } from "./_scalars.ts";

/** What the drivers return needs no names. */
export const SQLITE_SCALARS: NamedScalars = {};

/**
 * Returns the type of what a column usually holds: by the affinity of the declared type, and by the
 * word where people store something else than the affinity says.
 */
export function sqliteScalar({ name }: SchemaType): string {
  const type = name.toLowerCase();
  if (/date|time|json|uuid/.test(type)) return "string";
  if (type.includes("int")) return "number";
  if (/char|clob|text/.test(type)) return "string";
  if (type.includes("blob")) return "Uint8Array";
  if (/real|floa|doub|num|dec|bool/.test(type)) return "number";
  return "unknown";
}
