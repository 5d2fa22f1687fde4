import { type Expression, type OperationNode, sql } from "kysely";
import { columnName } from "../../sql/_insert_values.ts";
import { partsOf } from "../../sql/_nodes.ts";
import type { Target } from "../common/_before.ts";
import type { AuditedTable } from "../common/_table.ts";
import type { WriteWork } from "../strategy.ts";

/** What the schema was when the triggers of a table were looked up. */
interface Looked {
  readonly version: number;
  readonly isTriggered: boolean;
}

const LOOKED: WeakMap<AuditedTable, Looked> = new WeakMap();

/** Returned by {@linkcode SCHEMA} where a temporary trigger may be on any table. */
const UNKNOWN = -1;

/** The version of the schema, of the statement that selects it: it differs after each change. */
export const SCHEMA: Expression<number> = sql<number>`case
  when exists (select 1 from sqlite_temp_master where type = 'trigger') then ${sql.lit(UNKNOWN)}
  else (select schema_version from pragma_schema_version) end`;

/**
 * Returns true if nothing but triggers can change a row behind the write, so that RETURNING shows it as
 * it stays: no foreign key can come back to it.
 */
export function isDirect({ table: { info, key } }: Target, write: OperationNode): boolean {
  const { onConflict, orAction, replace, updates } = partsOf(write);
  const others = onConflict !== undefined || orAction !== undefined || replace === true;
  if (others || info.isView || info.schema !== "main" || info.tellsSchema !== true) return false;
  // Foreign keys point to unique columns.
  const unique = new Set([...key, ...info.uniques.flat()].map((name) => name?.toLowerCase()));
  return (updates ?? []).every((each) => {
    const name = columnName((each as { readonly column?: OperationNode }).column);
    return name !== undefined && !unique.has(name.toLowerCase());
  });
}

/**
 * Returns true if a table had no trigger when a write was done.
 *
 * @param version what {@linkcode SCHEMA} was for the write
 */
export async function isQuiet(
  work: Pick<WriteWork, "run"> & { readonly isAlone: boolean },
  { table }: Target,
  version: unknown,
): Promise<boolean> {
  const now = Number(version);
  if (now === UNKNOWN) return false;
  const looked = LOOKED.get(table);
  if (looked?.version === now) return !looked.isTriggered;
  // A transaction of the user may have changed the schema, and be rolled back: the next change by
  // somebody else would have the same number.
  if (!work.isAlone) return false;
  const { rows } = await work.run(
    sql`select count(*) as n from sqlite_master
      where type = 'trigger' and lower(tbl_name) = lower(${table.info.name})`,
  );
  const isTriggered = Number((rows[0] as { readonly n: unknown }).n) > 0;
  LOOKED.set(table, { version: now, isTriggered });
  return !isTriggered;
}
