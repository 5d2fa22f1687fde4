import fc from "fast-check";
import { type Data, data as anyData, type Row, tables } from "../oracle/schema.ts";

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

/** The same visible rows among two different sets of hidden ones, whose keys nobody guesses. */
export function amongOthers(
  data: Data,
  isHidden: (table: string, row: Row) => boolean,
): [Data, Data] {
  const [others] = fc.sample(anyData, { seed: seedOf(JSON.stringify(data)), numRuns: 1 });
  const strangers = ownRows(others!);
  const withHidden = (from: Data, offset: number): Data =>
    Object.fromEntries(tables.map(({ name, keyed }) => [name, [
      ...data[name]!.filter((row) => !isHidden(name, row)),
      ...from[name]!.filter((row) => isHidden(name, row))
        .map((row) => keyed ? { ...row, id: row.id + offset } : row),
    ]]));
  return [withHidden(data, 500), withHidden(strangers, 1000)];
}

function seedOf(text: string): number {
  let seed = 7;
  for (let i = 0; i < text.length; i++) seed = (Math.imul(seed, 31) + text.charCodeAt(i)) | 0;
  return seed;
}
