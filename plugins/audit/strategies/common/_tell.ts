import type { Expression, QueryResult } from "kysely";
import { statement } from "../../sql/_nodes.ts";
import type { HandOverWork } from "../trigger_strategy.ts";

/**
 * Runs a statement that hands something over to triggers; it is compiled once for an executor.
 *
 * @param key what it is known by
 * @param values what differs from run to run
 */
export async function tell<V extends object>(
  { templates, query, scope, next }: HandOverWork,
  key: object,
  values: V,
  make: (values: V) => Expression<any>,
): Promise<QueryResult<any>> {
  const { compiled } = templates.get(
    {
      key,
      name: "told",
      query,
      compile: scope.compile,
      standsFor: (values) => scope.standsFor(values),
      values,
    },
    (given) => ({ node: statement(make(given)) }),
  );
  return await next(compiled);
}
