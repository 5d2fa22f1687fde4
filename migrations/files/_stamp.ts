/** The digits, with what may separate them, that the name of a file begins with. */
const STAMP = /^\d[\d-]*(?=[_.-]|\D|$)/;

/** Returns the number or time stamp that a name begins with. */
export function stampOf(name: string): string | undefined {
  return STAMP.exec(name)?.[0];
}

/** Returns the time stamp of a moment, in UTC to the second. */
export function stampOfTime(time: Date): string {
  return time.toISOString().slice(0, 19).replace(/\D/g, "");
}

/**
 * Returns the stamp that follows another one: one second later for a time stamp of 14 digits, and
 * otherwise the next number of as many digits.
 */
export function stampAfter(stamp: string): string {
  const digits = stamp.replaceAll("-", "");
  const next = (digits.length === 14 ? secondAfter(digits) : undefined) ??
    String(BigInt(digits) + 1n).padStart(digits.length, "0");
  // What separates the digits stays where it is.
  let at = next.length - digits.length;
  return next.slice(0, at) +
    [...stamp].map((character) => character === "-" ? "-" : next[at++]).join("");
}

function secondAfter(digits: string): string | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  const time = new Date(Date.UTC(year!, month! - 1, day, hour, minute, second! + 1));
  return Number.isNaN(time.getTime()) ? undefined : stampOfTime(time);
}
