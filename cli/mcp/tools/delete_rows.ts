import { z } from "zod";
import { relationOf } from "../_catalog.ts";
import { writing } from "../../connect/_sessions.ts";
import { defineTool, type Tool } from "../_tool.ts";
import { buildCondition } from "../query/_build_condition.ts";
import { tablesIn, toolsOf } from "../query/_build_query.ts";
import { CONDITION, type Condition } from "../query/_query.ts";
import { Scope } from "../query/_scope.ts";
import { assertAudited, assertFew } from "./_audited.ts";

interface Arguments {
  readonly table: string;
  readonly where: Condition;
}

/** Deletes rows. */
export const tool: Tool = defineTool<Arguments>({
  name: "delete_rows",
  title: "Delete rows",
  description: "Deletes the rows for which a condition is true. Policies hold, and it is audited.",
  input: { table: z.string(), where: CONDITION },
  writes: "destroys",
  async run({ table, where }, { db, catalog, limits }) {
    const relations = await catalog.having([table, ...tablesIn(where)]);
    assertAudited(relationOf(relations, table));
    const deleted = await writing(db, limits.timeout, async (trx) => {
      const scope = new Scope(relations);
      const { numDeletedRows } = await trx.deleteFrom(scope.add(table, undefined))
        .where(buildCondition(where, scope, toolsOf(trx))).executeTakeFirst();
      assertFew(Number(numDeletedRows), limits.maxRows);
      return Number(numDeletedRows);
    });
    return { data: { deleted }, log: `${table}: ${deleted} rows` };
  },
});
