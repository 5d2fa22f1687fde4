/**
 * What repositories should do, written down as plainly as can be: each caller has tables of the rows
 * that they see, and what nobody sees is kept in a list. Statements are bare Kysely's, conditions
 * are spelled out, lists are cut in the program.
 */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Action, Call, Change, Input, Options, Order, Where } from "./calls.ts";
import { cleaned, encoded, fill, GONE, type Row, type Table, tableOf, tables } from "./tables.ts";

/** The error that a repository is to throw, by its name. */
export class Expected extends Error {
  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

/** A transaction that a sequence lets fail. */
export class GivenUp extends Error {
  readonly results: unknown;

  constructor(results: unknown) {
    super("given up");
    this.name = "GivenUp";
    this.results = results;
  }
}

/** What a call gives. */
export type Answer =
  | { rows: Row[]; ordered: boolean }
  | { pages: { rows: Row[]; ordered: boolean; about: unknown }[] }
  | { value: unknown };

/** What the model has to know of the side under test. */
export interface ModelOptions {
  /** The database that holds what each caller sees, in tables of their own. */
  readonly db: Kysely<any>;
  /** How many callers there are who see different rows. */
  readonly viewers: 1 | 2;
  /** Whether `delete` leaves the row, marked. */
  readonly softDeletes: boolean;
}

type Condition = RawBuilder<unknown>;

export class Model {
  readonly #db: Kysely<any>;
  readonly #viewers: readonly number[];
  readonly #softDeletes: boolean;
  /** Deleted rows by table, as the database has them. */
  #bin: Readonly<Record<string, readonly Row[]>> = {};
  #depth = 0;

  constructor({ db, viewers, softDeletes }: ModelOptions) {
    this.#db = db;
    this.#viewers = viewers === 1 ? [0] : [0, 1];
    this.#softDeletes = softDeletes;
  }

  /** Starts anew with these rows, as the database has them. */
  async load(data: Readonly<Record<string, readonly Row[]>>): Promise<void> {
    const gone = (row: Row) => row["deleted_at"] !== null;
    this.#bin = {};
    for (const table of tables) {
      const rows = data[table.name]!;
      this.#bin = { ...this.#bin, [table.name]: rows.filter(gone) };
      for (const viewer of this.#viewers) {
        const seen = rows.filter((row) => !gone(row) && this.#sees(viewer, row));
        await fill(this.#db, nameOf(table, viewer), seen);
      }
    }
  }

  /** Every row there is of a table. */
  async all(table: Table): Promise<Row[]> {
    return await this.hidden(undefined, table);
  }

  #sees(viewer: number, row: Row): boolean {
    return this.#viewers.length === 1 || row["tenant"] === viewer + 1;
  }

  /** Runs a call; `made` are the ids of the rows that the other side gave. */
  async run(call: Extract<Call, { action: Action }>, made: readonly unknown[]): Promise<Answer> {
    const table = tableOf(call.table);
    const viewer = new Viewer(this, table, this.#viewers.length === 1 ? 0 : call.as, made);
    return await viewer.run(call.action);
  }

  /** All or nothing. */
  async atomically<T>(work: () => Promise<T>): Promise<T> {
    const name = sql.id(`model_${this.#depth}`);
    const say = (first: Condition, nested: Condition) =>
      (this.#depth === 0 ? first : nested).execute(this.#db);
    await say(sql`begin`, sql`savepoint ${name}`);
    const bin = this.#bin;
    this.#depth++;
    let result: T;
    try {
      result = await work();
    } catch (error) {
      this.#bin = bin;
      this.#depth--;
      await say(sql`rollback`, sql`rollback to savepoint ${name}`);
      throw error;
    }
    this.#depth--;
    await say(sql`commit`, sql`release savepoint ${name}`);
    return result;
  }

  get db(): Kysely<any> {
    return this.#db;
  }

  get deletes(): "bin" | "gone" {
    return this.#softDeletes ? "bin" : "gone";
  }

  /** The caller's own deleted rows. */
  binOf(viewer: number, table: Table): Row[] {
    return this.#bin[table.name]!.filter((row) => this.#sees(viewer, row));
  }

  setBin(table: Table, rows: readonly Row[]): void {
    this.#bin = { ...this.#bin, [table.name]: rows };
  }

  wholeBin(table: Table): readonly Row[] {
    return this.#bin[table.name]!;
  }

  /** The rows of a table that a caller does not see. */
  async hidden(viewer: number | undefined, table: Table): Promise<Row[]> {
    const out = [...this.#bin[table.name]!];
    for (const other of this.#viewers) {
      if (other !== viewer) out.push(...await rowsOf(this.#db, nameOf(table, other), undefined));
    }
    return out;
  }

  /** What the database gives a new row, and the plugins. */
  defaults(viewer: number, table: Table): Row {
    return {
      name: null,
      score: 7,
      team: null,
      tenant: viewer + 1,
      deleted_at: null,
      ...table.hasCode ? { code: null } : {},
      ...table.version ? { version: 1 } : {},
    };
  }
}

/** One caller, on one table. */
class Viewer {
  readonly #model: Model;
  readonly #table: Table;
  readonly #viewer: number;
  readonly #db: Kysely<any>;
  /** The caller's own copy of the table. */
  readonly #name: string;
  readonly #made: readonly unknown[];

  constructor(model: Model, table: Table, viewer: number, made: readonly unknown[]) {
    this.#model = model;
    this.#table = table;
    this.#viewer = viewer;
    this.#db = model.db;
    this.#name = nameOf(table, viewer);
    this.#made = made;
  }

  async run(action: Action): Promise<Answer> {
    switch (action.call) {
      case "findById":
        return one(await this.#byKey(action.k));
      case "getById":
        return one(await this.#mustHave(action.k));
      case "findByIds":
      case "loader": {
        const rows: Row[] = [];
        for (const k of action.ks) {
          const row = await this.#byKey(k);
          if (row !== undefined) rows.push(row);
          else if (action.call === "loader") rows.push({ none: true });
        }
        return { rows, ordered: true };
      }
      case "keyIn":
        return { rows: await this.#distinct(action.ks), ordered: false };
      case "find":
      case "findAll": {
        const { orderBy, offset = 0, limit } = action.options;
        const rows = await this.#select(action.options);
        const end = limit === undefined ? undefined : offset + limit;
        return { rows: rows.slice(offset, end), ordered: orderBy !== undefined };
      }
      case "findAndCount": {
        const { orderBy, offset = 0, limit } = action.options;
        const rows = await this.#select(action.options);
        const end = limit === undefined ? undefined : offset + limit;
        const page = { rows: rows.slice(offset, end), ordered: orderBy !== undefined };
        return { pages: [{ ...page, about: { total: rows.length } }] };
      }
      case "findEvery":
        return { rows: await this.#select({}), ordered: false };
      case "findOne":
        return one((await this.#select(action.options))[0]);
      case "findOneOrThrow":
        return one(found((await this.#select(action.options))[0]));
      case "one":
      case "maybe": {
        const rows = await this.#select(action);
        if (rows.length > 1) throw new Expected("MultipleRowsError");
        return one(action.call === "one" ? found(rows[0]) : rows[0]);
      }
      case "count":
        return { value: (await this.#select(action)).length };
      case "exists":
        return { value: (await this.#select(action)).length > 0 };
      case "paginate":
        return await this.#page(action);
      case "cursor":
        return await this.#walk(action);
      case "iterate": {
        const rows = await this.#select(action.options);
        return { rows: rows.slice(0, action.take ?? undefined), ordered: true };
      }
      case "findWithDeleted":
        return one(await this.#byKey(action.k) ?? this.#inBin(action.k));
      case "findDeleted":
        return { rows: this.#model.binOf(this.#viewer, this.#table), ordered: false };
      case "findAllWithDeleted": {
        const bin = this.#model.binOf(this.#viewer, this.#table);
        return { rows: [...await this.#select({}), ...bin], ordered: false };
      }
      default:
        return await this.#model.atomically(() => this.#write(action));
    }
  }

  async #write(action: Action): Promise<Answer> {
    switch (action.call) {
      case "create":
        this.#validate([action.input]);
        return one(await this.#insert(action.input));
      case "bulkCreate": {
        this.#validate(action.inputs);
        const rows: Row[] = [];
        for (const [at, input] of action.inputs.entries()) rows.push(await this.#insert(input, at));
        return { rows, ordered: true };
      }
      case "update":
        this.#validate([action.change.data]);
        return one(await this.#update(action.change));
      case "bulkUpdate": {
        this.#validate(action.changes.map(({ data }) => data));
        const rows: Row[] = [];
        for (const change of action.changes) rows.push(await this.#update(change));
        return { rows, ordered: true };
      }
      case "updateWhere":
        return { value: await this.#updateWhere(action.where, action.data) };
      case "upsert":
        this.#validate([action.input]);
        this.#mustHaveTarget([action.input], action.by);
        return one(await this.#upsert(action.input, action.by, action.set));
      case "upsertMany": {
        this.#validate(action.inputs);
        this.#mustHaveTarget(action.inputs, action.by);
        const rows: Row[] = [];
        for (const [at, input] of action.inputs.entries()) {
          rows.push(await this.#upsert(input, action.by, null, at));
        }
        return { rows, ordered: true };
      }
      case "deleteWhere": {
        refuseAll(action.where);
        return { value: await this.#remove(await this.#select(action), this.#model.deletes) };
      }
      case "delete":
        return {
          value: await this.#remove(await this.#distinct([action.k]), this.#model.deletes) > 0,
        };
      case "bulkDelete":
        return { value: await this.#remove(await this.#distinct(action.ks), this.#model.deletes) };
      case "softDelete":
        return { value: await this.#remove(await this.#distinct([action.k]), "bin") > 0 };
      case "softDeleteMany":
        return { value: await this.#remove(await this.#distinct(action.ks), "bin") };
      case "restore":
        return { value: await this.#restore([action.k]) > 0 };
      case "restoreMany":
        return { value: await this.#restore(action.ks) };
      case "hardDelete":
        return { value: await this.#hardDelete([action.k]) > 0 };
      case "hardDeleteMany":
        return { value: await this.#hardDelete(action.ks) };
      default:
        throw new Error(`There is no call "${action.call}"`);
    }
  }

  async #select({ where, orderBy = [] }: Options): Promise<Row[]> {
    return await rowsOf(this.#db, this.#name, where && encodedWhere(this.#table, where), orderBy);
  }

  #keyed(row: Row): Row {
    return Object.fromEntries(this.#table.key.map((column) => [column, row[column]]));
  }

  async #byKey(k: number): Promise<Row | undefined> {
    return (await this.#distinct([k]))[0];
  }

  async #mustHave(k: number): Promise<Row> {
    return found(await this.#byKey(k));
  }

  async #distinct(ks: readonly number[]): Promise<Row[]> {
    const out: Row[] = [];
    for (const k of new Set(ks)) {
      const key = encoded(this.#table, this.#table.keyColumns(k));
      const rows = await sql<Row>`select * from ${sql.table(this.#name)}
        where ${conditionsOf(key)}`.execute(this.#db);
      out.push(...rows.rows);
    }
    return out;
  }

  #inBin(k: number): Row | undefined {
    const bin = this.#model.binOf(this.#viewer, this.#table);
    return bin.find((row) => this.#isKey(row, k));
  }

  #isKey(row: Row, k: number): boolean {
    return sameKey(this.#table, row, encoded(this.#table, this.#table.keyColumns(k)));
  }

  /** A list, cut. */
  async #page(action: Action & { call: "paginate" }): Promise<Answer> {
    const { page, size, total } = action;
    const rows = await this.#select(this.#keyedOrder(action.options));
    const start = (page - 1) * size;
    const about = {
      page,
      limit: size,
      ...total === "exact" ? { total: rows.length, totalPages: Math.ceil(rows.length / size) } : {},
      hasNext: start + size < rows.length,
      hasPrev: page > 1,
    };
    return { pages: [{ rows: rows.slice(start, start + size), ordered: true, about }] };
  }

  /** The same list, walked over: each page begins where the one before it ends. */
  async #walk(action: Action & { call: "cursor" }): Promise<Answer> {
    // What makes the order unique goes the way of the last column that was asked for.
    const way = action.options.orderBy?.at(-1)?.direction;
    const rows = await this.#select(this.#keyedOrder(action.options, way));
    let [start, end] = [0, action.size];
    const pages: { rows: Row[]; ordered: true; about: unknown }[] = [];
    const turn = () => {
      const about = { hasNext: end < rows.length, hasPrev: start > 0 };
      pages.push({ rows: rows.slice(start, end), ordered: true, about });
    };
    turn();
    for (const move of action.moves) {
      if (move === "next" ? end >= rows.length : start <= 0) continue;
      if (move === "next") [start, end] = [end, end + action.size];
      else [start, end] = [Math.max(0, start - action.size), start];
      turn();
    }
    return { pages };
  }

  /** An order that ends with the key, in this direction. */
  #keyedOrder({ orderBy = [], ...options }: Options, way: Order["direction"] = "asc"): Options {
    const rest = this.#table.key.filter((key) => !orderBy.some(({ column }) => column === key));
    return {
      ...options,
      orderBy: [...orderBy, ...rest.map((column) => ({ column, direction: way }))],
    };
  }

  #validate(inputs: readonly Input[]): void {
    if (!this.#table.validates) return;
    if (inputs.some(({ name }) => name === "bad")) throw new Expected("ValidationError");
  }

  #mustHaveTarget(inputs: readonly Input[], by: "key" | "code"): void {
    const column = by === "code" ? "code" : "k";
    if (inputs.some((input) => !(column in input))) throw new Expected("BadRequestError");
  }

  /** An input as the database takes it. */
  #columns({ k, ...rest }: Input, which: "create" | "update"): Row {
    const given = { ...k === undefined ? {} : this.#table.keyColumns(k), ...rest };
    return encoded(this.#table, this.#table.validates ? cleaned[which](given) : given);
  }

  async #insert(input: Input, at = 0): Promise<Row> {
    const given = this.#columns(input, "create");
    const key = input.k === undefined ? { id: this.#made[at] ?? 1_000_000 + at } : {};
    const row = { ...this.#model.defaults(this.#viewer, this.#table), ...key, ...given };
    await this.#refuseTaken(row);
    await this.#db.insertInto(this.#name).values(row).execute();
    return found((await this.#rowsLike(this.#keyed(row)))[0]);
  }

  async #rowsLike(columns: Row): Promise<Row[]> {
    return (await sql<Row>`select * from ${sql.table(this.#name)}
      where ${conditionsOf(columns)}`.execute(this.#db)).rows;
  }

  /** A key that a hidden row has is taken, as any other is. */
  async #refuseTaken(row: Row): Promise<void> {
    for (const hidden of await this.#model.hidden(this.#viewer, this.#table)) {
      const isTaken = sameKey(this.#table, hidden, row) ||
        (this.#table.hasCode && row["code"] !== null && hidden["code"] === row["code"]);
      if (isTaken) throw new Expected("UniqueConstraintError");
    }
  }

  async #update({ k, data, version }: Change): Promise<Row> {
    const before = await this.#byKey(k);
    const columns = this.#columns(data, "update");
    const isIdle = Object.keys(columns).length === 0 && version === undefined;
    if (before === undefined) throw new Expected("NotFoundError");
    if (isIdle) return before;
    if (version !== undefined && version !== before["version"]) throw new Expected("StaleRowError");
    return await this.#set(before, columns);
  }

  async #set(before: Row, columns: Row): Promise<Row> {
    const counted = this.#table.version ? { version: (before["version"] as number) + 1 } : {};
    const set = { ...columns, ...counted };
    const after = { ...before, ...set };
    await this.#refuseTaken(after);
    if (Object.keys(set).length > 0) {
      await sql`update ${sql.table(this.#name)} set ${sql.join(assignmentsOf(set))}
        where ${conditionsOf(this.#keyed(before))}`.execute(this.#db);
    }
    return found((await this.#rowsLike(this.#keyed(after)))[0]);
  }

  async #updateWhere(where: Where, data: Input): Promise<number> {
    refuseAll(where);
    this.#validate([data]);
    if (Object.keys(data).length === 0) throw new Expected("BadRequestError");
    const rows = await this.#select({ where });
    for (const row of rows) await this.#set(row, this.#columns(data, "update"));
    return rows.length;
  }

  async #upsert(
    input: Input,
    by: "key" | "code",
    set: readonly string[] | null,
    at = 0,
  ): Promise<Row> {
    const given = this.#columns(input, "create");
    const target = by === "code" ? { code: given["code"] } : this.#keyed(given);
    const [before] = await this.#rowsLike(target);
    if (before !== undefined) {
      const names = set ?? Object.keys(given).filter((column) => !(column in target));
      const columns = Object.fromEntries(names.map((column) => [column, given[column]]));
      return await this.#set(before, columns);
    }
    const hidden = await this.#model.hidden(this.#viewer, this.#table);
    const isTaken = hidden.some((row) =>
      Object.entries(target).every(([column, value]) => String(row[column]) === String(value))
    );
    if (isTaken) throw new Expected("UpsertConflictError");
    return await this.#insert(input, at);
  }

  async #remove(rows: readonly Row[], to: "bin" | "gone"): Promise<number> {
    for (const row of rows) {
      await sql`delete from ${sql.table(this.#name)}
        where ${conditionsOf(this.#keyed(row))}`.execute(this.#db);
    }
    if (to === "bin") {
      const gone = rows.map((row) => ({ ...row, deleted_at: GONE }));
      this.#model.setBin(this.#table, [...this.#model.wholeBin(this.#table), ...gone]);
    }
    return rows.length;
  }

  #takeOut(ks: readonly number[]): Row[] {
    const rows = this.#model.binOf(this.#viewer, this.#table)
      .filter((row) => ks.some((k) => this.#isKey(row, k)));
    this.#model.setBin(
      this.#table,
      this.#model.wholeBin(this.#table).filter((row) => !rows.includes(row)),
    );
    return rows;
  }

  async #restore(ks: readonly number[]): Promise<number> {
    const rows = this.#takeOut(ks);
    for (const row of rows) {
      await this.#db.insertInto(this.#name).values({ ...row, deleted_at: null }).execute();
    }
    return rows.length;
  }

  async #hardDelete(ks: readonly number[]): Promise<number> {
    return this.#takeOut(ks).length + await this.#remove(await this.#distinct(ks), "gone");
  }
}

/** The name of a caller's copy of a table. */
function nameOf(table: Table, viewer: number): string {
  return `${table.name}_of_${viewer}`;
}

function one(row: Row | undefined): Answer {
  return row === undefined ? { value: null } : { rows: [row], ordered: true };
}

function found(row: Row | undefined): Row {
  if (row === undefined) throw new Expected("NotFoundError");
  return row;
}

function sameKey(table: Table, one: Row, other: Row): boolean {
  return table.key.every((column) => String(one[column]) === String(other[column]));
}

async function rowsOf(
  db: Kysely<any>,
  table: string,
  where: Where | undefined,
  orderBy: readonly Order[] = [],
): Promise<Row[]> {
  const condition = where === undefined ? sql`1 = 1` : conditionOf(where);
  const order = orderBy.flatMap(({ column, direction = "asc", nulls }) => {
    const way = direction === "asc" ? sql`asc` : sql`desc`;
    const isNull = sql`case when ${sql.ref(column)} is null then 1 else 0 end`;
    return [
      ...nulls === undefined ? [] : [nulls === "first" ? sql`${isNull} desc` : sql`${isNull} asc`],
      sql`${sql.ref(column)} ${way}`,
    ];
  });
  const by = order.length === 0 ? sql`` : sql`order by ${sql.join(order)}`;
  return (await sql<Row>`select * from ${sql.table(table)} where ${condition} ${by}`
    .execute(db)).rows;
}

function conditionsOf(columns: Row): Condition {
  return sql.join(
    Object.entries(columns).map(([column, value]) => sql`${sql.ref(column)} = ${value}`),
    sql` and `,
  );
}

function assignmentsOf(columns: Row): Condition[] {
  return Object.entries(columns).map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
}

/** A condition with its values as the database has them. */
function encodedWhere(table: Table, where: Where): Where {
  const value = (column: string, each: unknown) => encoded(table, { [column]: each })[column];
  const operand = (column: string, name: string, each: unknown) =>
    Array.isArray(each)
      ? each.map((item) => value(column, item))
      : name.endsWith("isNull")
      ? each
      : value(column, each);
  return Object.fromEntries(
    Object.entries(where).map(([key, each]) => {
      const name = key.replace("$", "");
      if (name === "not") return [key, encodedWhere(table, each as Where)];
      if (name === "and" || name === "or") {
        return [key, (each as Where[]).map((part) => encodedWhere(table, part))];
      }
      if (typeof each !== "object" || each === null) return [key, value(key, each)];
      const operands = Object.entries(each).map(([name, one]) => [name, operand(key, name, one)]);
      return [key, Object.fromEntries(operands)];
    }),
  );
}

/** SQL of a condition; what is refused in it throws. */
function conditionOf(where: Where): Condition {
  const parts = Object.entries(where).map(([key, value]) => {
    switch (key.replace("$", "")) {
      case "and":
        return joined((value as Where[]).map(partOf), sql` and `, sql`1 = 1`);
      case "or":
        return joined((value as Where[]).map(partOf), sql` or `, sql`1 = 0`);
      case "not":
        return sql`not (${partOf(value as Where)})`;
      default:
        return comparisons(sql.ref(key), value);
    }
  });
  return joined(parts, sql` and `, sql`1 = 1`);
}

function partOf(where: Where): Condition {
  if (Object.keys(where).length === 0) throw new Expected("BadRequestError");
  return conditionOf(where);
}

function joined(parts: readonly Condition[], by: Condition, none: Condition): Condition {
  return parts.length === 0 ? none : sql`(${sql.join(parts.map((p) => sql`(${p})`), by)})`;
}

function comparisons(column: Condition, value: unknown): Condition {
  if (value === null) return sql`${column} is null`;
  if (typeof value !== "object") return sql`${column} = ${value}`;
  if (Object.keys(value).length === 0) throw new Expected("BadRequestError");
  const parts = Object.entries(value).map(([name, operand]) =>
    comparison(column, name.replace("$", ""), operand)
  );
  return joined(parts, sql` and `, sql`1 = 1`);
}

function comparison(column: Condition, operator: string, value: any): Condition {
  const pattern = (before: string, after: string) =>
    sql`${column} like ${before + value.replace(/[%_~]/g, "~$&") + after} escape '~'`;
  const isOne = () =>
    joined((value as unknown[]).map((v) => sql`${column} = ${v}`), sql` or `, sql`1 = 0`);
  switch (operator) {
    case "eq":
      return value === null ? sql`${column} is null` : sql`${column} = ${value}`;
    case "ne":
      return value === null ? sql`${column} is not null` : sql`${column} <> ${value}`;
    case "gt":
      return sql`${column} > ${value}`;
    case "gte":
      return sql`${column} >= ${value}`;
    case "lt":
      return sql`${column} < ${value}`;
    case "lte":
      return sql`${column} <= ${value}`;
    case "in":
      return isOne();
    case "notIn":
      return sql`not ${isOne()}`;
    case "between":
      return sql`${column} >= ${value[0]} and ${column} <= ${value[1]}`;
    case "isNull":
      return value ? sql`${column} is null` : sql`${column} is not null`;
    case "like":
      return sql`${column} like ${value}`;
    case "ilike":
      return sql`lower(${column}) like ${value.toLowerCase()}`;
    case "contains":
      return pattern("%", "%");
    case "startsWith":
      return pattern("", "%");
    case "endsWith":
      return pattern("%", "");
    default:
      throw new Error(`There is no comparison "${operator}"`);
  }
}

/** Refuses a condition that holds for every row, whatever it has. */
function refuseAll(where: Where): void {
  conditionOf(where);
  if (alwaysHolds(where) === true) throw new Expected("BadRequestError");
}

/** What a condition says without looking at a row, if it does. */
function alwaysHolds(where: Where): boolean | undefined {
  return every(
    Object.entries(where).map(([key, value]) => {
      switch (key.replace("$", "")) {
        case "and":
          return every((value as Where[]).map(alwaysHolds));
        case "or":
          return opposite(every((value as Where[]).map((part) => opposite(alwaysHolds(part)))));
        case "not":
          return opposite(alwaysHolds(value as Where));
        default: {
          const { in: some, notIn: none } = Object(value) as { in?: unknown[]; notIn?: unknown[] };
          const dollar = (Object(value) as { $in?: unknown[] }).$in;
          if ((some ?? dollar)?.length === 0) return false;
          return none?.length === 0 ? true : undefined;
        }
      }
    }),
  );
}

function every(parts: readonly (boolean | undefined)[]): boolean | undefined {
  if (parts.includes(false)) return false;
  return parts.every((part) => part === true) ? true : undefined;
}

function opposite(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
