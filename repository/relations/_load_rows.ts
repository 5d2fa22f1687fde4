import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Row, Table } from "../_table.ts";
import type { ReadOptions } from "../types.ts";
import { type Place, readInclude } from "./_include.ts";
import { addRelated, keyColumns } from "./_load.ts";
import { prepare } from "./_prepare.ts";

/**
 * Reads related rows of rows that were read before.
 *
 * @param own the table that the rows are of, as it is encoded there; default: with the codecs that the
 * relations have
 */
export async function loadRelated(
  place: Place,
  name: string,
  rows: readonly object[],
  include: unknown,
  options: ReadOptions = {},
  own: Table = place.graph.tableOn(place.db, name, place.signal),
): Promise<object[]> {
  assertKnownOptions(options, ["signal"], { action: "load relations" });
  if (!Array.isArray(rows) || rows.some((row) => typeof row !== "object" || row === null)) {
    throw new BadRequestError(`Cannot load relations of "${name}": pass a list of its rows`);
  }
  const signal = own.signalWith(options.signal);
  const inPlace = { ...place, signal };
  const read = readInclude(place.graph, name, includeOf(include));
  await prepare(inPlace, name, { include: read });
  await own.know();
  const columns = new Set(keyColumns(place, name, read));
  const keys = rows.map((row): Row => {
    const key: Row = {};
    for (const column of columns) {
      const value = (row as Row)[column];
      key[column] = value === undefined ? undefined : own.encode(column, value);
    }
    return key;
  });
  const copies = rows.map(copyOf);
  await addRelated(inPlace, own, read, keys, copies);
  return copies;
}

/** A name, or several, as what they are short for. */
function includeOf(include: unknown): unknown {
  if (typeof include === "string") return Object.fromEntries([[include, true]]);
  if (!Array.isArray(include)) return include;
  return Object.fromEntries(include.map((name) => [String(name), true]));
}

function copyOf(row: object): object {
  const prototype: object | null = Object.getPrototypeOf(row);
  if (prototype === Object.prototype) return { ...row };
  return Object.assign(Object.create(prototype), row);
}
