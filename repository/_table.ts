import {
  abortable,
  BadRequestError,
  detectDialect,
  type Dialect,
  isPlainObject,
  isPromise,
  maxParametersOf,
} from "@kysera/core";
import { PlanCache, tryCompilePlan } from "@kysera/dal";
import {
  assertKnownKey,
  columnReference,
  findKey,
  getSystemDb,
  inOneRun,
  isOneOf,
  keyParts,
  mustMeetOneRow,
  planKey,
  type QueryPlan,
  Slot,
} from "@kysera/executor";
import {
  type Compilable,
  type CompiledQuery,
  type Expression,
  type ExpressionBuilder,
  ExpressionWrapper,
  type Kysely,
  type QueryResult,
  sql,
  type SqlBool,
} from "kysely";
import { assertColumn } from "./_columns.ts";
import type { PagePlans } from "./_cursor_pages.ts";
import { givenColumns } from "./_given_columns.ts";
import { parse } from "./_validate.ts";
import { isJsonType, mysqlValue } from "./_column_values.ts";
import { holdsJson, JsonText } from "./_json_text.ts";
import { KnownColumns } from "./_known_columns.ts";
import { telling, told } from "./_told.ts";
import { JSON_CODEC } from "./codecs.ts";
import { type Encode, expressionOf, type ReadCondition, readCondition } from "./_condition.ts";
import { isKeyOfType, type PrimaryKeyTypeHint } from "./primary_key.ts";
import type { RelationGraph } from "./relations/_graph.ts";
import type { StandardSchema } from "./standard_schema.ts";
import type { Codec, UpsertOptions } from "./types.ts";

/** How many orders of pages have their statements kept. */
const MOST_ORDERS = 64;

/** A row, by column. */
export type Row = Record<string, unknown>;

/** Schemas, whichever they were made from. */
export type Schemas = {
  readonly [K in "entity" | "create" | "update"]?: StandardSchema<any, any> | undefined;
};

/** What a repository is, whatever handle it runs on. */
export interface Definition {
  readonly tableName: string;
  readonly primaryKey: readonly string[];
  readonly mapRow: ((row: any) => unknown) | undefined;
  readonly schemas: Schemas;
  /** The part of the rows that are validated, from 0 to 1. */
  readonly validated: number;
  readonly versionColumn: string | undefined;
  /** How many parameters the database takes in one statement, where that is not what the dialect says. */
  readonly maxParameters: number | undefined;
  readonly codecs: ReadonlyMap<string, Codec>;
  /** What the values of the key must be. */
  readonly keyType: PrimaryKeyTypeHint | undefined;
  /** The schema of the table, where it is not the handle's. */
  readonly schema: string | undefined;
  /** The relations of tables, where some were given. */
  readonly relations?: RelationGraph | undefined;
  /** Plans by what they are good for. */
  readonly plans: WeakMap<object, Plans>;
}

/** A row to upsert, and what the upsert goes by. */
export interface UpsertInput {
  readonly row: Row;
  /** Those of the user; by default the columns that the user gave are changed, no others. */
  readonly options: UpsertOptions<any>;
  /** The version that a row which is there must have. */
  readonly version?: unknown;
}

/** What stands for one of a query's values: a slot, or the value itself. */
export type At = (index: number) => any;

/** Makes a query whose values are told by their index. */
export type Build = (db: Kysely<any>, at: At) => Compilable<any>;

/** Plans that serve the same executors. */
interface Plans {
  readonly dialect: Dialect;
  /** Whether a write gives the rows it wrote. */
  readonly returns: boolean;
  readonly byShape: PlanCache<QueryPlan<Row>>;
  /** Those of pages by cursor. */
  readonly pages: PagePlans;
  /** What the catalog says of the columns. */
  readonly columns: KnownColumns;
  /** Whether the catalog says that the key is unique; `undefined` where it was not asked. */
  isKeyUnique?: true;
  /** Whether the columns that the configuration names were looked at. */
  isConfigKnown?: true;
  /** The last shapes of long lists: only one that comes again is worth a plan, which is large. */
  readonly lists: string[];
}

const MOST_PLANS = 256;
const MOST_LISTS = 4;
/** How many values plugins may add to a condition. */
const OF_PLUGINS = 200;
/** SQLite bounds how deep an expression is, and a list of ORs is as deep as it is long. */
const MOST_COMPOSITE_KEYS = 400;

/** A table, as one handle sees it: plans, codecs, validation. */
export class Table {
  readonly definition: Definition;
  readonly db: Kysely<any>;
  /** Ends every wait where it is aborted. */
  readonly signal: AbortSignal | undefined;
  readonly #plans: Plans;
  #encoder: Encode | undefined;

  constructor(definition: Definition, db: Kysely<any>, signal?: AbortSignal) {
    this.definition = definition;
    this.db = db;
    this.signal = signal;
    const key = planKey(db);
    let plans = definition.plans.get(key);
    if (plans === undefined) {
      const { adapter } = db.getExecutor();
      plans = {
        dialect: detectDialect(adapter),
        returns: adapter.supportsReturning === true,
        byShape: new PlanCache(MOST_PLANS),
        pages: new PlanCache(MOST_ORDERS),
        columns: new KnownColumns(definition.tableName),
        lists: [],
      };
      definition.plans.set(key, plans);
    }
    this.#plans = plans;
  }

  get name(): string {
    return this.definition.tableName;
  }

  get dialect(): Dialect {
    return this.#plans.dialect;
  }

  /** Whether a write gives the rows it wrote. */
  get returns(): boolean {
    return this.#plans.returns;
  }

  /** {@linkcode Table.encode}, and what conditions on JSON have to know. */
  get encoder(): Encode {
    return this.#encoder ??= Object.assign(
      (column: string, value: unknown) => this.encode(column, value),
      {
        json: {
          table: this.definition.tableName,
          dialect: this.dialect,
          typeOf: (column: string) => this.#plans.columns.types?.(column),
        },
      },
    );
  }

  /** What the catalog says of the columns. */
  get columns(): KnownColumns {
    return this.#plans.columns;
  }

  /** The plans of pages by cursor. */
  get pagePlans(): PagePlans {
    return this.#plans.pages;
  }

  /** Whether a query of a shape was run before, so that its columns are known. */
  knows(shape: string): boolean {
    const { byShape, columns, pages } = this.#plans;
    return (byShape.has(shape) || pages.has(shape)) && !columns.isForgotten;
  }

  /**
   * Throws if the table does not have some columns. The catalog is asked once.
   *
   * @returns whether it was asked now: values that depend on the types of columns are to be read again
   * @throws {BadRequestError} which names the table and the columns that may have been meant
   */
  async mustHave(names: readonly string[], action: string, signal?: AbortSignal): Promise<boolean> {
    const { columns } = this.#plans;
    if (columns.types !== undefined && names.every((name) => columns.has(name))) return false;
    return await this.#asking(async () => {
      const isRead = await columns.mustHave(this.db, names, action);
      await this.#mustHaveConfigured();
      return isRead;
    }, this.signalWith(signal));
  }

  /** Looks at the columns that the configuration names, once. The key is looked at where it is used. */
  async #mustHaveConfigured(): Promise<void> {
    if (this.#plans.isConfigKnown === true) return;
    const { versionColumn, codecs } = this.definition;
    const names = [...codecs.keys(), ...versionColumn === undefined ? [] : [versionColumn]];
    await this.#plans.columns.mustHave(
      this.db,
      names,
      `use the repository of "${this.name}" with its versionColumn and codecs`,
    );
    this.#plans.isConfigKnown = true;
  }

  /**
   * Throws if a new row lacks a column that must be given.
   *
   * @throws {NotNullError}
   */
  async mustBeComplete(row: Row): Promise<void> {
    const { columns } = this.#plans;
    await this.#asking(() => columns.mustBeComplete(this.db, row, () => this.#written(row)));
  }

  /** The columns that an INSERT of a row writes, with those that plugins add. */
  #written(row: Row): readonly string[] | undefined {
    try {
      const { query } = inOneRun(
        this.db,
        (db) => db.insertInto(this.name).values(row).compile(),
      );
      if (query.kind !== "InsertQueryNode") return undefined;
      return (query.columns ?? []).map(({ column }) => column.name);
    } catch {
      return undefined;
    }
  }

  async #asking<T>(ask: () => Promise<T>, signal = this.signal): Promise<T> {
    return await telling(this, () => signal === undefined ? ask() : abortable(signal, ask));
  }

  /** The keys in parts, one for each statement. */
  keyParts<K>(
    keys: readonly K[],
    valuesOf: (key: K) => readonly unknown[] = (key) => key as unknown as readonly unknown[],
  ): K[][] {
    return keyParts(this.db, keys, {
      columns: this.definition.primaryKey.length,
      size: this.keysPerStatement,
      toValue: (key: K) => valuesOf(key)[0],
    });
  }

  /** How many keys go into one condition. */
  get keysPerStatement(): number {
    const { length } = this.definition.primaryKey;
    const room = this.rowsPerStatement(length);
    return length === 1 ? room : Math.min(room, MOST_COMPOSITE_KEYS);
  }

  /** How many rows of so many values go into one statement. */
  rowsPerStatement(columns: number): number {
    return Math.max(1, Math.floor(this.#mostValues / Math.max(1, columns)));
  }

  /**
   * Runs a query of a shape that was seen before without building it again.
   *
   * @param shape what the query's SQL depends on, as text
   * @param values what goes to the slots
   * @param build makes the query; it is told what goes where the values go
   * @param signal ends the wait, beside the table's own
   */
  async run(
    shape: string,
    values: readonly unknown[],
    build: Build,
    signal?: AbortSignal,
  ): Promise<QueryResult<Row>> {
    if (holdsJson(values)) return await this.#runWithJson(shape, values, build, signal);
    const start = (): Promise<QueryResult<Row>> =>
      inOneRun(this.db, (db) => db.executeQuery(this.#query(db, shape, values, build)));
    try {
      if (signal === undefined && this.signal === undefined) return await start();
      return await abortable(this.signalWith(signal), start);
    } catch (error) {
      throw await told(this, error);
    }
  }

  /** {@linkcode Table.run}, without a plan: for queries that hardly come again. */
  async runOnce(
    values: readonly unknown[],
    build: Build,
    signal?: AbortSignal,
  ): Promise<QueryResult<Row>> {
    const at: At = (i) => {
      const value = values[i];
      return value instanceof JsonText ? new ExpressionWrapper(value.around(value.text)) : value;
    };
    return await telling(this, () =>
      abortable(
        this.signalWith(signal),
        () => inOneRun(this.db, (db) => db.executeQuery(build(db, at))),
      ));
  }

  #runWithJson(
    shape: string,
    values: readonly unknown[],
    build: Build,
    signal: AbortSignal | undefined,
  ): Promise<QueryResult<Row>> {
    const json = new Map<number, JsonText>();
    values.forEach((value, i) => value instanceof JsonText && json.set(i, value));
    const places = [...json].map(([i, { type }]) => `${i} ${type}`).join();
    return this.run(
      `${shape} json ${places}`,
      values.map((value) => value instanceof JsonText ? value.text : value),
      (db, at) =>
        build(db, (i) => {
          const text = json.get(i);
          return text === undefined ? at(i) : new ExpressionWrapper(text.around(at(i)));
        }),
      signal,
    );
  }

  get #mostValues(): number {
    const most = this.definition.maxParameters ?? maxParametersOf(this.db);
    return most - Math.min(OF_PLUGINS, Math.floor(most / 4));
  }

  #tooMany(count: number): BadRequestError {
    return new BadRequestError(
      `Cannot query "${this.name}": it has ${count} values, and the database takes no more than ` +
        `${this.#mostValues} in one statement; ask in parts, or by findByIds(), which does`,
    );
  }

  #query(
    db: Kysely<any>,
    shape: string,
    values: readonly unknown[],
    build: Build,
  ): CompiledQuery<Row> | Compilable<any> {
    const withValues = (): Compilable<any> => build(db, (i) => values[i]);
    return this.#plans.byShape.bind(
      shape,
      (plan) => plan.tryBind(db, values),
      () => tryCompilePlan(db, (db) => build(db, (i) => new Slot(i)), withValues),
    ) ?? withValues();
  }

  /** Reads the types of the columns from the catalog, once, where values depend on them. */
  async know(): Promise<void> {
    if (this.readsTypes && this.#plans.columns.types === undefined) await this.#types();
  }

  /** Whether values depend on the types of the columns. */
  get readsTypes(): boolean {
    if (this.dialect !== "postgres") return this.dialect === "mysql";
    for (const codec of this.definition.codecs.values()) if (JSON_CODEC in codec) return true;
    return false;
  }

  /**
   * {@linkcode Table.know}, for inputs of a user, after all of them were validated: before that no
   * query runs. On PostgreSQL a list may be one of JSON, or an array.
   */
  async knowFor(inputs: readonly unknown[], which: "create" | "update"): Promise<void> {
    if (this.#plans.columns.types !== undefined) return;
    // One input is validated before its columns are looked up; of several, the last one is as well.
    const isAlone = inputs.length < 2 && !(this.dialect === "postgres" && inputs.some(hasList));
    if (!this.readsTypes && isAlone) return;
    const schema = this.definition.schemas[which];
    if (schema === undefined) { for (const input of inputs) this.#row(input, which); }
    else for (const input of inputs) await this.#parse(schema, input, which);
    await this.#types();
  }

  async #types(): Promise<void> {
    try {
      await this.#asking(() => this.#plans.columns.read(this.db));
    } catch (error) {
      if (this.dialect === "mysql") await this.#refuseArrays();
      throw error;
    }
  }

  /** The table's own signal, and another one. */
  signalWith(signal: AbortSignal | undefined): AbortSignal | undefined {
    if (signal !== undefined && typeof signal?.throwIfAborted !== "function") {
      throw new BadRequestError(`Cannot query "${this.name}": signal is not an AbortSignal`);
    }
    if (signal === undefined || this.signal === undefined) return signal ?? this.signal;
    return AbortSignal.any([this.signal, signal]);
  }

  /** Whether a long list of a shape was seen lately; it is from now on. */
  comesAgain(shape: string): boolean {
    const { lists, byShape } = this.#plans;
    if (lists.includes(shape)) return true;
    lists.push(shape);
    if (lists.length > MOST_LISTS) byShape.delete(lists.shift()!);
    return false;
  }

  /** Entities of rows, validated where that is asked for. */
  entities(rows: readonly Row[]): any[] | Promise<any[]> {
    const { validated, schemas, codecs, mapRow } = this.definition;
    const asTheyAre = codecs.size === 0 && mapRow === undefined;
    // The driver made the rows for this call: they are the caller's.
    const entities = asTheyAre ? rows as Row[] : rows.map((row) => this.#map(row));
    if (validated === 0 || schemas.entity === undefined) return entities;
    return this.#validated(entities, schemas.entity);
  }

  /** mysql2 has options by which a row is a list of values, or of tables. */
  async #refuseArrays(): Promise<void> {
    const { rows: [row] } = await sql<{ kyseraone: unknown }>`select 1 as kyseraone`
      .execute(getSystemDb(this.db));
    if (Number(row?.kyseraone) === 1) return;
    throw new BadRequestError(
      `Cannot read rows of "${this.name}": the driver gives them as lists, or by table; leave out ` +
        "its options rowsAsArray and nestTables",
    );
  }

  async #validated(
    entities: readonly unknown[],
    schema: StandardSchema<any, any>,
  ): Promise<unknown[]> {
    const { validated } = this.definition;
    const out: unknown[] = [];
    for (const entity of entities) {
      const isChosen = validated === 1 || Math.random() < validated;
      out.push(isChosen ? await parse(schema, entity, `read a row of "${this.name}"`) : entity);
    }
    return out;
  }

  #map(row: Row): unknown {
    const { mapRow } = this.definition;
    const decoded = this.#decode(row);
    return mapRow === undefined ? decoded : mapRow(decoded);
  }

  /** Rows that are not entities: some of the columns, as the program has them. */
  decoded(rows: readonly Row[]): Row[] | Promise<Row[]> {
    // The driver made the rows for this call: they are the caller's.
    return this.definition.codecs.size === 0 ? rows as Row[] : rows.map((row) => this.#decode(row));
  }

  #decode(row: Row): Row {
    const { codecs } = this.definition;
    if (codecs.size === 0) return row;
    const decoded = { ...row };
    for (const [column, codec] of codecs) {
      const value = row[column];
      if (value === null || value === undefined) continue;
      decoded[column] = JSON_CODEC in codec ? this.#json(column, value) : codec.decode(value);
    }
    return decoded;
  }

  /** A value of JSON: of a column of that type the driver has parsed it. */
  #json(column: string, value: unknown): unknown {
    if (typeof value !== "string") return value;
    const type = this.#plans.columns.types?.(column);
    // SQLite has no type for it, whatever the column is declared as.
    if (this.dialect !== "sqlite" && isJsonType(type)) return value;
    try {
      return JSON.parse(value);
    } catch (cause) {
      // JSON of MariaDB is LONGTEXT, which the driver parses as well
      if (type === "longtext") return value;
      throw new BadRequestError(`Cannot read "${column}" of "${this.name}": it is not JSON`, {
        cause,
      });
    }
  }

  /** A value as the database keeps it. */
  encode(column: string, value: unknown): unknown {
    const { codecs } = this.definition;
    if (codecs.size === 0 && typeof value !== "object" && this.dialect !== "mysql") return value;
    if (isPromise(value)) {
      throw new BadRequestError(
        `Cannot use the value of "${column}" of "${this.name}": it is a promise; await it first`,
      );
    }
    const codec = value === null ? undefined : codecs.get(column);
    return this.kept(column, codec === undefined ? value : codec.encode(value), codec);
  }

  /** A value that the database has, or that a codec made, as the driver is given it. */
  kept(column: string, value: unknown, codec?: Codec): unknown {
    let encoded = value;
    if (this.dialect === "postgres") {
      const type = this.#plans.columns.types?.(column);
      const isText = codec !== undefined && JSON_CODEC in codec;
      if (isJsonType(type) && (isText || Array.isArray(encoded))) {
        return new JsonText(isText ? encoded as string : JSON.stringify(encoded), type);
      }
    }
    if (this.dialect === "mysql") {
      encoded = mysqlValue(
        encoded,
        this.#plans.columns.types?.(column),
        (what) => new BadRequestError(`Cannot give "${column}" of "${this.name}" ${what}`),
      );
    }
    // mysql2 writes the keys of an object, and the items of a list, into the SQL.
    if (this.dialect === "mysql" && (isPlainObject(encoded) || Array.isArray(encoded))) {
      throw new BadRequestError(
        `Cannot give "${column}" of "${this.name}" ${
          Array.isArray(encoded) ? "a list" : "an object"
        }: the driver would make SQL of it; give the column a codec, as JSON.stringify`,
      );
    }
    return encoded;
  }

  /**
   * What a user gave for a row, as the database keeps it: validated, without what is `undefined`. An
   * update has only columns that the user gave, whatever a schema adds.
   *
   * @throws {ValidationError} @throws {BadRequestError} for what is not an object
   */
  async row(input: unknown, which: "create" | "update"): Promise<Row> {
    const schema = this.definition.schemas[which];
    await this.knowFor([input], which);
    if (schema === undefined) return this.#checked(input, which);
    const output = await this.#parse(schema, input, which);
    if (which === "create") return this.#checked(output, which);
    assertRow(output, `${which} a row of "${this.name}"`);
    const given = await givenColumns(schema, input as Row, output, {
      action: `${which} a row of "${this.name}"`,
      advice: "let the schema of updates take each of them as optional, without a default",
    });
    return this.#checked(
      Object.fromEntries(given.map((column) => [column, output[column]])),
      which,
    );
  }

  /** A row whose columns the table has; at once where they are known. */
  #checked(value: unknown, which: "create" | "update"): Row | Promise<Row> {
    const strangers: string[] = [];
    const row = this.#row(value, which, strangers);
    if (strangers.length === 0) return row;
    return this.mustHave(strangers, `${which} a row of "${this.name}"`)
      // What the catalog says of the types may make other values.
      .then((isRead) => isRead ? this.#row(value, which) : row);
  }

  async #parse(
    schema: StandardSchema<any, any>,
    input: unknown,
    which: "create" | "update",
  ): Promise<unknown> {
    const action = `${which} a row of "${this.name}"`;
    // Before the schema sees it, which may drop names silently.
    assertRow(input, action);
    for (const column of Object.keys(input)) assertColumn(column, action);
    return await parse(schema, input, action);
  }

  /** A row to upsert: validated as one that is created. @throws as {@linkcode Table.row} does */
  async upsert(input: unknown, options: UpsertOptions<any>): Promise<UpsertInput> {
    const schema = this.definition.schemas.create;
    await this.knowFor([input], "create");
    if (schema === undefined) return { row: await this.#checked(input, "create"), options };
    const output = await this.#parse(schema, input, "create");
    const row = await this.#checked(output, "create");
    if (options.updateColumns !== undefined) return { row, options };
    const given = await givenColumns(schema, input as Row, output as Row, {
      action: `upsert into "${this.name}"`,
      advice: 'name the columns to change with "updateColumns"',
    });
    // Whether these are columns is looked at later.
    const key: unknown = options.conflictColumns;
    const updateColumns = given.filter((column) => !(Array.isArray(key) && key.includes(column)));
    return { row, options: { ...options, updateColumns } };
  }

  /** {@linkcode Table.upsert}, for many. */
  async upserts(inputs: readonly unknown[], options: UpsertOptions<any>): Promise<UpsertInput[]> {
    await this.knowFor(inputs, "create");
    const all: UpsertInput[] = [];
    for (const input of inputs) all.push(await this.upsert(input, options));
    return all;
  }

  /** {@linkcode Table.row}, for many; at once where nothing has to be waited for. */
  async rows(inputs: readonly unknown[], which: "create" | "update"): Promise<Row[]> {
    await this.knowFor(inputs, which);
    if (this.definition.schemas[which] === undefined) {
      const strangers: string[] = [];
      const rows = inputs.map((input) => this.#row(input, which, strangers));
      if (strangers.length === 0) return rows;
      const names = [...new Set(strangers)];
      const isRead = await this.mustHave(names, `${which} a row of "${this.name}"`);
      return isRead ? inputs.map((input) => this.#row(input, which)) : rows;
    }
    const rows: Row[] = [];
    for (const input of inputs) rows.push(await this.row(input, which));
    return rows;
  }

  /** A row whose columns are not looked up yet: that is done where the catalog is read. */
  #row(value: unknown, which: "create" | "update", strangers: string[] = []): Row {
    assertRow(value, `${which} a row of "${this.name}"`);
    const { columns } = this.#plans;
    const row: Row = {};
    for (const column of Object.keys(value)) {
      if (!columns.has(column)) {
        assertColumn(column, `${which} a row of "${this.name}"`);
        strangers.push(column);
      }
      const each = value[column];
      if (each !== undefined) row[column] = this.encode(column, each);
    }
    return row;
  }

  /** Whether it is known that no two rows have the same key. */
  get isKeyUnique(): boolean {
    return this.#plans.isKeyUnique === true;
  }

  /**
   * Asks the catalog, once, whether the key is one.
   *
   * @returns whether no two rows have the same key; `false` where the catalog does not say so
   * @throws {BadRequestError} if the table has another key
   */
  async checkKey(): Promise<boolean> {
    if (this.isKeyUnique) return true;
    const { isUnique } = await findKey(this.db, this.#keySearch);
    if (isUnique) this.#plans.isKeyUnique = true;
    return isUnique;
  }

  /** @throws {BadRequestError} if it is known already that the table has another key */
  assertKnownKey(): void {
    assertKnownKey(this.db, this.#keySearch);
  }

  /** @throws {BadRequestError} if one of some keys is that of several rows */
  async mustMeetOneRow(keys: readonly (readonly unknown[])[]): Promise<void> {
    if (await this.checkKey()) return;
    await mustMeetOneRow(this.db, this.#keySearch, (eb) => this.keyIsIn(eb, keys));
  }

  /** Returns the error for a key that is that of several rows. */
  sharedKey(problem?: string): BadRequestError {
    const columns = this.definition.primaryKey.map((column) => `"${column}"`).join(", ");
    return new BadRequestError(
      `Cannot find a row of "${this.name}" by its key: ` +
        (problem ?? `several rows have the same ${columns}`) +
        '; name the columns of the key with "primaryKey"',
    );
  }

  get #keySearch(): Parameters<typeof mustMeetOneRow>[1] {
    return {
      table: this.name,
      columns: this.definition.primaryKey,
      invalid: (problem) => this.sharedKey(problem),
    };
  }

  /** The values of a key, in the order of its columns. @throws {BadRequestError} */
  keyValues(id: unknown): unknown[] {
    const columns = this.definition.primaryKey;
    if (isPromise(id)) {
      throw new BadRequestError(
        `Cannot find a row of "${this.name}": its key is a promise; await it first`,
      );
    }
    if (columns.length === 1) {
      const [column] = columns;
      const value = isPlainObject(id) ? Object.hasOwn(id, column!) ? id[column!] : undefined : id;
      return [this.encode(column!, this.#keyValue(column!, value))];
    }
    if (typeof id !== "object" || id === null || Array.isArray(id)) {
      throw new BadRequestError(
        `Cannot find a row of "${this.name}": its key has the columns ` +
          `${columns.map((column) => `"${column}"`).join(", ")}; pass an object of them`,
      );
    }
    return columns.map((column) =>
      this.encode(
        column,
        this.#keyValue(column, Object.hasOwn(id, column) ? (id as Row)[column] : undefined),
      )
    );
  }

  #keyValue(column: string, value: unknown): unknown {
    const codec = this.definition.codecs.get(column);
    const isNone = value === undefined || value === null || Number.isNaN(value) ||
      (value instanceof Date && Number.isNaN(value.getTime())) ||
      (codec === undefined && Array.isArray(value));
    if (isNone) {
      throw new BadRequestError(
        `Cannot find a row of "${this.name}": the value of its key "${column}" is ${
          Array.isArray(value)
            ? "a list"
            : value === undefined
            ? "undefined; where it comes from a promise, await that first"
            : String(value)
        }`,
      );
    }
    const { keyType } = this.definition;
    if (keyType !== undefined && !isKeyOfType(value, keyType)) {
      throw new BadRequestError(
        `Cannot find a row of "${this.name}": the value of its key "${column}" is no ${keyType}`,
      );
    }
    return value;
  }

  /** The key of a row, as text: the same for keys that are the same. */
  keyName(values: readonly unknown[]): string {
    return values.length === 1 ? textOf(values[0]) : JSON.stringify(values.map(textOf));
  }

  /** The key of one of this table's rows, as text. */
  nameOf(row: Row): string {
    return this.keyName(this.definition.primaryKey.map((column) => row[column]));
  }

  /** The key is one of these. */
  keyIsIn(
    eb: ExpressionBuilder<any, any>,
    keys: readonly (readonly unknown[])[],
  ): Expression<SqlBool> {
    const columns = this.definition.primaryKey.map((column) => columnReference(this.name, column));
    if (columns.length === 1) {
      const values = keys.map(([value]) => value);
      return isOneOf(this.db, columns[0]!, values, this.keysPerStatement);
    }
    return eb.or(keys.map((key) => eb.and(columns.map((column, i) => eb(column, "=", key[i])))));
  }

  /** `key = value`, for each column of the key, from a slot on. */
  keyIs(eb: ExpressionBuilder<any, any>, at: At, first = 0): Expression<SqlBool> {
    const columns = this.definition.primaryKey;
    return eb.and(
      columns.map((column, i) => eb(columnReference(this.name, column), "=", at(first + i))),
    );
  }

  /** A condition of a user, read. */
  condition(where: object | undefined): ReadCondition {
    const read = readCondition(
      where,
      this.encoder,
      this.definition.relations?.relativesOf(this.db, this.name),
    );
    if (read.values.length > this.#mostValues) throw this.#tooMany(read.values.length);
    return read;
  }

  /** A condition with slots where its values go, from a slot on. */
  slots(
    read: ReadCondition,
    eb: ExpressionBuilder<any, any>,
    at: At,
    first = 0,
    alias: string = this.name,
  ): Expression<SqlBool> {
    let next = first;
    return this.#expression(read, eb, () => at(next++), alias);
  }

  /** A condition with its values. */
  bound(
    read: ReadCondition,
    eb: ExpressionBuilder<any, any>,
    alias: string = this.name,
  ): Expression<SqlBool> {
    let next = 0;
    return this.#expression(read, eb, () => read.values[next++], alias);
  }

  #expression(
    read: ReadCondition,
    eb: ExpressionBuilder<any, any>,
    next: () => unknown,
    table: string = this.name,
  ): Expression<SqlBool> {
    const target = { table, hasIlike: this.dialect === "postgres" };
    return expressionOf(read.condition, eb, next, target);
  }
}

function hasList(input: unknown): boolean {
  return typeof input === "object" && input !== null && Object.values(input).some(Array.isArray);
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? [...value].join(",") : String(value);
}

function assertRow(value: unknown, action: string): asserts value is Row {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject && !isPromise(value)) return;
  throw new BadRequestError(
    `Cannot ${action}: the input is ` +
      (isPromise(value) ? "a promise; await it first" : "no object; pass columns and values"),
  );
}
