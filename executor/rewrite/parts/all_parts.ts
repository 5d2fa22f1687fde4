import { ASSIGN } from "./assign.ts";
import { CHECK } from "./check.ts";
import { INTERCEPT } from "./intercept.ts";
import { MASK } from "./mask.ts";
import type { RewriteParts } from "./parts.ts";
import { RAW } from "./raw.ts";

/** Every part, for executors that are created without waiting. */
export const ALL_PARTS: Required<RewriteParts> = {
  raw: RAW,
  intercept: INTERCEPT,
  assign: ASSIGN,
  check: CHECK,
  mask: MASK,
};
