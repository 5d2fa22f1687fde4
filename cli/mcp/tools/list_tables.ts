import { defineTool, type Tool } from "../_tool.ts";

/** Lists what can be read. */
export const tool: Tool = defineTool<Record<never, never>>({
  name: "list_tables",
  title: "List tables",
  description: "Lists the tables and views that can be read, with what is done to their rows.",
  input: {},
  async run(_, { catalog }) {
    const relations = await catalog.list();
    const tables = [...relations.values()].map(({ name, kind, comment, columns, rules }) => ({
      name,
      kind,
      columns: [...columns],
      ...comment === null ? {} : { comment },
      ...rules.length === 0 ? {} : { rules },
    }));
    return { data: { tables }, log: `${tables.length} tables` };
  },
});
