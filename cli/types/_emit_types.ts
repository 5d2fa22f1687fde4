import type {
  SchemaColumn,
  SchemaSnapshot,
  SchemaTable,
  SchemaType,
  SchemaView,
  SchemaViewColumn,
} from "@kysera/migrations/schema";
import { docComment } from "./_doc_comment.ts";
import { camelCase, NameGiver, propertyName } from "./_names.ts";
import { type ScalarOptions, scalarsOf, type ScalarTraits } from "./_scalars.ts";

/** How a file of types is written. */
export interface EmitOptions extends ScalarOptions {
  /** Whether names are as `CamelCasePlugin` has them. */
  readonly camelCase: boolean;
  /** Whether enumerations are objects as well. */
  readonly runtimeEnums: boolean;
  /** Whether tables that are parts of another one are written, too. */
  readonly partitions: boolean;
  /** Columns that plugins fill in, as `column` or `table.column`: rows need not be given them. */
  readonly filled: readonly string[];
}

/** The types that a file may declare, with what they import from Kysely. */
const HELPERS: Readonly<Record<string, string>> = {
  Generated: `export type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>;`,
  GeneratedAlways: `export type GeneratedAlways<T> = T extends ColumnType<infer S, any, any>
  ? ColumnType<S, never, never>
  : ColumnType<T, never, never>;`,
  ArrayType: `export type ArrayType<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S[], I[], U[]>
  : T[];`,
};

/** How every file of types begins. */
export const HEAD = `/**
 * The types of the database. Written by \`kysera generate types\`: changes will be lost.
 *
 * @module
 */`;

/**
 * Writes the types of a database for Kysely: an interface for each table and view, a type for each
 * enumeration, and `DB` with all of them.
 */
export function emitTypes(schema: SchemaSnapshot, options: EmitOptions): string {
  return new Emitter(schema, options).emit();
}

class Emitter {
  readonly #schema: SchemaSnapshot;
  readonly #options: EmitOptions;
  readonly #scalars: ScalarTraits;
  readonly #names: NameGiver;
  /** The names of enumerations by those of the database. */
  readonly #enums = new Map<string, string>();
  /** The types that columns name, and that have to be declared. */
  readonly #used = new Set<string>();

  constructor(schema: SchemaSnapshot, options: EmitOptions) {
    this.#schema = schema;
    this.#options = options;
    this.#scalars = scalarsOf(schema, options);
    this.#names = new NameGiver([
      ...["DB", "ColumnType", "Date", "Uint8Array"],
      ...Object.keys(HELPERS),
      ...Object.keys(this.#scalars.named),
    ]);
  }

  emit(): string {
    const enums = this.#schema.enums.map((each) => {
      const name = this.#names.give(...each.schema === null ? [] : [each.schema], each.name);
      this.#enums.set(key(each.schema, each.name), name);
      return this.#enum(name, each.values, each.comment);
    });
    const isShown = ({ partitioning }: SchemaTable): boolean =>
      this.#options.partitions || partitioning.bound === null;
    const relations = [...this.#schema.tables.filter(isShown), ...this.#schema.views]
      .sort((a, b) => compare(key(a.schema, a.name), key(b.schema, b.name)))
      .map((relation) => ({
        property: this.#property(
          relation.schema === null ? relation.name : `${relation.schema}.${relation.name}`,
        ),
        name: this.#names.give(...relation.schema === null ? [] : [relation.schema], relation.name),
        relation,
      }));
    const interfaces = relations.map(({ name, relation }) => this.#interface(name, relation));
    const db = `export interface DB {\n${
      relations.map(({ property, name }) => `  ${property}: ${name};\n`).join("")
    }}`;
    const declared = this.#declarations();
    const isImporting = [...declared, ...interfaces].some((text) => text.includes("ColumnType<"));
    return [
      HEAD,
      ...isImporting ? ['import type { ColumnType } from "kysely";'] : [],
      ...declared,
      ...enums,
      ...interfaces,
      db,
    ].join("\n\n") + "\n";
  }

  /** The declarations of the types that are used, and of those that they use. */
  #declarations(): string[] {
    const all: Record<string, string> = {
      ...HELPERS,
      ...Object.fromEntries(
        Object.entries(this.#scalars.named)
          .map(([name, type]) => [name, `export type ${name} = ${type};`]),
      ),
    };
    for (const name of this.#used) {
      for (const other of Object.keys(all)) {
        if (new RegExp(`\\b${other}\\b`).test(all[name]!.replace(`type ${name}`, ""))) {
          this.#used.add(other);
        }
      }
    }
    return Object.keys(all).filter((name) => this.#used.has(name)).sort().map((name) => all[name]!);
  }

  #enum(name: string, values: readonly string[], comment: string | null): string {
    const texts = values.map((value) => JSON.stringify(value));
    if (!this.#options.runtimeEnums) {
      return `${docComment(comment, "")}export type ${name} = ${texts.join(" | ") || "never"};`;
    }
    const members = values.map((value, i) => `  ${propertyName(value)}: ${texts[i]},\n`).join("");
    return `${docComment(comment, "")}export const ${name} = {\n${members}} as const;\n` +
      `export type ${name} = (typeof ${name})[keyof typeof ${name}];`;
  }

  #interface(name: string, relation: SchemaTable | SchemaView): string {
    const isTable = "primaryKey" in relation;
    const columns = relation.columns
      // SQLite's virtual tables have columns that are commands.
      .filter((column) =>
        !(isTable && relation.kind === "virtual" && "hidden" in column && column.hidden)
      )
      .map((column) => {
        const type = isTable
          ? this.#column(column as SchemaColumn, relation.name)
          : this.#viewColumn(column as SchemaViewColumn);
        return `${docComment(column.comment, "  ")}  ${this.#property(column.name)}: ${type};\n`;
      });
    return `${docComment(relation.comment, "")}export interface ${name} {\n${columns.join("")}}`;
  }

  #column(column: SchemaColumn, table: string): string {
    const type = this.#typeOf(column.type);
    const stored = column.nullable ? this.#nullable(type) : type;
    const { generated, identity } = column;
    if (generated !== null || identity?.kind === "always") {
      return this.#use("GeneratedAlways", stored);
    }
    const isFilled = column.default !== null || identity !== null ||
      isNamed(this.#options.filled, table, column.name);
    return isFilled ? this.#use("Generated", stored) : stored;
  }

  /** Where the catalog does not know whether a column of a view is ever NULL, it may be. */
  #viewColumn({ type, nullable }: SchemaViewColumn): string {
    const stored = this.#typeOf(type);
    return nullable === false ? stored : this.#nullable(stored);
  }

  #nullable(type: string): string {
    return type === "unknown" ? type : `${type} | null`;
  }

  #typeOf(type: SchemaType): string {
    const domain = type.kind === "domain"
      ? this.#schema.domains.find((each) => each.schema === type.schema && each.name === type.name)
      : undefined;
    if (domain !== undefined) {
      const base = this.#typeOf(domain.type);
      // An array of a domain is text to the driver, which does not know the domain.
      return type.array ? "string" : base;
    }
    const named = type.kind === "enum" ? this.#enums.get(key(type.schema, type.name)) : undefined;
    if (named !== undefined) {
      // As an array of values it is written, and read as text: drivers do not know its type.
      return type.array ? `ColumnType<string, ${named}[] | string, ${named}[] | string>` : named;
    }
    const scalar = this.#scalars.typeOf(type);
    if (Object.hasOwn(this.#scalars.named, scalar)) this.#used.add(scalar);
    return type.array ? this.#use("ArrayType", scalar) : scalar;
  }

  #use(helper: string, type: string): string {
    this.#used.add(helper);
    return `${helper}<${type}>`;
  }

  #property(name: string): string {
    return propertyName(this.#options.camelCase ? camelCase(name) : name);
  }
}

/** Whether a column is in a list of `column` and `table.column`. */
export function isNamed(names: readonly string[], table: string, column: string): boolean {
  return names.includes(column) || names.includes(`${table}.${column}`);
}

function key(schema: string | null, name: string): string {
  return `${schema ?? ""}.${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
