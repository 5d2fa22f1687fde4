import { BadRequestError } from "@kysera/core";
import type { Row, Table } from "../_table.ts";

/** A key as maps have it: a value of one column itself, or else a text. */
export type Name = string | number | bigint;

/** The keys of rows, by which related rows are found. */
export interface Keys {
  /** The name of each row's key; none where it has NULL. */
  readonly names: readonly (Name | undefined)[];
  /** The values of the keys, once each. */
  readonly values: ReadonlyMap<Name, readonly unknown[]>;
  /** What the names are: values of one column, all of this type, or texts of whatever the keys are. */
  readonly kind: "number" | "bigint" | "string" | "text";
}

/**
 * Returns the keys of rows.
 *
 * @param columns the columns of the key
 * @param action what cannot be done with a row that lacks one
 * @throws {BadRequestError} for a row without such a column, and a number that is not an exact one
 */
export function keysOf(
  table: Table,
  rows: readonly Row[],
  columns: readonly string[],
  action: string,
): Keys {
  const [column] = columns;
  const alone = columns.length === 1 ? keysOfColumn(rows, column!, action) : undefined;
  if (alone !== undefined) return alone;
  const values = new Map<Name, readonly unknown[]>();
  const names = rows.map((row) => {
    const key = columns.map((column) => keyValue(row, column, action));
    if (key.includes(null)) return undefined;
    const name = table.keyName(key);
    if (!values.has(name)) values.set(name, key);
    return name;
  });
  return { names, values, kind: "text" };
}

/** The keys of one column, where they are of one type and need no text. */
function keysOfColumn(rows: readonly Row[], column: string, action: string): Keys | undefined {
  const values = new Map<Name, readonly unknown[]>();
  const names: (Name | undefined)[] = [];
  let kind: Keys["kind"] | undefined;
  for (const row of rows) {
    const value = keyValue(row, column, action);
    if (value === null) {
      names.push(undefined);
      continue;
    }
    const type = typeof value;
    if (type !== "number" && type !== "bigint" && type !== "string") return undefined;
    if (kind !== type && kind !== undefined) return undefined;
    kind = type;
    // What it is was looked at.
    const name = value as Name;
    names.push(name);
    if (!values.has(name)) values.set(name, [value]);
  }
  return { names, values, kind: kind ?? "text" };
}

function keyValue(row: Row, column: string, action: string): unknown {
  const value = row[column];
  if (value === undefined) {
    throw new BadRequestError(
      `Cannot ${action}: a row has no "${column}", which the relation goes by; read it with the row`,
    );
  }
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new BadRequestError(
      `Cannot ${action}: the driver has rounded a value of "${column}", so that it may be that of ` +
        "another row; let it give large numbers as bigint or text",
    );
  }
  return value;
}

/** Groups of what was found, by the rows that they belong to. */
export type Groups<T> = ReadonlyMap<Name, readonly T[]>;

/**
 * Groups what was found by the keys that it was found by, where these tell which is which:
 * `undefined` where the database has to be asked. There, keys may be equal that are written
 * differently (letter case, trailing spaces, digits of a decimal).
 *
 * @param keys the keys that were asked for
 * @param given the keys of what was found, of the same kind
 * @param found what was found
 */
export function groupDirectly<T>(
  { values, kind }: Keys,
  given: readonly unknown[],
  found: readonly T[],
): Groups<T> | undefined {
  const hasTexts = kind === "string" || kind === "text";
  if (hasTexts && !areTold(values.keys() as Iterable<string>)) return undefined;
  const groups = new Map<Name, T[]>();
  for (const name of values.keys()) groups.set(name, []);
  for (let i = 0; i < found.length; i++) {
    // A value of another type is none of them.
    const group = groups.get(given[i] as Name);
    if (group === undefined) return undefined;
    group.push(found[i]!);
  }
  return groups;
}

/** Whether no two names may be the same key to the database. */
function areTold(names: Iterable<string>): boolean {
  const folded = new Map<string, string>();
  for (const name of names) {
    const key = folds(name);
    const before = folded.get(key);
    if (before !== undefined && before !== name) return false;
    folded.set(key, name);
  }
  return true;
}

/** A name without what collations may pass over: letter case, accents, spaces at the ends. */
export function folds(name: string): string {
  // Digits, and most other keys, are as they are.
  if (/^[!-@[-~]*$/.test(name)) return name;
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
