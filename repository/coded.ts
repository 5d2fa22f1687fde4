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
  : IsSameType<Entity, Selectable<Table>> extends true ? Selectable<Coded<Table, K>>
  : Entity;

/** A column as its codec makes it. */
export type CodedColumn<Column, C> = [C] extends [undefined] ? Column
  : ColumnType<
    WithNullsOf<CodecOutput<Exclude<C, undefined>, Column>, SelectType<Column>>,
    CodecInput<Exclude<C, undefined>, Column, InsertType<Column>>,
    CodecInput<Exclude<C, undefined>, Column, UpdateType<Column>>
  >;

/** What a program gets; a codec of any type decodes what the column's type says. */
export type CodecOutput<C, Column> = C extends { decode(value: any): infer D }
  ? IsAnyType<D> extends true ? SelectType<Column> : D
  : SelectType<Column>;

/** What a program gives. A column that may not be given may not be given with a codec, either. */
export type CodecInput<C, Column, Input> = [Input] extends [never] ? never
  : WithNullsOf<CodecParameter<C, Column>, Input>;

/** What a codec encodes, without nulls. */
export type CodecParameter<C, Column> = C extends { encode(value: infer V): any }
  ? IsAnyType<V> extends true ? CodecOutput<C, Column> : V
  : never;

/** Null and undefined pass by the codec. */
export type WithNullsOf<Value, Of> = Value | Extract<Of, null | undefined>;

/** Whether a type is `any`. */
export type IsAnyType<X> = 0 extends 1 & X ? true : false;

/** Whether two types are the same. */
export type IsSameType<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2
  ? true
  : false;
