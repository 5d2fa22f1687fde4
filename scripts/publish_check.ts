/**
 * `deno task publish:check`: a dry run of publishing each package (from the root, `deno publish` sees
 * the root package only), and a look at what it would ship: nothing but the package itself. Types are
 * left to `deno task check`.
 *
 * @module
 */
import { basename, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { run } from "./run.ts";
import { sourceFiles } from "./source.ts";
import { type Member, members } from "./workspace.ts";

const OTHER_FILES = ["deno.json", "README.md", "LICENSE"];

const all = members();
let problems = 0;
for (const member of all) problems += await check(member);
if (problems > 0) process.exitCode = 1;
else console.log(`${all.length} packages can be published`);

/** Prints what is wrong with a package; returns how many things. */
async function check(member: Member): Promise<number> {
  const { code, output } = await run(
    [process.execPath, "publish", "--dry-run", "--allow-dirty", "--no-check"],
    { cwd: member.dir, env: { ...process.env, NO_COLOR: "1" } },
  );
  if (code !== 0) {
    console.error(`${member.name}:\n${output}`);
    return 1;
  }
  const sources = new Set(sourceFiles(member));
  const surplus = [...output.matchAll(/^\s+(file:\/\/\S+) \(/gm)]
    .map(([, url]) => fileURLToPath(url!))
    .filter((file) => !sources.has(file))
    .filter((file) =>
      file !== join(member.dir, basename(file)) || !OTHER_FILES.includes(basename(file))
    );
  for (const file of surplus) {
    const path = relative(member.dir, file);
    console.error(
      `${member.name} would publish "${path}", which no entry of it imports: ` +
        `remove the file, or exclude it in deno.json`,
    );
  }
  return surplus.length;
}
