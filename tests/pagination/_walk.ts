import type { SelectQueryBuilder } from "kysely";
import assert from "node:assert/strict";
import { type CursorOptions, paginateCursor } from "@kysera/core";

type Query = SelectQueryBuilder<any, any, any>;
type Options = CursorOptions<any, any, any>;
type Row = Record<string, any>;

/** What may happen between two pages. */
type Between = () => Promise<void>;

/** All pages from the first on, following `nextCursor`. */
export async function forwards(query: Query, options: Options, between?: Between): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 1000; pages++) {
    const { data, pagination } = await paginateCursor(query, { ...options, cursor });
    rows.push(...data);
    assert.equal(pagination.hasPrev, cursor !== undefined);
    assert.equal(pagination.nextCursor !== undefined, pagination.hasNext);
    assert.ok(data.length === options.limit || !pagination.hasNext);
    if (!pagination.hasNext) return rows;
    cursor = pagination.nextCursor;
    await between?.();
  }
  throw new Error("the walk does not end");
}

/** All pages from the last on, following `prevCursor`, in the order they are walked. */
export async function backwards(query: Query, options: Options, between?: Between): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 1000; pages++) {
    const direction = cursor === undefined ? "backward" : undefined;
    const page = await paginateCursor(query, { ...options, cursor, direction });
    rows.push(...page.data.toReversed());
    assert.equal(page.pagination.hasNext, cursor !== undefined);
    assert.equal(page.pagination.prevCursor !== undefined, page.pagination.hasPrev);
    if (!page.pagination.hasPrev) return rows;
    cursor = page.pagination.prevCursor;
    await between?.();
  }
  throw new Error("the walk does not end");
}

/** Walks both ways, and gives the rows of the way forwards. */
export async function bothWays(query: Query, options: Options): Promise<Row[]> {
  const rows = await forwards(query, options);
  assert.deepEqual(await backwards(query, options), rows.toReversed());
  return rows;
}
