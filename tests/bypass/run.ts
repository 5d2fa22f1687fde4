/** Runs cases on a dialect, and gathers what came of them. */
import type { TestDialect } from "../support/matrix.ts";
import type { BypassCase, BypassRow, Verdict } from "./case.ts";
import { keyOf } from "./corpus.ts";
import { isSound } from "./judge.ts";
import { type Setting, SETTINGS } from "./subjects.ts";
import { BypassWorld } from "./world.ts";

/** What came of a case on a dialect: a verdict for each setting. */
export interface CaseResult {
  readonly verdicts: readonly SettingVerdict[];
  /** What is wrong, a text for each setting; empty where nothing is. */
  readonly problems: readonly string[];
}

/** What came of a case under a setting. */
export interface SettingVerdict {
  readonly setting: Setting;
  readonly verdict: Verdict;
}

/** Runs a case under every setting that it is for. */
export async function runCase(
  world: BypassWorld,
  row: BypassRow,
  bypass: BypassCase,
): Promise<CaseResult> {
  const verdicts: SettingVerdict[] = [];
  const problems: string[] = [];
  for (const setting of SETTINGS) {
    const { subject, rawSql } = setting;
    if (bypass.subjects !== undefined && !bypass.subjects.includes(subject.name)) continue;
    const { verdict, refusedBy, detail } = await world.check(bypass, setting);
    verdicts.push({ setting, verdict });
    if (isSound(verdict, bypass, row, setting)) continue;
    // That a case proves nothing is no matter of plugins: saying it once is enough.
    if (verdict === "VOID" && problems.length > 0) continue;
    problems.push(
      `${verdict} with plugins "${subject.name}", rawSql: "${rawSql}"` +
        (refusedBy === undefined ? "" : ` (${refusedBy})`) +
        (detail === undefined ? "" : `\n  ${detail}`),
    );
  }
  return { verdicts, problems };
}

/** Runs the cases of some rows on a dialect. */
export async function runRows(
  dialect: TestDialect,
  rows: readonly BypassRow[],
): Promise<Map<string, CaseResult>> {
  const results = new Map<string, CaseResult>();
  const world = await BypassWorld.open(dialect);
  try {
    for (const row of rows) {
      for (const bypass of row.cases) {
        if (bypass.lacks?.[dialect.name] !== undefined) continue;
        results.set(keyOf(row, bypass), await runCase(world, row, bypass));
      }
    }
  } finally {
    await world.close();
  }
  return results;
}
