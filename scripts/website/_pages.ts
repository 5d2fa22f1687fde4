/**
 * Turns the Markdown of `website/` into the pages that VitePress reads. A page includes texts that
 * live elsewhere by a line of its own:
 *
 * | line                                     | includes                              |
 * | ---------------------------------------- | ------------------------------------- |
 * | `<!-- include: ../../docs/a.md -->`      | the file without its title            |
 * | `<!-- include: ../../docs/a.md#top -->`  | what comes before its first section   |
 * | `<!-- include: ../../docs/a.md#x -->`    | the section with the anchor `x`       |
 * | `.. a.md#x without its heading -->`      | the same, under a heading of the page |
 *
 * Links are written as they are in any Markdown file. One that leads to a text which some page
 * includes becomes a link to that page; one that leads to another file of the repository becomes a
 * link to the repository.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { REPOSITORY } from "../repository.ts";
import { ROOT } from "../workspace.ts";
import { changeProse, linesOf, sectionsOf, slug, withoutTestMarks } from "./_text.ts";

/** A page of the site. */
export interface Page {
  /** Its file in the site: `guide/soft-delete.md`. */
  readonly path: string;
  /** The file that it is written in, from the root of the repository; none where it is generated. */
  readonly source?: string;
  readonly text: string;
}

/** Directories of `website/` that hold no pages. */
const LEFT_OUT = ["node_modules", "public", "playground"];

/**
 * Reads the pages that are written by hand.
 *
 * @param generated pages that links may lead to as well, by their path
 * @returns the pages, with texts included and links resolved
 * @throws {Error} When a text that is to be included is not there.
 */
export function writtenPages(generated: readonly Page[]): Page[] {
  const pages = pageFiles("website").map((source) => {
    const places = new Map<string, string>();
    const path = source.slice("website/".length);
    return { path, source, text: expand(source, path, places), places };
  });
  const places = new Map(
    [...generated.filter(({ source }) => source), ...pages].map((
      { source, path },
    ) => [source!, path]),
  );
  for (const page of pages) {
    for (const [text, path] of page.places) if (!places.has(text)) places.set(text, path);
  }
  return pages.map(({ path, source, text }) => ({
    path,
    source,
    text: resolveLinks(text, places),
  }));
}

function pageFiles(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) {
      return directory === "website" && LEFT_OUT.includes(entry.name) ? [] : pageFiles(path);
    }
    return entry.name.endsWith(".md") ? [path] : [];
  }).sort();
}

const INCLUDE = /^<!--\s*include:\s*(\S+)(\s+without its heading)?\s*-->$/;
/** Marks a link that is resolved when all pages are known. */
const MARK = "repository:";

/** Includes what a page includes, and notes in `places` which texts are on it. */
function expand(source: string, path: string, places: Map<string, string>): string {
  const text = withoutTestMarks(markLinks(read(source), source));
  let heading = "";
  return linesOf(text).map(({ text: line, code }) => {
    if (!code && /^#+ /.test(line)) heading = line.replace(/^#+ /, "");
    const [, target, bare] = code ? [] : INCLUDE.exec(line) ?? [];
    if (target === undefined) return line;
    const [file, anchor] = target.split("#");
    const included = normalize(join(dirname(source), file!));
    if (!existsSync(join(ROOT, included))) {
      throw new Error(`Cannot include "${included}" in ${source}: there is no such file`);
    }
    const taken = take(included, anchor, source, (key) => void places.set(key, path));
    if (bare === undefined) return taken;
    places.set(`${included}#${anchor}`, `${path}#${slug(heading)}`);
    return taken.replace(/^#+ .*\n+/, "");
  }).join("\n");
}

function take(
  file: string,
  anchor: string | undefined,
  by: string,
  note: (key: string) => void,
): string {
  const whole = markLinks(read(file), file);
  const lines = whole.split("\n");
  const sections = sectionsOf(whole);
  let [start, end] = [0, lines.length];
  if (anchor === undefined || anchor === "top") {
    const [title, first] = sections;
    if (title?.level === 1) start = title.start + 1;
    if (anchor === "top") end = first?.start ?? lines.length;
    note(file);
  } else {
    const section = sections.find((section) => section.anchor === anchor);
    if (section === undefined) {
      throw new Error(`Cannot include "${file}#${anchor}" in ${by}: there is no such section`);
    }
    ({ start, end } = section);
  }
  for (const section of sections) {
    if (section.start >= start && section.start < end) note(`${file}#${section.anchor}`);
  }
  return withoutTestMarks(lines.slice(start, end).join("\n")).trim();
}

/** Makes every relative link one from the root of the repository. */
function markLinks(text: string, file: string): string {
  const marked = (target: string): string => {
    if (/^[a-z]+:|^\//.test(target)) return target;
    const [path, anchor] = target.split("#");
    const whole = path === "" ? file : normalize(join(dirname(file), path!));
    return `${MARK}${whole}${anchor === undefined ? "" : `#${anchor}`}`;
  };
  return changeProse(text, (prose) =>
    prose
      .replaceAll(/\]\(([^)\s]+)\)/g, (_, target: string) => `](${marked(target)})`)
      // A definition: `[name]: ./file.md`
      .replace(
        /^(\[[^\]]+\]: )(\S+)$/,
        (_, name: string, target: string) => name + marked(target),
      ));
}

function resolveLinks(text: string, places: ReadonlyMap<string, string>): string {
  return changeProse(
    text,
    (prose) =>
      prose.replaceAll(/\brepository:([^)\s]+)/g, (_, target: string) => resolve(target, places)),
  );
}

function resolve(target: string, places: ReadonlyMap<string, string>): string {
  const [file, anchor] = target.split("#");
  const hash = anchor === undefined ? "" : `#${anchor}`;
  const page = places.get(target) ?? places.get(file!);
  if (page !== undefined) {
    const [path, own] = page.split("#");
    return addressOf(path!) + (own === undefined ? hash : `#${own}`);
  }
  const kind = statSync(join(ROOT, file!)).isDirectory() ? "tree" : "blob";
  return `${REPOSITORY}/${kind}/main/${file}${hash}`;
}

/**
 * Returns the address of a page below the base of the site.
 *
 * @param path the page's file in the site
 * @returns the address, which begins with a slash
 */
export function addressOf(path: string): string {
  return `/${path.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/**
 * Returns the head of a page.
 *
 * @param title the title of the page
 * @param description one sentence for search engines and `llms.txt`
 * @returns the front matter, with an empty line behind it
 */
export function frontMatter(title: string, description: string): string {
  return `---\ntitle: ${JSON.stringify(title)}\ndescription: ${JSON.stringify(description)}\n---\n`;
}
