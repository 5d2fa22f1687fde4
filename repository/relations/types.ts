import type { Selectable } from "@kysera/core";
import type { Codecs, Coded, IsAnyType } from "../coded.ts";
import type { ColumnOf, OrderBy } from "../types.ts";
import type { Where } from "../where.ts";

/** What sort of relation it is: how many rows of the other table belong to one row. */
export type RelationType = "belongsTo" | "hasOne" | "hasMany" | "manyToMany";

/**
 * A relation of a table.
 *
 * `belongsTo`: this table has the foreign key. `hasOne`, `hasMany`: the other table has it.
 * `manyToMany`: a third table has foreign keys to both.
 */
export interface RelationConfig {
  /** The sort of relation. */
  readonly type: RelationType;
  /** The other table. */
  readonly table: string;
  /**
   * Columns of this table, with those of the other table that they are equal to:
   * `{ author_id: "id" }`. Default: those of the foreign key, from the catalog. Not of `manyToMany`.
   */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Of `manyToMany`: the table between the two. */
  readonly through?: ThroughConfig | undefined;
}

/** The table between the two of a `manyToMany` relation. */
export interface ThroughConfig {
  /** The table that has foreign keys to both. */
  readonly table: string;
  /**
   * Columns of this table, with those of the table between that they are equal to:
   * `{ id: "post_id" }`. Default: those of the foreign key.
   */
  readonly from?: Readonly<Record<string, string>> | undefined;
  /**
   * Columns of the table between, with those of the other table that they are equal to:
   * `{ tag_id: "id" }`. Default: those of the foreign key.
   */
  readonly to?: Readonly<Record<string, string>> | undefined;
}

/** The relations of tables, by the names of the tables and of the relations. */
export type RelationsOf<DB> = {
  readonly [T in keyof DB & string]?: { readonly [name: string]: RelationConfig };
};

/** What stands in the place of a wrong name: nothing has this type, and the compiler shows it. */
export interface Wrong<Problem extends string> {
  /** What is wrong. */
  readonly __problem: Problem;
}

/** Relations whose tables and columns exist: what is wrong has a type that says so. */
export type CheckedRelations<DB, R> = IsAnyType<DB> extends true ? unknown : {
  readonly [T in keyof R]: T extends keyof DB
    ? { readonly [N in keyof R[T]]: CheckedRelation<DB, T, N, R[T][N]> }
    : Wrong<`There is no table "${T & string}"`>;
};

/** A relation whose tables and columns exist. */
export type CheckedRelation<DB, T extends keyof DB, N, C> = string extends keyof Selectable<DB[T]>
  ? RelationConfig
  : N extends keyof Selectable<DB[T]>
    ? Wrong<`"${N & string}" is a column; give the relation another name`>
  : C extends { readonly type: infer Type extends RelationType; readonly table: infer Other }
    ? Other extends keyof DB & string ?
        & {
          readonly type: Type;
          readonly table: Other;
          readonly columns?: Type extends "manyToMany" ? undefined
            : C extends { readonly columns: infer Columns } ? CheckedColumns<DB, T, Other, Columns>
            : undefined;
        }
        & (Type extends "manyToMany"
          ? { readonly through: CheckedThrough<DB, T, Other, Member<C, "through">> }
          : { readonly through?: undefined })
    : { readonly table: Wrong<`There is no table "${Other & string}"`> }
  : RelationConfig;

/** Columns of one table, with those of another one that they are equal to. */
export type CheckedColumns<DB, From, To, C> = {
  readonly [Own in keyof C]: From extends keyof DB
    ? Own extends ColumnOf<DB[From]> ? C[Own] extends ColumnOf<TableOf<DB, To>> ? C[Own]
      : Wrong<`"${To & string}" has no column "${C[Own] & string}"`>
    : Wrong<`"${From & string}" has no column "${Own & string}"`>
    : never;
};

/** The table between, whose columns exist. */
export type CheckedThrough<DB, T, Other, C> = C extends { readonly table: infer Between }
  ? Between extends keyof DB & string ? {
      readonly table: Between;
      readonly from?: CheckedColumns<DB, T, Between, Member<C, "from">>;
      readonly to?: CheckedColumns<DB, Between, Other, Member<C, "to">>;
    }
  : { readonly table: Wrong<`There is no table "${Between & string}"`> }
  : ThroughConfig;

/** The type of a member, where there is one. */
export type Member<T, K extends string> = T extends { readonly [_ in K]: infer V } ? V : undefined;

/** What a repository has that was given no relations. */
export type NoRelations = Record<never, never>;

/** The names of the relations of a table. */
export type RelationNameOf<R, T> = T extends keyof R ? keyof R[T] & string : never;

/** The table that a relation leads to. */
export type RelatedTable<R, T, N> = T extends keyof R
  ? N extends keyof R[T] ? Member<R[T][N], "table"> : never
  : never;

/** The sort that a relation is of. */
export type RelationTypeOf<R, T, N> = T extends keyof R
  ? N extends keyof R[T] ? Member<R[T][N], "type"> : never
  : never;

/** The table `T` of a database; of an unknown one nothing is known. */
export type TableOf<DB, T> = T extends keyof DB ? DB[T] : never;

/** Conditions on a row, those on its related rows included. */
export type RelatedWhere<DB, R, T, Own = TableOf<DB, T>> =
  & Pick<Where<Own>, keyof Selectable<Own> & keyof Where<Own>>
  & { readonly [N in RelationNameOf<R, T>]?: RelationFilter<DB, R, T, N> }
  & {
    /** All of these. */
    readonly and?: readonly RelatedWhere<DB, R, T, Own>[];
    /** One of these at least. */
    readonly or?: readonly RelatedWhere<DB, R, T, Own>[];
    /** Not this. */
    readonly not?: RelatedWhere<DB, R, T, Own>;
    /** As `and`. */
    readonly $and?: readonly RelatedWhere<DB, R, T, Own>[];
    /** As `or`. */
    readonly $or?: readonly RelatedWhere<DB, R, T, Own>[];
    /** As `not`. */
    readonly $not?: RelatedWhere<DB, R, T, Own>;
  };

/** Conditions on the related rows of a row. */
export type RelationFilter<DB, R, T, N> = RelationTypeOf<R, T, N> extends "belongsTo" | "hasOne"
  ? OneFilter<DB, R, RelatedTable<R, T, N>>
  : ManyFilter<DB, R, RelatedTable<R, T, N>>;

/** Conditions on related rows, joined by AND. */
export interface ManyFilter<DB, R, T> {
  /** One related row at least satisfies this; `{}` asks whether there is one. */
  readonly some?: RelatedWhere<DB, R, T>;
  /** All related rows satisfy this; so it is where there are none. */
  readonly every?: RelatedWhere<DB, R, T>;
  /** No related row satisfies this; `{}` asks whether there are none. */
  readonly none?: RelatedWhere<DB, R, T>;
}

/** Conditions on the one related row of a row, joined by AND. */
export interface OneFilter<DB, R, T> extends ManyFilter<DB, R, T> {
  /** There is a related row that satisfies this; `null` asks whether there is none. */
  readonly is?: RelatedWhere<DB, R, T> | null;
  /** There is no related row that satisfies this; `null` asks whether there is one. */
  readonly isNot?: RelatedWhere<DB, R, T> | null;
}

/** Which related rows are read with a row, and how many there are. */
export type IncludeOf<DB, R, T> =
  & { readonly [N in RelationNameOf<R, T>]?: boolean | RelatedOptionsOf<DB, R, T, N> | undefined }
  & {
    /** How many related rows there are. */
    readonly _count?: CountsOf<DB, R, T> | undefined;
  };

/** Which related rows are counted. */
export type CountsOf<DB, R, T> = {
  readonly [N in RelationNameOf<R, T>]?:
    | boolean
    | {
      /** Those that are counted. Default all. */
      readonly where?: RelatedWhere<DB, R, RelatedTable<R, T, N>> | undefined;
    }
    | undefined;
};

/** Options of the related rows of one relation: an order where there may be several, and a limit. */
export type RelatedOptionsOf<DB, R, T, N> = RelationTypeOf<R, T, N> extends "belongsTo"
  ? OneOptions<DB, R, RelatedTable<R, T, N>>
  : RelationTypeOf<R, T, N> extends "hasOne" ? OrderedOptions<DB, R, RelatedTable<R, T, N>>
  : ManyOptions<DB, R, RelatedTable<R, T, N>>;

/** Options of related rows. */
export interface OneOptions<DB, R, T> {
  /** Which of them. Default all. */
  readonly where?: RelatedWhere<DB, R, T> | undefined;
  /** Some columns in place of all. */
  readonly select?: readonly ColumnOf<TableOf<DB, T>>[] | undefined;
  /** What is read with them. */
  readonly include?: IncludeOf<DB, R, T> | undefined;
}

/** Options of related rows that have an order. */
export interface OrderedOptions<DB, R, T> extends OneOptions<DB, R, T> {
  /** In which order. Of `hasOne`: the first is taken. */
  readonly orderBy?: OrderBy<TableOf<DB, T>> | undefined;
  /** The direction, where `orderBy` is one column. Default `"asc"`. */
  readonly orderDirection?: "asc" | "desc" | undefined;
}

/** Options of related rows of which there may be several. */
export interface ManyOptions<DB, R, T> extends OrderedOptions<DB, R, T> {
  /** How many at the most for each row, from 1. */
  readonly limit?: number | undefined;
}

/** What is included, with a type that says so where a name is none. */
export type KnownInclude<DB, R, T, I> = {
  readonly [N in keyof I]: N extends "_count" ? KnownCounts<R, T, I[N]>
    : N extends RelationNameOf<R, T>
      ? I[N] extends object ? KnownOptions<DB, R, T, N, I[N]> : unknown
    : Wrong<`"${T & string}" has no relation "${N & string}"`>;
};

/** Counts, with a type that says so where a name is none. */
export type KnownCounts<R, T, I> = {
  readonly [N in keyof I]: N extends RelationNameOf<R, T> ? unknown
    : Wrong<`"${T & string}" has no relation "${N & string}"`>;
};

/** Options, with a type that says so where a name is none. */
export type KnownOptions<DB, R, T, N, O> = {
  readonly [K in keyof O]: K extends keyof RelatedOptionsOf<DB, R, T, N>
    ? K extends "include" ? KnownInclude<DB, R, RelatedTable<R, T, N>, O[K]>
    : K extends "where" ? KnownKeys<O[K], RelatedWhere<DB, R, RelatedTable<R, T, N>>>
    : unknown
    : Wrong<`There is no option "${K & string}"`>;
};

/** A condition, with a type that says so where a name is none. */
export type KnownKeys<W, Known> = {
  readonly [C in keyof W]: C extends keyof Known ? unknown
    : Wrong<`There is no column or relation "${C & string}"`>;
};

/** The members that an include adds to a row. */
export type Included<DB, R, T, I> = keyof I extends never ? unknown
  :
    & {
      -readonly [N in keyof I & RelationNameOf<R, T> as I[N] extends false | undefined ? never : N]:
        RelatedOf<DB, R, T, N, I[N]>;
    }
    & (I extends { readonly _count: infer C } ? {
        /** How many related rows there are. */
        _count: {
          -readonly [
            N in keyof C & RelationNameOf<R, T> as C[N] extends false | undefined ? never : N
          ]: number;
        };
      }
      : unknown);

/** What a relation is in a row: rows, or the one row, or `null`. */
export type RelatedOf<DB, R, T, N, O> = RelationTypeOf<R, T, N> extends "belongsTo" | "hasOne"
  ? RelatedRow<DB, R, RelatedTable<R, T, N>, O> | null
  : RelatedRow<DB, R, RelatedTable<R, T, N>, O>[];

/** A related row. */
export type RelatedRow<DB, R, T, O> =
  & (O extends { readonly select: readonly (infer C)[] }
    ? Pick<Selectable<TableOf<DB, T>>, C & keyof Selectable<TableOf<DB, T>>>
    : Selectable<TableOf<DB, T>>)
  & (O extends { readonly include: infer I } ? Included<DB, R, T, I> : unknown);

/** The columns that a row must have for a relation of it to be loaded. */
export type KeyColumnsOfRelation<R, T, N> = T extends keyof R
  ? N extends keyof R[T] ? R[T][N] extends { readonly columns: infer C } ? keyof C
    : R[T][N] extends { readonly through: { readonly from: infer C } } ? keyof C
    : never
  : never
  : never;

/** A row whose relations can be loaded. */
export type LoadableRow<DB, R, T, N> = {
  readonly [
    C in KeyColumnsOfRelation<R, T, N> & keyof Selectable<TableOf<DB, T>>
  ]: unknown;
};

/** The names that an include has, in whichever form. */
export type NamesOf<I> = I extends { readonly _count: infer C }
  ? Exclude<keyof I, "_count"> | keyof C
  : keyof I;

/** Codecs of tables, for the rows that relations read. */
export type TableCodecs<DB> = {
  readonly [T in keyof DB & string]?: Codecs<DB[T]>;
};

/** A database whose columns have the types of codecs. */
export type CodedDatabase<DB, X> = [keyof X] extends [never] ? DB : {
  [T in keyof DB]: T extends keyof X ? Coded<DB[T], X[T]> : DB[T];
};
