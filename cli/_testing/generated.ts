import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Project, run } from "./program.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const isDeno = "deno" in process.versions;

/** Why types cannot be checked here, for the `skip` of a test; `false` if they can. */
export function whyNoCompiler(): string | false {
  return !isDeno && "only Deno has a compiler";
}

/** Asserts that the files of a project type-check, where there is a compiler. */
export async function assertCompiles(
  project: Project,
  ...folders: readonly string[]
): Promise<void> {
  if (!isDeno) return;
  const command = [process.execPath, "check", "--config", CONFIG, ...folders];
  const { stderr } = await run(command, project.folder, { env: { NO_COLOR: "1" } });
  // The packages of this repository write their types out; whoever uses them need not.
  const errors = stderr.match(/^TS(?!90\d\d )\d+ .*/gm) ?? [];
  assert.deepEqual(errors, [], stderr);
  assert.match(stderr, /Check/, stderr);
}

/** Runs the tests of a project; returns what they print. */
export async function runTests(project: Project, env: Record<string, string>): Promise<string> {
  const files = readdirSync(join(project.folder, "test")).filter((name) => /_test\.ts$/.test(name));
  // Each file that is run by itself loads every package anew.
  await project.write("test/_all.ts", files.map((name) => `import "./${name}";\n`).join(""));
  const command = isDeno
    ? ["test", "--allow-all", "--no-check", "--config", CONFIG, "test/_all.ts"]
    : "bun" in process.versions
    ? ["test", "--timeout", "60000", ...files.map((name) => `./test/${name}`)]
    : ["--test", "test/_all.ts"];
  const { code, stdout, stderr } = await run([process.execPath, ...command], project.folder, {
    env,
  });
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  // None is left out unnoticed.
  for (const name of files.filter((each) => each !== "policies_test.ts")) {
    const [, title] = /^describe\("(.*)", /m.exec(await project.read(`test/${name}`))!;
    assert.ok(`${stdout}${stderr}`.includes(title!), `${name} was not run:\n${stdout}\n${stderr}`);
  }
  return `${stdout}\n${stderr}`;
}
