import { assertKnownOptions, detectDialect, isPlainObject } from "@kysera/core";
import type { Kysely } from "kysely";
import { randomFrom } from "./_random.ts";
import type {
  Association,
  Attribute,
  Attributes,
  AttributeScope,
  Factory,
  FactoryOptions,
  Overrides,
  RowOf,
} from "./factory.ts";

const OPTIONS: readonly (keyof FactoryOptions<Attributes>)[] = [
  "table",
  "primaryKey",
  "traits",
  "afterCreate",
  "seed",
];

/** What the factories of one table share. */
interface State {
  sequence: number;
  random: () => number;
}

/**
 * Creates a factory: a function that makes rows out of defaults, each of which is a value, or a
 * function that makes one for each row.
 *
 * @param attributes the defaults
 * @param options a table to insert into, traits, and so on: {@linkcode FactoryOptions}
 * @returns the factory
 * @throws {TypeError} for an unknown option
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { association, createFactory } from "@kysera/testing";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table orgs (id integer primary key, name text)");
 * database.exec("create table users (id integer primary key, org_id integer, email text, role text)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const orgs = createFactory({ name: "Acme" }, { table: "orgs" });
 * const users = createFactory({
 *   org_id: association(orgs, (org) => Number(org["id"])),
 *   email: ({ sequence }) => `user-${sequence}@test.com`,
 *   role: "member",
 * }, { table: "users", traits: { admin: { role: "admin" } } });
 *
 * assert.deepEqual(users({ role: "guest" }), { email: "user-1@test.com", role: "guest" });
 * const admin = await users.with("admin").create(db);
 * assert.deepEqual({ ...admin }, { id: 1, org_id: 1, email: "user-2@test.com", role: "admin" });
 * await db.destroy();
 * ```
 */
export function createFactory<A extends Readonly<Record<string, Attribute>>>(
  attributes: A,
  options: FactoryOptions<A> = {},
): Factory<A> {
  assertKnownOptions(options, OPTIONS, { action: "create factory", makeError: TypeError });
  const state: State = { sequence: 0, random: randomFrom(options.seed ?? 1) };
  return factoryOf(attributes, options, state);
}

/**
 * Returns an attribute that comes from a row which another factory inserts first, unless it is
 * overridden.
 *
 * @param factory makes the other row
 * @param pick takes the attribute's value from it
 * @param overrides for the other row
 * @returns the attribute
 *
 * @example
 * ```ts ignore
 * const posts = createFactory({ author_id: association(users, (user) => user["id"]) }, { table: "posts" });
 * ```
 */
export function association<A extends Attributes, V>(
  factory: Factory<A>,
  pick: (row: RowOf<A> & Record<string, unknown>) => V,
  overrides: Overrides<RowOf<A>> = {},
): Association<V> {
  return {
    kind: "association",
    resolve: async (db) => pick(await factory.create(db, overrides)),
  };
}

function factoryOf<A extends Attributes>(
  attributes: Attributes,
  options: FactoryOptions<A>,
  state: State,
): Factory<A> {
  type Row = RowOf<A>;
  type Change = Overrides<Row> | ((index: number) => Overrides<Row>);
  const overridesAt = (change: Change | undefined, index: number): Overrides<Row> =>
    (typeof change === "function" ? change(index) : change ?? {}) as Overrides<Row>;

  const build = (overrides: Overrides<Row> = {}): Row => {
    const { row } = make(attributes, overrides, state);
    return row as Row;
  };
  const create = async (db: Kysely<any>, overrides: Overrides<Row> = {}) => {
    const { table, primaryKey = "id", afterCreate } = options;
    if (table === undefined) {
      throw new TypeError(
        "Cannot create a row: the factory has no table; give it one as an option",
      );
    }
    const { row, pending } = make(attributes, overrides, state);
    for (const [name, each] of pending) row[name] = await each.resolve(db);
    const created = await insert(db, table, row, primaryKey) as Row & Record<string, unknown>;
    await afterCreate?.(created, db);
    return created;
  };
  return Object.assign((overrides?: Overrides<Row>) => build(overrides), {
    build,
    buildMany: (count: number, change?: Change) =>
      Array.from({ length: count }, (_, i) => build(overridesAt(change, i))),
    create,
    createMany: async (db: Kysely<any>, count: number, change?: Change) => {
      const rows: (Row & Record<string, unknown>)[] = [];
      for (let i = 0; i < count; i++) rows.push(await create(db, overridesAt(change, i)));
      return rows;
    },
    with: (...traits: readonly string[]) => {
      const known = options.traits ?? {};
      let all = attributes;
      for (const trait of traits) {
        if (!Object.hasOwn(known, trait)) {
          const names = Object.keys(known).map((name) => `"${name}"`).join(", ") || "none";
          throw new TypeError(`Cannot use trait "${trait}": the factory has ${names}`);
        }
        all = { ...all, ...known[trait] };
      }
      return factoryOf(all, options, state);
    },
    reset: () => {
      state.sequence = 0;
      state.random = randomFrom(options.seed ?? 1);
    },
  });
}

/** A row of attributes, and what of it is only known once other rows are there. */
function make(attributes: Attributes, overrides: Attributes, state: State): {
  row: Record<string, unknown>;
  pending: [string, Association][];
} {
  const scope: AttributeScope = {
    sequence: ++state.sequence,
    random: () => state.random(),
  };
  const row: Record<string, unknown> = {};
  const pending: [string, Association][] = [];
  for (const [name, value] of Object.entries({ ...attributes, ...given(overrides) })) {
    if (isAssociation(value)) pending.push([name, value]);
    else row[name] = typeof value === "function" ? value(scope) : copy(value);
  }
  return { row, pending };
}

/** A default that is an object belongs to one row. */
function copy(value: unknown): unknown {
  return Array.isArray(value) || isPlainObject(value) ? structuredClone(value) : value;
}

function given(overrides: Attributes): Attributes {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

function isAssociation(value: unknown): value is Association {
  return typeof value === "object" && value !== null && "resolve" in value &&
    (value as Association).kind === "association";
}

async function insert(
  db: Kysely<any>,
  table: string,
  row: Record<string, unknown>,
  primaryKey: string,
): Promise<unknown> {
  const query = db.insertInto(table);
  const filled = Object.keys(row).length === 0 ? query.defaultValues() : query.values(row);
  if (detectDialect(db) !== "mysql") return await filled.returningAll().executeTakeFirstOrThrow();
  const { insertId } = await filled.executeTakeFirstOrThrow();
  const key = row[primaryKey] ?? insertId;
  if (key === undefined) return row;
  return await db.selectFrom(table).selectAll().where(primaryKey, "=", key).executeTakeFirst() ??
    row;
}
