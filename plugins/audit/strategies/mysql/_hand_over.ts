import { type QueryResult, sql } from "kysely";
import { statement } from "../../sql/_nodes.ts";
import type { HandOverWork } from "../trigger_strategy.ts";

/**
 * Tells the triggers who does a write, by variables of the session that are set before it and cleared
 * after it. The first trigger that reads them binds them to its statement, by the time that this began:
 * should they be left behind, no later statement that follows one with rows is told as its.
 */
export async function handOverOnMysql(
  { values, run, next, query, scope }: HandOverWork,
): Promise<QueryResult<any>> {
  const none = sql`set @kysera_said = null`;
  const said = sql`set @kysera_said = -1, @kysera_skip = ${values === undefined ? 1 : 0},
    @kysera_by = ${values?.actor ?? null}, @kysera_at = ${values?.at ?? null},
    @kysera_why = ${values?.metadata ?? null}, @kysera_for = ${values?.request ?? null}`;
  if (scope.batch !== undefined) {
    scope.batch.before(scope.compile(statement(said)));
    scope.batch.after(scope.compile(statement(none)));
    return await next(query);
  }
  const clear = () => run(none);
  await run(said);
  let result: QueryResult<any>;
  try {
    result = await next(query);
  } catch (error) {
    // What the user is told is why the write has failed.
    await clear().catch(clear).catch(() => {});
    throw error;
  }
  await clear().catch(clear);
  return result;
}
