import { BadRequestError } from "@kysera/core";

/** What the name of a file of Flyway says of it. */
export interface FlywayName {
  /** A version, what undoes one, what stands for all up to one; or what runs again when it changes. */
  readonly kind: "V" | "U" | "B" | "R";
  /** The version, as it is written; `""` of a repeatable migration. */
  readonly version: string;
}

const VERSIONED = /^([VUB])(\d+(?:[._]\d+)*)__/;
const REPEATABLE = /^R__/;
/** The events that Flyway runs files at: `afterMigrate.sql`, `beforeEachMigrate__roles.sql`. */
const CALLBACK =
  /^(?:before|after)(?:Each)?(?:Migrate|Repeatables|Versioned|Undo|Clean|Info|Validate|Baseline|Repair|Connect)/;

/** Returns what a name says in the way of Flyway; `undefined` if it says nothing of the kind. */
export function flywayNameOf(name: string): FlywayName | undefined {
  const [, kind, version] = VERSIONED.exec(name) ?? [];
  // The pattern allows no other letters.
  if (kind !== undefined) return { kind: kind as "V" | "U" | "B", version: version! };
  return REPEATABLE.test(name) ? { kind: "R", version: "" } : undefined;
}

/** Returns true if the name is one of a file that Flyway runs before or after something. */
export function isCallback(name: string): boolean {
  return CALLBACK.test(name);
}

/** Compares two versions number by number; `1.0` is the same as `1`. */
export function compareVersions(one: string, other: string): number {
  const numbers = (version: string) => version.split(/[._]/).map(BigInt);
  const [a, b] = [numbers(one), numbers(other)];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [x, y] = [a[at] ?? 0n, b[at] ?? 0n];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/**
 * Compares the names of migrations: versions of Flyway by their numbers, so that `V2` comes before
 * `V10`; all others by code units.
 */
export function compareNames(one: string, other: string): number {
  const [a, b] = [flywayNameOf(one), flywayNameOf(other)];
  const areVersions = a !== undefined && b !== undefined && a.kind !== "R" && b.kind !== "R";
  const order = areVersions ? compareVersions(a.version, b.version) : 0;
  // Of one version, the migration comes before what stands for all up to it.
  if (order !== 0 || !areVersions || a.kind === b.kind) {
    return order || (one < other ? -1 : one > other ? 1 : 0);
  }
  return a.kind === "V" ? -1 : 1;
}

/**
 * Returns the version that comes after another one: its last number raised by one.
 *
 * @param version as it is written
 */
export function versionAfter(version: string): string {
  const [, before = "", last = ""] = /^(.*?)(\d+)$/.exec(version) ?? [];
  return `${before}${String(BigInt(last) + 1n).padStart(last.length, "0")}`;
}

/**
 * Asserts that the files of a folder are all Flyway's, or none.
 *
 * @param names the names of the files, without their endings
 * @returns whether they are Flyway's
 * @throws {BadRequestError} if nothing says in which order they run
 */
export function isFlywayFolder(names: readonly string[]): boolean {
  const versioned = names.find((name) => (flywayNameOf(name)?.kind ?? "R") !== "R");
  const others = names.filter((name) => flywayNameOf(name) === undefined);
  // A name like `R__views` says nothing by itself.
  if (versioned === undefined) return names.length > 0 && others.length === 0;
  const callback = others.find(isCallback);
  if (callback !== undefined) {
    throw refuse(
      `"${callback}" is a callback of Flyway, and no migration; move it out of the folder, and run it by ` +
        "a plugin of the runner",
    );
  }
  if (others[0] !== undefined) {
    throw refuse(
      `"${versioned}" has a version of Flyway, and "${
        others[0]
      }" has none, so nothing says which ` +
        'comes first; give all of them names like "V2__users"',
    );
  }
  return true;
}

/** Throws if two files have one version, or one undoes a version that is not there. */
export function assertFlywayVersions(names: readonly string[]): void {
  const all = names.flatMap((name) => {
    const { kind, version } = flywayNameOf(name)!;
    return kind === "R" ? [] : [{ name, kind, version }];
  });
  for (const [index, one] of all.entries()) {
    const same = all.slice(0, index).find(({ kind, version }) =>
      kind === one.kind && compareVersions(version, one.version) === 0
    );
    if (same !== undefined) throw refuse(`"${same.name}" and "${one.name}" have one version`);
    const isKnown = one.kind !== "U" || all.some(({ kind, version }) => {
      const order = compareVersions(version, one.version);
      return kind === "V" ? order === 0 : kind === "B" && order >= 0;
    });
    if (!isKnown) {
      throw refuse(`"${one.name}" undoes version ${one.version}, and there is no such migration`);
    }
  }
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot read migrations: ${problem}`);
}
