import { groupBy } from "../snapshot/_order.ts";
import type { SchemaTable } from "../snapshot/schema_table.ts";
import { shown } from "./_names.ts";
import { type Properties, propertiesOf } from "./_properties.ts";
import type {
  SchemaChange,
  SchemaChangeOf,
  SchemaDifference,
  SchemaObjectKind,
  SchemaObjects,
} from "./schema_change.ts";

/** The table or view that an object belongs to. */
interface Owner {
  readonly schema: string | null;
  readonly table: string | null;
}

/** What an object is told apart by. */
interface Identified {
  readonly schema?: string | null;
  readonly name: string | null;
  readonly parameters?: string;
  readonly definition?: string;
}

type KindsWith<T> = {
  [K in SchemaObjectKind]: SchemaObjects[K] extends T ? K : never;
}[SchemaObjectKind];

/** Compares the objects of two schemas and keeps the changes. */
export class Comparison {
  /** The changes that were found. */
  readonly changes: SchemaChange[] = [];
  readonly #sql: (text: string) => string;
  readonly #properties: Properties;
  /** The same, as they are written and shown. */
  readonly #shown: Properties = propertiesOf((text) => text);

  /** @param sql brings a text of SQL into a form that can be compared */
  constructor(sql: (text: string) => string) {
    this.#sql = sql;
    this.#properties = propertiesOf(sql);
  }

  /** Compares what has no more than a name. */
  names(kind: "schema" | "extension", before: readonly string[], after: readonly string[]): void {
    const named = (names: readonly string[]) => names.map((name) => ({ name }));
    this.#compare(kind, undefined, named(before), named(after));
  }

  /**
   * Compares objects that belong to a schema.
   *
   * @param inside compares what belongs to an object that is in both
   */
  objects<K extends KindsWith<{ readonly schema: string | null }>>(
    kind: K,
    before: readonly SchemaObjects[K][],
    after: readonly SchemaObjects[K][],
    inside?: (before: SchemaObjects[K], after: SchemaObjects[K]) => void,
  ): void {
    this.#compare(kind, undefined, before, after, inside);
  }

  /** Compares objects that belong to a table or a view. */
  parts<K extends SchemaObjectKind>(
    kind: K,
    owner: Owner,
    before: readonly SchemaObjects[K][],
    after: readonly SchemaObjects[K][],
  ): void {
    this.#compare(kind, owner, before, after);
  }

  /** Compares the order of the columns that two tables share. */
  order(owner: Owner, before: SchemaTable, after: SchemaTable): void {
    const names = (table: SchemaTable, other: SchemaTable) => {
      const shared = new Set(other.columns.map(({ name }) => name));
      return table.columns.map(({ name }) => name).filter((name) => shared.has(name));
    };
    const from = names(before, after).map((name) => shown(name)).join(", ");
    const to = names(after, before).map((name) => shown(name)).join(", ");
    if (from === to) return;
    this.#add("table", { ...owner, table: null }, after.name, before, after, [
      { property: "order of columns", from, to },
    ]);
  }

  #compare<K extends SchemaObjectKind>(
    kind: K,
    owner: Owner | undefined,
    before: readonly SchemaObjects[K][],
    after: readonly SchemaObjects[K][],
    inside?: (before: SchemaObjects[K], after: SchemaObjects[K]) => void,
  ): void {
    // SQLite can have the same constraint twice, and so there may be several of one key.
    const left = groupBy(before, (object) => this.#keyOf(kind, object));
    const right = groupBy(after, (object) => this.#keyOf(kind, object));
    for (const [key, objects] of left) {
      const others = right.get(key) ?? [];
      for (const [i, object] of objects.entries()) {
        const other = others[i];
        if (other === undefined) this.#note(kind, owner, object, null);
        else {
          const differences = this.#differencesOf(kind, object, other);
          if (differences.length > 0) this.#note(kind, owner, object, other, differences);
          inside?.(object, other);
        }
      }
    }
    for (const [key, objects] of right) {
      for (const object of objects.slice(left.get(key)?.length ?? 0)) {
        this.#note(kind, owner, null, object);
      }
    }
  }

  #keyOf(kind: SchemaObjectKind, object: Identified): string {
    // A table has one, so that with another name is the same.
    if (kind === "primary key") return kind;
    const { schema = null, name, parameters = "", definition = "" } = object;
    return JSON.stringify([schema, name ?? this.#sql(definition), name === null, parameters]);
  }

  #differencesOf<K extends SchemaObjectKind>(
    kind: K,
    before: SchemaObjects[K],
    after: SchemaObjects[K],
  ): SchemaDifference[] {
    const from = this.#properties[kind](before);
    const to = this.#properties[kind](after);
    const shownFrom = this.#shown[kind](before);
    const shownTo = this.#shown[kind](after);
    const differences: SchemaDifference[] = [];
    for (const property of new Set([...Object.keys(from), ...Object.keys(to)])) {
      if ((from[property] ?? null) === (to[property] ?? null)) continue;
      const text = (value: string | boolean | null = null) => value === null ? null : `${value}`;
      differences.push({
        property,
        from: text(shownFrom[property]),
        to: text(shownTo[property]),
      });
    }
    return differences;
  }

  #note<K extends SchemaObjectKind>(
    kind: K,
    owner: Owner | undefined,
    before: SchemaObjects[K] | null,
    after: SchemaObjects[K] | null,
    differences: readonly SchemaDifference[] = [],
  ): void {
    // One of them is there.
    const { schema = null, name, definition = "", parameters }: Identified = (after ?? before)!;
    const called = (name ?? definition) +
      (parameters === undefined ? "" : `(${parameters})`);
    this.#add(kind, owner ?? { schema, table: null }, called, before, after, differences);
  }

  #add<K extends SchemaObjectKind>(
    object: K,
    { schema, table }: Owner,
    name: string,
    before: SchemaObjects[K] | null,
    after: SchemaObjects[K] | null,
    differences: readonly SchemaDifference[],
  ): void {
    const kind = before === null ? "added" : after === null ? "removed" : "changed";
    const called = object === "routine"
      ? shown(schema) + (schema === null ? "" : ".") + name
      : shown(schema, table, name);
    const what = kind === "changed"
      ? differences.map(textOf).join("; ")
      : kind + this.#detailsOf(object, after);
    const change: SchemaChangeOf<K> = {
      object,
      kind,
      schema,
      table,
      name,
      before,
      after,
      differences,
      text: `${object} ${called}: ${what}`,
    };
    // A change of a kind is one of the changes of all kinds; the compiler does not follow a parameter.
    this.changes.push(change as unknown as SchemaChange);
  }

  /** Returns what a line says of an object that was added. */
  #detailsOf<K extends SchemaObjectKind>(kind: K, after: SchemaObjects[K] | null): string {
    if (after === null) return "";
    const properties = this.#shown[kind](after);
    if (kind === "column") {
      return `, ${properties["type"]}${properties["nullable"] === true ? "" : " not null"}`;
    }
    const definition = kind === "view" || kind === "routine" ? null : properties["definition"];
    return typeof definition === "string" ? `, ${definition}` : "";
  }
}

/** Longer values, and those of several lines, are left to the differences. */
const LONGEST = 120;

function textOf({ property, from, to }: SchemaDifference): string {
  const isLong = [from, to].some((value) =>
    value !== null && (value.length > LONGEST || value.includes("\n"))
  );
  if (from === null) return `${property} added${isLong ? "" : `: ${JSON.stringify(to)}`}`;
  if (to === null) return `${property} removed${isLong ? "" : `: ${JSON.stringify(from)}`}`;
  if (isLong) return `${property} changed`;
  return `${property} changed from ${JSON.stringify(from)} to ${JSON.stringify(to)}`;
}
