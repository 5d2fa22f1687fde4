import { isPromise } from "@kysera/core";

/**
 * Calls a listener, whose failure is no business of whoever calls it.
 *
 * @param failed told what it throws, or rejects with
 */
export function callSafely<Args extends unknown[]>(
  listener: ((...args: Args) => unknown) | undefined,
  args: Args,
  failed: (error: unknown) => void,
): void {
  try {
    const answer = listener?.(...args);
    if (isPromise(answer)) answer.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}
