/** Which server migrations are for. */
export interface ServerVersion {
  /** Whether it is MariaDB, which numbers its versions by itself; `undefined` where nobody says. */
  readonly isMariaDb: boolean | undefined;
  /** The numbers, as in `[10, 11, 6]`; empty where nobody says. */
  readonly numbers: readonly number[];
}

/**
 * Reads a version as servers and people write it: `15.4 (Debian)`, `10.11.6-MariaDB`, `3.45.1`.
 *
 * @returns `undefined` if the text holds none
 */
export function parseVersion(text: string): ServerVersion | undefined {
  const found = /(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?/.exec(text);
  if (found === null) return undefined;
  return {
    isMariaDb: /mariadb/i.test(text),
    numbers: found.slice(1).filter((part) => part !== undefined).map(Number),
  };
}

/** Whether a server is known to be older than a version. */
export function isBefore({ numbers }: ServerVersion, ...wanted: readonly number[]): boolean {
  if (numbers.length === 0) return false;
  for (const [i, want] of wanted.entries()) {
    const have = numbers[i] ?? 0;
    if (have !== want) return have < want;
  }
  return false;
}

/** Whether a server is known to be a version or newer. */
export function isSince(version: ServerVersion, ...wanted: readonly number[]): boolean {
  return version.numbers.length > 0 && !isBefore(version, ...wanted);
}
