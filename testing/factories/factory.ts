import type { Kysely } from "kysely";

/** What an attribute that is a function is told. */
export interface AttributeScope {
  /** The number of this row, from 1: different for each row of a factory. */
  readonly sequence: number;
  /** A number from 0 up to, but not, 1; the same ones in each run, by the factory's seed. */
  random(): number;
}

/** An attribute: a value, or a function that makes one for each row. */
export type Attribute =
  | ((scope: AttributeScope) => unknown)
  | object
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined;

/** Values by attribute. */
export type Attributes = Readonly<Record<string, unknown>>;

/** The row that attributes make. */
export type RowOf<A> = {
  -readonly [K in keyof A]: A[K] extends Association<infer V> ? V
    : A[K] extends (...args: never[]) => infer V ? V
    : Widened<A[K]>;
};

/** `"a"` as a default stands for any string. */
export type Widened<V> = V extends string ? string
  : V extends number ? number
  : V extends boolean ? boolean
  : V extends bigint ? bigint
  : V;

/** Values for some attributes, in place of the factory's own. */
export type Overrides<Row> = { readonly [K in keyof Row]?: Row[K] | undefined } & Attributes;

/** An attribute that comes from a row which another factory makes first. */
export interface Association<V = unknown> {
  /** Marks it. */
  readonly kind: "association";
  /** Makes the other row, and gives the attribute's value. */
  resolve(db: Kysely<any>): Promise<V>;
}

/** Options of `createFactory`. */
export interface FactoryOptions<A extends Attributes> {
  /** The table that `create` inserts into. */
  readonly table?: string | undefined;
  /** The key that a database generates, for databases without RETURNING. Default `"id"`. */
  readonly primaryKey?: string | undefined;
  /** Named sets of attributes: `users.with("admin")`. */
  readonly traits?: Readonly<Record<string, Attributes>> | undefined;
  /** Runs after each `create`, with the row as the database has it. */
  readonly afterCreate?:
    | ((row: RowOf<A> & Record<string, unknown>, db: Kysely<any>) => unknown)
    | undefined;
  /** What `random` begins with: the same seed, the same rows. Default 1. */
  readonly seed?: number | undefined;
}

/** Makes rows. */
export interface Factory<A extends Attributes> {
  /** Makes a row, without a database. */
  (overrides?: Overrides<RowOf<A>>): RowOf<A>;
  /** Makes a row, without a database; attributes that are associations are left out. */
  build(overrides?: Overrides<RowOf<A>>): RowOf<A>;
  /** Makes so many rows; a function is asked for the overrides of each, by its index from 0. */
  buildMany(
    count: number,
    overrides?: Overrides<RowOf<A>> | ((index: number) => Overrides<RowOf<A>>),
  ): RowOf<A>[];
  /** Makes a row, with what it is associated with, and inserts it. */
  create(
    db: Kysely<any>,
    overrides?: Overrides<RowOf<A>>,
  ): Promise<RowOf<A> & Record<string, unknown>>;
  /** {@linkcode Factory.create}, for many, one after the other. */
  createMany(
    db: Kysely<any>,
    count: number,
    overrides?: Overrides<RowOf<A>> | ((index: number) => Overrides<RowOf<A>>),
  ): Promise<(RowOf<A> & Record<string, unknown>)[]>;
  /** The same factory, with traits; the last one wins. They share its sequence. */
  with(...traits: readonly string[]): Factory<A>;
  /** Begins again: the sequence at 1, `random` at the seed. */
  reset(): void;
}
