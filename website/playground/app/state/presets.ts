import everythingPlugins from "../../presets/plugins_everything.ts?raw";
import everythingQuery from "../../presets/query_everything.ts?raw";
import auditPlugins from "../../presets/plugins_audit.ts?raw";
import auditQuery from "../../presets/query_audit.ts?raw";
import rlsPlugins from "../../presets/plugins_rls.ts?raw";
import rlsQuery from "../../presets/query_rls.ts?raw";
import schema from "../../presets/schema.ts?raw";
import softDeletePlugins from "../../presets/plugins_soft_delete.ts?raw";
import softDeleteQuery from "../../presets/query_soft_delete.ts?raw";
import timestampsPlugins from "../../presets/plugins_timestamps.ts?raw";
import timestampsQuery from "../../presets/query_timestamps.ts?raw";
import type { Files } from "../protocol.ts";

/** A program to begin with. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly files: Files;
}

export const presets: readonly [Preset, ...Preset[]] = [
  {
    id: "everything",
    title: "All plugins",
    files: { schema, plugins: everythingPlugins, query: everythingQuery },
  },
  {
    id: "rls",
    title: "Row-level security",
    files: { schema, plugins: rlsPlugins, query: rlsQuery },
  },
  {
    id: "soft-delete",
    title: "Soft delete",
    files: { schema, plugins: softDeletePlugins, query: softDeleteQuery },
  },
  { id: "audit", title: "Audit", files: { schema, plugins: auditPlugins, query: auditQuery } },
  {
    id: "timestamps",
    title: "Timestamps",
    files: { schema, plugins: timestampsPlugins, query: timestampsQuery },
  },
];

/** Returns the preset of a name, or the first one. */
export function presetOf(id: string): Preset {
  return presets.find((preset) => preset.id === id) ?? presets[0];
}

/** What the menu calls each attempt. */
const TITLES: Readonly<Record<string, string>> = {
  "01_alias": "An alias",
  "03_left_join": "A left join",
  "04_subquery": "A subquery in the select list",
  "08_cte_name": "A CTE that has a table's name",
  "10_union": "A union",
  "11_count": "An aggregate",
  "14_stream": "A stream",
  "16_raw_or": "A raw OR without parentheses",
  "17_masked_column": "Guessing a masked column",
  "19_update_or": "An update of every row",
  "20_move_tenant": "Moving a row to another tenant",
  "22_delete_all": "Deleting everything",
  "24_insert_tenant": "Inserting into another tenant",
  "26_insert_select": "Copying hidden rows",
  "27_upsert": "An upsert that hits a hidden row",
  "32_raw_sql": "Raw SQL",
  "33_raw_subquery": "A raw subquery",
  "35_compiled_query": "A compiled query",
  "36_without_plugins": "withoutPlugins()",
  "38_fake_node": "A value that looks like a query",
  "40_no_tenant": "A caller without a tenant",
  "99_escape_hatch": "The escape hatch: getRawDb()",
};

/** A query that tries to get past the plugins of the first preset. */
export interface Attempt {
  readonly id: string;
  /** The number of the row of the bypass corpus; `undefined` for the escape hatch. */
  readonly row: number | undefined;
  readonly title: string;
  readonly query: string;
}

const sources = import.meta.glob<string>("../../presets/attempts/*.ts", {
  eager: true,
  query: "?raw",
  import: "default",
});

export const attempts: readonly Attempt[] = Object.entries(sources).map(([path, source]) => {
  const id = path.slice(path.lastIndexOf("/") + 1, -".ts".length);
  const row = Number(id.slice(0, 2));
  return {
    id,
    row: row === 99 ? undefined : row,
    title: TITLES[id] ?? id,
    query: source.replaceAll(`"../schema.ts"`, `"./schema.ts"`),
  };
});
