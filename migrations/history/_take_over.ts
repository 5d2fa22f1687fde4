import { BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { TableNames } from "../dialect/_table_names.ts";
import { type LegacyEntry, type LegacyHistory, readLegacyTable } from "./_legacy.ts";

/**
 * Returns the migrations of the history of another runner, in the order in which they were applied.
 *
 * @param own the database
 * @param names the runner's own tables
 * @param legacy the histories that were found
 * @param adopt whether one is taken over, or the name of its table
 * @throws {BadRequestError} if there are several, or none of the name that is wanted
 */
export async function readLegacy(
  own: Kysely<any>,
  names: TableNames,
  legacy: readonly LegacyHistory[],
  adopt: boolean | string,
): Promise<LegacyEntry[]> {
  if (adopt === false) return [];
  const db = names.schema === undefined ? own : own.withSchema(names.schema);
  const found = [];
  for (const history of legacy) {
    if (typeof adopt === "string" && history.table !== adopt) continue;
    const entries = await readLegacyTable(db, history);
    if (entries.length > 0) found.push({ history, entries });
  }
  if (typeof adopt === "string" && found.length === 0 && !legacy.some((l) => l.table === adopt)) {
    throw new BadRequestError(
      `Cannot take over the history of "${adopt}": there is no such table with the columns of a ` +
        `history that is known`,
    );
  }
  if (found.length > 1) {
    const tables = found.map(({ history }) => `"${history.table}" (${history.runner})`);
    throw new BadRequestError(
      `Cannot take over a history: there are several, ${tables.join(" and ")}; name the table in ` +
        `the option adopt, or set it to false`,
    );
  }
  return found[0]?.entries ?? [];
}
