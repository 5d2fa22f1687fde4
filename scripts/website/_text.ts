/**
 * Reads and changes Markdown line by line, without touching code.
 *
 * @module
 */

/**
 * Returns the anchor of a heading, as GitHub makes it.
 *
 * @param heading the text of the heading
 * @returns the anchor
 */
export function slug(heading: string): string {
  return heading.trim().toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

/** A line of Markdown, and whether it is code. */
export interface Line {
  readonly text: string;
  readonly code: boolean;
}

/**
 * Tells the lines of fenced code blocks from the others.
 *
 * @param text the Markdown
 * @returns its lines; the fences count as code
 */
export function linesOf(text: string): Line[] {
  let fence: string | undefined;
  return text.split("\n").map((line) => {
    const [mark] = /^ *(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence !== undefined) {
      if (mark !== undefined && line.trim() === fence) fence = undefined;
      return { text: line, code: true };
    }
    if (mark === undefined) return { text: line, code: false };
    fence = mark.trim();
    return { text: line, code: true };
  });
}

/**
 * Changes prose and leaves code blocks and inline code as they are.
 *
 * @param text the Markdown
 * @param change what a piece of prose becomes
 * @returns the changed Markdown
 */
export function changeProse(text: string, change: (prose: string) => string): string {
  return linesOf(text).map((line) => {
    if (line.code) return line.text;
    return line.text.split(/(`+[^`]*`+)/).map((part, index) =>
      index % 2 === 0 ? change(part) : part
    )
      .join("");
  }).join("\n");
}

/** A heading, and the lines that belong to it. */
export interface Section {
  readonly anchor: string;
  readonly level: number;
  /** The first line of the section, which is its heading, from 0. */
  readonly start: number;
  /** The line behind its last one, its subsections included. */
  readonly end: number;
}

/**
 * Lists the sections of a Markdown file.
 *
 * @param text the Markdown
 * @returns the sections in their order
 */
export function sectionsOf(text: string): Section[] {
  const lines = linesOf(text);
  const headings = lines.flatMap(({ text, code }, start) => {
    const [, marks, heading] = code ? [] : /^(#{1,6}) (.*)$/.exec(text) ?? [];
    return marks === undefined ? [] : [{ anchor: slug(heading!), level: marks.length, start }];
  });
  return headings.map((heading, index) => ({
    ...heading,
    end: headings.slice(index + 1).find(({ level }) => level <= heading.level)?.start ??
      lines.length,
  }));
}

/**
 * Removes what only the tests of samples read: hidden setups and checks, and the marks of fragments.
 *
 * @param text the Markdown
 * @returns what readers see
 */
export function withoutTestMarks(text: string): string {
  const kept: string[] = [];
  let hidden = false;
  for (const { text: line, code } of linesOf(text)) {
    if (!code && /^<!--\s*(setup|check)$/.test(line)) hidden = true;
    else if (hidden) hidden = code || line !== "-->";
    else if (!code && /^<!--\s*(continues|types only:|commands|shared options|end)/.test(line)) {
      continue;
    } else if (code) kept.push(line.replace(/^( *```\w+) ignore\b/, "$1"));
    else kept.push(line);
  }
  return kept.join("\n").replaceAll(/\n{3,}/g, "\n\n");
}
