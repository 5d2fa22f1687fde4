import {
  abortable,
  BadRequestError,
  executeCount,
  paginateCursor,
  type PaginatedResult,
} from "@kysera/core";
import type { SelectQueryBuilder } from "kysely";
import type { ReadCondition } from "./_condition.ts";
import type { OrderItem } from "./_order.ts";
import type { Row, Table } from "./_table.ts";
import type { CursorPageOptions, PageOptions } from "./types.ts";
import { wholeNumber } from "./_whole_number.ts";

export { paginate } from "@kysera/core";
export { readPage } from "./_cursor_pages.ts";

/** What pages are bounded by, as `paginate` of the core bounds them. */
const MOST_ROWS = 10_000;

/** A page by cursor that is built for this call. */
export async function readPageAnew(
  table: Table,
  read: ReadCondition,
  orderBy: readonly OrderItem[],
  { limit, cursor, security, signal }: CursorPageOptions<any>,
): Promise<PaginatedResult<Row>> {
  let query = table.db.selectFrom(table.name).selectAll();
  if (read.shape !== "()") query = query.where((eb) => table.bound(read, eb));
  // The order ends with the key.
  return await paginateCursor(query, { orderBy, uniqueBy: [], limit, cursor, security, signal });
}

/** A page that begins anywhere, also between two numbered ones. */
export async function pageFrom(
  offset: number,
  query: SelectQueryBuilder<any, any, any>,
  { limit = 20, total = "exact", signal }: PageOptions<any>,
): Promise<PaginatedResult<Row>> {
  wholeNumber(offset, "offset");
  const most = Math.min(wholeNumber(limit, "limit"), MOST_ROWS);
  if (total !== "exact" && total !== "none") {
    throw new BadRequestError(`Cannot paginate: with offset, total is "exact" or "none"`);
  }
  const known = total === "exact" ? await abortable(signal, () => executeCount(query)) : undefined;
  const found = await abortable(
    signal,
    () => query.limit(most + 1).offset(offset).execute() as Promise<Row[]>,
  );
  return {
    data: found.slice(0, most),
    pagination: {
      limit: most,
      ...known === undefined
        ? {}
        : { total: known, totalPages: most === 0 ? 0 : Math.ceil(known / most) },
      hasNext: most > 0 && found.length > most,
      hasPrev: offset > 0,
    },
  };
}
