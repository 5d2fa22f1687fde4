/**
 * Whether a schema fits the table that it is for, as types: the name of a column that does not fit is
 * in the error of the compiler.
 *
 * @module
 */
import type { Insertable, Updateable } from "@kysera/core";
import type { IsAnyType } from "./coded.ts";
import type { OutputOf, RepositorySchema } from "./standard_schema.ts";

/**
 * The schemas that do not fit the table, with what is wrong; `unknown` where all do. That of entities
 * is about what `mapRow` makes, not about the table.
 */
export type SchemasFit<T extends string, Table, S> = IsAnyType<Table> extends true ? unknown
  :
    & Said<"create", S, WritesFit<T, Insertable<Table>, SchemaOutput<S, "create">, true>>
    & Said<"update", S, WritesFit<T, Updateable<Table>, SchemaOutput<S, "update">, false>>;

/** What a schema gives; `unknown` where there is none. */
export type SchemaOutput<S, K extends string> = S extends { readonly [N in K]: infer X }
  ? X extends RepositorySchema ? OutputOf<X> : unknown
  : unknown;

/** What is wrong with a schema, in the place of the schema. */
export type Said<K extends string, S, Problem> = [Problem] extends [never] ? unknown
  : K extends keyof S ? { readonly [N in K]: Problem }
  : unknown;

/** What is wrong with values that are to be written; `never` if nothing is. */
export type WritesFit<T extends string, Row, Given, Whole> = IsOpen<Given> extends true ? never
  :
    | UnknownColumn<T, Exclude<NamedKeys<Given>, keyof Row>>
    | WrongType<T, MisfitsOf<Given, Row>>
    | (Whole extends true ? MissingColumn<T, Exclude<RequiredKeys<Row>, RequiredKeys<Given>>>
      : never);

/** Whether nothing is known of a type. */
export type IsOpen<X> = IsAnyType<X> extends true ? true
  : unknown extends X ? true
  : X extends object ? false
  : true;

/** The keys of a type that have a name. */
export type NamedKeys<X> = keyof { [K in keyof X as string extends K ? never : K]: true };

/** The keys that must be there. */
export type RequiredKeys<X> = {
  [K in NamedKeys<X>]: K extends keyof X
    ? IsAnyType<X[K]> extends true ? K : undefined extends X[K] ? never : K
    : never;
}[NamedKeys<X>];

/** The keys whose values are of another type than what takes them. */
export type MisfitsOf<Given, Taker> = {
  [K in NamedKeys<Given> & keyof Taker]: K extends keyof Given
    ? Exclude<Given[K], undefined> extends Exclude<Taker[K], undefined> ? never : K
    : never;
}[NamedKeys<Given> & keyof Taker];

/** An error of the compiler. */
export type UnknownColumn<T extends string, C> = C extends string
  ? `There is no column "${C}" in "${T}"`
  : never;

/** An error of the compiler. */
export type WrongType<T extends string, C> = C extends string
  ? `The column "${C}" of "${T}" has another type`
  : never;

/** An error of the compiler. */
export type MissingColumn<T extends string, C> = C extends string
  ? `The column "${C}" of "${T}" is missing`
  : never;
