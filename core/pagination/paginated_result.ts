/** How many rows there are in all: counted, guessed by the database, or not asked. */
export type TotalMode = "exact" | "estimate" | "none";

/** Where a page stands among the others. */
export interface PageInfo {
  /** The number of the page, from 1; only of numbered pages. */
  readonly page?: number;
  /** The most rows a page has. */
  readonly limit: number;
  /** How many rows there are on all pages, where that was asked for. */
  readonly total?: number;
  /** How many numbered pages there are, where the total is known. */
  readonly totalPages?: number;
  /** Whether there is a page after this one. */
  readonly hasNext: boolean;
  /** Whether there is a page before this one. */
  readonly hasPrev: boolean;
  /** Leads to the page after this one, if there is one. */
  readonly nextCursor?: string;
  /** Leads to the page before this one, if there is one. */
  readonly prevCursor?: string;
}

/** A page of rows. */
export interface PaginatedResult<T> {
  /** The rows. */
  readonly data: T[];
  /** Where they stand. */
  readonly pagination: PageInfo;
}
