import type { Plan, Read, Sort } from "../_plan.ts";

/** Reads the rows of `explain` of MySQL and MariaDB. */
export function mysqlPlan(rows: readonly Record<string, unknown>[]): Plan {
  const reads: Read[] = [];
  const sorts: Sort[] = [];
  for (const row of rows) {
    const alias = textOf(row["table"]);
    const extra = textOf(row["Extra"]) ?? "";
    if (/filesort/i.test(extra)) sorts.push({ by: [], isOnDisk: false });
    // What stands for a subquery or a union is not a table.
    if (alias === undefined || alias.startsWith("<")) continue;
    const index = textOf(row["key"]);
    const kind = textOf(row["type"]);
    reads.push({
      alias,
      table: undefined,
      // "index" reads all of an index.
      how: kind === "ALL" || kind === "index" ? "scan" : "index",
      index,
      rows: row["rows"] === null ? undefined : Number(row["rows"]),
      filter: undefined,
    });
  }
  return { reads, sorts, misjudged: [] };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
