import { assertKnownOptions, BadRequestError, isPlainObject } from "@kysera/core";
import type { Kysely } from "kysely";
import { assertColumn } from "../_columns.ts";
import { type OrderItem, readOrder } from "../_order.ts";
import type { RelationGraph } from "./_graph.ts";
import type { RelationType } from "./types.ts";

/** Where relations are read. */
export interface Place {
  readonly graph: RelationGraph;
  readonly db: Kysely<any>;
  /** Ends every wait where it is aborted. */
  readonly signal: AbortSignal | undefined;
}

/** The related rows of one relation that are to be read. */
export interface IncludedRelation {
  readonly name: string;
  readonly where: object | undefined;
  readonly order: readonly OrderItem[];
  readonly limit: number | undefined;
  readonly select: readonly string[] | undefined;
  readonly include: Include;
}

/** What is to be read with rows. */
export interface Include {
  readonly relations: readonly IncludedRelation[];
  readonly counts: readonly CountedRelation[];
}

/** A relation whose rows are to be counted. */
export interface CountedRelation {
  readonly name: string;
  readonly where: object | undefined;
}

const NOTHING: Include = { relations: [], counts: [] };

const OPTIONS: Readonly<Record<RelationType, readonly string[]>> = {
  belongsTo: ["where", "select", "include"],
  hasOne: ["where", "orderBy", "orderDirection", "select", "include"],
  hasMany: ["where", "orderBy", "orderDirection", "limit", "select", "include"],
  manyToMany: ["where", "orderBy", "orderDirection", "limit", "select", "include"],
};

/** An include has no end where it is part of itself. */
const DEEPEST = 20;

/**
 * Reads an include of a user. Whether columns exist is looked at later.
 *
 * @throws {BadRequestError} for an unknown relation or option, and a limit that is none
 */
export function readInclude(
  graph: RelationGraph,
  table: string,
  include: unknown,
  depth = 0,
): Include {
  if (include === undefined) return NOTHING;
  if (!isPlainObject(include)) {
    throw new BadRequestError(
      `Cannot include relations of "${table}": include takes an object, { posts: true }`,
    );
  }
  if (depth === DEEPEST) {
    throw new BadRequestError(
      `Cannot include relations: they are nested more than ${DEEPEST} deep`,
    );
  }
  const relations: IncludedRelation[] = [];
  let counts: readonly CountedRelation[] = [];
  for (const [name, value] of Object.entries(include)) {
    if (name === "_count") counts = readCounts(graph, table, value);
    else if (asked(graph, table, name, value)) {
      relations.push(readRelation(graph, table, name, value, depth));
    }
  }
  return { relations, counts };
}

function readRelation(
  graph: RelationGraph,
  table: string,
  name: string,
  value: unknown,
  depth: number,
): IncludedRelation {
  const action = `include "${name}" of "${table}"`;
  const { type, table: other } = graph.configOf(table, name)!;
  const options = value === true ? {} : value as Record<string, unknown>;
  assertKnownOptions(options, OPTIONS[type], { action });
  const { where, limit, select } = options;
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit as number >= 1)) {
    throw new BadRequestError(
      `Cannot ${action}: limit is ${String(limit)}; give a whole number from 1, or leave the ` +
        "relation out",
    );
  }
  if (select !== undefined) {
    if (!Array.isArray(select) || select.length === 0) {
      throw new BadRequestError(`Cannot ${action}: select takes a list of columns, one at least`);
    }
    for (const column of select) assertColumn(column, action);
  }
  return {
    name,
    where: assertWhere(where, action),
    order: readOrder(options),
    limit: limit as number | undefined,
    select: select === undefined ? undefined : [...new Set<string>(select as string[])],
    include: readInclude(graph, other, options["include"], depth + 1),
  };
}

function readCounts(graph: RelationGraph, table: string, value: unknown): CountedRelation[] {
  if (value === undefined) return [];
  if (!isPlainObject(value)) {
    throw new BadRequestError(
      `Cannot count relations of "${table}": _count takes an object, { posts: true }`,
    );
  }
  return Object.entries(value)
    .filter(([name, each]) => asked(graph, table, name, each))
    .map(([name, each]) => {
      const action = `count "${name}" of "${table}"`;
      const options = each === true ? {} : each as Record<string, unknown>;
      assertKnownOptions(options, ["where"], { action });
      return { name, where: assertWhere(options["where"], action) };
    });
}

function assertWhere(where: unknown, action: string): object | undefined {
  if (where === undefined || isPlainObject(where)) return where;
  throw new BadRequestError(`Cannot ${action}: where takes an object of columns and values`);
}

/** Whether a relation is asked for, by its name. */
function asked(graph: RelationGraph, table: string, name: string, value: unknown): boolean {
  if (graph.configOf(table, name) === undefined) {
    throw new BadRequestError(`Cannot include a relation: ${graph.unknown(table, name)}`);
  }
  if (value === false || value === undefined) return false;
  if (value === true || isPlainObject(value)) return true;
  throw new BadRequestError(
    `Cannot include "${name}" of "${table}": give true, or an object of options`,
  );
}
