/** What a name of a migration begins with that is numbered, and not dated. */
const NUMBERED = /^(\d{1,6})(?=[_.-])/;

/**
 * Returns what the name of the next migration begins with: the next number, where the others are
 * numbered; the time otherwise, in UTC and to the second, later than that of any other.
 *
 * @param files the names of the files in the folder
 * @param now the time
 */
export function stampOf(files: readonly string[], now: Date): string {
  const dated = files.flatMap((file) => /^\d{14}(?!\d)/.exec(file) ?? []);
  const numbers = files.flatMap((file) => NUMBERED.exec(file)?.[1] ?? []);
  if (dated.length === 0 && numbers.length > 0) {
    const next = Math.max(...numbers.map(Number)) + 1;
    return String(next).padStart(numbers[0]!.length, "0");
  }
  const last = dated.sort().at(-1);
  let time = new Date(now);
  while (last !== undefined && textOf(time) <= last) {
    time = new Date(Math.max(time.getTime(), timeOf(last)) + 1000);
  }
  return textOf(time);
}

function textOf(time: Date): string {
  return time.toISOString().replace(/\D/g, "").slice(0, 14);
}

/** The time of a stamp; one that is no time says nothing. */
function timeOf(stamp: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(
    stamp,
  )!.map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}
