import { BadRequestError, isPromise } from "@kysera/core";

/** What takes a list takes nothing else. */
export function assertList(value: unknown, action: string): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new BadRequestError(
    `Cannot ${action}: the argument is ` +
      (isPromise(value) ? "a promise; await it first" : "no list"),
  );
}
