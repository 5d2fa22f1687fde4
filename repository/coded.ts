import type { Selectable } from "@kysera/core";
import type { ColumnType, InsertType, SelectType, UpdateType } from "kysely";
import type { Codec } from "./types.ts";

/** Codecs of a table, by column. */
export type Codecs<Table> = { readonly [C in keyof Selectable<Table>]?: Codec };

/** Refuses codecs of what is not a column of the table. */
export type OnlyColumns<Table, K> = {
  readonly [C in Exclude<keyof K, keyof Selectable<Table>>]: never;
};

/** A table as its codecs make it: of a column that has one, the type is what the codec decodes. */
export type Coded<Table, K> = [keyof K] extends [never] ? Table : {
  [C in keyof Table]: C extends keyof K ? CodedColumn<Table[C], K[C]> : Table[C];
};

/** The entity, where `mapRow` does not make it: the row, as its codecs make it. */
export type CodedEntity<Entity, Table, K> = [keyof K] extends [never] ? Entity
  : IsSame<Entity, Selectable<Table>> extends true ? Selectable<Coded<Table, K>>
  : Entity;

/** A column as its codec makes it. */
export type CodedColumn<Column, C> = [C] extends [undefined] ? Column
  : ColumnType<
    Nullable<Decoded<Exclude<C, undefined>, Column>, SelectType<Column>>,
    Given<Exclude<C, undefined>, Column, InsertType<Column>>,
    Given<Exclude<C, undefined>, Column, UpdateType<Column>>
  >;

/** What a program gets; a codec of any type decodes what the column's type says. */
type Decoded<C, Column> = C extends { decode(value: any): infer D }
  ? IsAny<D> extends true ? SelectType<Column> : D
  : SelectType<Column>;

/** What a program gives. A column that may not be given may not be given with a codec, either. */
type Given<C, Column, Input> = [Input] extends [never] ? never
  : Nullable<Encoded<C, Column>, Input>;

type Encoded<C, Column> = C extends { encode(value: infer V): any }
  ? IsAny<V> extends true ? Decoded<C, Column> : V
  : never;

/** Null and undefined pass by the codec. */
type Nullable<Value, Of> = Value | Extract<Of, null | undefined>;

type IsAny<X> = 0 extends 1 & X ? true : false;

/** Whether two types are the same. */
export type IsSame<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2
  ? true
  : false;
