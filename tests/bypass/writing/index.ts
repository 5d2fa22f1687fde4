/** Writing. */
import type { BypassRow } from "../case.ts";
import { deletes, softDeletes, truncates } from "./deletes.ts";
import { conflicts, ignoring, insertSelect, overwriting } from "./inserts.ts";
import { merges } from "./merges.ts";
import { returning } from "./returning.ts";
import {
  checkedReturning,
  foreignSelects,
  mixedInserts,
  movesOut,
  movingDuplicates,
  movingMerges,
  movingUpserts,
  ownTenant,
  tenantOfInserts,
} from "./checks.ts";
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
    note: "into it by the filter; out of it checked by row-level security",
    cases: [...movingRows, ...movesOut],
  },
  {
    number: 21,
    shape: "update of the tenant, deleted-at or audit columns themselves",
    must: ["F"],
    cases: [...ownColumns, ...ownTenant],
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
    cases: tenantOfInserts,
  },
  { number: 25, shape: "insert many, tenants mixed", must: ["C"], cases: mixedInserts },
  {
    number: 26,
    shape: "insert .. select from a filtered table",
    must: ["F"],
    cases: [...insertSelect, ...foreignSelects],
  },
  {
    number: 27,
    shape: "on conflict hitting a hidden row",
    must: ["F"],
    cases: [...conflicts, ...movingUpserts],
  },
  {
    number: 28,
    shape: "on duplicate key update; replace; or replace; or ignore",
    must: ["R"],
    cases: [...overwriting, ...ignoring, ...movingDuplicates],
  },
  {
    number: 29,
    shape: "merge, matched and not matched",
    must: ["F"],
    cases: [...merges, ...movingMerges],
  },
  {
    number: 30,
    shape: "returning, also of subqueries",
    must: ["F"],
    cases: [...returning, ...checkedReturning],
  },
  {
    number: 31,
    shape: "soft-deleted table: joined delete",
    must: ["F"],
    note: "never a hard delete by accident",
    cases: softDeletes,
  },
];
