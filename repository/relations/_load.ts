import { BadRequestError, listParameterOf } from "@kysera/core";
import { columnReference, findColumnTypes, keyParts } from "@kysera/executor";
import { MultipleRowsError } from "../errors.ts";
import { orderShape } from "../_order.ts";
import type { Build, Row, Table } from "../_table.ts";
import type { CountedRelation, Include, IncludedRelation, Place } from "./_include.ts";
import { folds, groupDirectly, type Groups, type Keys, keysOf, type Name } from "./_keys.ts";
import {
  COUNT,
  type Dates,
  KEY,
  keyIsIn,
  RANK,
  relatedCounts,
  type RelatedQuery,
  relatedRows,
  valuesOf,
  widthOf,
} from "./_related_query.ts";
import { isMany, type Relation } from "./_relation.ts";

/** How many keys go into one statement: of one column, and of several. */
const MOST_KEYS = 8_192;
const MOST_COMPOSITE_KEYS = 256;
/** Longer lists have a plan only where they come again. */
const LONG = 512;

/**
 * Adds related rows to rows: one query for each relation, whatever the number of rows, and again for
 * those that are included in them.
 *
 * @param table the table of the rows
 * @param rows the rows as the database gives them, with the columns that the relations go by
 * @param targets what the related rows are added to, in the order of `rows`
 */
export async function addRelated(
  place: Place,
  table: Table,
  include: Include,
  rows: readonly Row[],
  targets: readonly object[],
): Promise<void> {
  if (rows.length === 0) return;
  // A target may be the row itself: keys are read before anything is added to it.
  for (const included of include.relations) {
    await addRelation(place, table, included, rows, targets);
  }
  if (include.counts.length > 0) await addCounts(place, table, include.counts, rows, targets);
}

async function addRelation(
  place: Place,
  table: Table,
  included: IncludedRelation,
  rows: readonly Row[],
  targets: readonly object[],
): Promise<void> {
  const { name, order, include } = included;
  const relation = place.graph.resolved(place.db, table.name, name);
  const child = place.graph.tableOn(place.db, relation.to, place.signal);
  const keys = keysOf(
    table,
    rows,
    relation.columns.map(([own]) => own),
    `include "${name}" of "${table.name}"`,
  );
  // Of an order the first is meant.
  const limit = relation.type === "hasOne" && order.length > 0 ? 1 : included.limit;
  await mustTellDates(place, relation, keys);
  const query = queryOf(relation, child, {
    where: included.where,
    order,
    limit,
    select: columnsRead(place, relation, included),
    primaryKey: limit === undefined ? [] : await place.graph.keyOf(place.db, relation.to),
  });
  const found = await read(place, query, keys, relatedRows, limit);
  const given = givenKeys(relation, found, relation.through !== undefined);
  if (limit !== undefined || relation.through !== undefined) {
    for (const row of found) strip(row, relation, limit !== undefined);
  }
  // Of a table that has relations the rows are plain.
  const decoded = await child.decoded(found);
  await addRelated(place, child, include, found, decoded);
  const related = included.select === undefined
    ? decoded
    : decoded.map((row) => picked(row, included));
  const groups = await grouped(place, query, keys, given, related);
  const many = isMany(relation);
  // Rows of one key have the same related rows, and each a list of its own.
  const isShared = keys.values.size < keys.names.length;
  for (let i = 0; i < targets.length; i++) {
    const key = keys.names[i];
    const own = (key === undefined ? undefined : groups.get(key)) ?? [];
    if (!many && own.length > 1) throw new MultipleRowsError(relation.to);
    add(table, targets[i], name, many ? isShared ? [...own] : own : own[0] ?? null);
  }
}

async function addCounts(
  place: Place,
  table: Table,
  counts: readonly CountedRelation[],
  rows: readonly Row[],
  targets: readonly object[],
): Promise<void> {
  const all: Record<string, number>[] = rows.map(() => ({}));
  for (const { name, where } of counts) {
    const relation = place.graph.resolved(place.db, table.name, name);
    const child = place.graph.tableOn(place.db, relation.to, place.signal);
    const columns = relation.columns.map(([own]) => own);
    const keys = keysOf(table, rows, columns, `count "${name}" of "${table.name}"`);
    await mustTellDates(place, relation, keys);
    const query = queryOf(relation, child, {
      where,
      order: [],
      limit: undefined,
      select: [],
      primaryKey: [],
    });
    const found = await read(place, query, keys, relatedCounts, undefined);
    const given = givenKeys(relation, found, true);
    const sums = found.map((row) => Number(row[COUNT]));
    const groups = await grouped(place, query, keys, given, sums);
    keys.names.forEach((key, i) => {
      const own = (key === undefined ? undefined : groups.get(key)) ?? [];
      all[i]![name] = own.reduce((sum, each) => sum + each, 0);
    });
  }
  targets.forEach((target, i) => add(table, target, "_count", all[i]!));
}

/** What a query of related rows is made of, except its keys. */
type Query = Omit<RelatedQuery, "keys" | "dates"> & { readonly shape: string };

function queryOf(
  relation: Relation,
  child: Table,
  { where, order, limit, select, primaryKey }: {
    readonly where: object | undefined;
    readonly limit: number | undefined;
    readonly order: RelatedQuery["order"];
    readonly select: readonly string[] | undefined;
    readonly primaryKey: readonly string[];
  },
): Query {
  const condition = child.condition(where);
  const shape = [
    JSON.stringify([relation.from, relation.name, select]),
    condition.shape,
    orderShape(order),
    limit === undefined ? "" : `l ${primaryKey.join()}`,
  ].join(" ");
  const isLimited = limit !== undefined;
  return { relation, child, condition, order, isLimited, select, primaryKey, shape };
}

/** The columns that have to be read where only some are asked for. */
function columnsRead(
  { graph, db }: Place,
  relation: Relation,
  { select, include }: IncludedRelation,
): readonly string[] | undefined {
  if (select === undefined) return undefined;
  const own = relation.through === undefined ? relation.columns.map(([, column]) => column) : [];
  return [...new Set([...select, ...own, ...keyColumns({ graph, db }, relation.to, include)])];
}

/** The columns that the relations of an include go by. */
export function keyColumns(
  { graph, db }: Pick<Place, "graph" | "db">,
  table: string,
  { relations, counts }: Include,
): string[] {
  return [...relations, ...counts].flatMap(({ name }) =>
    graph.resolved(db, table, name).columns.map(([own]) => own)
  );
}

/** Runs a query of related rows for all keys, in parts where there are many. */
async function read(
  place: Place,
  query: Query,
  { values }: Keys,
  make: (query: RelatedQuery) => Build,
  limit: number | undefined,
): Promise<Row[]> {
  const { child, relation, condition } = query;
  const all = [...values.values()];
  const dates = datesOf(relation, all);
  const width = widthOf(dates);
  const room = child.rowsPerStatement(width) -
    Math.ceil((condition.values.length + 1) / width);
  const most = Math.max(1, Math.min(width === 1 ? MOST_KEYS : MOST_COMPOSITE_KEYS, room));
  const others = limit === undefined ? condition.values : [...condition.values, limit];
  const keyTable = relation.through?.table ?? child.name;
  const keeper = keyTable === child.name
    ? child
    : place.graph.tableOn(place.db, keyTable, place.signal);
  const out: Row[] = [];
  const keep = (i: number, value: unknown): unknown => keeper.kept(relation.columns[i]![1], value);
  const parts = partsOf(child, all, dates, most, keep);
  for (const part of parts) {
    const list = part.length > most
      ? listParameterOf(child.db, valuesOf(part, dates, keep))
      : undefined;
    if (list !== undefined) {
      const build = make({ ...query, dates, keys: 1, list });
      const shape = `${make.name} list ${query.shape}`;
      const { rows } = await child.run(shape, [list.text, ...others], build);
      if (parts.length === 1) return rows;
      for (const row of rows) out.push(row);
      continue;
    }
    // Lists of a few lengths have a few plans: the last key stands for those that are missing.
    const length = Math.min(most, 2 ** Math.ceil(Math.log2(part.length)));
    while (part.length < length) part.push(part.at(-1)!);
    const parameters = valuesOf(part, dates, keep);
    parameters.push(...others);
    const build = make({ ...query, dates, keys: length });
    const shape = `${make.name} ${length} ${dates.join()} ${query.shape}`;
    const { rows } = length <= LONG || child.comesAgain(shape)
      ? await child.run(shape, parameters, build)
      : await child.runOnce(parameters, build);
    if (parts.length === 1) return rows;
    for (const row of rows) out.push(row);
  }
  return out;
}

/** Keys in parts of one statement each: more than `most` are a list in one parameter. */
function partsOf(
  table: Table,
  keys: readonly (readonly unknown[])[],
  dates: Dates,
  most: number,
  keep: (column: number, value: unknown) => unknown,
): (readonly unknown[])[][] {
  return keyParts(table.db, keys, {
    columns: widthOf(dates),
    size: most,
    toValue: ([value]: readonly unknown[]) => keep(0, value),
  });
}

function datesOf({ columns }: Relation, keys: readonly (readonly unknown[])[]): Dates {
  return columns.map((_, i) => keys.some((key) => key[i] instanceof Date));
}

/** The keys of the rows that related rows belong to: of one column its values, else lists. */
function givenKeys(
  relation: Relation,
  rows: readonly Row[],
  isBeside: boolean,
): readonly unknown[] {
  const columns = relation.columns.map(([, column], i) => isBeside ? `${KEY}${i}` : column);
  const [column] = columns;
  if (columns.length === 1) return rows.map((row) => row[column!]);
  return rows.map((row) => columns.map((column) => row[column]));
}

/** Removes what was read beside the columns. */
function strip(row: Row, { through, columns }: Relation, isLimited: boolean): void {
  if (isLimited) delete row[RANK];
  if (through !== undefined) {
    for (let i = columns.length - 1; i >= 0; i--) delete row[`${KEY}${i}`];
  }
}

function picked(row: Row, { select, include }: IncludedRelation): Row {
  const names = [...select!, ...include.relations.map(({ name }) => name)];
  if (include.counts.length > 0) names.push("_count");
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}

/**
 * Related rows of two rows whose keys differ by microseconds would be given to both.
 *
 * @throws {BadRequestError} if two rows have a key of the same date, unless it is a day
 */
async function mustTellDates({ db }: Place, relation: Relation, keys: Keys): Promise<void> {
  if (keys.kind !== "text" || relation.type === "belongsTo") return;
  const given = keys.names.filter((name) => name !== undefined);
  if (given.length === keys.values.size) return;
  const dates = datesOf(relation, [...keys.values.values()]);
  if (!dates.includes(true)) return;
  const typeOf = await findColumnTypes(db, relation.from);
  const column = relation.columns.find(([own], i) => dates[i] && typeOf(own) !== "date")?.[0];
  if (column === undefined) return;
  throw new BadRequestError(
    `Cannot follow the relation "${relation.name}" of "${relation.from}": several rows have the ` +
      `same "${column}" to the millisecond, and may differ in the database; let the driver give ` +
      "dates as text",
  );
}

/** Groups what was found by the names of the keys that were asked for. */
async function grouped<T>(
  place: Place,
  query: Query,
  keys: Keys,
  given: readonly unknown[],
  found: readonly T[],
): Promise<Groups<T>> {
  if (keys.kind !== "text") {
    const groups = groupDirectly(keys, given, found);
    if (groups !== undefined) return groups;
  }
  // Values of different types may be the same key: 1, 1n and "1".
  const text = (key: unknown): string => query.child.keyName(Array.isArray(key) ? key : [key]);
  const names = given.map(text);
  const own = new Map<string, Name[]>();
  for (const [name, values] of keys.values) {
    const key = text(values);
    own.set(key, [...own.get(key) ?? [], name]);
  }
  const texts: Keys = {
    names: [],
    values: new Map([...own].map(([key, [name]]) => [key, keys.values.get(name!)!])),
    kind: "text",
  };
  const byText = groupDirectly(texts, names, found) ??
    groupByOwners(await ownersOf(place, query, texts), names, found);
  return new Map(
    [...own].flatMap(([key, same]) => same.map((name) => [name, byText.get(key) ?? []] as const)),
  );
}

function groupByOwners<T>(
  owners: ReadonlyMap<string, ReadonlySet<string>>,
  names: readonly string[],
  found: readonly T[],
): Groups<T> {
  const groups = new Map<Name, T[]>();
  found.forEach((item, i) => {
    const name = names[i]!;
    for (const owner of owners.get(name) ?? owners.get(folds(name)) ?? []) {
      const group = groups.get(owner);
      if (group === undefined) groups.set(owner, [item]);
      else group.push(item);
    }
  });
  return groups;
}

/** Asks the database which keys are equal to which. */
async function ownersOf(
  { graph, db, signal }: Place,
  { relation }: Query,
  { values }: Keys,
): Promise<Map<string, Set<string>>> {
  const own = graph.tableOn(db, relation.from, signal);
  const other = relation.through?.table ?? relation.to;
  const [ours, theirs] = ["kyseraown", "kyseraother"];
  const all = [...values.values()];
  const dates = datesOf(relation, all);
  const width = widthOf(dates);
  const most = width === 1 ? Math.min(MOST_KEYS, own.rowsPerStatement(1)) : MOST_COMPOSITE_KEYS;
  const owners = new Map<string, Set<string>>();
  // The names are texts.
  const known = new Map([...values.keys() as Iterable<string>].map((name) => [folds(name), name]));
  const put = (name: string, owner: string): void => {
    owners.set(name, (owners.get(name) ?? new Set()).add(owner));
  };
  const keep = (i: number, value: unknown): unknown => own.kept(relation.columns[i]![0], value);
  for (const part of partsOf(own, all, dates, most, keep)) {
    const given = valuesOf(part, dates, keep);
    const list = part.length > most ? listParameterOf(db, given) : undefined;
    const { rows } = await own.runOnce(
      list === undefined ? given : [list.text],
      (db, at) =>
        db.selectFrom(`${relation.from} as ${ours}`)
          .innerJoin(`${other} as ${theirs}`, (join) =>
            join.on((eb) =>
              eb.and(
                relation.columns.map(([a, b]) =>
                  eb(columnReference(ours, a), "=", columnReference(theirs, b))
                ),
              )
            ))
          .where((eb) =>
            keyIsIn(
              eb,
              relation.columns.map(([a]) => columnReference(ours, a)),
              dates,
              part.length,
              at,
              list,
            )
          )
          .select(relation.columns.flatMap(([a, b], i) => [
            columnReference(ours, a).as(`kyseraown${i}`),
            columnReference(theirs, b).as(`kyseraother${i}`),
          ])),
    );
    for (const row of rows) {
      const name = own.keyName(relation.columns.map((_, i) => row[`kyseraown${i}`]));
      const owner = values.has(name) ? name : known.get(folds(name));
      if (owner === undefined) continue;
      const theirName = own.keyName(relation.columns.map((_, i) => row[`kyseraother${i}`]));
      put(theirName, owner);
      if (folds(theirName) !== theirName) put(folds(theirName), owner);
    }
  }
  return owners;
}

function add(table: Table, target: unknown, name: string, value: unknown): void {
  if (typeof target !== "object" || target === null || !Object.isExtensible(target)) {
    throw new BadRequestError(
      `Cannot include "${name}" of "${table.name}": mapRow, or the schema of entities, gives ` +
        "what nothing can be added to; let it give an object of its own for each row",
    );
  }
  (target as Record<string, unknown>)[name] = value;
}
