/** The corpus: every shape of query that has got past some policy layer. */
import type { BypassCase, BypassRow } from "./case.ts";
import { reading } from "./reading/index.ts";
import { waysRound } from "./ways_round/index.ts";
import { writing } from "./writing/index.ts";

/** A part of the corpus. */
export interface BypassSection {
  readonly title: string;
  readonly rows: readonly BypassRow[];
}

export const sections: readonly BypassSection[] = [
  { title: "Reading", rows: reading },
  { title: "Writing", rows: writing },
  { title: "Ways round", rows: waysRound },
];

/** Every row with its cases. */
export function everyRow(): readonly BypassRow[] {
  return sections.flatMap(({ rows }) => rows);
}

/** What tells a case from all others. */
export function keyOf(row: BypassRow, bypass: BypassCase): string {
  return `${row.number}: ${bypass.name}`;
}
