import { assertKnownOptions, isPromise } from "@kysera/core";
import { readOrder } from "../_order.ts";
import { reads } from "../_reads.ts";
import { type Row, Table } from "../_table.ts";
import type { ReadOptions } from "../types.ts";
import type { RelationGraph } from "./_graph.ts";
import { type Include, type Place, readInclude } from "./_include.ts";
import { addRelated, keyColumns } from "./_load.ts";
import { loadRelated } from "./_load_rows.ts";
import {
  BY_KEY,
  COMPUTING,
  CONDITIONAL,
  COUNTING,
  FINDING,
  type Method,
  UPSERTING,
} from "./_method_names.ts";
import { prepare } from "./_prepare.ts";

/** A table whose entities have related rows. */
class IncludingTable extends Table {
  readonly #place: Place;
  readonly #include: Include;
  readonly #select: readonly string[] | undefined;

  constructor(table: Table, place: Place, include: Include, select: readonly string[] | undefined) {
    super(table.definition, table.db, table.signal);
    this.#place = place;
    this.#include = include;
    this.#select = select;
  }

  override async entities(rows: readonly Row[]): Promise<any[]> {
    const entities = await super.entities(rows);
    await addRelated(this.#place, this, this.#include, rows, entities);
    return entities;
  }

  override async decoded(rows: readonly Row[]): Promise<Row[]> {
    const decoded = await super.decoded(rows);
    await addRelated(this.#place, this, this.#include, rows, decoded);
    const { relations, counts } = this.#include;
    const names = [...this.#select!, ...relations.map(({ name }) => name)];
    if (counts.length > 0) names.push("_count");
    return decoded.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
  }
}

/**
 * Returns the methods of a repository that follow relations.
 *
 * @param methods those that do not
 */
export function relatedMethods(
  table: Table,
  graph: RelationGraph,
  methods: Readonly<Record<string, Method>>,
): Record<string, Method> {
  const { db, name } = table;
  const placeOf = (signal?: unknown): Place => ({
    graph,
    db,
    // What is not a signal is refused with the other options.
    signal: table.signalWith(signal as AbortSignal | undefined),
  });
  const including = (options: ReadOptions, include: Include, select?: readonly string[]) =>
    reads(new IncludingTable(table, placeOf(options.signal), include, select)) as unknown as Record<
      string,
      Method
    >;
  const out: Record<string, Method> = {};
  for (const method of FINDING) {
    out[method] = async (options) => {
      // A value that is not an object of options is refused with the other options.
      if (typeof options !== "object" || options === null || isPromise(options)) {
        return await methods[method]!(options);
      }
      const { include: given, ...rest } = options;
      const include = readInclude(graph, name, given);
      await prepareFor(placeOf(rest.signal), table, rest, include);
      if (given === undefined) return await methods[method]!(rest);
      await table.know();
      const { select } = rest;
      if (!Array.isArray(select) || select.length === 0) {
        return await including(rest, include)[method]!(rest);
      }
      const read = [...new Set([...select, ...keyColumns({ graph, db }, name, include)])];
      return await including(rest, include, select)[method]!({ ...rest, select: read });
    };
  }
  for (const method of COUNTING) {
    out[method] = async (options) => {
      if (options?.where !== undefined) await prepareFor(placeOf(options.signal), table, options);
      return await methods[method]!(options);
    };
  }
  for (const method of COMPUTING) {
    out[method] = async (columns, options) => {
      if (options?.where !== undefined) {
        await prepareFor(placeOf(options.signal), table, {
          where: options.where,
        });
      }
      return await methods[method]!(columns, options);
    };
  }
  for (const method of UPSERTING) {
    out[method] = async (input, options) => {
      if (options?.updateWhere !== undefined) {
        await prepareFor(placeOf(), table, { where: options.updateWhere });
      }
      return await methods[method]!(input, options);
    };
  }
  for (const method of CONDITIONAL) {
    out[method] = async (where, ...others) => {
      await prepareFor(placeOf(), table, { where });
      return await methods[method]!(where, ...others);
    };
  }
  for (const method of BY_KEY) {
    out[method] = async (id, options: ReadOptions & { readonly include?: unknown } = {}) => {
      assertKnownOptions(options, ["include", "signal"], { action: "find a row by its key" });
      if (options.include === undefined && options.signal === undefined) {
        return await methods[method]!(id);
      }
      const include = readInclude(graph, name, options.include);
      await prepareFor(placeOf(options.signal), table, {}, include);
      await table.know();
      return await including(options, include)[method]!(id);
    };
  }
  out["iterate"] = (options = {}) => {
    const iterate = async function* (): AsyncGenerator<unknown> {
      await prepareFor(placeOf(options?.signal), table, options ?? {});
      yield* methods["iterate"]!(options);
    };
    return iterate();
  };
  out["load"] = (rows, include, options) =>
    loadRelated(placeOf(), name, rows, include, options, table);
  return out;
}

/** Finds what a query needs to know before it is built. */
async function prepareFor(
  place: Place,
  table: Table,
  options: Readonly<Record<string, unknown>>,
  include?: Include,
): Promise<void> {
  const { where, select } = options;
  await prepare(place, table.name, {
    where,
    order: readOrder(options),
    select: Array.isArray(select) ? select : undefined,
    include,
  });
}
