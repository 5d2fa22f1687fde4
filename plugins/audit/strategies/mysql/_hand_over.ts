import { type Expression, type QueryResult, sql } from "kysely";
import { statement } from "../../sql/_nodes.ts";
import { tell } from "../common/_tell.ts";
import type { HandOverWork } from "../trigger_strategy.ts";

/** What the statements are known by. */
const [SET, CLEAR] = [{}, {}];

/**
 * Tells the triggers who does a write, by variables of the session that are set before it and cleared
 * after it. The first trigger that reads them binds them to its statement, by the time that this began:
 * should they be left behind, no later statement that follows one with rows is told as its.
 */
export async function handOverOnMysql(work: HandOverWork): Promise<QueryResult<any>> {
  const { values, next, query, scope: { batch, compile } } = work;
  const given = {
    skip: values === undefined ? 1 : 0,
    actor: values?.actor ?? null,
    at: values?.at ?? null,
    metadata: values?.metadata ?? null,
    request: values?.request ?? null,
  };
  const set = ({ skip, actor, at, metadata, request }: typeof given): Expression<any> =>
    sql`set @kysera_said = -1, @kysera_skip = ${skip}, @kysera_by = ${actor},
      @kysera_at = ${at}, @kysera_why = ${metadata}, @kysera_for = ${request}`;
  const none = sql`set @kysera_said = null`;
  if (batch !== undefined) {
    batch.before(compile(statement(set(given))));
    batch.after(compile(statement(none)));
    return await next(query);
  }
  const clear = () => tell(work, CLEAR, {}, () => none);
  let result: QueryResult<any>;
  try {
    await tell(work, SET, given, set);
    result = await next(query);
  } catch (error) {
    // What the user is told is why the write has failed.
    await clear().catch(clear).catch(() => {});
    throw error;
  }
  await clear().catch(clear);
  return result;
}
