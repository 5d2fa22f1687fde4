import { isPlainObject } from "@kysera/core";
import type { OrderItem } from "../_order.ts";
import type { Include, Place } from "./_include.ts";

/** How much of a condition is looked at: what is larger is refused when it is read. */
const MOST_PARTS = 10_000;
const DEEPEST = 100;

/** What the rows of a query are found by. */
export interface Asked {
  readonly where?: unknown;
  readonly order?: readonly OrderItem[] | undefined;
  readonly select?: readonly string[] | undefined;
  readonly include?: Include | undefined;
}

/**
 * Finds the columns of the relations that a query follows, and the types of columns where values
 * depend on them.
 *
 * @throws {BadRequestError} for a column that a table does not have, and a relation without columns
 */
export async function prepare(place: Place, table: string, asked: Asked): Promise<void> {
  const { graph, db } = place;
  await prepareWhere(place, table, asked.where, { left: MOST_PARTS, depth: 0 });
  const { order = [], select = [], include } = asked;
  if (order.length > 0) {
    await graph.mustHave(db, table, order.map(({ column }) => column), `order rows`);
  }
  if (select.length > 0) await graph.mustHave(db, table, select, "select a column");
  if (include !== undefined) await prepareInclude(place, table, include);
}

async function prepareInclude(place: Place, table: string, include: Include): Promise<void> {
  for (const relation of include.relations) {
    await prepare(place, await follow(place, table, relation.name), relation);
  }
  for (const { name, where } of include.counts) {
    await prepare(place, await follow(place, table, name), { where });
  }
}

/** Returns the table that a relation leads to. */
async function follow({ graph, db }: Place, table: string, name: string): Promise<string> {
  const { to, through } = await graph.resolve(db, table, name);
  for (const each of through === undefined ? [to] : [to, through.table]) {
    // Conditions on arrays depend on the type of the column.
    const table = graph.tableOn(db, each, undefined);
    await table.know();
    await table.columns.read(db);
  }
  // The key breaks ties where there is a limit.
  await graph.tableOf(db, to);
  return to;
}

interface Walk {
  left: number;
  readonly depth: number;
}

async function prepareWhere(
  place: Place,
  table: string,
  where: unknown,
  walk: Walk,
): Promise<void> {
  const columns: string[] = [];
  const followed: [name: string, filter: object][] = [];
  collect(place, table, where, walk, columns, followed);
  const { graph, db } = place;
  if (columns.length > 0) {
    await graph.mustHave(db, table, columns, "read the condition", graph.namesOf(table));
  }
  for (const [name, filter] of followed) {
    const to = await follow(place, table, name);
    for (const part of Object.values(filter)) {
      await prepareWhere(place, to, part, { left: walk.left, depth: walk.depth + 1 });
    }
  }
}

/** Collects what a condition names. What is not a condition is refused when it is read. */
function collect(
  place: Place,
  table: string,
  where: unknown,
  walk: Walk,
  columns: string[],
  followed: [string, object][],
): void {
  if (!isPlainObject(where) || walk.depth > DEEPEST || walk.left-- <= 0) return;
  for (const [key, value] of Object.entries(where)) {
    const name = key.startsWith("$") ? key.slice(1) : key;
    if (name === "and" || name === "or" || name === "not") {
      const inner = { left: walk.left, depth: walk.depth + 1 };
      for (const part of Array.isArray(value) ? value : [value]) {
        collect(place, table, part, inner, columns, followed);
      }
      walk.left = inner.left;
    } else if (place.graph.configOf(table, key) === undefined) columns.push(key);
    else if (isPlainObject(value)) followed.push([key, value]);
  }
}
