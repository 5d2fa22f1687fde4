import { didYouMean } from "@kysera/core";
import { type AliasableExpression, expressionBuilder } from "kysely";
import { usageError } from "../../contract/_cli_error.ts";
import type { Relation } from "../_catalog.ts";

/** The most tables, columns and conditions that a query has. */
const MAX_PARTS = 500;
/** The deepest that queries stand in queries. */
const MAX_DEPTH = 6;

/** What the names of a query stand for. */
export class Scope {
  readonly #relations: ReadonlyMap<string, Relation>;
  readonly #outer: Scope | undefined;
  readonly #aliases = new Map<string, Relation>();
  readonly #depth: number;
  readonly #parts: { count: number };
  /** What the aliases of aggregates stand for. */
  readonly aggregates: Map<string, AliasableExpression<unknown>> = new Map();

  constructor(relations: ReadonlyMap<string, Relation>, outer?: Scope) {
    this.#relations = relations;
    this.#outer = outer;
    this.#depth = outer === undefined ? 0 : outer.#depth + 1;
    this.#parts = outer === undefined ? { count: 0 } : outer.#parts;
    if (this.#depth > MAX_DEPTH) throw usageError("The queries stand too deep in each other");
  }

  /** Returns the scope of a query that stands in this one. */
  inner(): Scope {
    return new Scope(this.#relations, this);
  }

  /** Throws if the query has more parts than are looked at. */
  countPart(): void {
    if (++this.#parts.count > MAX_PARTS) throw usageError("The query has too many parts");
  }

  /** Adds a table; returns how Kysely names it. */
  add(name: string, alias: string | undefined): string {
    this.countPart();
    const relation = this.relation(name);
    const key = alias ?? name;
    if (this.#aliases.has(key)) {
      throw usageError(`"${key}" stands for two tables: give one of them an alias`);
    }
    this.#aliases.set(key, relation);
    return alias === undefined ? name : `${name} as ${alias}`;
  }

  /** Returns the table of a name. */
  relation(name: string): Relation {
    const found = this.#relations.get(name);
    if (found !== undefined) return found;
    throw usageError(
      `There is no table "${name}"${didYouMean(name, [...this.#relations.keys()])}`,
      {
        hint: "A view, a partition or a virtual table can be read if the plugins name it.",
      },
    );
  }

  /** Returns a column as SQL: SQLite would take a name that does not exist for a text. */
  column(name: string): AliasableExpression<unknown> {
    this.countPart();
    const { alias, column } = this.resolve(name);
    return expressionBuilder<any, any>().ref(`${alias}.${column}`);
  }

  /** Returns an aggregate by its alias, or else a column. */
  result(name: string): AliasableExpression<unknown> {
    return this.aggregates.get(name) ?? this.column(name);
  }

  /** Returns the table and the column that a name means. */
  resolve(name: string): { readonly alias: string; readonly column: string } {
    const dot = name.indexOf(".");
    if (dot >= 0) return this.#qualified(name.slice(0, dot), name.slice(dot + 1));
    const owners = [...this.#aliases].filter(([, { columns }]) => columns.has(name));
    if (owners.length > 1) {
      const several = owners.map(([alias]) => `"${alias}.${name}"`).join(" or ");
      throw usageError(`The column "${name}" is in several tables: write ${several}`);
    }
    if (owners[0] !== undefined) return { alias: owners[0][0], column: name };
    if (this.#outer !== undefined) return this.#outer.resolve(name);
    const known = [...this.#aliases.values()].flatMap(({ columns }) => [...columns]);
    throw usageError(`There is no column "${name}"${didYouMean(name, known)}`);
  }

  #qualified(alias: string, column: string): { readonly alias: string; readonly column: string } {
    const relation = this.#aliases.get(alias);
    if (relation === undefined) {
      if (this.#outer !== undefined) return this.#outer.#qualified(alias, column);
      throw usageError(`No table of the query is called "${alias}"`);
    }
    if (relation.columns.has(column)) return { alias, column };
    const near = didYouMean(column, [...relation.columns]);
    throw usageError(`"${relation.name}" has no column "${column}"${near}`);
  }
}
