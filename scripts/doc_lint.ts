/**
 * `deno task doc:lint`: `deno doc --lint` over every entry of every package in one call (alone, a
 * package's view of its siblings' types is that they are private), without two complaints that it
 * cannot help making: about a public type that names a type of an npm package, and about the inside of
 * an npm package whose types a package hands on. A constructor needs no summary beside its class's.
 *
 * @module
 */
import process from "node:process";
import { run } from "./run.ts";
import { importsOf, packageName, parseSource } from "./source.ts";
import { entryFiles, members, ROOT } from "./workspace.ts";

const siblings = new Set(members().map((member) => member.name));
const entries = entryFiles();
const { code, output } = await run([process.execPath, "doc", "--lint", ...entries], {
  cwd: ROOT,
  env: { ...process.env, NO_COLOR: "1" },
});

const problems = output
  .split(/^(?=error\[)/m)
  .filter((block) => block.startsWith("error["))
  .map((block) =>
    block.replace(/^error: Found \d+ documentation lint error[\s\S]*/m, "").trimEnd()
  );
const ours = problems.filter((problem) => !isAboutNpmType(problem) && !isOfConstructor(problem));

if (ours.length > 0) {
  console.error(`${ours.join("\n\n")}\n\nFound ${ours.length} problems in the documentation`);
  process.exitCode = 1;
} else if (code !== 0 && problems.length === 0) {
  console.error(output);
  process.exitCode = code;
} else {
  console.log(`The documentation of ${entries.length} entries is complete`);
}

/** Returns true if what lacks documentation is a constructor. */
function isOfConstructor(problem: string): boolean {
  return problem.startsWith("error[missing-jsdoc]") && /^ *\d+ \| +constructor\(/m.test(problem);
}

/** Whether the type that is said to be private comes from outside the workspace. */
function isAboutNpmType(problem: string): boolean {
  const [, file] = /\s+--> (.+?):\d+:\d+/.exec(problem) ?? [];
  if (!file) return false;
  if (!file.startsWith(ROOT)) return true;
  const [, type] =
    /^error\[private-type-ref\]: .* references private type '([^']+)'/.exec(problem) ??
      [];
  const origin = importsOf(parseSource(file)).find(({ names }) => names.includes(type ?? ""));
  return origin !== undefined && !origin.specifier.startsWith(".") &&
    !siblings.has(packageName(origin.specifier));
}
