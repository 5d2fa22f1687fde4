import { BadRequestError, type Dialect } from "@kysera/core";
import { columnReference } from "@kysera/executor";
import { type SelectQueryBuilder, sql } from "kysely";
import { assertColumn } from "./_columns.ts";

/** One column of an order. */
export interface OrderItem {
  readonly column: string;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last" | undefined;
  readonly nullable?: boolean | undefined;
}

/** What says an order, among the options of a user. */
export interface OrderOptions {
  readonly orderBy?: unknown;
  readonly orderDirection?: unknown;
  readonly sort?: unknown;
}

const ITEM_KEYS = ["column", "direction", "nulls", "nullable"];

/** Reads an order of a user. @throws {BadRequestError} */
export function readOrder(options: OrderOptions): OrderItem[] {
  const { sort, orderDirection: direction } = options;
  if (sort !== undefined && options.orderBy !== undefined) {
    throw new BadRequestError("Cannot order rows: orderBy and sort say the same; give one of them");
  }
  if (typeof sort === "string") {
    throw new BadRequestError("Cannot order rows: sort takes a list; give one column as orderBy");
  }
  const orderBy = options.orderBy ?? sort;
  const items = typeof orderBy === "string" ? [{ column: orderBy, direction }] : orderBy ?? [];
  if (!Array.isArray(items)) {
    throw new BadRequestError("Cannot order rows: orderBy takes a column, or a list of them");
  }
  if (typeof orderBy !== "string" && direction !== undefined) {
    throw new BadRequestError(
      "Cannot order rows: orderDirection is for an orderBy of one column; give each item of the " +
        "list its own direction",
    );
  }
  return items.map((item: Partial<OrderItem>): OrderItem => {
    if (typeof item !== "object" || item === null) {
      throw new BadRequestError("Cannot order rows: an item of orderBy is not an object");
    }
    for (const key of Object.keys(item)) {
      if (ITEM_KEYS.includes(key)) continue;
      const known = ITEM_KEYS.map((name) => `"${name}"`).join(", ");
      throw new BadRequestError(
        `Cannot order rows: an item of orderBy has the unknown key "${key}"; there are ${known}`,
      );
    }
    const { column, direction = "asc", nulls, nullable } = item;
    assertColumn(column, "order rows");
    if (direction !== "asc" && direction !== "desc") {
      throw new BadRequestError(`Cannot order rows: a direction is "asc" or "desc"`);
    }
    if (nulls !== undefined && nulls !== "first" && nulls !== "last") {
      throw new BadRequestError(`Cannot order rows: nulls come "first" or "last"`);
    }
    if (nullable !== undefined && typeof nullable !== "boolean") {
      throw new BadRequestError("Cannot order rows: nullable is true or false");
    }
    return { column, direction, nulls, nullable };
  });
}

/** What the SQL of an order depends on. */
export function orderShape(order: readonly OrderItem[]): string {
  let shape = "";
  for (const { column, direction, nulls = "", nullable = "" } of order) {
    shape += `${column.length}:${column} ${direction} ${nulls} ${nullable},`;
  }
  return shape;
}

/** Adds an order. MySQL has no NULLS FIRST: there a first key says whether there is a value. */
export function addOrder(
  query: SelectQueryBuilder<any, any, any>,
  order: readonly OrderItem[],
  { dialect, name }: { readonly dialect: Dialect; readonly name: string },
): SelectQueryBuilder<any, any, any> {
  let out = query;
  for (const { column: key, direction, nulls } of order) {
    // Qualified: SQLite takes a quoted name that it does not know for a text.
    const column = columnReference(name, key);
    if (nulls === undefined) {
      out = out.orderBy(column, direction);
    } else if (dialect === "mysql" || dialect === "mssql") {
      const isNull = sql`case when ${column} is null then 1 else 0 end`;
      out = out.orderBy(isNull, nulls === "last" ? "asc" : "desc").orderBy(column, direction);
    } else {
      out = out.orderBy(column, (ob) => {
        const directed = direction === "asc" ? ob.asc() : ob.desc();
        return nulls === "first" ? directed.nullsFirst() : directed.nullsLast();
      });
    }
  }
  return out;
}
