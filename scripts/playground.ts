/**
 * The playground: `deno task playground build` writes it to `website/playground/dist`,
 * `deno task playground test` builds it and tests it in Chromium, `deno task playground dev` serves
 * the sources.
 *
 * With `--no-build` the test takes what was built before; names of checks narrow it.
 *
 * @module
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { spawn } from "node:child_process";
import { ROOT } from "./workspace.ts";

const HERE = join(ROOT, "website/playground");
const [command, ...rest] = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  switch (command) {
    case "build":
      return await build();
    case "dev":
      return await install() || await run("npx", ["vite", ...rest]);
    case "test": {
      const code = rest.includes("--no-build") ? await install() : await build();
      const names = rest.filter((each) => each !== "--no-build");
      return code || await run(process.execPath, [
        ...["run", "-A", "--quiet", "--node-modules-dir=manual", "e2e/main.ts"],
        ...names,
      ]);
    }
    default:
      console.error("Say what to do: deno task playground build | test [--no-build] | dev");
      return 2;
  }
}

/** Installs what the lock file says, unless it is there. */
async function install(): Promise<number> {
  if (existsSync(join(HERE, "node_modules/.package-lock.json"))) return 0;
  return await run("npm", ["ci", "--no-audit", "--no-fund"]);
}

async function build(): Promise<number> {
  const installed = await install();
  if (installed !== 0) return installed;
  rmSync(join(HERE, "dist"), { recursive: true, force: true });
  return await run("npx", ["tsc"]) || await run("npx", ["vite", "build", "--logLevel", "error"]);
}

/** Runs a program in the folder of the playground, and returns its exit code. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: HERE, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
