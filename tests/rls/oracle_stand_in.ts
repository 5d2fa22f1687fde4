import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { filteredNames } from "../oracle/schema.ts";
import { caller, tenantColumn } from "./oracle_shapes.ts";
import { TENANT } from "./oracle_statement.ts";
import type { Subject } from "./oracle_visible.ts";

/** The rule of {@linkcode tenantColumn} by hooks, with something changed. */
export function standIn(name: string, change: Partial<Plugin> = {}): Subject {
  const plugin: Plugin = {
    name: "tenants",
    version: "1.0.0",
    appliesTo: (table) => filteredNames.includes(table.name),
    filter: (ref, { eb }) => eb(ref.column("team_id"), "=", TENANT),
    stamp: ({ operation }) => operation === "insert" ? { set: { team_id: TENANT } } : undefined,
    check: () => ({
      columns: ["team_id"],
      satisfied: (row) => row["team_id"] === TENANT,
      says: "the tenant is the caller's",
    }),
    ...change,
  };
  return {
    name,
    shape: tenantColumn,
    make: async (db) => bindContext(await createExecutor(db, [plugin]), { ...caller }),
  };
}
