/** The verdict on a case, from what was seen and changed; the text of the SQL plays no part. */
import { BadRequestError } from "@kysera/core";
import { CheckRefusedError, ExecutorError } from "@kysera/executor";
import { RLSPolicyViolation } from "@kysera/rls";
import { canonical, canonicalRows } from "../oracle/canonical.ts";
import type { BypassCase, Letter, Verdict } from "./case.ts";
import type { Setting } from "./subjects.ts";

/** The rows of each table. */
export type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** What came of a run. */
export interface Outcome {
  readonly value: unknown;
  readonly error: unknown;
  /** The rows afterwards, where the case writes. */
  readonly rows: Rows | undefined;
}

/** The three runs of a case. */
export interface Runs {
  /** All rows as they were. */
  readonly before: Rows;
  /** What is right. */
  readonly truth: Outcome;
  /** What an unguarded database gives. */
  readonly open: Outcome;
  /** What the executor gives. */
  readonly guarded: Outcome;
}

/** A verdict, and why where it is not a sound one. */
export interface Judgement {
  readonly verdict: Verdict;
  /** The name of the error, where the query was refused. */
  readonly refusedBy: string | undefined;
  readonly detail: string | undefined;
}

/**
 * | what happened                                            | verdict                   |
 * | -------------------------------------------------------- | ------------------------- |
 * | the right answer fails, or is the unfiltered one         | VOID, unless harmless     |
 * | a named error of ours, and nothing changed               | R; C of a check           |
 * | another error                                            | ERROR                     |
 * | the right answer, and the right rows afterwards          | F, or ok where harmless   |
 * | the unfiltered answer, raw SQL, and `rawSql: "allow"`    | raw                       |
 * | a part of the right rows                                 | OVER                      |
 * | anything else                                            | LEAK                      |
 */
export function judge(bypass: BypassCase, setting: Setting, runs: Runs): Judgement {
  const { truth, open, guarded } = runs;
  if (truth.error !== undefined) {
    return verdict("VOID", `The right answer is not to be had: ${text(truth.error)}`);
  }
  if (bypass.harmless !== true && equal(bypass, truth, open)) {
    return verdict("VOID", `The unfiltered answer is the right one: ${show(bypass, truth)}`);
  }
  const { error } = guarded;
  if (error !== undefined) {
    if (isRefusal(error)) {
      return unchanged(runs)
        ? { verdict: isCheck(error) ? "C" : "R", refusedBy: error.name, detail: undefined }
        : verdict("LEAK", `It was refused (${text(error)}), but rows changed`);
    }
    return verdict("ERROR", text(error));
  }
  if (equal(bypass, truth, guarded)) {
    return verdict(bypass.harmless === true ? "ok" : "F", undefined);
  }
  const detail = `right:   ${show(bypass, truth)}\n  guarded: ${show(bypass, guarded)}` +
    `\n  open:    ${show(bypass, open)}`;
  if (bypass.raw === true && setting.rawSql === "allow") return verdict("raw", detail);
  return verdict(isPart(bypass, guarded, truth) ? "OVER" : "LEAK", detail);
}

/** Whether a verdict is one that the case, or else its row, allows under a setting. */
export function isSound(
  found: Verdict,
  bypass: BypassCase,
  row: { readonly must: readonly Letter[] },
  setting: Setting,
): boolean {
  if (found === "raw") return bypass.raw === true && setting.rawSql === "allow";
  // Past the plugins there is no telling how raw text fails.
  if (found === "ERROR") return bypass.raw === true && setting.rawSql === "allow";
  const own = setting.rawSql === "deny" ? bypass.deny ?? bypass.must : bypass.must;
  const must: readonly Verdict[] = own ?? row.must;
  if (must.includes(found)) return true;
  // A row that is checked is a query that is refused.
  if (found === "C" && must.includes("R")) return true;
  // Refusing, and showing visible rows only, are both more than raw SQL is promised.
  return bypass.raw === true && setting.rawSql === "allow" && (found === "F" || found === "R");
}

function isRefusal(error: unknown): error is ExecutorError | BadRequestError {
  return error instanceof ExecutorError || error instanceof BadRequestError;
}

function isCheck(error: Error): boolean {
  return error instanceof CheckRefusedError || error instanceof RLSPolicyViolation;
}

function verdict(name: Verdict, detail: string | undefined): Judgement {
  return { verdict: name, refusedBy: undefined, detail };
}

function equal(bypass: BypassCase, a: Outcome, b: Outcome): boolean {
  return a.error === undefined && b.error === undefined && show(bypass, a) === show(bypass, b);
}

/** What was seen, and the rows afterwards, as one text. */
function show(bypass: BypassCase, { value, error, rows }: Outcome): string {
  if (error !== undefined) return text(error);
  const seen = Array.isArray(value)
    ? `[${canonicalRows(value, bypass.ordered === true).join(", ")}]`
    : canonical(value);
  if (rows === undefined) return seen;
  const tables = Object.entries(rows).map(([name, list]) =>
    `${name}: ${canonicalRows(list).join(", ")}`
  );
  return `${seen} | ${tables.join(" | ")}`;
}

/** Whether the rows seen are some of the right ones, and nothing was changed that should not be. */
function isPart(bypass: BypassCase, guarded: Outcome, truth: Outcome): boolean {
  if (bypass.writes === true || !Array.isArray(guarded.value) || !Array.isArray(truth.value)) {
    return false;
  }
  const left = canonicalRows(truth.value);
  return guarded.value.length < left.length && canonicalRows(guarded.value).every((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** Whether the rows after a refusal are those from before it. */
function unchanged({ before, guarded }: Runs): boolean {
  if (guarded.rows === undefined) return true;
  return Object.entries(guarded.rows).every(([name, rows]) =>
    canonicalRows(rows).join() === canonicalRows(before[name] ?? []).join()
  );
}

function text(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
