import { maskTarget, maskTargets, refuseLock, refuseReadOnlyColumns } from "../clauses/_mask.ts";
import { refuseStoredMasks } from "../clauses/_stored_masks.ts";

/** Masks columns of the targets of statements: see `clauses/_mask.ts`. */
export interface MaskPart {
  readonly maskTarget: typeof maskTarget;
  readonly maskTargets: typeof maskTargets;
  readonly refuseLock: typeof refuseLock;
  readonly refuseReadOnlyColumns: typeof refuseReadOnlyColumns;
  readonly refuseStoredMasks: typeof refuseStoredMasks;
}

/** The rules for the hook `mask`. */
export const MASK: MaskPart = {
  maskTarget,
  maskTargets,
  refuseLock,
  refuseReadOnlyColumns,
  refuseStoredMasks,
};
