import type { Selectable } from "@kysera/core";
import type { UpsertOptions } from "./types.ts";
import type { Where } from "./where.ts";

/** Options of a repository's `upsert`. */
export interface ConditionalUpsertOptions<Table> extends UpsertOptions<Table> {
  /** Which rows may be changed; one that is there and does not satisfy it stays as it is. */
  readonly updateWhere?: Where<Table> | undefined;
  /** Whether it is told what was done with the row, as {@linkcode Upserted}. Default `false`. */
  readonly outcome?: boolean | undefined;
}

/** A row that was upserted, and what was done with it. */
export interface Upserted<Entity> {
  /** The row. */
  readonly data: Entity;
  /** `"unchanged"` where it was there, and `updateWhere` is not satisfied or nothing is to change. */
  readonly outcome: "created" | "updated" | "unchanged";
}

/** Options of `firstOrCreate`. */
export interface FirstOrCreateOptions<Table> {
  /** The columns of a unique key, by which the row is looked for. */
  readonly conflictColumns: readonly (keyof Selectable<Table> & string)[];
}

/** What `firstOrCreate` gives. */
export interface FirstOrCreated<Entity> {
  /** The row. */
  readonly data: Entity;
  /** Whether it was added by this call. */
  readonly created: boolean;
}

/** Options of `createMany`. */
export interface SkipDuplicates<Table> {
  /** Rows whose keys are taken are left out, instead of failing all of them. */
  readonly skipDuplicates: true;
  /** The columns of the unique key that may be taken. Default: any unique key. */
  readonly conflictColumns?: readonly (keyof Selectable<Table> & string)[] | undefined;
}

/** What `createMany` did with `skipDuplicates`. */
export interface CreatedMany {
  /** How many rows were added. */
  readonly created: number;
  /** How many were left out, since their keys are taken. */
  readonly skipped: number;
}
