import { detectDialect } from "@kysera/core";
import { z } from "zod";
import { relationOf } from "../_catalog.ts";
import { writing } from "../../connect/_sessions.ts";
import { defineTool, type Tool } from "../_tool.ts";
import { buildCondition } from "../query/_build_condition.ts";
import { tablesIn, toolsOf } from "../query/_build_query.ts";
import { CONDITION, type Condition } from "../query/_query.ts";
import { ROW, type Row, valuesOf } from "../query/_row.ts";
import { Scope } from "../query/_scope.ts";
import { assertAudited, assertFew } from "./_audited.ts";

interface Arguments {
  readonly table: string;
  readonly set: Row;
  readonly where: Condition;
}

/** Updates rows. */
export const tool: Tool = defineTool<Arguments>({
  name: "update_rows",
  title: "Update rows",
  description:
    "Sets columns of the rows for which a condition is true. Policies hold, and it is audited.",
  input: { table: z.string(), set: ROW, where: CONDITION },
  writes: "destroys",
  async run({ table, set, where }, { db, catalog, limits }) {
    const relations = await catalog.having([table, ...tablesIn(where)]);
    const relation = relationOf(relations, table);
    assertAudited(relation);
    const values = valuesOf(set, relation, detectDialect(db));
    const updated = await writing(db, limits.timeout, async (trx) => {
      const scope = new Scope(relations);
      const { numUpdatedRows } = await trx.updateTable(scope.add(table, undefined)).set(values)
        .where(buildCondition(where, scope, toolsOf(trx))).executeTakeFirst();
      assertFew(Number(numUpdatedRows), limits.maxRows);
      return Number(numUpdatedRows);
    });
    return { data: { updated }, log: `${table}: ${updated} rows` };
  },
});
