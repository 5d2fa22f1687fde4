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
    if (isThenable(answer)) answer.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as PromiseLike<unknown>).then === "function";
}
