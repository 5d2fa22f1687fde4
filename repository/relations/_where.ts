import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Place } from "./_include.ts";
import { prepare } from "./_prepare.ts";

/** Makes a condition of a table, through its relations, for a query of Kysely. */
export async function whereRelated(
  place: Place,
  table: string,
  where: object,
  alias: string,
): Promise<(eb: ExpressionBuilder<any, any>) => Expression<SqlBool>> {
  const own = place.graph.tableOn(place.db, table, place.signal);
  await own.know();
  await prepare(place, table, { where });
  const read = own.condition(where);
  return (eb) => own.bound(read, eb, alias);
}
