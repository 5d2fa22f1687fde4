/** A column that is renamed while programs run. */
export interface Rename {
  readonly table: string;
  /** The columns of the primary key. */
  readonly key: readonly string[];
  readonly from: string;
  readonly to: string;
  /** The type as the database writes it. */
  readonly type: string;
  readonly isNotNull: boolean;
}

/** Returns the file of one step of a rename. */
export function expandFile(
  { table, key, from, to, type, isNotNull }: Rename,
  step: "expand" | "backfill" | "switchOver" | "contract",
): string {
  const written = `sql\`${type.replace(/[\\`]|\$(?=\{)/g, "\\$&")}\``;
  const notNull = isNotNull ? ", notNull: true" : "";
  const keys = key.length === 1 ? JSON.stringify(key[0]) : JSON.stringify(key);
  return `import { expandAndContract } from "@kysera/migrations";
import { sql } from "kysely";

// The same in each step of this change.
const steps = expandAndContract({
  table: ${JSON.stringify(table)},
  key: ${keys},
  from: { name: ${JSON.stringify(from)}, type: ${written}${notNull} },
  to: { name: ${JSON.stringify(to)}, type: ${written}${notNull} },
});

export default steps.${step};
`;
}
