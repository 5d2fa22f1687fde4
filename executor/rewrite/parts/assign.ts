import { assignInsert, assignMerge, assignUpdate, assignUpdates } from "../clauses/_assign.ts";

/** Sets columns of rows that are written: see `clauses/_assign.ts`. */
export interface AssignPart {
  readonly assignInsert: typeof assignInsert;
  readonly assignMerge: typeof assignMerge;
  readonly assignUpdate: typeof assignUpdate;
  readonly assignUpdates: typeof assignUpdates;
}

/** The rules for the hook `stamp`. */
export const ASSIGN: AssignPart = {
  assignInsert,
  assignMerge,
  assignUpdate,
  assignUpdates,
};
