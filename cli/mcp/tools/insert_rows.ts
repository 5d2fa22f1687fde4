import { detectDialect } from "@kysera/core";
import { z } from "zod";
import { writing } from "../../connect/_sessions.ts";
import { defineTool, type Tool } from "../_tool.ts";
import { ROW, type Row, valuesOf } from "../query/_row.ts";
import { relationOf } from "../_catalog.ts";
import { assertAudited, assertFew } from "./_audited.ts";

interface Arguments {
  readonly table: string;
  readonly rows: readonly Row[];
}

/** Inserts rows. */
export const tool: Tool = defineTool<Arguments>({
  name: "insert_rows",
  title: "Insert rows",
  description: "Inserts rows into a table: all of them, or none. Policies hold, and it is audited.",
  input: { table: z.string(), rows: z.array(ROW).min(1) },
  writes: "adds",
  async run({ table, rows }, { db, catalog, limits }) {
    const relation = relationOf(await catalog.having([table]), table);
    assertAudited(relation);
    assertFew(rows.length, limits.maxRows);
    const values = rows.map((row) => valuesOf(row, relation, detectDialect(db)));
    await writing(db, limits.timeout, (trx) => trx.insertInto(table).values(values).execute());
    return { data: { inserted: values.length }, log: `${table}: ${values.length} rows` };
  },
});
