import {
  BadRequestError,
  NotFoundError,
  paginate,
  paginateCursor,
  type PaginatedResult,
} from "@kysera/core";
import { Slot } from "@kysera/executor";
import type { Kysely, SelectQueryBuilder } from "kysely";
import { addOrder, type OrderItem, orderShape, readOrder } from "./_order.ts";
import type { Row, Table } from "./_table.ts";
import { MultipleRowsError } from "./errors.ts";
import { createLoader, type Loader } from "./loader.ts";
import type { CursorPageOptions, FindOptions, PageOptions } from "./types.ts";

const FIND_OPTIONS = ["where", "orderBy", "orderDirection", "limit", "offset"];
const PAGE_OPTIONS = ["where", "orderBy", "orderDirection", "page", "limit", "total"];
const CURSOR_OPTIONS = ["where", "orderBy", "orderDirection", "limit", "cursor"];

/** Any table: the interface of the repository says which. */
type Options = FindOptions<any>;
type Select = SelectQueryBuilder<any, any, any>;

/** The methods of a repository that read. */
export interface Reads {
  findById(id: unknown): Promise<any>;
  getById(id: unknown): Promise<any>;
  findByIds(ids: readonly unknown[]): Promise<any[]>;
  find(options?: Options): Promise<any[]>;
  findOne(options?: Options): Promise<any>;
  findOneOrThrow(options?: Options): Promise<any>;
  one(where: object): Promise<any>;
  maybe(where: object): Promise<any>;
  findAll(options?: Options): Promise<any[]>;
  count(options?: Options): Promise<number>;
  exists(options?: Options): Promise<boolean>;
  paginate(options?: PageOptions<any>): Promise<PaginatedResult<any>>;
  paginateCursor(options?: CursorPageOptions<any>): Promise<PaginatedResult<any>>;
  iterate(options?: Options & { readonly chunkSize?: number }): AsyncIterableIterator<any>;
  loader(): Loader<any, any>;
  query(): Select;
}

/** Reading, on a table. */
export function reads(table: Table): Reads {
  const { definition } = table;
  const from = (db: Kysely<any>): Select => db.selectFrom(table.name).selectAll();

  async function find(options: Options, limit = options.limit): Promise<any[]> {
    refuseUnknown(options, FIND_OPTIONS, "find rows");
    const read = table.condition(options.where);
    const order = readOrder(options.orderBy, options.orderDirection);
    const offset = options.offset;
    const values = [...read.values];
    const limitSlot = limit === undefined ? undefined : new Slot<number>(values.length);
    if (limit !== undefined) values.push(wholeNumber(limit, "limit"));
    const offsetSlot = offset === undefined ? undefined : new Slot<number>(values.length);
    if (offset !== undefined) values.push(wholeNumber(offset, "offset"));
    const has = `${limitSlot === undefined ? "" : "l"}${offsetSlot === undefined ? "" : "o"}`;
    const shape = `find ${read.shape} ${orderShape(order)} ${has}`;
    const { rows } = await table.run(shape, values, (db) => {
      let query = from(db);
      if (read.shape !== "()") query = query.where((eb) => table.slots(read, eb));
      query = addOrder(query, order, table.dialect);
      if (limitSlot !== undefined) query = query.limit(limitSlot);
      else if (offsetSlot !== undefined && table.dialect !== "postgres") {
        // Only PostgreSQL takes an OFFSET without a LIMIT.
        query = query.limit(table.dialect === "sqlite" ? -1 : Number.MAX_SAFE_INTEGER);
      }
      return offsetSlot === undefined ? query : query.offset(offsetSlot);
    });
    return await table.entities(rows);
  }

  async function findById(id: unknown): Promise<any> {
    const values = table.keyValues(id);
    const { rows } = await table.run(
      "by id",
      values,
      (db) => from(db).where((eb) => table.keyIs(eb)),
    );
    return rows.length === 0 ? null : (await table.entities(rows))[0];
  }

  /** Rows by the text of their keys. */
  async function byKey(ids: readonly unknown[]): Promise<Map<string, any>> {
    const found = new Map<string, any>();
    const columns = definition.primaryKey;
    const keys = ids.map((id) => table.keyValues(id));
    const size = table.rowsPerStatement(columns.length);
    for (let start = 0; start < keys.length; start += size) {
      const part = keys.slice(start, start + size);
      const rows: Row[] = await from(table.db).where((eb) =>
        columns.length === 1
          ? eb(columns[0]!, "in", part.map(([value]) => value))
          : eb.or(part.map((key) => eb.and(columns.map((column, i) => eb(column, "=", key[i])))))
      ).execute();
      const entities = await table.entities(rows);
      rows.forEach((row, i) =>
        found.set(table.keyName(columns.map((column) => row[column])), entities[i])
      );
    }
    return found;
  }

  const missing = (filters: object): NotFoundError => new NotFoundError(table.name, { ...filters });

  async function maybe(where: object): Promise<any> {
    const rows = await find({ where }, 2);
    if (rows.length > 1) throw new MultipleRowsError(table.name);
    return rows[0] ?? null;
  }

  const ordered = (options: Options): { query: Select; order: OrderItem[] } => {
    const read = table.condition(options.where);
    let query = from(table.db);
    if (read.shape !== "()") query = query.where((eb) => table.bound(read, eb));
    return { query, order: readOrder(options.orderBy, options.orderDirection) };
  };

  return {
    findById,
    find: (options = {}) => find(options),
    findAll: (options = {}) => find(options),
    maybe,
    async getById(id) {
      const row = await findById(id);
      if (row === null) throw missing({ id });
      return row;
    },
    async findByIds(ids) {
      const found = await byKey(ids);
      return ids.flatMap((id) => {
        const row = found.get(table.keyName(table.keyValues(id)));
        return row === undefined ? [] : [row];
      });
    },
    async findOne(options = {}) {
      return (await find(options, 1))[0] ?? null;
    },
    async findOneOrThrow(options = {}) {
      const [row] = await find(options, 1);
      if (row === undefined) throw missing(options.where ?? {});
      return row;
    },
    async one(where) {
      const row = await maybe(where);
      if (row === null) throw missing(where);
      return row;
    },
    async count(options = {}) {
      refuseUnknown(options, ["where"], "count rows");
      const read = table.condition(options.where);
      const { rows } = await table.run(`count ${read.shape}`, read.values, (db) => {
        const query = db.selectFrom(table.name).select((eb) => eb.fn.countAll().as("n"));
        return read.shape === "()" ? query : query.where((eb) => table.slots(read, eb));
      });
      return Number(rows[0]!["n"]);
    },
    async exists(options = {}) {
      refuseUnknown(options, ["where"], "look for a row");
      const read = table.condition(options.where);
      const { rows } = await table.run(`exists ${read.shape}`, read.values, (db) => {
        const query = db.selectFrom(table.name).select((eb) => eb.lit(1).as("found")).limit(1);
        return read.shape === "()" ? query : query.where((eb) => table.slots(read, eb));
      });
      return rows.length > 0;
    },
    async paginate(options = {}) {
      refuseUnknown(options, PAGE_OPTIONS, "paginate");
      const { query, order } = ordered(options);
      const keyed = [...order, ...keyOrder(definition.primaryKey, order)];
      const { page, limit, total } = options;
      const result = await paginate(addOrder(query, keyed, table.dialect), { page, limit, total });
      return { ...result, data: await table.entities(result.data) };
    },
    async paginateCursor(options = {}) {
      refuseUnknown(options, CURSOR_OPTIONS, "paginate");
      const { query, order } = ordered(options);
      const { limit, cursor } = options;
      const result = await paginateCursor(query, {
        orderBy: order.length === 0 ? keyOrder(definition.primaryKey, []) : order,
        uniqueBy: definition.primaryKey,
        limit,
        cursor,
      });
      return { ...result, data: await table.entities(result.data) };
    },
    async *iterate(options = {}) {
      const { chunkSize = 100, ...rest } = options;
      refuseUnknown(rest, FIND_OPTIONS, "iterate over rows");
      const { query, order } = ordered(rest);
      let stream = addOrder(query, order, table.dialect);
      if (rest.limit !== undefined) stream = stream.limit(wholeNumber(rest.limit, "limit"));
      if (rest.offset !== undefined) stream = stream.offset(wholeNumber(rest.offset, "offset"));
      for await (const row of stream.stream(chunkSize)) yield (await table.entities([row]))[0];
    },
    loader: () => createLoader(byKey, (id) => table.keyName(table.keyValues(id))),
    query: () => table.db.selectFrom(table.name) as Select,
  };
}

function keyOrder(key: readonly string[], order: readonly OrderItem[]): OrderItem[] {
  return key.filter((column) => !order.some((item) => item.column === column))
    .map((column) => ({ column, direction: "asc", nulls: undefined }));
}

function wholeNumber(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new BadRequestError(`Cannot find rows: ${name} is ${value}; give a whole number from 0`);
}

/** Options are never ignored silently. */
export function refuseUnknown(options: object, known: readonly string[], action: string): void {
  if (typeof options !== "object" || options === null) {
    throw new BadRequestError(`Cannot ${action}: the options are no object`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new BadRequestError(
      `Cannot ${action}: there is no option "${key}"; the options are ` +
        known.map((name) => `"${name}"`).join(", "),
    );
  }
}
