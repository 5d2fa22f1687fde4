/** The corpus and what came of it, as tables. */
import { matrix, type TestDialectName } from "../support/matrix.ts";
import type { BypassCase, BypassRow, Verdict } from "./case.ts";
import { type BypassSection, keyOf, sections } from "./corpus.ts";
import type { CaseResult } from "./run.ts";

/** What came of every case that ran: by dialect, then by key. */
export type Results = ReadonlyMap<TestDialectName, ReadonlyMap<string, CaseResult>>;

/** A table: the cells of a line are as many as those of the head. */
export interface Table {
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** What stands in a cell of a dialect that did not run. */
export const UNKNOWN = "?";

const dialects = matrix.map(({ name }) => name);

/** Sound verdicts first, in the order in which they are told. */
const ORDER: readonly Verdict[] = ["F", "C", "ok", "R", "raw", "OVER", "VOID", "ERROR", "LEAK"];

/** Reasons why dialects do not have shapes, numbered as they come. */
export class Footnotes {
  readonly #reasons: string[] = [];

  /** The number of a reason, from 1. */
  numberOf(reason: string): number {
    const at = this.#reasons.indexOf(reason);
    return at >= 0 ? at + 1 : this.#reasons.push(reason);
  }

  get reasons(): readonly string[] {
    return this.#reasons;
  }
}

/** One line for each row of the corpus. */
export function summary(section: BypassSection, results: Results): Table {
  return {
    head: ["#", "shape", "cases", "must", ...dialects],
    lines: section.rows.map((row) => [
      String(row.number),
      row.note === undefined ? row.shape : `${row.shape}: ${row.note}`,
      row.cases.length === 0 ? "-" : String(row.cases.length),
      row.must.join(" or "),
      ...dialects.map((dialect) => rowCell(row, dialect, results)),
    ]),
  };
}

/** One line for each case. */
export function details(section: BypassSection, results: Results, notes: Footnotes): Table {
  return {
    head: ["#", "case", ...dialects],
    lines: section.rows.flatMap((row) =>
      row.cases.map((bypass) => [
        String(row.number),
        bypass.name,
        ...dialects.map((dialect) => caseCell(row, bypass, dialect, results, notes)),
      ])
    ),
  };
}

/** Rows whose cases come with row-level security. */
export function pending(): readonly number[] {
  return sections.flatMap(({ rows }) =>
    rows.filter(({ cases }) => cases.length === 0).map((row) => row.number)
  );
}

function rowCell(row: BypassRow, dialect: TestDialectName, results: Results): string {
  const there = row.cases.filter((bypass) => bypass.lacks?.[dialect] === undefined);
  if (there.length === 0) return "-";
  const found = new Set<Verdict>();
  for (const bypass of there) {
    const result = results.get(dialect)?.get(keyOf(row, bypass));
    if (result === undefined) return UNKNOWN;
    for (const { verdict, setting } of result.verdicts) {
      // What `rawSql: "allow"` lets past, however it ends there, is told of each case.
      const past = bypass.raw === true && setting.rawSql === "allow";
      if (!past || verdict === "LEAK") found.add(verdict);
    }
    if (result.problems.length > 0) found.add(worst(result));
  }
  return join(found);
}

function caseCell(
  row: BypassRow,
  bypass: BypassCase,
  dialect: TestDialectName,
  results: Results,
  notes: Footnotes,
): string {
  const reason = bypass.lacks?.[dialect];
  if (reason !== undefined) return `- (${notes.numberOf(reason)})`;
  const result = results.get(dialect)?.get(keyOf(row, bypass));
  if (result === undefined) return UNKNOWN;
  const [allow, deny] = (["allow", "deny"] as const).map((rawSql) =>
    join(
      new Set(
        result.verdicts.filter(({ setting }) => setting.rawSql === rawSql)
          // Past the plugins, it is the database's business whether the text is SQL.
          .map(({ verdict }) =>
            bypass.raw === true && rawSql === "allow" && verdict === "ERROR" ? "raw" : verdict
          ),
      ),
    )
  );
  if (deny === "" || allow === deny) return allow!;
  return allow === "" ? deny! : `${deny}; allow: ${allow}`;
}

/** The worst verdict of a case that has a problem. */
function worst(result: CaseResult): Verdict {
  return result.verdicts.map(({ verdict }) => verdict)
    .sort((a, b) => ORDER.indexOf(b) - ORDER.indexOf(a))[0] ?? "ERROR";
}

function join(verdicts: ReadonlySet<Verdict>): string {
  return ORDER.filter((verdict) => verdicts.has(verdict)).join(", ");
}
