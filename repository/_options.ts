import { BadRequestError } from "@kysera/core";

/** Options are never ignored silently. */
export function refuseUnknown(options: object, known: readonly string[], action: string): void {
  if (typeof options !== "object" || options === null) {
    throw new BadRequestError(`Cannot ${action}: the options are no object`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new BadRequestError(
      `Cannot ${action}: there is no option "${key}"; the options are ` +
        known.map((name) => `"${name}"`).join(", "),
    );
  }
}

/** What takes a list takes nothing else. */
export function assertList(value: unknown, action: string): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new BadRequestError(`Cannot ${action}: the argument is no list`);
}
