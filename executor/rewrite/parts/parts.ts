import type { AssignPart } from "./assign.ts";
import type { CheckPart } from "./check.ts";
import type { InterceptPart } from "./intercept.ts";
import type { MaskPart } from "./mask.ts";
import type { RawPart } from "./raw.ts";

/**
 * The parts of the rewriting that not every executor needs. A part is there if, and only if, a plugin
 * or an option asks for it: `PluginSet` sees to that.
 */
export interface RewriteParts {
  /** Under `rawSql: "deny"`. */
  readonly raw?: RawPart;
  /** For the hook `interceptQuery`. */
  readonly intercept?: InterceptPart;
  /** For the hook `stamp`. */
  readonly assign?: AssignPart;
  /** For the hook `check`. */
  readonly check?: CheckPart;
  /** For the hook `mask`. */
  readonly mask?: MaskPart;
}

/** The name of a part. */
export type PartName = keyof RewriteParts;
