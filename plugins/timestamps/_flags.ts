import type { Attributes } from "@kysera/executor";
import { TimestampsError } from "./errors.ts";

/** The flag of a handle that is for one statement of ours. */
export const ACT = "@kysera/timestamps";

/** What that statement does; an instance, so that no data from elsewhere can be taken for one. */
export class Act {
  /** An UPDATE that changes the stamps alone. */
  static readonly touch: Act = new Act();
}

/** Whether a handle stamps what it writes. @throws {TimestampsError} for a flag that means nothing */
export function isStamping({ timestamps }: Attributes): boolean {
  if (timestamps === undefined || typeof timestamps === "boolean") return timestamps !== false;
  throw new TimestampsError(
    `Cannot use a handle whose flag "timestamps" is ${
      JSON.stringify(timestamps)
    }; it must be true ` +
      "or false",
    "INVALID_FLAG",
  );
}
