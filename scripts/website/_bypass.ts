/**
 * Divides the bypass corpus, which is too long for one page.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../workspace.ts";
import { frontMatter, type Page } from "./_pages.ts";
import { sectionsOf } from "./_text.ts";

const SOURCE = "docs/bypass.md";

/**
 * Makes the pages of the corpus: the summary, and each list of cases.
 *
 * @returns the pages
 */
export function bypassPages(): Page[] {
  const text = readFileSync(join(ROOT, SOURCE), "utf8");
  const lines = text.split("\n");
  const sections = sectionsOf(text);
  const isList = (anchor: string) => anchor.endsWith("every-case");
  const summary = lines.slice(0, sections.find(({ anchor }) => isList(anchor))!.start);
  const lists = sections.filter(({ anchor }) => isList(anchor)).flatMap((section): Page[] => {
    const title = lines[section.start]!.replace(/^#+ /, "");
    const rows = lines.slice(section.start + 1, section.end).join("\n").trim().split("\n");
    const [header, rule, ...cases] = rows;
    const parts = Math.ceil(cases.length / ROWS);
    return Array.from({ length: parts }, (_, part): Page => {
      const name = parts === 1 ? title : `${title}, part ${part + 1} of ${parts}`;
      const own = cases.slice(part * ROWS, (part + 1) * ROWS);
      return {
        path: `security/${pathOf(section.anchor, part, parts)}.md`,
        text: `${
          frontMatter(name, "Cases of the bypass corpus, with the result on every database.")
        }\n# ${name}\n\nWhat the letters mean is said in [the summary](/security/bypass).\n\n${
          [header, rule, ...own].join("\n")
        }\n`,
      };
    });
  });
  const why = sections.find(({ anchor }) => anchor === "why-a-dialect-does-not-have-a-shape")!;
  const links = lists.map((page) => `- [${titleOf(page)}](/${page.path.replace(/\.md$/, "")})`);
  return [
    {
      path: "security/bypass.md",
      source: SOURCE,
      text: frontMatter(
        "Bypass corpus",
        "Every shape of query that has slipped past some policy layer, and what happens to it here.",
      ) + summary.join("\n") + `\n## Every case\n\n${links.join("\n")}\n\n` +
        lines.slice(why.start, why.end).join("\n"),
    },
    ...lists,
  ];
}

/** So many cases are on a page at most. */
const ROWS = 250;

function pathOf(anchor: string, part: number, parts: number): string {
  const name = `bypass-${anchor.replace(/-every-case$/, "").replaceAll(/[^a-z]+/g, "-")}`;
  return parts === 1 ? name : `${name}-${part + 1}`;
}

function titleOf({ text }: Page): string {
  return /^# (.*)$/m.exec(text)![1]!;
}
