import type { PaginatedResult } from "@kysera/core";

/** A page by its number. */
export type OffsetPage<Entity> = PaginatedResult<Entity>;

/** A page by a cursor. */
export type CursorPage<Entity> = PaginatedResult<Entity>;
