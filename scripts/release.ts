/**
 * `deno task release --dry-run`: says what would be released, in which order, and what speaks against
 * it; packages are built and checked, and nothing is published. It ends with 1 where something does.
 *
 * `deno task release` publishes all packages to JSR and to npm, with provenance, and sets the tag. It
 * is for the workflow of that name, which has the rights. Where it was stopped, it goes on.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { problemsOf, type ReleaseState, sectionOf, stepsOf } from "./release/plan.ts";
import { mustRun, run } from "./run.ts";
import { members, ROOT } from "./workspace.ts";

const { values: flags } = parseArgs({
  options: { "dry-run": { type: "boolean", default: false } },
});
const isDry = flags["dry-run"];

const state = await read();
const problems = problemsOf(state);
const { version } = state.members[0]!;
console.log(`Kysera ${version}\n\n${sectionOf(state.changelog, version) ?? ""}\n`);
for (const problem of problems) console.error(`Cannot release: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
if (isDry) await rehearse();
else if (problems.length === 0) await release();

/** Builds and checks what would be published. */
async function rehearse(): Promise<void> {
  for (const task of ["publish:check", "build:npm"]) {
    await mustRun([process.execPath, "task", task], { cwd: ROOT, stdio: "inherit" });
  }
  console.log("\nWould run:");
  for (const { title, command, cwd } of stepsOf(state)) {
    const folder = cwd === "." ? "" : `  (in ${cwd})`;
    console.log(`  ${title.padEnd(36)} ${command.join(" ")}${folder}`);
  }
}

async function release(): Promise<void> {
  for (const { title, command, cwd } of stepsOf(state)) {
    console.log(`\n${title}`);
    const [program, ...args] = command;
    const own = program === "deno" ? process.execPath : program!;
    await mustRun([own, ...args], { cwd: join(ROOT, cwd), stdio: "inherit" });
  }
}

async function read(): Promise<ReleaseState> {
  const git = async (...args: string[]): Promise<string> =>
    (await mustRun(["git", ...args], { cwd: ROOT })).trim();
  const tags = (await git("tag", "--list", "v*")).split("\n").filter(Boolean);
  const commits = new Map<string, string>();
  for (const tag of tags) commits.set(tag, await git("rev-list", "-n", "1", tag));
  const all = members();
  const onNpm = new Set<string>();
  // Whether npm has them is nobody's business in a rehearsal, which may be without a network.
  for (const { name, version } of isDry ? [] : all) {
    const { code } = await run(["npm", "view", `${name}@${version}`, "version"]);
    if (code === 0) onNpm.add(name);
  }
  return {
    members: all,
    changelog: readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"),
    branch: await git("rev-parse", "--abbrev-ref", "HEAD"),
    isDirty: await git("status", "--porcelain") !== "",
    tags,
    commit: await git("rev-parse", "HEAD"),
    commitOf: (tag) => commits.get(tag),
    onNpm,
  };
}
