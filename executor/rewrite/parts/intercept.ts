import { intercept } from "../_intercept.ts";

/** Has plugins change query blocks: see `_intercept.ts`. */
export interface InterceptPart {
  readonly intercept: typeof intercept;
}

/** The rules for the hook `interceptQuery`. */
export const INTERCEPT: InterceptPart = { intercept };
