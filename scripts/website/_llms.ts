/**
 * Writes the site for programs that read text: each page as Markdown, `llms.txt` with what there is,
 * and `llms-full.txt` with all guides.
 *
 * @module
 */
import { SITE } from "../repository.ts";
import { addressOf, type Page } from "./_pages.ts";
import { guide } from "./navigation.ts";
import { DESCRIPTION, TITLE } from "./site.ts";
import { changeProse } from "./_text.ts";

/** A file that is served as it is. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Makes the files for programs.
 *
 * @param pages all pages
 * @returns the files, by their path in the site
 */
export function textFiles(pages: readonly Page[]): TextFile[] {
  const byAddress = new Map(pages.map((page) => [addressOf(page.path), page]));
  const sections = [
    ...guide.map(({ text, items }) => ({
      text,
      pages: items.flatMap(({ link }) => byAddress.get(link) ?? []),
    })),
    { text: "API reference", pages: pages.filter(({ path }) => /^api\/.*index\.md$/.test(path)) },
  ];
  const guides = sections.slice(0, -1).flatMap(({ pages }) => pages)
    .filter(({ path }) => path !== "changelog.md");
  const list = sections.map((section) =>
    [
      `## ${section.text}\n`,
      ...section.pages.map((page) => {
        const { title, description } = headOf(page);
        return `- [${title}](${SITE}${page.path})${description ? `: ${description}` : ""}`;
      }),
    ].join("\n")
  );
  return [
    ...pages.map((page) => ({ path: page.path, text: textOf(page) })),
    { path: "llms.txt", text: `# ${TITLE}\n\n> ${DESCRIPTION}\n\n${list.join("\n\n")}\n` },
    {
      path: "llms-full.txt",
      text: `# ${TITLE}\n\n> ${DESCRIPTION}\n\n${guides.map(textOf).join("\n\n---\n\n")}`,
    },
  ];
}

/** Title and description of a page, from its front matter or its first heading. */
export function headOf(
  { path, text }: Page,
): { readonly title: string; readonly description: string } {
  const [front = ""] = /^---\n[\s\S]*?\n---\n/.exec(text) ?? [];
  const value = (key: string) => {
    const [, found] = new RegExp(`^${key}: (.*)$`, "m").exec(front) ?? [];
    return found?.startsWith('"') ? JSON.parse(found) as string : found;
  };
  const [, heading] = /^# (.*)$/m.exec(text) ?? [];
  return { title: value("title") ?? heading ?? path, description: value("description") ?? "" };
}

/** A page without what only a browser needs, and with whole addresses. */
function textOf(page: Page): string {
  const body = page.text.replace(/^---\n[\s\S]*?\n---\n/, "")
    .replaceAll(/<script setup[\s\S]*?<\/script>\n?/g, "")
    .replaceAll(/^(#+ .*) \{#\w+\}$/gm, "$1").replaceAll(/^:::.*\n/gm, "").replaceAll(
      /^<\/?(?:div|[A-Z]\w*)\b[^>]*>\n?/gm,
      "",
    );
  const title = /^# /m.test(body) ? "" : `# ${headOf(page).title}\n\n`;
  return title +
    changeProse(
      body,
      (prose) =>
        prose.replaceAll(/\]\(\/([^)\s#]*)(#[^)\s]*)?\)/g, (_, path: string, hash = "") => {
          const file = path === "" || path.endsWith("/") ? `${path}index.md` : `${path}.md`;
          return `](${SITE}${/\.\w+$/.test(path) ? path : file}${hash})`;
        }),
    ).replaceAll(/\n{3,}/g, "\n\n").trim() + "\n";
}
