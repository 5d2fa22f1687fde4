import type { Data, Row } from "../oracle/schema.ts";

/** The teams that the numbers of the oracle's rows stand for: half of them the caller's own. */
const teams: readonly number[] = [1, 1, 1, 2, 3, 2];

/** The rows with teams such that the caller sees about half of them. */
export function ownRows(data: Data): Data {
  const own = (row: Row): Row => ({
    ...row,
    team_id: row.team_id === null ? null : teams[row.team_id]!,
  });
  return Object.fromEntries(Object.entries(data).map(([table, rows]) => [table, rows.map(own)]));
}
