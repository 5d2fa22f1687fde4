/**
 * Random tables that are related to one another, random policies that follow the relations, and what
 * the policies come to by a model in JavaScript.
 */
import {
  allow,
  check,
  defineRLSSchema,
  deny,
  filter,
  type Policy,
  type PolicyCommand,
  type PolicyCondition,
  PolicyRegistry,
  related,
  type RelatedOperation,
  type RLSContext,
  type RLSSchema,
  RLSSchemaError,
  validate,
} from "@kysera/rls";
import { type CreateTableBuilder, type Kysely, sql } from "kysely";
import type { Draw } from "./oracle_can.ts";

export interface ModelRow {
  readonly id: number;
  readonly owner: number | null;
  readonly status: number | null;
  readonly [column: string]: number | null;
}

export type ModelData = Readonly<Record<string, readonly ModelRow[]>>;

/** What a condition says, to be written as a policy and to be asked of a row. */
type Condition =
  | { readonly kind: "always"; readonly holds: boolean }
  | { readonly kind: "owner" }
  | { readonly kind: "status"; readonly values: readonly number[] }
  | { readonly kind: "empty" }
  | { readonly kind: "groups" }
  | { readonly kind: "related"; readonly relation: string; readonly inner: Condition }
  | { readonly kind: "check"; readonly relation: string; readonly operation: RelatedOperation }
  | { readonly kind: "any" | "all"; readonly of: readonly Condition[] };

interface ModelPolicy {
  readonly type: "allow" | "deny" | "filter" | "validate";
  readonly commands: readonly PolicyCommand[];
  readonly condition: Condition;
  readonly check: Condition | undefined;
}

interface ModelRelation {
  readonly table: string;
  readonly own: string;
  readonly theirs: string;
}

export interface ModelTable {
  readonly name: string;
  /** The columns that hold the `id` of a row of another table. */
  readonly links: readonly string[];
  readonly relations: Readonly<Record<string, ModelRelation>>;
  readonly policies: readonly ModelPolicy[];
}

export type Model = readonly ModelTable[];

const COMMANDS: readonly PolicyCommand[] = ["read", "create", "update", "delete"];
export const CALLER: RLSContext = {
  auth: { userId: 1, roles: ["user"], organizationIds: [0, 2] },
};

/** Draws tables and policies. */
export function drawModel(draw: Draw): Model {
  const count = 3 + draw.below(2);
  const names = Array.from({ length: count }, (_, i) => `rel_t${i}`);
  const relations: Record<string, ModelRelation>[] = names.map(() => ({}));
  const links: string[][] = names.map(() => []);
  for (let i = 1; i < count; i++) {
    for (let j = 0; j < i; j++) {
      if (j > 0 && draw.below(2) === 0) continue;
      links[i]!.push(`r${j}_id`);
      relations[i]![`r${j}`] = { table: names[j]!, own: `r${j}_id`, theirs: "id" };
      relations[j]![names[i]!] = { table: names[i]!, own: "id", theirs: `r${j}_id` };
    }
  }
  const by = (name: string): number => names.indexOf(name);
  // PostgreSQL's own policies may not come back to a table: half of the schemas cannot.
  const goesUp = draw.below(2) === 0;
  const condition = (at: number, depth: number): Condition => {
    const own = Object.entries(relations[at]!).filter(([, { theirs }]) =>
      !goesUp || theirs === "id"
    );
    const kind = draw.below(depth > 0 && own.length > 0 ? 12 : 6);
    if (kind < 1) return { kind: "always", holds: draw.below(4) > 0 };
    if (kind < 3) return { kind: "owner" };
    if (kind < 4) return { kind: "status", values: draw.below(2) === 0 ? [0] : [0, 1] };
    if (kind < 5) return { kind: "groups" };
    if (kind < 6) return { kind: "empty" };
    if (kind < 11) {
      const [relation, { table }] = own[draw.below(own.length)]!;
      if (draw.below(3) === 0) {
        const operation = (["read", "update", "delete"] as const)[draw.below(3)]!;
        return { kind: "check", relation, operation };
      }
      return { kind: "related", relation, inner: condition(by(table), depth - 1) };
    }
    const of = [condition(at, depth - 1), condition(at, depth - 1)];
    return { kind: draw.below(2) === 0 ? "any" : "all", of };
  };
  return names.map((name, i) => {
    const policies: ModelPolicy[] = [];
    const add = (type: ModelPolicy["type"], commands: readonly PolicyCommand[]): void => {
      const mayCheck = type === "allow" && draw.below(5) === 0;
      policies.push({
        type,
        commands,
        condition: condition(i, 2),
        check: mayCheck ? condition(i, 1) : undefined,
      });
    };
    for (const command of COMMANDS) {
      if (draw.below(6) > 0) add("allow", [command]);
      if (draw.below(3) === 0) add("allow", [command]);
      if (draw.below(6) === 0) add("deny", [command]);
    }
    if (draw.below(3) === 0) add("filter", draw.below(2) === 0 ? ["read"] : COMMANDS);
    if (draw.below(5) === 0) add("validate", ["create", "update"]);
    return { name, links: links[i]!, relations: relations[i]!, policies };
  });
}

/** Whether policies come to look at what they began with, functions included. */
export function isCircular(model: Model): boolean {
  const tables = new Map(model.map((table) => [table.name, table]));
  const next = (name: string, condition: Condition): string[] => {
    switch (condition.kind) {
      case "related": {
        const { table } = tables.get(name)!.relations[condition.relation]!;
        return [`${table} read`, ...next(table, condition.inner)];
      }
      case "check": {
        const { table } = tables.get(name)!.relations[condition.relation]!;
        return [`${table} read`, `${table} ${condition.operation}`];
      }
      case "any":
      case "all":
        return condition.of.flatMap((each) => next(name, each));
      default:
        return [];
    }
  };
  const edges = (place: string): string[] => {
    const [name, command] = place.split(" ") as [string, PolicyCommand];
    return tables.get(name)!.policies.filter(({ commands }) => commands.includes(command))
      .flatMap(({ condition, check }) =>
        (command === "create"
          ? [check ?? condition]
          : command === "update" && check !== undefined
          ? [condition, check]
          : [condition]).flatMap((each) => next(name, each))
      );
  };
  const comesBack = (place: string, path: readonly string[]): boolean =>
    path.includes(place) || edges(place).some((each) => comesBack(each, [...path, place]));
  return model.some(({ name }) => COMMANDS.some((command) => comesBack(`${name} ${command}`, [])));
}

/** The policies as the plugin takes them; `undefined` where relations lead to where they began. */
export function schemaOf(model: Model, declares: boolean): RLSSchema<any> | undefined {
  const tables = Object.fromEntries(
    model.map(({ name, relations, policies }) => [name, {
      policies: policies.map(policyOf),
      ...(declares
        ? {
          relations: Object.fromEntries(
            Object.entries(relations).map(([relation, { table, own, theirs }]) => [
              relation,
              { table, columns: { [own]: theirs } },
            ]),
          ),
        }
        : {}),
    }]),
  );
  const schema = defineRLSSchema<any>(tables);
  if (!declares) return schema;
  try {
    new PolicyRegistry(schema);
    return schema;
  } catch (error) {
    if (error instanceof RLSSchemaError && /again and again/.test(error.message)) return undefined;
    throw error;
  }
}

function policyOf({ type, commands, condition, check }: ModelPolicy): Policy<any> {
  const written = conditionOf(condition);
  const options = check === undefined ? {} : { check: conditionOf(check) };
  if (type === "filter") return filter(commands.length === 1 ? "read" : "all", written);
  if (type === "validate") return validate("all", written);
  return type === "deny" ? deny(commands, written) : allow(commands, written, options);
}

function conditionOf(condition: Condition): PolicyCondition<any> {
  switch (condition.kind) {
    case "always":
      return condition.holds;
    case "owner":
      return (ctx) => ({ owner: ctx.auth.userId });
    case "status":
      return { status: condition.values };
    case "empty":
      return { status: null };
    case "groups":
      return (ctx) => ({ status: ctx.auth.organizationIds });
    case "related":
      return related(condition.relation, conditionOf(condition.inner));
    case "check":
      return check(condition.relation, condition.operation);
    default: {
      const { kind, of } = condition;
      return (ctx, tools) => {
        const all = of.map((each) => expressionOf(each, ctx, tools));
        return kind === "any" ? tools.eb.or(all) : tools.eb.and(all);
      };
    }
  }
}

type Asked = Parameters<Extract<PolicyCondition<any>, (...of: any[]) => unknown>>;

function expressionOf(condition: Condition, ctx: Asked[0], tools: Asked[1]): any {
  const { eb, column } = tools;
  switch (condition.kind) {
    case "always":
      return eb(eb.lit(condition.holds ? 1 : 0), "=", eb.lit(1));
    case "owner":
      return eb(column("owner"), "=", ctx.auth.userId);
    case "status":
      return eb(column("status"), "in", condition.values);
    case "empty":
      return eb(column("status"), "is", null);
    case "groups":
      return eb(column("status"), "in", ctx.auth.organizationIds as readonly number[]);
    case "related":
      return tools.related(condition.relation, conditionOf(condition.inner));
    case "check":
      return tools.check(condition.relation, condition.operation);
    default: {
      const all = condition.of.map((each) => expressionOf(each, ctx, tools));
      return condition.kind === "any" ? eb.or(all) : eb.and(all);
    }
  }
}

/** What SQL says of a condition. */
type Truth = boolean | null;

/** The policies, asked of rows in memory. */
export class Oracle {
  readonly #tables: ReadonlyMap<string, ModelTable>;
  readonly #data: ModelData;

  constructor(model: Model, data: ModelData) {
    this.#tables = new Map(model.map((table) => [table.name, table]));
    this.#data = data;
  }

  /** Whether the policies let a command have a row that is there (`using`), or a new one (`check`). */
  allows(name: string, command: PolicyCommand, side: "using" | "check", row: ModelRow): boolean {
    const { policies } = this.#tables.get(name)!;
    const about = policies.filter(({ commands, type }) =>
      commands.includes(command) && (side === "check" || type !== "validate")
    );
    const truth = ({ condition, check }: ModelPolicy): Truth =>
      this.#truth(name, side === "check" ? check ?? condition : condition, row);
    const grants = about.filter(({ type }) => type === "allow");
    const isGranted = grants.length > 0
      ? grants.some((policy) => truth(policy) === true)
      : about.some(({ type }) => type === "filter");
    return isGranted && about.every((policy) => {
      if (policy.type === "allow") return true;
      return truth(policy) === (policy.type !== "deny");
    });
  }

  reads(name: string, row: ModelRow): boolean {
    return this.allows(name, "read", "using", row);
  }

  /** Whether a command may touch a row. */
  touches(name: string, command: PolicyCommand, row: ModelRow): boolean {
    return this.reads(name, row) && this.allows(name, command, "using", row);
  }

  #truth(name: string, condition: Condition, row: ModelRow): Truth {
    switch (condition.kind) {
      case "always":
        return condition.holds;
      case "owner":
        return row.owner === null ? null : row.owner === CALLER.auth.userId;
      case "status":
        return row.status === null ? null : condition.values.includes(row.status);
      case "groups":
        return row.status === null ? null : CALLER.auth.organizationIds!.includes(row.status);
      case "empty":
        return row.status === null;
      case "any":
      case "all": {
        const stop = condition.kind === "any";
        const all = condition.of.map((each) => this.#truth(name, each, row));
        return all.includes(stop) ? stop : all.includes(null) ? null : !stop;
      }
      default: {
        const { table, own, theirs } = this.#tables.get(name)!.relations[condition.relation]!;
        const value = row[own];
        return value !== null &&
          this.#data[table]!.some((other) =>
            other[theirs] === value && this.reads(table, other) &&
            (condition.kind === "related"
              ? this.#truth(table, condition.inner, other) === true
              : condition.operation === "read" ||
                this.allows(table, condition.operation, "using", other))
          );
      }
    }
  }
}

/** Draws the rows of the tables: links lead to rows, to none, or are NULL. */
export function drawData(model: Model, draw: Draw): ModelData {
  const data: Record<string, ModelRow[]> = {};
  for (const { name, links } of model) {
    data[name] = Array.from({ length: 3 + draw.below(5) }, (_, i) => ({
      id: i + 1,
      owner: draw.below(5) === 0 ? null : draw.below(3),
      status: draw.below(5) === 0 ? null : draw.below(3),
      ...linksOf(links, data, draw),
    }));
  }
  return data;
}

function linksOf(
  links: readonly string[],
  data: ModelData,
  draw: Draw,
): Record<string, number | null> {
  return Object.fromEntries(links.map((link) => {
    const rows = data[tableOf(link)]!;
    return [link, draw.below(6) === 0 ? null : 1 + draw.below(rows.length)];
  }));
}

/** The table that a column leads to. */
function tableOf(link: string): string {
  return `rel_t${link.slice(1, link.indexOf("_"))}`;
}

/** Makes the tables, with the foreign keys that the relations are. */
export async function createTables(db: Kysely<any>, model: Model): Promise<void> {
  for (const { name, links } of model) {
    let table: CreateTableBuilder<string, string> = db.schema.createTable(name)
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("owner", "integer")
      .addColumn("status", "integer");
    for (const link of links) table = table.addColumn(link, "integer");
    for (const link of links) {
      table = table.addForeignKeyConstraint(`${name}_${link}`, [link], tableOf(link), ["id"]);
    }
    await table.execute();
  }
}

export async function dropTables(db: Kysely<any>, model: Model): Promise<void> {
  for (const { name } of [...model].reverse()) await db.schema.dropTable(name).execute();
}

/** Puts the rows of the tables in the place of those that are there. */
export async function load(db: Kysely<any>, model: Model, data: ModelData): Promise<void> {
  for (const { name } of [...model].reverse()) await db.deleteFrom(name).execute();
  for (const { name } of model) await db.insertInto(name).values(data[name]!).execute();
}

/** A statement about one table. */
export type Statement =
  | { readonly kind: "select" | "delete"; readonly table: string }
  | {
    readonly kind: "update";
    readonly table: string;
    readonly set: Readonly<Record<string, number | null>>;
  }
  | { readonly kind: "insert"; readonly table: string; readonly row: ModelRow }
  | {
    readonly kind: "upsert";
    readonly table: string;
    readonly row: ModelRow;
    readonly set: Readonly<Record<string, number | null>>;
  };

export function drawStatement(
  model: Model,
  data: ModelData,
  draw: Draw,
  upserts: boolean,
): Statement {
  const { name: table, links } = model[draw.below(model.length)]!;
  const kind = draw.below(upserts ? 8 : 6);
  if (kind < 2) return { kind: "select", table };
  // What others are related to by a foreign key stays.
  const isLeaf = model.every(({ links }) => links.every((link) => tableOf(link) !== table));
  if (kind < 3 && isLeaf) return { kind: "delete", table };
  const some = {
    owner: draw.below(3),
    status: draw.below(3),
    ...linksOf(links, data, draw),
  };
  if (kind < 5) {
    const columns = Object.entries(some).filter(() => draw.below(2) === 0);
    const set = Object.fromEntries(columns.length === 0 ? [["owner", 1]] : columns);
    return { kind: "update", table, set };
  }
  if (kind < 6) return { kind: "insert", table, row: { id: 100, ...some } };
  const id = draw.below(3) === 0 ? 100 : 1 + draw.below(data[table]!.length);
  const set = draw.below(2) === 0 ? { status: draw.below(3) } : { owner: draw.below(3) };
  return { kind: "upsert", table, row: { id, ...some }, set };
}

/** What a statement comes to: the rows of its table, or that it is refused. */
export interface Outcome {
  readonly rows: readonly ModelRow[];
  /** Of a SELECT: those that it finds. */
  readonly found: readonly number[];
  readonly refused: boolean;
  /** Whether it touches rows that are there. */
  readonly touched: number;
}

export function outcomeOf(oracle: Oracle, data: ModelData, statement: Statement): Outcome {
  const { table } = statement;
  const rows = data[table]!;
  const stays: Outcome = { rows, found: [], refused: false, touched: 0 };
  if (statement.kind === "select") {
    const found = rows.filter((row) => oracle.reads(table, row)).map(({ id }) => id);
    return { ...stays, found };
  }
  if (statement.kind === "upsert") {
    const { row, set } = statement;
    const refused: Outcome = { ...stays, refused: true, touched: 1 };
    // The row that is proposed must be one that could be new, and that may be read.
    if (!oracle.allows(table, "create", "check", row) || !oracle.reads(table, row)) return refused;
    const met = rows.find(({ id }) => id === row.id);
    const mayBecome = (each: ModelRow): boolean => {
      const changed = { ...each, ...set };
      return oracle.allows(table, "update", "check", changed) && oracle.reads(table, changed);
    };
    // What no row could become is refused, whether a row is changed or not.
    const touched = [...rows, row].some(mayBecome) ? 1 : 0;
    if (met === undefined) return { ...stays, rows: [...rows, row], touched };
    if (!oracle.touches(table, "update", met)) return stays;
    const changed = { ...met, ...set };
    return mayBecome(met)
      ? { ...stays, rows: rows.map((each) => each === met ? changed : each), touched: 1 }
      : refused;
  }
  if (statement.kind === "insert") {
    const isAllowed = oracle.allows(table, "create", "check", statement.row);
    return isAllowed
      ? { ...stays, rows: [...rows, statement.row] }
      : { ...stays, refused: true, touched: 1 };
  }
  const command = statement.kind === "update" ? "update" : "delete";
  const touched = new Set(rows.filter((row) => oracle.touches(table, command, row)));
  if (statement.kind !== "update") {
    return { ...stays, rows: rows.filter((row) => !touched.has(row)), touched: touched.size };
  }
  const changed = rows.map((row) => touched.has(row) ? { ...row, ...statement.set } : row);
  const isAllowed = changed.every((row, i) =>
    !touched.has(rows[i]!) ||
    oracle.allows(table, "update", "check", row) && oracle.reads(table, row)
  );
  return isAllowed
    ? { ...stays, rows: changed, touched: touched.size }
    : { ...stays, refused: true, touched: touched.size };
}

/** Runs a statement; the ids that a SELECT finds. */
export async function run(db: Kysely<any>, statement: Statement): Promise<readonly number[]> {
  const { table } = statement;
  switch (statement.kind) {
    case "select": {
      const rows = await db.selectFrom(table).select("id").orderBy("id").execute();
      return rows.map(({ id }) => id as number);
    }
    case "delete":
      await db.deleteFrom(table).execute();
      return [];
    case "update":
      await db.updateTable(table).set(statement.set).execute();
      return [];
    case "upsert":
      await db.insertInto(table).values(statement.row)
        .onConflict((oc) => oc.column("id").doUpdateSet(statement.set)).execute();
      return [];
    default:
      await db.insertInto(table).values(statement.row).execute();
      return [];
  }
}

/** The rows of a table, as the model has them. */
export async function rowsOf(db: Kysely<any>, table: string): Promise<ModelRow[]> {
  const { rows } = await sql<ModelRow>`select * from ${sql.table(table)} order by id`.execute(db);
  return rows.map((row) => ({ ...row }));
}
