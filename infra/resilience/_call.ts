import { BadRequestError } from "@kysera/core";
import { abortSignal, checkOptions } from "../_options.ts";
import type { PolicyCallOptions } from "./policy.ts";

/** The signal of a call; one that is never aborted where none was given. */
export function signalOf(action: string, fn: unknown, options: PolicyCallOptions): AbortSignal {
  if (typeof fn !== "function") {
    throw new BadRequestError(`Cannot ${action}: what is to be run is not a function`);
  }
  checkOptions(action, options, { signal: abortSignal });
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  return signal;
}
