/** `docs/bypass.md`: how it is written, and whether it is what the cases gave. */
import { sections } from "./corpus.ts";
import {
  details,
  Footnotes,
  pending,
  type Results,
  summary,
  type Table,
  UNKNOWN,
} from "./report.ts";

const INTRODUCTION = `# The bypass corpus

Every shape of query that has slipped past some policy layer, and the result here. Written by
\`deno task bypass --write\` from what the cases in \`tests/bypass\` saw; a test checks that it is current.

Each case runs three times: on a database that holds only the rows the caller may see, on one that holds
all rows, and through an executor on that one. The verdict compares what was seen and what the tables
hold afterwards; the text of the SQL plays no part in it. A case whose filtered and unfiltered answers
are equal fails, since it would prove nothing. Every case runs with a soft-delete filter, with a filter
that depends on the caller's context, with one that reads another table, with two filters in both
orders, and with the policies of \`@kysera/rls\`; under \`rawSql: "allow"\` and, as policies demand,
\`rawSql: "deny"\`.

- **F**: filtered. The caller sees and changes visible rows only.
- **C**: checked. A new row must satisfy the policy.
- **R**: refused with a named error, and nothing has changed.
- **ok**: nothing is hidden from the shape; it works as on a plain Kysely.
- **raw**: raw SQL names a table. \`rawSql: "allow"\` lets it past the plugins, as it says;
  \`rawSql: "deny"\` does not.
- **-**: the dialect does not have the shape.
- **LEAK**: a hidden row was seen or changed.`;

/** The whole page. */
export function renderMarkdown(results: Results): string {
  const notes = new Footnotes();
  const parts = [INTRODUCTION];
  for (const section of sections) {
    parts.push(`## ${section.title}`, renderTable(summary(section, results), SHAPE_IS_MARKDOWN));
  }
  const missing = pending();
  if (missing.length > 0) parts.push(`No case yet: rows ${list(missing)}.`);
  for (const section of sections) {
    parts.push(
      `## ${section.title}: every case`,
      renderTable(details(section, results, notes), new Set()),
    );
  }
  parts.push(
    "## Why a dialect does not have a shape",
    notes.reasons.map((reason, i) => `${i + 1}. ${escape(reason)}`).join("\n"),
  );
  return parts.join("\n\n") + "\n";
}

/**
 * The first place where a page is not what the cases gave; cells of dialects that did not run, and
 * how lines are broken, are no matter.
 */
export function staleness(page: string, results: Results): string | undefined {
  const [there, wanted] = [page, renderMarkdown(results)].map(blocks);
  for (let i = 0; i < Math.max(there!.length, wanted!.length); i++) {
    const [is, should] = [there![i] ?? [], wanted![i] ?? []];
    if (
      is.length === should.length && should.every((cell, j) => cell === UNKNOWN || cell === is[j])
    ) {
      continue;
    }
    return `It says\n  ${is.join(" | ")}\nand it should say\n  ${should.join(" | ")}`;
  }
  return undefined;
}

const SHAPE_IS_MARKDOWN: ReadonlySet<number> = new Set([1]);

function renderTable({ head, lines }: Table, markdown: ReadonlySet<number>): string {
  const render = (line: readonly string[]): string =>
    `| ${line.map((cell, i) => markdown.has(i) ? cell : mark(escape(cell))).join(" | ")} |`;
  return [render(head), `|${" --- |".repeat(head.length)}`, ...lines.map(render)].join("\n");
}

/** A leak must not be read over. */
function mark(cell: string): string {
  return cell.replace(/\b(LEAK|OVER|VOID|ERROR)\b/g, "**$1**");
}

function escape(text: string): string {
  return text.replace(/[\\`*_|<>[\]]/g, "\\$&");
}

/** A table's lines as cells; other text by paragraphs. */
function blocks(page: string): string[][] {
  const out: string[][] = [];
  let paragraph = "";
  const close = () => {
    if (paragraph !== "") out.push([paragraph]);
    paragraph = "";
  };
  for (const line of page.split("\n").map((text) => text.trim())) {
    if (line.startsWith("|")) {
      close();
      if (!/^[|\s:-]+$/.test(line)) {
        out.push(line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim()));
      }
    } else if (line === "") close();
    else if (/^(?:[-#]|\d+\.) /.test(line)) {
      close();
      paragraph = line;
    } else paragraph = paragraph === "" ? line : `${paragraph} ${line}`;
  }
  close();
  return out;
}

function list(numbers: readonly number[]): string {
  return `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
