import type { CompiledTable } from "../policy/policy_registry.ts";
import type { Standing } from "./_tables.ts";

/** Returns what the schema says of how a table is distributed, for `describeExecutor`. */
export function distributionEffects(
  { tenancy, skipFor }: CompiledTable,
  bypassRoles: readonly string[],
): readonly string[] {
  if (tenancy === undefined) return [];
  if (tenancy === false) return ["carries no distribution column: its tenancy is false"];
  const column = tenancy.distributionColumn;
  const exempt = [...new Set([...bypassRoles, ...skipFor])];
  return [
    `every statement carries "${column}"`,
    ...exempt.length === 0
      ? []
      : [`statements of ${exempt.join(", ")} do not carry "${column}": they go to all nodes`],
  ];
}

/**
 * Returns why the statements of a table go to more nodes than one, or why it cannot be distributed by
 * its column; `undefined` where they go to one, or where the schema distributes nothing.
 *
 * @param keys the unique keys of the table; empty where they are not known
 * @param physical returns the name that the database has for a column
 */
export function distributionWarning(
  standing: Standing,
  tables: readonly CompiledTable[],
  keys: readonly (readonly string[])[],
  physical: (column: string) => string,
): string | undefined {
  if (!tables.some(({ tenancy }) => tenancy)) return undefined;
  if (standing.kind === "refused") return undefined;
  if (standing.kind === "free") {
    return "its statements carry no distribution column, as it is not in the schema: they go to all " +
      "nodes, unless each node has the whole table";
  }
  const { tenancy } = standing.table;
  if (tenancy === undefined) {
    return 'its statements carry no distribution column: give the table "tenancy", or false where ' +
      "each node has the whole table";
  }
  // What is said to have none is meant to have none.
  if (tenancy === false) return undefined;
  const column = physical(tenancy.distributionColumn).toLowerCase();
  const without = keys.filter((key) => !key.some((name) => name.toLowerCase() === column));
  if (without.length === 0) return undefined;
  const named = without.map((key) => `(${key.map((name) => `"${name}"`).join(", ")})`).join(", ");
  return `its unique ${without.length === 1 ? "key" : "keys"} ${named} ${
    without.length === 1 ? "does" : "do"
  } not hold "${tenancy.distributionColumn}": no node can tell alone whether a row is new, and Citus ` +
    "distributes no such table";
}
