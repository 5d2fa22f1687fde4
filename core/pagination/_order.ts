import { OrderByItemNode, OrderByNode, RawNode } from "kysely";
import type { Dialect } from "../dialect.ts";
import { type Key, nullsComeFirst } from "./_key.ts";
import { isNull } from "./_nodes.ts";

const ascending = RawNode.createWithSql("asc");
const descending = RawNode.createWithSql("desc");

/** The ORDER BY of the keys. */
export function orderBy(keys: readonly Key[], dialect: Dialect): OrderByNode {
  return OrderByNode.create(keys.flatMap((key) => itemsOf(key, dialect)));
}

function itemsOf(key: Key, dialect: Dialect): OrderByItemNode[] {
  const item = OrderByItemNode.create(key.node, key.descending ? descending : ascending);
  if (!key.nullable || nullsComeFirst(dialect, key.descending) === key.nullsFirst) return [item];
  if (dialect === "mysql") {
    // There is no NULLS FIRST; `x is null` is 1 for NULLs
    const nulls = OrderByItemNode.create(
      isNull(key.node),
      key.nullsFirst ? descending : ascending,
    );
    return [nulls, item];
  }
  return [OrderByItemNode.cloneWith(item, { nulls: key.nullsFirst ? "first" : "last" })];
}
