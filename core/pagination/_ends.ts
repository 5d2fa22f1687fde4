import { BadRequestError } from "../errors/bad_request_error.ts";
import type { CursorCodec, Position } from "./_cursor.ts";
import type { PageRows } from "./_page.ts";
import { CUT } from "./_types_mysql.ts";
import type { PageInfo } from "./paginated_result.ts";

/** A walk over pages, at one of them. */
export interface Walk {
  /** Writes its cursors. */
  readonly codec: CursorCodec;
  /** Where it goes on; nothing at its beginning. */
  readonly position: Position | undefined;
  /** Which way it goes. */
  readonly forward: boolean;
  /** The most rows of a page. */
  readonly limit: number;
}

/** Reads the cursor of a caller. */
export function positionOf(
  codec: CursorCodec,
  cursor: string | null | undefined,
): Position | undefined {
  // `?cursor=` of an address says that there is none.
  return cursor === undefined || cursor === null || cursor === ""
    ? undefined
    : codec.decode(cursor);
}

/** Whether the row of a position is on the page that comes next. */
export function isInclusive(position: Position | undefined, forward: boolean): boolean {
  // The place after a row is before the rows that come next, and after that row on the way back
  return position !== undefined && (position.side === "after") !== forward;
}

/**
 * Returns the page, and the cursors of its neighbours.
 *
 * @param found what was read: one row more than the page has, where there are more
 * @returns nothing where the values of a key may not be exact
 */
export function pageOf(
  { codec, position, forward, limit }: Walk,
  found: PageRows,
): { readonly data: Record<string, unknown>[]; readonly ends: Ends } | undefined {
  const data = found.rows.slice(0, limit);
  const more = found.rows.length > limit;
  const nearest = data.length === 0 ? undefined : 0;
  const farthest = data.length === 0 ? undefined : data.length - 1;
  if (!forward) data.reverse();
  const hasNext = forward ? more : position !== undefined;
  const hasPrev = forward ? position !== undefined : more;
  const place = (
    index: number | undefined,
    side: Position["side"],
  ): Omit<Position, "direction"> | typeof INEXACT | undefined => {
    // An empty page keeps the place where it was looked for.
    if (index === undefined) return position;
    const values = found.valuesOf(index);
    return values === undefined ? INEXACT : { side, values };
  };
  const after = hasNext ? place(forward ? farthest : nearest, "after") : undefined;
  const before = hasPrev ? place(forward ? nearest : farthest, "before") : undefined;
  if (after === INEXACT || before === INEXACT) return undefined;
  refuseCut(after);
  refuseCut(before);
  return {
    data,
    ends: {
      hasNext,
      hasPrev,
      ...after && { nextCursor: codec.encode(after, "forward") },
      ...before && { prevCursor: codec.encode(before, "backward") },
    },
  };
}

const INEXACT = Symbol("inexact");

type Ends = Pick<PageInfo, "hasNext" | "hasPrev" | "nextCursor" | "prevCursor">;

function refuseCut(place: Pick<Position, "values"> | undefined): void {
  if (place?.values.includes(CUT) !== true) return;
  throw new BadRequestError(
    "Cannot paginate by cursor: a value of the order is longer than what the database sorts by " +
      "(max_sort_length); order by the beginning of it, such as left(text, 200)",
  );
}
