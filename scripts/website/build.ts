/**
 * `deno task docs:build` builds the site into `website/.site/dist`; `deno task docs:dev` serves it
 * while it is written, and generates the pages anew when a Markdown file changes. The playground is
 * built before, by a task of its own, and left out where it was not.
 *
 * @module
 */
import { cpSync, existsSync, mkdirSync, rmSync, statSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { mustRun } from "../run.ts";
import { ROOT } from "../workspace.ts";
import { generate } from "./_generate.ts";
import { textFiles } from "./_llms.ts";
import { DIST, PLAYGROUND, WEBSITE } from "./paths.ts";

/**
 * Installs what the site is built with, unless it is there.
 */
export async function install(): Promise<void> {
  const done = join(WEBSITE, "node_modules/.package-lock.json");
  const lock = join(WEBSITE, "package-lock.json");
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(lock).mtimeMs) return;
  await mustRun(["npm", "ci", "--no-audit", "--no-fund"], { cwd: WEBSITE });
}

/**
 * Builds the site.
 */
export async function build(): Promise<void> {
  const [pages] = await Promise.all([generate(), install()]);
  rmSync(DIST, { recursive: true, force: true });
  await mustRun(["npx", "vitepress", "build"], { cwd: WEBSITE });
  for (const { path, text } of textFiles(pages)) {
    mkdirSync(dirname(join(DIST, path)), { recursive: true });
    writeFileSync(join(DIST, path), text);
  }
  if (existsSync(PLAYGROUND)) cpSync(PLAYGROUND, join(DIST, "playground"), { recursive: true });
  console.log(`Built ${pages.length} pages in ${DIST}`);
}

async function develop(): Promise<void> {
  await Promise.all([generate(), install()]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(ROOT, { recursive: true }, (_, file) => {
    if (file === null || !file.endsWith(".md") || /(^|\/)(\.|node_modules)/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void generate().catch(console.error), 200);
  });
  await mustRun(["npx", "vitepress", "dev"], { cwd: WEBSITE, stdio: "inherit" });
}

if (import.meta.main) await (process.argv.includes("--dev") ? develop() : build());
