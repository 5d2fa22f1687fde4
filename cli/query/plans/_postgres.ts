import type { Misjudged, Plan, Read, Sort } from "../_plan.ts";

/** A step of a plan, as `explain (format json)` has it. */
interface Step {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Alias"?: string;
  readonly "Index Name"?: string;
  readonly "Filter"?: string;
  readonly "Plan Rows": number;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Sort Key"?: readonly string[];
  readonly "Sort Space Type"?: string;
  readonly "Plans"?: readonly Step[];
}

/** Reads a plan of PostgreSQL. */
export function postgresPlan(rows: readonly Record<string, unknown>[]): Plan {
  const [value] = Object.values(rows[0] ?? {});
  const [{ Plan: root }] = (typeof value === "string" ? JSON.parse(value) : value) as [
    { readonly Plan: Step },
  ];
  const reads: Read[] = [];
  const sorts: Sort[] = [];
  const misjudged: Misjudged[] = [];
  visit(root);
  return { reads, sorts, misjudged };

  function visit(step: Step): void {
    const table = step["Relation Name"];
    const kind = step["Node Type"];
    if (table !== undefined && kind !== "ModifyTable") {
      reads.push({
        alias: step["Alias"] ?? table,
        table,
        how: kind.endsWith("Seq Scan") ? "scan" : "index",
        index: step["Index Name"],
        rows: step["Plan Rows"],
        filter: step["Filter"],
      });
    }
    if (kind === "Sort") {
      sorts.push({
        by: step["Sort Key"] ?? [],
        isOnDisk: step["Sort Space Type"] === "Disk",
      });
    }
    const actual = step["Actual Rows"];
    if (actual !== undefined && isFarOff(step["Plan Rows"], actual)) {
      misjudged.push({ table, expected: step["Plan Rows"], actual });
    }
    step["Plans"]?.forEach(visit);
  }
}

/** Ten times as many, or a tenth, where it is many at all. */
function isFarOff(expected: number, actual: number): boolean {
  const [less, more] = expected < actual ? [expected, actual] : [actual, expected];
  return more >= 1000 && more > less * 10;
}
