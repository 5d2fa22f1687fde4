/**
 * Checks what programs read: the Markdown of each page, and the lists of them.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SITE } from "../repository.ts";
import type { BuiltPage } from "./_built.ts";
import { guide } from "./navigation.ts";
import { DIST } from "./paths.ts";

/**
 * Finds pages without a Markdown file, and lists that are not whole.
 *
 * @param pages the built pages
 * @returns what is wrong
 */
export function missingTexts(pages: readonly BuiltPage[]): string[] {
  const read = (file: string) => readFileSync(join(DIST, file), "utf8");
  const list = read("llms.txt");
  const whole = read("llms-full.txt");
  const problems = pages.filter(({ path }) => path !== "404.html")
    .map(({ path }) => path.replace(/\.html$/, ".md"))
    .filter((file) => !existsSync(join(DIST, file))).map((file) => `${file} is missing`);
  for (const { link } of guide.flatMap(({ items }) => items)) {
    const file = `${link.slice(1)}${link.endsWith("/") ? "index" : ""}.md`;
    if (!list.includes(`](${SITE}${file})`)) problems.push(`llms.txt does not list ${file}`);
  }
  if (!whole.includes("# Row-level security")) problems.push("llms-full.txt lacks a guide");
  if (/<!-- (?:setup|check|continues|include)/.test(whole)) {
    problems.push("llms-full.txt shows marks that only tests read");
  }
  return problems;
}
