import { usageError } from "../../contract/_cli_error.ts";

/** Returns how many migrations are meant, by either of the two names of the option. */
export function stepsOf(
  { steps, count }: { readonly steps: number | undefined; readonly count: number | undefined },
): number | undefined {
  if (steps !== undefined && count !== undefined && steps !== count) {
    throw usageError("--steps and --count are the same: give one of them");
  }
  return steps ?? count;
}
