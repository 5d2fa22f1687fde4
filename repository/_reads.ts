import { abortable, assertKnownOptions, BadRequestError, NotFoundError } from "@kysera/core";
import { inOneRun } from "@kysera/executor";
import type { Expression, ExpressionBuilder, Kysely, SelectQueryBuilder, SqlBool } from "kysely";
import { assertColumn, selectedColumn } from "./_columns.ts";
import { addOrder, type OrderItem, orderShape, readOrder } from "./_order.ts";
import { type CursorPage, type OffsetPage, withHidden } from "./_pages.ts";
import type { ReadCondition } from "./_condition.ts";
import { columnsOf } from "./_condition_columns.ts";
import type { At, Row, Table } from "./_table.ts";
import { telling } from "./_told.ts";
import { wholeNumber } from "./_whole_number.ts";
import { assertList } from "./_assert_list.ts";
import { MultipleRowsError } from "./errors.ts";
import { createLoader, type Loader } from "./loader.ts";
import type {
  CountedRows,
  CountOptions,
  CursorPageOptions,
  FindOptions,
  PageOptions,
  ReadOptions,
} from "./types.ts";

const ROWS = ["where", "orderBy", "orderDirection", "sort", "signal"];
const FIND_OPTIONS = [...ROWS, "select", "limit", "offset"];
const ALL_OPTIONS = FIND_OPTIONS.slice(1);
const ONE_OPTIONS = [...ROWS, "select", "offset"];
const ITERATE_OPTIONS = [...ROWS, "limit", "offset"];
const PAGE_OPTIONS = [...ROWS, "page", "offset", "limit", "total"];
const CURSOR_OPTIONS = [...ROWS, "limit", "cursor", "security"];
const COUNT_OPTIONS = ["where", "signal"];

const NONE: readonly unknown[] = [];

/** Any table: the interface of the repository says which. */
type Options = FindOptions<any> & { readonly select?: readonly string[] };
type Select = SelectQueryBuilder<any, any, any>;

/** Pages are what few programs need of a repository: the rest of it is loaded without them. */
const loadPages = () => import("./_paged.ts");

/** The methods of a repository that read. */
export interface Reads {
  findById(id: unknown): Promise<any>;
  getById(id: unknown): Promise<any>;
  findByIds(ids: readonly unknown[]): Promise<any[]>;
  find(options?: Options): Promise<any[]>;
  findAndCount(options?: Options): Promise<CountedRows<any>>;
  findOne(options?: Options): Promise<any>;
  findOneOrThrow(options?: Options): Promise<any>;
  one(where: object): Promise<any>;
  maybe(where: object): Promise<any>;
  findAll(options?: Options): Promise<any[]>;
  count(options?: Options): Promise<number>;
  exists(options?: Options): Promise<boolean>;
  paginate(options?: PageOptions<any>): Promise<OffsetPage<any>>;
  paginateCursor(options?: CursorPageOptions<any>): Promise<CursorPage<any>>;
  iterate(options?: Options & { readonly chunkSize?: number }): AsyncIterableIterator<any>;
  loader(options?: ReadOptions): Loader<any, any>;
  keyIn(ids: readonly unknown[]): (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;
  query(): Select;
}

/**
 * Reading one row by its key, on a table. It is what most callers of a request do, and nothing else, so
 * it can be had without the other methods.
 */
export function readById(table: Table): Reads["findById"] {
  return async (id) => {
    const values = table.keyValues(id);
    if (!table.isKeyUnique) await table.checkKey();
    const { rows } = await table.run("by id", values, (db, at) => rowById(table, db, at));
    if (rows.length === 0) return null;
    if (rows.length > 1) throw table.sharedKey();
    const entities = table.entities(rows);
    return (entities instanceof Promise ? await entities : entities)[0];
  };
}

function rowById(table: Table, db: Kysely<any>, at: At): Select {
  const query: Select = db.selectFrom(table.name).selectAll();
  return query.where((eb) => table.keyIs(eb, at));
}

/** Reading, on a table. */
export function reads(table: Table, findById: Reads["findById"] = readById(table)): Reads {
  const { definition } = table;
  const from = (db: Kysely<any>): Select => db.selectFrom(table.name).selectAll();

  /** Every row, without options: by far the most common, and its shape needs no making. */
  async function all(): Promise<any[]> {
    const { rows } = await table.run("all", NONE, from);
    return table.entities(rows);
  }

  async function find(options: Options, known = FIND_OPTIONS, most?: number): Promise<any[]> {
    assertKnownOptions(options, known, { action: "find rows" });
    const read = table.condition(options.where);
    const order = readOrder(options);
    const columns = readSelect(options.select);
    const limit = options.limit ?? most;
    const { offset } = options;
    const values = [...read.values];
    const limitAt = limit === undefined ? undefined : values.length;
    if (limit !== undefined) values.push(wholeNumber(limit, "limit"));
    const offsetAt = offset === undefined ? undefined : values.length;
    if (offset !== undefined) values.push(wholeNumber(offset, "offset"));
    const has = `${limitAt === undefined ? "" : "l"}${offsetAt === undefined ? "" : "o"}`;
    const what = columns === undefined ? "" : JSON.stringify(columns);
    const shape = `find ${what}${read.shape} ${orderShape(order)} ${has}`;
    if (!table.knows(shape) && await mustHave("find rows", read, order, options.signal, columns)) {
      return await find(options, known, most);
    }
    const { rows } = await table.run(shape, values, (db, at) => {
      let query = columns === undefined
        ? from(db)
        // Qualified: SQLite takes a quoted name that it does not know for a text.
        : db.selectFrom(table.name).select(
          columns.map((column) => selectedColumn(table.name, column)),
        );
      if (read.shape !== "()") query = query.where((eb) => table.slots(read, eb, at));
      return range(
        addOrder(query, order, table),
        limitAt === undefined ? undefined : at(limitAt),
        offsetAt === undefined ? undefined : at(offsetAt),
      );
    }, options.signal);
    return columns === undefined ? table.entities(rows) : table.decoded(rows);
  }

  async function count(options: CountOptions<any> = {}): Promise<number> {
    assertKnownOptions(options, COUNT_OPTIONS, { action: "count rows" });
    const read = table.condition(options.where);
    const shape = `count ${read.shape}`;
    if (!table.knows(shape) && await mustHave("count rows", read, [], options.signal)) {
      return await count(options);
    }
    const { rows } = await table.run(shape, read.values, (db, at) => {
      const query = db.selectFrom(table.name).select((eb) => eb.fn.countAll().as("n"));
      return read.shape === "()" ? query : query.where((eb) => table.slots(read, eb, at));
    }, options.signal);
    return Number(rows[0]!["n"]);
  }

  /** Whether the catalog was asked first: the condition is to be read again. */
  async function mustHave(
    action: string,
    read: ReadCondition,
    order: readonly OrderItem[],
    signal?: AbortSignal,
    columns: readonly string[] = [],
  ): Promise<boolean> {
    const names = [...columnsOf(read.condition), ...order.map(({ column }) => column), ...columns];
    return names.length > 0 && await table.mustHave(names, action, signal);
  }

  /** Only PostgreSQL takes an OFFSET without a LIMIT. */
  function range(
    query: Select,
    limit: number | undefined,
    offset: number | undefined,
  ): Select {
    let out = query;
    if (limit !== undefined) out = out.limit(limit);
    else if (offset !== undefined && table.dialect !== "postgres") {
      out = out.limit(table.dialect === "sqlite" ? -1 : Number.MAX_SAFE_INTEGER);
    }
    return offset === undefined ? out : out.offset(offset);
  }

  /** Rows by the text of the keys that were asked for. */
  async function byKey(
    ids: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<Map<string, any>> {
    await table.know();
    const found = new Map<string, any>();
    const keys = new Map(ids.map((id) => {
      const values = table.keyValues(id);
      return [table.keyName(values), values];
    }));
    const names = [...keys.keys()];
    if (names.length > 0 && !table.isKeyUnique) {
      await abortable(table.signalWith(signal), () => table.checkKey());
    }
    for (const part of table.keyParts(names, (name) => keys.get(name)!)) {
      const rows: Row[] = await telling(table, () =>
        abortable(
          table.signalWith(signal),
          () =>
            inOneRun(
              table.db,
              (db) =>
                from(db).where((eb) => table.keyIsIn(eb, part.map((name) => keys.get(name)!)))
                  .execute(),
            ),
        ));
      const entities = await table.entities(rows);
      let strangers = 0;
      rows.forEach((row, i) => {
        const name = table.nameOf(row);
        // Keys that differ in the database may be read as the same value.
        if (found.has(name)) throw table.sharedKey();
        if (keys.has(name)) found.set(name, entities[i]);
        else strangers++;
      });
      const missing = part.filter((name) => !found.has(name));
      if (missing.length === 0) continue;
      // To the database, keys may be the same that are written differently (letter case, ..).
      const alike = new Set(rows.map((row) => folded(table.nameOf(row))));
      for (const name of missing) {
        if (strangers === 0 && !alike.has(folded(name))) continue;
        const byId = (db: Kysely<any>, at: At): Select => rowById(table, db, at);
        const { rows } = await table.run("by id", keys.get(name)!, byId, signal);
        if (rows.length > 1) throw table.sharedKey();
        if (rows.length > 0) found.set(name, (await table.entities(rows))[0]);
      }
    }
    return found;
  }

  const missing = (filters: object): NotFoundError => new NotFoundError(table.name, { ...filters });

  async function maybe(where: object): Promise<any> {
    const rows = await find({ where }, FIND_OPTIONS, 2);
    if (rows.length > 1) throw new MultipleRowsError(table.name);
    return rows[0] ?? null;
  }

  async function ordered(options: Options): Promise<{ query: Select; order: OrderItem[] }> {
    let read = table.condition(options.where);
    const order = readOrder(options);
    if (await mustHave("read rows", read, order, options.signal)) {
      read = table.condition(options.where);
    }
    let query = from(table.db);
    if (read.shape !== "()") query = query.where((eb) => table.bound(read, eb));
    return { query, order };
  }

  return {
    findById,
    find: (options) => options === undefined ? all() : find(options),
    findAll: (options) => options === undefined ? all() : find(options, ALL_OPTIONS),
    maybe,
    async getById(id) {
      const row = await findById(id);
      if (row === null) throw missing({ id });
      return row;
    },
    async findByIds(ids) {
      assertList(ids, "find rows");
      const found = await byKey(ids);
      return ids.flatMap((id) => {
        const row = found.get(table.keyName(table.keyValues(id)));
        return row === undefined ? [] : [row];
      });
    },
    async findOne(options = {}) {
      return (await find(options, ONE_OPTIONS, 1))[0] ?? null;
    },
    async findOneOrThrow(options = {}) {
      const [row] = await find(options, ONE_OPTIONS, 1);
      if (row === undefined) throw missing(options.where ?? {});
      return row;
    },
    async one(where) {
      const row = await maybe(where);
      if (row === null) throw missing(where);
      return row;
    },
    count,
    async exists(options = {}) {
      assertKnownOptions(options, COUNT_OPTIONS, { action: "look for a row" });
      let read = table.condition(options.where);
      const shape = `exists ${read.shape}`;
      if (!table.knows(shape) && await mustHave("look for a row", read, [], options.signal)) {
        read = table.condition(options.where);
      }
      const { rows } = await table.run(`exists ${read.shape}`, read.values, (db, at) => {
        const query = db.selectFrom(table.name).select((eb) => eb.lit(1).as("found")).limit(1);
        return read.shape === "()" ? query : query.where((eb) => table.slots(read, eb, at));
      }, options.signal);
      return rows.length > 0;
    },
    async findAndCount(options = {}) {
      assertKnownOptions(options, FIND_OPTIONS, { action: "find rows" });
      const { where, signal } = options;
      const data = await find(options);
      const total = await count({ where, signal });
      return withHidden({ data, total }, { items: data });
    },
    async paginate(options = {}) {
      assertKnownOptions(options, PAGE_OPTIONS, { action: "paginate" });
      const { query, order } = await ordered(options);
      const keyed = [...order, ...keyOrder(definition.primaryKey, order)];
      const { page, offset, limit, total } = options;
      const signal = table.signalWith(options.signal);
      if (page !== undefined && offset !== undefined) {
        throw new BadRequestError("Cannot paginate: give page or offset, not both");
      }
      const whole = addOrder(query, keyed, table);
      const pages = await loadPages();
      const result = await telling(
        table,
        () =>
          offset === undefined
            ? pages.paginate(whole, { page, limit, total, signal })
            : pages.pageFrom(offset, whole, { ...options, signal }),
      );
      const { pagination } = result;
      const data = await table.entities(result.data);
      return withHidden({ ...result, data }, {
        items: data,
        total: pagination.total,
        limit: pagination.limit,
        offset: offset ?? (pagination.page! - 1) * pagination.limit,
      });
    },
    async paginateCursor(options = {}) {
      assertKnownOptions(options, CURSOR_OPTIONS, { action: "paginate" });
      const order = uniqueOrder(definition.primaryKey, readOrder(options));
      let read = table.condition(options.where);
      let shape = pageShape(read, order);
      if (!table.knows(shape) && await mustHave("read rows", read, order, options.signal)) {
        read = table.condition(options.where);
        shape = pageShape(read, order);
      }
      const signal = table.signalWith(options.signal);
      // Of rows that share what a cursor tells them apart by, some would be on no page.
      if (!table.isKeyUnique) await abortable(signal, () => table.checkKey());
      const pages = await loadPages();
      const page = await telling(
        table,
        async () =>
          await pages.readPage(table, { shape, read, order, options, signal }) ??
            await pages.readPageAnew(table, read, order, { ...options, signal }),
      );
      const data = await table.entities(page.data);
      return withHidden({ ...page, data }, {
        items: data,
        nextCursor: page.pagination.nextCursor ?? null,
        hasMore: page.pagination.hasNext,
      });
    },
    async *iterate(options = {}) {
      const { chunkSize = 100, ...rest } = options;
      assertKnownOptions(rest, ITERATE_OPTIONS, { action: "iterate over rows" });
      await table.know();
      const { query, order } = await ordered(rest);
      const { limit, offset } = rest;
      if (limit !== undefined) wholeNumber(limit, "limit");
      if (offset !== undefined) wholeNumber(offset, "offset");
      const signal = table.signalWith(rest.signal);
      signal?.throwIfAborted();
      const stream: AsyncIterator<Row> = range(addOrder(query, order, table), limit, offset)
        .stream(chunkSize);
      try {
        for (;;) {
          const { done, value } = await telling(
            table,
            () => abortable(signal, () => stream.next()),
          );
          if (done) return;
          yield (await table.entities([value]))[0];
        }
      } finally {
        const closed = stream.return?.();
        // It closes when the rows that it waits for have come.
        if (signal?.aborted) closed?.catch(() => {});
        else await closed;
      }
    },
    loader(options = {}) {
      assertKnownOptions(options, ["signal"], { action: "make a loader" });
      const signal = table.signalWith(options.signal);
      return createLoader(
        (ids) => byKey(ids, signal),
        (id) => table.keyName(table.keyValues(id)),
        signal,
      );
    },
    keyIn(ids) {
      assertList(ids, "look for keys");
      const keys = ids.map((id) => table.keyValues(id));
      if (!table.isKeyUnique) table.assertKnownKey();
      return (eb) => keys.length === 0 ? eb.or([]) : table.keyIsIn(eb, keys);
    },
    query: () => table.db.selectFrom(table.name) as Select,
  };
}

/** What is left of a text where letter case, accents and spaces at its ends do not count. */
function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

function readSelect(select: unknown): readonly string[] | undefined {
  if (select === undefined) return undefined;
  if (!Array.isArray(select) || select.length === 0) {
    throw new BadRequestError("Cannot find rows: select takes a list of columns, one at least");
  }
  for (const column of select) assertColumn(column, "select a column");
  return [...new Set<string>(select)];
}

function keyOrder(key: readonly string[], order: readonly OrderItem[]): OrderItem[] {
  return key.filter((column) => !order.some((item) => item.column === column))
    .map((column) => ({ column, direction: "asc", nulls: undefined }));
}

/** What the SQL of a page depends on, besides its place. */
export function pageShape(read: ReadCondition, order: readonly OrderItem[]): string {
  return `page ${read.shape} ${orderShape(order)}`;
}

/** An order that goes on by the key, in the direction it ends in, as an index would. */
function uniqueOrder(key: readonly string[], order: readonly OrderItem[]): OrderItem[] {
  const direction = order.at(-1)?.direction ?? "asc";
  const rest = keyOrder(key, order).map((item) => ({ ...item, direction }));
  // A row without a key is none.
  return [...order, ...rest].map((item) =>
    key.includes(item.column) ? { ...item, nullable: item.nullable ?? false } : item
  );
}
