import { checkInsert, checkMerge, checkUpdate } from "../clauses/_check.ts";
import { guardInsert, guardUpdate } from "../clauses/_check_in_statement.ts";

/** Checks rows that are written: see `clauses/_check.ts`. */
export interface CheckPart {
  readonly checkInsert: typeof checkInsert;
  readonly checkMerge: typeof checkMerge;
  readonly checkUpdate: typeof checkUpdate;
  readonly guardInsert: typeof guardInsert;
  readonly guardUpdate: typeof guardUpdate;
}

/** The rules for the hook `check`. */
export const CHECK: CheckPart = {
  checkInsert,
  checkMerge,
  checkUpdate,
  guardInsert,
  guardUpdate,
};
