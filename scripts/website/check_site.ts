/**
 * `deno task docs:test`: builds the site and checks it. `--no-build` checks what was built before,
 * and `--screenshots DIRECTORY` keeps pictures of the pages that are opened in Chromium.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { markdownFiles } from "../../tests/workspace/_markdown.ts";
import { ROOT } from "../workspace.ts";
import { builtPages } from "./_built.ts";
import { browserChecks, findChromium } from "./_check_browser.ts";
import { brokenLinks } from "./_check_links.ts";
import { runSamples } from "./_check_samples.ts";
import { LIMIT, sizesOf } from "./_check_sizes.ts";
import { missingTexts } from "./_check_texts.ts";
import { wrongWords } from "./_check_words.ts";
import { build } from "./build.ts";

const { values } = parseArgs({
  options: { "no-build": { type: "boolean" }, screenshots: { type: "string" } },
});
let passed = 0, failed = 0;

function report(name: string, problems: readonly string[]): void {
  if (problems.length === 0) passed++;
  else failed++;
  console.log(problems.length === 0 ? `ok      ${name}` : `FAILED  ${name}`);
  for (const problem of problems) console.log(`  ${problem.trim().replaceAll("\n", "\n  ")}`);
}

// The playground has tests of its own.
const files = markdownFiles("website").filter((file) => !file.startsWith("website/playground/"));
const samples = await runSamples(files);
report(`samples: ${samples.blocks}, ${samples.notRun} of them not run`, samples.problems);
report(
  "word list",
  files.flatMap((file) => wrongWords(file, readFileSync(join(ROOT, file), "utf8"))),
);

if (!values["no-build"]) await build();
const pages = builtPages();
report(`links of ${pages.length} pages`, brokenLinks(pages));
const sizes = sizesOf(pages);
report(
  `size: at most ${LIMIT / 1000} kB; the largest is ${sizes[0]!.path} with ` +
    `${Math.round(sizes[0]!.transferred / 1000)} kB`,
  sizes.filter(({ transferred }) => transferred > LIMIT)
    .map(({ path, transferred }) => `${path}: ${Math.round(transferred / 1000)} kB`),
);
report("texts for programs", missingTexts(pages));

const browser = findChromium();
if (browser === undefined) {
  const required = process.env["KYSERA_REQUIRE_ALL_DIALECTS"] !== undefined;
  if (required) report("browser", ["Chromium is not installed: apt-get install chromium"]);
  else console.log("skipped browser: Chromium is not installed (apt-get install chromium)");
} else {
  const directory = values.screenshots;
  for (
    const { name, problems } of await browserChecks(browser, directory && resolve(directory))
  ) report(name, problems);
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
