import { type Expression, expressionBuilder } from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import type { Dialect } from "../dialect.ts";
import { type Key, nullsComeFirst, type Ordering, reversed } from "./_key.ts";
import { type Layout, layOut, splitOrder, type Wanted } from "./_layout.ts";
import { type AnyQuery, dialectOf, inspect, type Inspected, orderedBy } from "./_query.ts";
import { everyRowHasId, isLimited } from "./_shape.ts";
import type { KeyType } from "./_values.ts";
import type { CursorOrderBy } from "./paginate_cursor.ts";

const action = "paginate by cursor";

type Order = readonly CursorOrderBy<any, any, any>[];

/** A query whose pages are asked for, and its order. */
export interface Arranged {
  /** The query with its order. */
  readonly ordered: AnyQuery;
  /** What it becomes. */
  readonly inspected: Inspected;
  /** The database's family of SQL. */
  readonly dialect: Dialect;
  /** Whether part of the order was not asked for. */
  readonly implied: boolean;
  /** The query without an order. */
  readonly split: ReturnType<typeof splitOrder>["query"];
  /** What it is ordered by. */
  readonly wanted: Wanted;
  /** The query, laid out to be ordered by its keys as they are. */
  readonly plain: Layout;
  /** Its order, forwards. */
  readonly keys: readonly Key[];
}

/**
 * Compiles a query with its order, and lays it out.
 *
 * @param known the database's family of SQL, where it is known
 */
export function arrange(
  query: AnyQuery,
  orderBy: Order,
  uniqueBy: readonly unknown[] | undefined,
  known?: Dialect,
): Arranged {
  const unique = uniqueBy ?? ["id"];
  const ordered = withOrder(query, orderBy, unique);
  // The order is put into the query to see what plugins of the database make of its names
  const inspected = inspect(ordered, action);
  const dialect = known ?? dialectOf(ordered, inspected);
  const split = splitOrder(inspected.node, orderBy.length + unique.length);
  refuseOwnParts(split);
  const implied = uniqueBy === undefined;
  const wanted = {
    asked: split.items.slice(0, orderBy.length),
    unique: split.items.slice(orderBy.length),
    implied,
  };
  const plain = layOut(split.query, wanted, action);
  const hasIds = implied && everyRowHasId(split.query);
  const keys = plain.keys.map((node, index): Key => ({
    node,
    ...orderingOf(index, orderBy, { dialect, hasIds }),
  }));
  if (keys.length === 0) throw new BadRequestError(`Cannot ${action}: "orderBy" is empty`);
  return { ordered, inspected, dialect, implied, split: split.query, wanted, plain, keys };
}

/** The query with columns put after its order. */
export function withOrder(query: AnyQuery, orderBy: Order, unique: readonly unknown[]): AnyQuery {
  const columns = [...orderBy.map(({ column }) => column), ...unique];
  return orderedBy(query, columns.map(expressionOf), action);
}

/** The layout for keys of some types, and the keys in the direction of a walk. */
export function layOutFor(
  { keys, plain, split, wanted }: Arranged,
  types: readonly KeyType[],
  forward: boolean,
): { readonly layout: Layout; readonly keys: readonly Key[] } {
  const orders = types.map(({ order }) => order);
  const layout = orders.every((order) => order === undefined)
    ? plain
    : layOut(split, wanted, action, orders);
  const laidOut = keys.map((key, index) => ({ ...key, node: layout.keys[index]! }));
  return { layout, keys: forward ? laidOut : laidOut.map(reversed) };
}

function expressionOf(column: unknown): Expression<unknown> {
  if (typeof column === "object" && column !== null && "toOperationNode" in column) {
    // Anything that makes a node can stand in an ORDER BY
    return column as Expression<unknown>;
  }
  if (typeof column === "string" && column !== "") {
    try {
      return expressionBuilder<any, any>().ref(column);
    } catch (cause) {
      throw new BadRequestError(`Cannot ${action}: there is no column "${column}"`, { cause });
    }
  }
  throw new BadRequestError(`Cannot ${action}: a column is neither a name nor an expression`);
}

function refuseOwnParts({ query, own }: ReturnType<typeof splitOrder>): void {
  if (isLimited(query)) {
    throw new BadRequestError(`Cannot ${action}: the query has a limit or offset; remove it`);
  }
  if (own && query.distinctOn === undefined) {
    throw new BadRequestError(
      `Cannot ${action}: the query has an order of its own; give the order in "orderBy" only`,
    );
  }
}

/** How a key is ordered. */
export function orderingOf(
  index: number,
  orderBy: Order,
  { dialect, hasIds }: { readonly dialect: Dialect; readonly hasIds: boolean },
): Ordering {
  // What makes the order unique goes the way of what was asked for last, as an index would
  const item = orderBy[index];
  const descending = (item ?? orderBy.at(-1))?.direction === "desc";
  return {
    descending,
    nullsFirst: item?.nulls === undefined
      ? nullsComeFirst(dialect, descending)
      : item.nulls === "first",
    nullable: item === undefined ? !hasIds : item.nullable ?? true,
  };
}
