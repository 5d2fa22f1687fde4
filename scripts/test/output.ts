/**
 * Reads what the test runners print: which test is running, and what is left when the lines about
 * tests that passed are taken away.
 *
 * @module
 */
import { SEPARATOR } from "./junit.ts";

/** A program that runs tests. */
export type RunnerKind = "deno" | "node" | "bun";

/** A line about a test that passed or was skipped. One about a failure may be about a hang. */
const PROGRESS: Record<RunnerKind, RegExp> = {
  deno: / \.\.\. (ok|ignored)\b|^running \d+ tests? from /,
  node: /^\s*[✔﹣] /,
  bun: /^\((pass|skip|todo)\) /,
};

/** Lines that say nothing about what went wrong. */
const NOISE: Record<RunnerKind, RegExp> = {
  deno:
    / \.\.\.( (ok|ignored|FAILED)\b.*)?$|^running \d+ tests? from |^Check |^Download |^error: Test failed$|^Stack backtrace:$|^ +\d+: <unknown>$/,
  // What else it tells is of errors that no test has caught.
  node: /^\s*(?:[✔﹣▶] |ℹ (?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms)\b)/,
  bun: /^\((pass|skip|todo)\) |^bun test v|^\s*\d+ (pass|skip|fail)$|^Ran \d+ tests? across /,
};

const DENO_BEGIN = /^-+ (?:(?:pre|post)-test )?output -+$/;
const DENO_END = /^-+ (?:(?:pre|post)-test )?output end -+$/;
const DENO_TEST = /^( *)(\S.*?) \.\.\.(?: ((?:ok|ignored|FAILED)\b.*))?$/;
/** Where Deno begins to sum up. */
const DENO_SUMMARY =
  /^ (ERRORS|FAILURES) $|^(ok|FAILED) \| \d+ passed|The following tests were pending:$/;
const DENO_LOCATION = /^(.+) => \S+:\d+:\d+$/;

/**
 * Whether a line says that a test ended well.
 *
 * @param kind What printed it.
 * @param line The line, or its beginning.
 * @returns Whether it does.
 */
export function isProgress(kind: RunnerKind, line: string): boolean {
  return PROGRESS[kind].test(line);
}

/**
 * The test that was running when the output ended.
 *
 * @param kind What printed the output. Deno alone tells which tests it begins.
 * @param output Everything it printed.
 * @returns The titles of the test, joined as in a {@linkcode TestCase}; nothing where none ran.
 */
export function runningTest(kind: RunnerKind, output: string): string | undefined {
  if (kind !== "deno") return undefined;
  const open: string[] = [];
  let inOutput = false;
  for (const line of output.split("\n")) {
    if (DENO_BEGIN.test(line)) inOutput = true;
    else if (DENO_END.test(line)) inOutput = false;
    if (inOutput) continue;
    const [, indent, title, outcome] = DENO_TEST.exec(line) ?? [];
    if (title === undefined) continue;
    open.length = Math.min(open.length, indent!.length / 2);
    if (outcome === undefined) open.push(title);
  }
  return open.length > 0 ? open.join(SEPARATOR) : undefined;
}

/** A line about a test that has ended. */
const ENDED: Record<RunnerKind, RegExp> = {
  deno: /^ *(\S.*?) \.\.\. (?:ok|ignored|FAILED)\b/,
  node: /^\s*[✔✖﹣] (.+?)(?: \([\d.]+ms\).*)?$/,
  bun: /^\((?:pass|fail|skip|todo)\) (.+?)(?: \[[^\]]*\])?$/,
};

/**
 * The test that ended last.
 *
 * @param kind What printed the output.
 * @param output Everything it printed.
 * @returns Its title, on Bun with those around it; nothing where none has ended.
 */
export function lastTest(kind: RunnerKind, output: string): string | undefined {
  const line = output.split("\n").findLast((line) => ENDED[kind].test(line));
  return line === undefined ? undefined : ENDED[kind].exec(line)![1];
}

/**
 * What a file printed, without the runner's lines about tests that passed and without the errors that
 * are reported anyway.
 *
 * @param kind What printed it.
 * @param output Everything it printed.
 * @param reported The names of the tests whose errors are reported.
 * @returns The rest.
 */
export function remainingOutput(
  kind: RunnerKind,
  output: string,
  reported: ReadonlySet<string>,
): string {
  const lines = output.split("\n");
  const rest = kind === "deno"
    ? denoRest(lines, reported)
    : kind === "node"
    ? beforeLine(lines, /^✖ failing tests:$/)
    : lines;
  return rest
    .filter((line) => !NOISE[kind].test(line))
    .filter((line, i, all) => line.trim() !== "" || (all[i - 1] ?? "").trim() !== "")
    .join("\n")
    .trim();
}

/** What Deno prints before its list of errors, and the errors that are not reported. */
function denoRest(lines: readonly string[], reported: ReadonlySet<string>): string[] {
  const written = beforeLine(lines, DENO_SUMMARY)
    .map((line) => DENO_BEGIN.test(line) || DENO_END.test(line) ? "" : line);
  const errors: string[] = [];
  const start = lines.indexOf(" ERRORS ");
  if (start >= 0) {
    let isReported = false;
    for (const line of beforeLine(lines.slice(start + 1), /^ FAILURES $/)) {
      const [, name] = DENO_LOCATION.exec(line) ?? [];
      if (name !== undefined) isReported = reported.has(name.replaceAll(" ... ", SEPARATOR));
      else if (/^\S.* \(uncaught error\)$/.test(line)) isReported = false;
      if (!isReported) errors.push(line);
    }
  }
  return [...written, "", ...errors];
}

function beforeLine(lines: readonly string[], pattern: RegExp): string[] {
  const end = lines.findIndex((line) => pattern.test(line));
  return end < 0 ? [...lines] : lines.slice(0, end);
}
