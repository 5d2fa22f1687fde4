/** Reading. */
import type { BypassRow } from "../case.ts";
import { maskedColumns } from "./columns.ts";
import { aggregates, limits, locks, setOperations } from "./blocks.ts";
import { conditions } from "./conditions.ts";
import { plans, streams } from "./execution.ts";
import { helpers } from "./helpers.ts";
import { joins, plain, several } from "./sources.ts";
import { anyPlace, comparisons, derived } from "./subqueries.ts";
import { bodies, shadowing, writingBodies } from "./with.ts";

export const reading: readonly BypassRow[] = [
  {
    number: 1,
    shape: "plain select; aliased; schema-qualified; `withSchema`",
    must: ["F"],
    cases: plain,
  },
  {
    number: 2,
    shape: "several FROM items; self join under two aliases",
    must: ["F"],
    cases: several,
  },
  {
    number: 3,
    shape: "inner, left, right, full, cross join; lateral; join on a subquery",
    must: ["F"],
    cases: joins,
  },
  { number: 4, shape: "subquery in any place", must: ["F"], cases: anyPlace },
  {
    number: 5,
    shape: "exists, not exists, in, not in, any, all",
    must: ["F"],
    cases: comparisons,
  },
  { number: 6, shape: "derived table, three deep", must: ["F"], cases: derived },
  {
    number: 7,
    shape: "CTE body; in a subquery; using another; recursive",
    must: ["F"],
    cases: bodies,
  },
  {
    number: 8,
    shape: "CTE that has the name of a filtered table",
    must: ["ok", "F"],
    note: "the CTE is not filtered, the table is",
    cases: shadowing,
  },
  { number: 9, shape: "data-modifying CTE", must: ["F"], cases: writingBodies },
  {
    number: 10,
    shape: "union, intersect, except, nested",
    must: ["F"],
    cases: setOperations,
  },
  {
    number: 11,
    shape: "aggregate, distinct, window functions, `filter (where)`",
    must: ["F"],
    cases: aggregates,
  },
  { number: 12, shape: "limit, offset, fetch", must: ["F"], cases: limits },
  { number: 13, shape: "`for update`, `skip locked`", must: ["F"], cases: locks },
  {
    number: 14,
    shape: "`stream()`, left early by `break`",
    must: ["F"],
    cases: streams,
  },
  { number: 15, shape: "`explain()`", must: ["F"], cases: plans },
  {
    number: 16,
    shape: "raw OR, unparenthesised",
    must: ["F"],
    cases: conditions,
  },
  {
    number: 17,
    shape: "order by, group by or where on a column the caller may not read",
    must: ["F"],
    note: "masked where it is read",
    cases: maskedColumns,
  },
  {
    number: 18,
    shape: "`dynamic`, `$if`, `$call`, `$castTo`, `withTables`, `$pickTables`",
    must: ["F"],
    cases: helpers,
  },
];
