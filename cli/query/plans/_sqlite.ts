import type { Plan, Read, Sort } from "../_plan.ts";

/** Reads the rows of `explain query plan` of SQLite. */
export function sqlitePlan(rows: readonly Record<string, unknown>[]): Plan {
  const reads: Read[] = [];
  const sorts: Sort[] = [];
  for (const { detail } of rows) {
    const text = String(detail);
    if (/^USE TEMP B-TREE FOR (?:.* )?ORDER BY/.test(text)) sorts.push({ by: [], isOnDisk: false });
    const [, verb, alias] = /^(SCAN|SEARCH) (?:TABLE )?(\S+)/.exec(text) ?? [];
    // What stands for a subquery or a constant row is not a table.
    if (verb === undefined || /^(?:\(|CONSTANT$)/.test(alias!)) continue;
    const isAutomatic = text.includes("AUTOMATIC");
    reads.push({
      alias: alias!,
      table: undefined,
      how: isAutomatic ? "automatic" : verb === "SCAN" ? "scan" : "index",
      index: / INDEX (\S+)/.exec(text)?.[1],
      rows: undefined,
      filter: undefined,
    });
  }
  return { reads, sorts, misjudged: [] };
}
