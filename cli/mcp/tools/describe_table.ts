import { z } from "zod";
import { relationOf } from "../_catalog.ts";
import { defineTool, type Tool } from "../_tool.ts";

/** Describes a table. */
export const tool: Tool = defineTool<{ readonly table: string }>({
  name: "describe_table",
  title: "Describe a table",
  description: "Tells the columns, keys, foreign keys and indexes of a table, and its rules.",
  input: { table: z.string() },
  async run({ table: name }, { catalog }) {
    const { of, kind, comment, rules } = relationOf(await catalog.list(), name);
    const columns = of.columns.map((column) => ({
      name: column.name,
      type: column.type.text,
      ..."default" in column
        ? {
          nullable: column.nullable,
          ...column.default === null ? {} : { default: column.default },
          ...column.comment === null ? {} : { comment: column.comment },
        }
        : {},
    }));
    const keys = "definition" in of ? {} : {
      primaryKey: of.primaryKey?.columns ?? [],
      uniqueKeys: of.uniques.map((key) => key.columns),
      foreignKeys: of.foreignKeys.map((key) => ({
        columns: key.columns,
        references: key.referencedTable,
        referencedColumns: key.referencedColumns,
      })),
      indexes: of.indexes.map(({ definition }) => definition),
      checks: of.checks.map(({ definition }) => definition),
    };
    return {
      data: { name, kind, ...comment === null ? {} : { comment }, columns, ...keys, rules },
      log: name,
    };
  },
});
