/** What one caller does on one table, by the model. */
import { type Kysely, sql } from "kysely";
import { type Answer, Expected } from "./answers.ts";
import type { Action, Change, Input, Options, Order, Where } from "./calls.ts";
import { assignmentsOf, conditionsOf, encodedWhere, refuseAll, rowsOf } from "./conditions.ts";
import { type Model, nameOf } from "./model.ts";
import { cleaned, encoded, GONE, type Row, type Table } from "./tables.ts";

/** One caller, on one table. */
export class Viewer {
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
      // What a schema adds is for new rows.
      const names = set ??
        Object.keys(given).filter((column) => column in input && !(column in target));
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
