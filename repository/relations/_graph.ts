import { BadRequestError, didYouMean } from "@kysera/core";
import {
  findColumns,
  findForeignKeys,
  type FoundColumns,
  type FoundForeignKey,
  planKey,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { shown } from "../_columns.ts";
import type { Relatives } from "../_condition.ts";
import { type Definition, Table } from "../_table.ts";
import type { Codec } from "../types.ts";
import { isMany, type Pairs, relatedExists, type Relation } from "./_relation.ts";
import type { RelationConfig } from "./types.ts";

/** What is known of a database: those of one executor share it. */
interface Known {
  readonly relations: Map<string, Relation>;
  readonly tables: Map<string, FoundColumns>;
  /** The columns of the keys of tables. */
  readonly keys: Map<string, readonly string[]>;
}

/** Declared relations, and what the catalogs of databases say of their tables. */
export class RelationGraph {
  readonly #configs: ReadonlyMap<string, ReadonlyMap<string, RelationConfig>>;
  readonly #codecs: ReadonlyMap<string, ReadonlyMap<string, Codec>>;
  readonly #definitions = new Map<string, Definition>();
  readonly #known = new WeakMap<object, Known>();

  /**
   * @param configs the relations, by table and name, as they were checked
   * @param codecs the codecs of tables
   */
  constructor(
    configs: ReadonlyMap<string, ReadonlyMap<string, RelationConfig>>,
    codecs: ReadonlyMap<string, ReadonlyMap<string, Codec>>,
  ) {
    this.#configs = configs;
    this.#codecs = codecs;
  }

  /** Returns the names of the relations of a table. */
  namesOf(table: string): readonly string[] {
    return [...this.#configs.get(table)?.keys() ?? []];
  }

  /** Returns what was declared of a relation. */
  configOf(table: string, name: string): RelationConfig | undefined {
    return this.#configs.get(table)?.get(name);
  }

  /** Returns the codecs of a table. */
  codecsOf(table: string): ReadonlyMap<string, Codec> {
    return this.#codecs.get(table) ?? NO_CODECS;
  }

  /** Returns what a relation of a table is called in messages, with advice. */
  unknown(table: string, name: string): string {
    const names = this.namesOf(table);
    const list = names.length === 0
      ? "it has none"
      : `it has ${names.map((each) => `"${each}"`).join(", ")}`;
    return `"${table}" has no relation "${shown(name)}"; ${list}${didYouMean(name, names)}`;
  }

  /** Returns a table that relations lead to, on an instance. */
  tableOn(db: Kysely<any>, name: string, signal: AbortSignal | undefined): Table {
    let definition = this.#definitions.get(name);
    if (definition === undefined) {
      this.#definitions.set(
        name,
        definition = {
          tableName: name,
          primaryKey: ["id"],
          mapRow: undefined,
          schemas: {},
          validated: 0,
          versionColumn: undefined,
          maxParameters: undefined,
          codecs: this.codecsOf(name),
          keyType: undefined,
          schema: undefined,
          relations: this,
          plans: new WeakMap(),
        },
      );
    }
    return new Table(definition, db, signal);
  }

  /** Returns the relations of a table, on an instance, as conditions follow them. */
  relativesOf(db: Kysely<any>, table: string): Relatives {
    return {
      names: this.namesOf(table),
      relation: (name) => {
        if (this.configOf(table, name) === undefined) return undefined;
        const relation = this.resolved(db, table, name);
        const target = this.tableOn(db, relation.to, undefined);
        return {
          isMany: isMany(relation),
          encode: target.encoder,
          relatives: this.relativesOf(db, relation.to),
          exists: (...parameters) => relatedExists(relation, ...parameters),
        };
      },
    };
  }

  /** Returns a relation that was resolved before. @throws {BadRequestError} for one that was not */
  resolved(db: Kysely<any>, table: string, name: string): Relation {
    const found = this.#on(db).relations.get(keyOf(table, name));
    if (found !== undefined) return found;
    throw new BadRequestError(`Cannot follow the relation "${name}" of "${table}" in this place`);
  }

  /** Finds the columns of a relation: those that were declared, or those of the foreign key. */
  async resolve(db: Kysely<any>, table: string, name: string): Promise<Relation> {
    const { relations } = this.#on(db);
    const key = keyOf(table, name);
    let relation = relations.get(key);
    if (relation === undefined) {
      relation = await this.#resolve(db, table, name);
      await this.#check(db, relation);
      relations.set(key, relation);
    }
    return relation;
  }

  async #resolve(db: Kysely<any>, table: string, name: string): Promise<Relation> {
    const config = this.configOf(table, name);
    if (config === undefined) {
      throw new BadRequestError(`Cannot follow a relation: ${this.unknown(table, name)}`);
    }
    const { type, table: to, columns, through } = config;
    const what = `"${table}.${name}"`;
    const base = { name, type, from: table, to } as const;
    if (type === "manyToMany") {
      const between = through!.table;
      const from = pairsOf(through!.from) ??
        turned(await theKey(db, between, table, `${what}, from the table between`));
      const theirs = pairsOf(through!.to) ??
        await theKey(db, between, to, `${what}, to the table between`);
      return { ...base, columns: from, through: { table: between, to: theirs } };
    }
    const pairs = pairsOf(columns) ??
      (type === "belongsTo"
        ? await theKey(db, table, to, what)
        : turned(await theKey(db, to, table, what)));
    return { ...base, columns: pairs, through: undefined };
  }

  async #check(db: Kysely<any>, { name, from, to, columns, through }: Relation): Promise<void> {
    const action = `follow the relation "${name}" of "${from}"`;
    const own = await this.tableOf(db, from);
    if (own?.find(name) !== undefined) {
      throw new BadRequestError(
        `Cannot ${action}: the table has a column of this name; give the relation another one`,
      );
    }
    await this.mustHave(db, from, columns.map(([column]) => column), action);
    await this.mustHave(db, through?.table ?? to, columns.map(([, column]) => column), action);
    if (through === undefined) return;
    await this.mustHave(db, through.table, through.to.map(([column]) => column), action);
    await this.mustHave(db, to, through.to.map(([, column]) => column), action);
  }

  /** Returns what the catalog says of a table, where it says something. */
  async tableOf(db: Kysely<any>, table: string): Promise<FoundColumns | undefined> {
    const { tables } = this.#on(db);
    let found = tables.get(table);
    if (found === undefined) {
      found = await findColumns(db, table);
      if (found !== undefined) tables.set(table, found);
    }
    return found;
  }

  /** Returns the columns of the key of a table, as queries write them; none where it is not known. */
  async keyOf(db: Kysely<any>, table: string): Promise<readonly string[]> {
    const { keys } = this.#on(db);
    const known = keys.get(table);
    if (known !== undefined) return known;
    const found = await this.tableOf(db, table);
    if (found === undefined) return [];
    const names = await found.names();
    const key = (found.relation.keys[0] ?? []).map((column) =>
      names[found.relation.columns.findIndex(({ name }) => name === column)] ?? column
    );
    keys.set(table, key);
    return key;
  }

  /** @throws {BadRequestError} if the catalog knows the table, and it has not all of the columns */
  async mustHave(
    db: Kysely<any>,
    table: string,
    columns: Iterable<string>,
    action: string,
    others?: readonly string[],
  ): Promise<void> {
    const found = await this.tableOf(db, table);
    if (found === undefined) return;
    const missing = [...columns].filter((column) => !found.has(column));
    if (missing.length === 0) return;
    // The table may have been changed since it was looked at.
    const now = await findColumns(db, table, { reread: true });
    if (now === undefined) return;
    this.#on(db).tables.set(table, now);
    const column = missing.find((column) => !now.has(column));
    if (column === undefined) return;
    throw new BadRequestError(
      `Cannot ${action}: "${table}" has no column ${others === undefined ? "" : "or relation "}` +
        `"${shown(column)}"${didYouMean(column, [...await now.names(), ...others ?? []])}`,
    );
  }

  #on(db: Kysely<any>): Known {
    const key = planKey(db);
    let known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, known = { relations: new Map(), tables: new Map(), keys: new Map() });
    }
    return known;
  }
}

const NO_CODECS: ReadonlyMap<string, Codec> = new Map();

function keyOf(table: string, name: string): string {
  return JSON.stringify([table, name]);
}

function pairsOf(columns: Readonly<Record<string, string>> | undefined): Pairs | undefined {
  return columns === undefined ? undefined : Object.entries(columns);
}

function turned(pairs: Pairs): Pairs {
  return pairs.map(([a, b]) => [b, a]);
}

/** The columns of the one foreign key of a table to another one. */
async function theKey(
  db: Kysely<any>,
  table: string,
  references: string,
  what: string,
): Promise<Pairs> {
  const keys = await findForeignKeys(db, table, references);
  if (keys.length === 1) return keys[0]!.columns;
  const found = keys.length === 0
    ? `"${table}" has no foreign key to "${references}"`
    : `"${table}" has several foreign keys to "${references}": ${
      keys.map(shownKey).sort().join("; ")
    }`;
  throw new BadRequestError(
    `Cannot follow the relation ${what}: ${found}; declare its columns`,
  );
}

function shownKey({ columns }: FoundForeignKey): string {
  return columns.map(([own]) => `"${own}"`).join(", ");
}
