import type { CodeColumn, CodeRelation } from "./_code_relation.ts";
import { columnOf } from "./_code_relation.ts";
import { NameGiver, propertyName } from "../../types/_names.ts";
import { type SampleOptions, sampleValue } from "./_sample_value.ts";

/** What a row is made with. */
export interface SampleContext {
  /** Every table that code can be written for. */
  readonly relations: readonly CodeRelation[];
  readonly isSqlite: boolean;
  /** The schema that repositories are told of. */
  readonly schema: string | undefined;
}

/** A row that another one refers to. */
export interface SampleParent {
  /** The variable that holds it. */
  readonly variable: string;
  /** The entries of the configuration of its repository. */
  readonly config: readonly string[];
  readonly entries: readonly string[];
}

/** A row as code, with the rows that it refers to. */
export interface SampleRow {
  /** The rows that it refers to, in the order in which they are added. */
  readonly parents: readonly SampleParent[];
  /** Its properties. */
  readonly entries: readonly string[];
  /** The names of the columns that are given. */
  readonly given: readonly string[];
}

/** Returns a row of a table as code, or a sentence that says why there is none. */
export function sampleRow(relation: CodeRelation, context: SampleContext): SampleRow | string {
  return new Rows(context).of(relation, [], true);
}

class Rows {
  readonly #context: SampleContext;
  readonly #names = new NameGiver(["Trx", "Db"]);
  readonly #parents: SampleParent[] = [];
  /** The variables of the rows that were added, by table. */
  readonly #added = new Map<string, string>();

  constructor(context: SampleContext) {
    this.#context = context;
  }

  of(relation: CodeRelation, path: readonly string[], isCoded: boolean): SampleRow | string {
    const entries: string[] = [];
    const given: string[] = [];
    const options: SampleOptions = { number: 1, isCoded, isSqlite: this.#context.isSqlite };
    const referred = this.#referred(relation, [...path, relation.name]);
    if (typeof referred === "string") return referred;
    for (const column of relation.columns) {
      if (!isGiven(column, relation)) continue;
      const value = referred.get(column.name) ?? sampleValue(column, options);
      if (value === undefined) {
        return `no value of "${column.name}" of "${relation.name}" is known: write one`;
      }
      entries.push(`${propertyName(column.property)}: ${value}`);
      given.push(column.name);
    }
    return { parents: this.#parents, entries, given };
  }

  /** Adds the rows that a row has to refer to; returns the values of its columns. */
  #referred(relation: CodeRelation, path: readonly string[]): Map<string, string> | string {
    const values = new Map<string, string>();
    for (const key of relation.foreignKeys) {
      const isNeeded = key.columns.every((name) => {
        const column = columnOf(relation, name);
        return column !== undefined && isGiven(column, relation);
      });
      if (!isNeeded) continue;
      const parent = key.referencedSchema === null
        ? this.#context.relations.find(({ name }) => name === key.referencedTable)
        : undefined;
      if (parent === undefined || path.includes(parent.name)) {
        return `a row of "${relation.name}" needs one of "${key.referencedTable}", which cannot be ` +
          "added first: add them here";
      }
      const variable = this.#add(parent, path);
      if (variable.problem !== undefined) return variable.problem;
      key.columns.forEach((name, i) => {
        const column = columnOf(parent, key.referencedColumns[i]!);
        if (column !== undefined) {
          values.set(name, `${variable.name}${memberText(column.property)}`);
        }
      });
    }
    return values;
  }

  #add(
    parent: CodeRelation,
    path: readonly string[],
  ): { readonly name: string; readonly problem?: undefined } | { readonly problem: string } {
    const known = this.#added.get(parent.name);
    if (known !== undefined) return { name: known };
    const row = this.of(parent, path, false);
    if (typeof row === "string") return { problem: row };
    const wanted = this.#names.give(parent.typeName);
    const name = `the${wanted}`;
    const config = [
      `tableName: ${JSON.stringify(parent.property)}`,
      ...keyEntries(parent),
      ...this.#context.schema === undefined
        ? []
        : [`schema: ${JSON.stringify(this.#context.schema)}`],
    ];
    this.#parents.push({ variable: name, config, entries: row.entries });
    this.#added.set(parent.name, name);
    return { name };
  }
}

/** The entry of a configuration that names the primary key, where it is not `id`. */
export function keyEntries({ key }: CodeRelation): string[] {
  if (key.length === 0 || (key.length === 1 && key[0] === "id")) return [];
  const names = key.map((name) => JSON.stringify(name));
  return [`primaryKey: ${names.length === 1 ? names[0] : `[${names.join(", ")}]`}`];
}

/** Returns how a property is read: `.id`, `["a b"]`. */
export function memberText(property: string): string {
  const name = propertyName(property);
  return name === property ? `.${name}` : `[${name}]`;
}

/** Keys are given even where a default makes them: MySQL does not tell what it made. */
function isGiven(column: CodeColumn, { key }: CodeRelation): boolean {
  return column.isInNew && (column.isRequired || key.includes(column.property));
}
