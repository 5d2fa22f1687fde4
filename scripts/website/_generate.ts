/**
 * Writes everything that VitePress reads to `website/.site/pages`.
 *
 * @module
 */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bypassPages } from "./_bypass.ts";
import { withKnownCodes } from "./_errors.ts";
import { markdownFiles } from "../../tests/workspace/_markdown.ts";
import { hoversOf } from "./_hovers.ts";
import { type Page, writtenPages } from "./_pages.ts";
import { referenceMenu, referencePages } from "./_reference.ts";
import { GENERATED, PAGES, WEBSITE } from "./paths.ts";

/**
 * Generates the pages of the site.
 *
 * @returns all pages
 */
export async function generate(): Promise<Page[]> {
  const generated = [...bypassPages(), ...await referencePages()];
  const written = writtenPages(generated).map((page) =>
    page.path === "errors.md" ? { ...page, text: withKnownCodes(page.text) } : page
  );
  const pages = [...written, ...generated];
  rmSync(PAGES, { recursive: true, force: true });
  for (const page of pages) write(page.path, page.text);
  if (existsSync(join(WEBSITE, "public"))) {
    cpSync(join(WEBSITE, "public"), join(PAGES, "public"), { recursive: true });
  }
  writeFileSync(join(GENERATED, "hovers.json"), JSON.stringify(hoversOf(sampleFiles())));
  writeFileSync(join(GENERATED, "menu.json"), JSON.stringify({ reference: referenceMenu(pages) }));
  return pages;
}

/** Where the samples of the guide are written: its pages, and the texts that they include. */
function sampleFiles(): string[] {
  return markdownFiles(".").filter((file) =>
    !/^(?:website\/playground|examples|bench)\//.test(file)
  );
}

function write(path: string, text: string): void {
  const file = join(PAGES, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
