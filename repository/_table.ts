import { BadRequestError, detectDialect, type Dialect } from "@kysera/core";
import { compilePlan, planKey, type QueryPlan, Slot } from "@kysera/executor";
import type {
  Compilable,
  Expression,
  ExpressionBuilder,
  Kysely,
  QueryResult,
  SqlBool,
} from "kysely";
import { parse } from "./_validate.ts";
import { expressionOf, type ReadCondition, readCondition } from "./_condition.ts";
import type { Codec, RepositorySchemas } from "./types.ts";

/** A row, by column. */
export type Row = Record<string, unknown>;

/** What a repository is, whatever handle it runs on. */
export interface Definition {
  readonly tableName: string;
  readonly primaryKey: readonly string[];
  readonly mapRow: ((row: any) => unknown) | undefined;
  readonly schemas: RepositorySchemas;
  /** The part of the rows that are validated, from 0 to 1. */
  readonly validated: number;
  readonly versionColumn: string | undefined;
  readonly codecs: ReadonlyMap<string, Codec>;
  /** Plans by what they are good for, and by their shape. */
  readonly plans: WeakMap<object, Map<string, QueryPlan<Row>>>;
}

const MOST_PLANS = 256;
const MOST_PARAMETERS: Readonly<Record<Dialect, number>> = {
  postgres: 65_535,
  mysql: 65_535,
  sqlite: 32_766,
  mssql: 2_099,
};

/** A table, as one handle sees it: plans, codecs, validation. */
export class Table {
  readonly definition: Definition;
  readonly db: Kysely<any>;
  readonly dialect: Dialect;
  /** Whether a write gives the rows it wrote. */
  readonly returns: boolean;
  readonly #plans: Map<string, QueryPlan<Row>>;

  constructor(definition: Definition, db: Kysely<any>) {
    this.definition = definition;
    this.db = db;
    this.dialect = detectDialect(db);
    this.returns = db.getExecutor().adapter.supportsReturning === true;
    const key = planKey(db);
    let plans = definition.plans.get(key);
    if (plans === undefined) definition.plans.set(key, plans = new Map());
    this.#plans = plans;
  }

  get name(): string {
    return this.definition.tableName;
  }

  /** How many rows of so many values go into one statement. */
  rowsPerStatement(columns: number): number {
    return Math.max(1, Math.floor(MOST_PARAMETERS[this.dialect] / Math.max(1, columns)));
  }

  /**
   * Runs a query of a shape that was seen before without building it again.
   *
   * @param shape what the query's SQL depends on, as text
   * @param values what goes to the slots
   * @param build makes the query; slots stand where the values go
   */
  async run(
    shape: string,
    values: readonly unknown[],
    build: (db: Kysely<any>) => Compilable<any>,
  ): Promise<QueryResult<Row>> {
    let plan = this.#plans.get(shape);
    if (plan === undefined || !plan.serves(this.db)) {
      plan = compilePlan(this.db, build) as QueryPlan<Row>;
      if (plan.reusable) {
        // The oldest goes: shapes may be without number.
        if (this.#plans.size >= MOST_PLANS) this.#plans.delete(this.#plans.keys().next().value!);
        this.#plans.set(shape, plan);
      }
    }
    return await this.db.executeQuery(plan.bind(this.db, values));
  }

  /** Entities of rows, validated where that is asked for. */
  async entities(rows: readonly Row[]): Promise<any[]> {
    const { validated, schemas } = this.definition;
    const entities = rows.map((row) => this.#map(row));
    if (validated === 0 || schemas.entity === undefined) return entities;
    for (let i = 0; i < entities.length; i++) {
      if (validated < 1 && Math.random() >= validated) continue;
      entities[i] = await parse(schemas.entity, entities[i], `read a row of "${this.name}"`);
    }
    return entities;
  }

  #map(row: Row): unknown {
    const { codecs, mapRow } = this.definition;
    let decoded = row;
    if (codecs.size > 0) {
      decoded = { ...row };
      for (const [column, codec] of codecs) {
        const value = row[column];
        if (value !== null && value !== undefined) decoded[column] = codec.decode(value);
      }
    }
    return mapRow === undefined ? decoded : mapRow(decoded);
  }

  /** A value as the database keeps it. */
  encode(column: string, value: unknown): unknown {
    const codec = value === null ? undefined : this.definition.codecs.get(column);
    return codec === undefined ? value : codec.encode(value);
  }

  /**
   * What a user gave for a row, as the database keeps it: validated, without what is `undefined`.
   *
   * @throws {ValidationError} @throws {BadRequestError} for what is no object
   */
  async row(input: unknown, which: "create" | "update"): Promise<Row> {
    const action = `${which} a row of "${this.name}"`;
    const schema = this.definition.schemas[which];
    const value = schema === undefined ? input : await parse(schema, input, action);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new BadRequestError(
        `Cannot ${action}: the input is no object; pass columns and values`,
      );
    }
    const row: Row = {};
    for (const [column, each] of Object.entries(value)) {
      if (column === "__proto__" || column === "constructor" || column === "prototype") {
        throw new BadRequestError(
          `Cannot ${action}: "${column}" is a reserved name; remove it from the input`,
        );
      }
      if (each !== undefined) row[column] = this.encode(column, each);
    }
    return row;
  }

  /** The values of a key, in the order of its columns. @throws {BadRequestError} */
  keyValues(id: unknown): unknown[] {
    const columns = this.definition.primaryKey;
    if (columns.length === 1) {
      const [column] = columns;
      const isObject = typeof id === "object" && id !== null;
      const value = isObject && column! in id ? (id as Row)[column!] : id;
      return [this.encode(column!, this.#keyValue(column!, value))];
    }
    if (typeof id !== "object" || id === null) {
      throw new BadRequestError(
        `Cannot find a row of "${this.name}": its key has the columns ` +
          `${columns.map((column) => `"${column}"`).join(", ")}; pass an object of them`,
      );
    }
    return columns.map((column) =>
      this.encode(column, this.#keyValue(column, (id as Row)[column]))
    );
  }

  #keyValue(column: string, value: unknown): unknown {
    if (value === undefined || value === null || Number.isNaN(value)) {
      throw new BadRequestError(
        `Cannot find a row of "${this.name}": the value of its key "${column}" is ${value}`,
      );
    }
    return value;
  }

  /** The key of a row, as text: the same for keys that are the same. */
  keyName(values: readonly unknown[]): string {
    return values.map((value) =>
      value instanceof Date
        ? value.toISOString()
        : value instanceof Uint8Array
        ? [...value].join(",")
        : String(value)
    ).join("\0");
  }

  /** `key = slot`, for each column of the key, from a slot on. */
  keyIs(eb: ExpressionBuilder<any, any>, first = 0): Expression<SqlBool> {
    const columns = this.definition.primaryKey;
    return eb.and(columns.map((column, i) => eb(column, "=", new Slot(first + i))));
  }

  /** A condition of a user, read. */
  condition(where: object | undefined): ReadCondition {
    return readCondition(where, (column, value) => this.encode(column, value));
  }

  /** A condition with slots where its values go, from a slot on. */
  slots(read: ReadCondition, eb: ExpressionBuilder<any, any>, first = 0): Expression<SqlBool> {
    let next = first;
    return this.#expression(read, eb, () => new Slot(next++));
  }

  /** A condition with its values. */
  bound(read: ReadCondition, eb: ExpressionBuilder<any, any>): Expression<SqlBool> {
    let next = 0;
    return this.#expression(read, eb, () => read.values[next++]);
  }

  #expression(
    read: ReadCondition,
    eb: ExpressionBuilder<any, any>,
    next: () => unknown,
  ): Expression<SqlBool> {
    return expressionOf(read.condition, eb, next, this.dialect === "postgres");
  }
}
