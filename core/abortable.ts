/**
 * Waits for work, but no longer than until a signal is aborted. What was begun is not interrupted:
 * a query that was sent runs to its end, and its result is dropped.
 *
 * @param signal the signal; without one the work is waited for
 * @param run begins the work; not called where the signal is aborted already
 * @returns what the work gives
 * @throws the reason of the signal, where it is aborted first
 *
 * @example
 * ```ts
 * import { abortable } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const controller = new AbortController();
 * const waiting = abortable(controller.signal, () => new Promise(() => {}));
 * controller.abort(new Error("Cannot wait any longer"));
 * await assert.rejects(waiting, /any longer/);
 * assert.equal(await abortable(undefined, () => Promise.resolve(7)), 7);
 * ```
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  run: () => PromiseLike<T>,
): Promise<T> {
  if (signal === undefined) return await run();
  signal.throwIfAborted();
  const work = Promise.resolve(run());
  // Its failure may come when nobody waits any more.
  work.catch(() => {});
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const done = (): void => signal.removeEventListener("abort", abort);
    work.then((value) => {
      done();
      resolve(value);
    }, (error) => {
      done();
      reject(error);
    });
  });
}
