import type { PaginatedResult } from "@kysera/core";

/**
 * A page by its number. What is not enumerable is there for those who know it by that name: copies
 * and JSON do not have it.
 */
export interface OffsetPage<Entity> extends PaginatedResult<Entity> {
  /** `data`; not enumerable. */
  readonly items: Entity[];
  /** `pagination.total`; not enumerable. */
  readonly total: number | undefined;
  /** `pagination.limit`; not enumerable. */
  readonly limit: number;
  /** How many rows are passed over; not enumerable. */
  readonly offset: number;
}

/** A page by a cursor. What is not enumerable is as in {@linkcode OffsetPage}. */
export interface CursorPage<Entity> extends PaginatedResult<Entity> {
  /** `data`; not enumerable. */
  readonly items: Entity[];
  /** `pagination.nextCursor`, or `null`; not enumerable. */
  readonly nextCursor: string | null;
  /** `pagination.hasNext`; not enumerable. */
  readonly hasMore: boolean;
}

/** Adds what copies and JSON do not have. */
export function withHidden<T extends object, H extends object>(target: T, hidden: H): T & H {
  for (const name in hidden) {
    Object.defineProperty(target, name, { value: hidden[name], configurable: true });
  }
  // Every name of H was defined.
  return target as T & H;
}
