import { BadRequestError } from "@kysera/core";
import type { Row, Table } from "../_table.ts";

/** The keys of rows, by which related rows are found. */
export interface Keys {
  /** The name of each row's key: a text that is the same for keys that are; none where it has NULL. */
  readonly names: readonly (string | undefined)[];
  /** The values of the keys, once each. */
  readonly values: ReadonlyMap<string, readonly unknown[]>;
}

/**
 * Returns the keys of rows.
 *
 * @param columns the columns of the key
 * @param action what cannot be done with a row that lacks one
 * @throws {BadRequestError} for a row without such a column, and a number that is no exact one
 */
export function keysOf(
  table: Table,
  rows: readonly Row[],
  columns: readonly string[],
  action: string,
): Keys {
  const values = new Map<string, readonly unknown[]>();
  const names = rows.map((row) => {
    const key = columns.map((column) => keyValue(row, column, action));
    if (key.includes(null)) return undefined;
    const name = table.keyName(key);
    if (!values.has(name)) values.set(name, key);
    return name;
  });
  return { names, values };
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

/**
 * Returns which rows of one side belong to which of the other where the names of the keys tell it;
 * `undefined` where the database has to be asked: keys may be equal there that are written
 * differently (letter case, trailing spaces, digits of a decimal).
 */
export function tellsApart(own: Iterable<string>, theirs: Iterable<string>): boolean {
  const folded = new Map<string, string>();
  const known = new Set<string>();
  for (const name of own) {
    if (!isNew(folded, name)) return false;
    known.add(name);
  }
  for (const name of theirs) if (!known.has(name)) return false;
  return true;
}

/** Whether no other name is like this one. */
function isNew(folded: Map<string, string>, name: string): boolean {
  const key = folds(name);
  const before = folded.get(key);
  if (before !== undefined && before !== name) return false;
  folded.set(key, name);
  return true;
}

/** A name without what collations may pass over: letter case, accents, spaces at the ends. */
export function folds(name: string): string {
  // Digits, and most other keys, are as they are.
  if (/^[!-@[-~]*$/.test(name)) return name;
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
