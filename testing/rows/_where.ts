import { columnReference, type ExecutorOf } from "@kysera/executor";
import type { SelectQueryBuilder } from "kysely";

/** A condition: columns and the values that they have; `null` is SQL's NULL. */
export type RowCondition = Readonly<Record<string, unknown>>;

/** A SELECT of the rows that a condition describes. */
export function selectWhere(
  db: ExecutorOf<any>,
  table: string,
  where: RowCondition,
): SelectQueryBuilder<any, any, object> {
  let query = db.selectFrom(table) as SelectQueryBuilder<
    any,
    any,
    object
  >;
  for (const [column, value] of Object.entries(where)) {
    if (value === undefined) {
      throw new TypeError(
        `Cannot look for rows of "${table}": the value of "${column}" is undefined; use null, or ` +
          "leave it out",
      );
    }
    query = value === null
      ? query.where(columnReference(table, column), "is", null)
      : query.where(columnReference(table, column), "=", value);
  }
  return query;
}

/** A condition in words; values are left out, as messages end up in logs. */
export function describe(where: RowCondition): string {
  const columns = Object.keys(where).map((column) => `"${column}"`);
  return columns.length === 0 ? "any values" : `these values of ${columns.join(", ")}`;
}
