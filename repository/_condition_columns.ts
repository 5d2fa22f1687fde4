import type { Condition } from "./_condition.ts";

/** Returns the columns that a condition compares. */
export function columnsOf(condition: Condition): string[] {
  if (condition.kind === "compare" || condition.kind === "json") return [condition.column];
  return "parts" in condition ? condition.parts.flatMap(columnsOf) : [];
}
