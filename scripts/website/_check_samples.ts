/**
 * Runs the samples of the pages that are written for the site. Those of included texts run with the
 * tests of these texts.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { programsOf, samplesOf } from "../../tests/workspace/_samples.ts";
import { run } from "../run.ts";
import { ROOT } from "../workspace.ts";

/** What was found in the samples. */
export interface SampleReport {
  readonly problems: readonly string[];
  /** How many blocks readers see. */
  readonly blocks: number;
  /** How many of them are checked, but not run. */
  readonly notRun: number;
}

/** Of a hundred samples so many may be checked without being run. */
const NOT_RUN_PERCENT = 5;

/**
 * Runs the samples of the pages.
 *
 * @param files the Markdown files, from the root of the repository
 * @returns what failed, and how many there are
 */
export async function runSamples(files: readonly string[]): Promise<SampleReport> {
  const samples = files.map((file) => ({ file, samples: samplesOf(read(file)) }));
  const all = samples.flatMap(({ samples }) => samples);
  const blocks = all.length;
  const notRun = all.filter(({ typesOnly }) => typesOnly).length;
  const problems = notRun * 100 > blocks * NOT_RUN_PERCENT
    ? [`${notRun} of ${blocks} samples are not run`]
    : [];
  const whole = samples.filter(({ samples }) => samples.some(({ whole }) => whole))
    .map(({ file }) => file);
  const directory = mkdtempSync(join(tmpdir(), "kysera-site-"));
  try {
    const programs = samples.flatMap(({ file, samples }) =>
      programsOf(file, samples).map(({ line, text }) => {
        const path = join(directory, `${file.replaceAll("/", "_")}_line_${line}_test.ts`);
        writeFileSync(path, text);
        return path;
      })
    );
    problems.push(...await failures(["--doc", ...whole]));
    problems.push(...await failures(programs));
  } finally {
    rmSync(directory, { recursive: true });
  }
  return { problems, blocks, notRun };
}

async function failures(args: readonly string[]): Promise<string[]> {
  if (args.length === 0) return [];
  const { code, output } = await run(
    [process.execPath, "test", "-A", "--no-lock", "--config", join(ROOT, "deno.json"), ...args],
    { cwd: ROOT, env: { ...process.env, NO_COLOR: "1" } },
  );
  return code === 0 ? [] : [output];
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}
