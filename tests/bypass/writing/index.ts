/** Writing. */
import type { BypassRow } from "../case.ts";
import { deletes, softDeletes, truncates } from "./deletes.ts";
import { conflicts, ignoring, insertSelect, overwriting } from "./inserts.ts";
import { merges } from "./merges.ts";
import { returning } from "./returning.ts";
import { movingRows, ownColumns, updates } from "./updates.ts";

export const writing: readonly BypassRow[] = [
  {
    number: 19,
    shape: "update: OR, alias, from, join, subquery in set",
    must: ["F"],
    cases: updates,
  },
  {
    number: 20,
    shape: "update that moves a row out of or into the caller's scope",
    must: ["F"],
    note: "the filter's part; the check is row-level security's",
    cases: movingRows,
  },
  {
    number: 21,
    shape: "update of the tenant, deleted-at or audit columns themselves",
    must: ["F"],
    note: "the filter's part; the check is row-level security's",
    cases: ownColumns,
  },
  {
    number: 22,
    shape: "delete: plain, using, join, several tables, limit",
    must: ["F"],
    cases: deletes,
  },
  { number: 23, shape: "truncate", must: ["R"], cases: truncates },
  {
    number: 24,
    shape: "insert with, without, or with another's tenant column",
    must: ["C"],
    cases: [],
  },
  { number: 25, shape: "insert many, tenants mixed", must: ["C"], cases: [] },
  {
    number: 26,
    shape: "insert .. select from a filtered table",
    must: ["F"],
    cases: insertSelect,
  },
  {
    number: 27,
    shape: "on conflict hitting a hidden row",
    must: ["F"],
    cases: conflicts,
  },
  {
    number: 28,
    shape: "on duplicate key update; replace; or replace; or ignore",
    must: ["R"],
    cases: [...overwriting, ...ignoring],
  },
  { number: 29, shape: "merge, matched and not matched", must: ["F"], cases: merges },
  { number: 30, shape: "returning, also of subqueries", must: ["F"], cases: returning },
  {
    number: 31,
    shape: "soft-deleted table: joined delete",
    must: ["F"],
    note: "never a hard delete by accident",
    cases: softDeletes,
  },
];
