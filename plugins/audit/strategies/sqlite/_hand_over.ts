import { type Expression, type QueryResult, sql } from "kysely";
import { id, statement } from "../../sql/_nodes.ts";
import { callerTableOf } from "../common/_table.ts";
import { tell } from "../common/_tell.ts";
import type { HandOverWork } from "../trigger_strategy.ts";

/** What the statements are known by; an executor has one log. */
const [SET, CLEAR] = [{}, {}];

/**
 * Tells the triggers who does a write, by a row that is there as long as the write: it is inserted and
 * deleted in the transaction of the write, so nobody else sees it, and no later write does.
 */
export async function handOverOnSqlite(work: HandOverWork): Promise<QueryResult<any>> {
  const { auditTable, values, scope, query, next } = work;
  const table = id(callerTableOf(auditTable.name));
  const given = {
    actor: values?.actor ?? null,
    at: values?.at ?? null,
    metadata: values?.metadata ?? null,
    request: values?.request ?? null,
    skip: values === undefined ? 1 : 0,
  };
  const set = ({ actor, at, metadata, request, skip }: typeof given): Expression<any> =>
    sql`replace into ${table} (id, actor, at, metadata, request, skip)
      values (1, ${actor}, ${at}, ${metadata}, ${request}, ${skip})`;
  const clear = sql`delete from ${table}`;
  const { batch } = scope;
  if (batch !== undefined) {
    batch.before(scope.compile(statement(set(given))));
    batch.after(scope.compile(statement(clear)));
    return await next(query);
  }
  return await scope.atomically(async () => {
    await tell(work, SET, given, set);
    const result = await next(query);
    await tell(work, CLEAR, {}, () => clear);
    return result;
  });
}
