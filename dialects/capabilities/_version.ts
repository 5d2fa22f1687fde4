/** A version, as three numbers that can be compared one after the other. */
export type Version = readonly [major: number, minor: number, patch: number];

/**
 * Reads the version that a server tells, such as `15.18 (Debian 15.18-0)`, `3.53.2`, or
 * `5.5.5-10.11.19-MariaDB` with the prefix that MariaDB has for old clients.
 *
 * @throws {TypeError} If there is none.
 */
export function parseVersion(text: string): Version {
  const match = /^\D*?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text.replace(/^5\.5\.5-(?=\d)/, ""));
  if (match === null) throw new TypeError(`Cannot read version ${JSON.stringify(text)}`);
  return [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
}

/** Whether a version is another one or later. */
export function isAtLeast(version: Version, other: Version): boolean {
  const index = version.findIndex((part, i) => part !== other[i]);
  return index < 0 || version[index]! > other[index]!;
}
