/**
 * Draws what a program printed to a terminal.
 *
 * @module
 */

/** A piece of a line in one style. */
interface Span {
  readonly text: string;
  readonly style: string;
}

/** Colors with a contrast of at least 4.5 on the background. */
const STYLES: Readonly<Record<string, string>> = {
  "1": "font-weight:700;fill:#ffffff",
  "2": "fill:#9aa7b0",
  "31": "fill:#ff8f8f",
  "32": "fill:#7fdc9c",
  "33": "fill:#f2cc60",
  "36": "fill:#6fd6e8",
  "90": "fill:#9aa7b0",
};
const PLAIN = "fill:#d6dee4";
const PROMPT = "font-weight:700;fill:#5cc9c0";
const COLUMNS = 90;
const [CHARACTER, LINE, MARGIN, BAR] = [8.4, 21, 24, 40];

/**
 * Draws lines with escape sequences for colors.
 *
 * @param lines the lines; one that begins with `$ ` is a command
 * @param title what is shown, for those who do not see it
 * @returns the picture, as SVG
 */
export function terminalSvg(lines: readonly string[], title: string): string {
  const rows = lines.flatMap((line) =>
    line.startsWith("$ ")
      ? [[{ text: "$", style: PROMPT }, { text: line.slice(1), style: STYLES["1"]! }]]
      : wrapped(spansOf(line))
  );
  const lengthOf = (row: readonly Span[]) => row.reduce((sum, { text }) => sum + text.length, 0);
  const width = Math.ceil(Math.max(...rows.map(lengthOf)) * CHARACTER + 2 * MARGIN);
  const height = rows.length * LINE + BAR + MARGIN;
  const text = rows.map((row, index) => drawn(row, BAR + LINE * (index + 0.75)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${
      escaped(title)
    }">`,
    `<rect width="100%" height="100%" rx="10" fill="#10191f"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map((color, index) =>
      `<circle cx="${MARGIN + index * 20}" cy="20" r="6" fill="${color}"/>`
    ),
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">`,
    ...text.filter((line) => line !== ""),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let codes: string[] = [];
  for (const part of `0m${line}`.split("\x1b[")) {
    const [, code, text] = /^(\d+)m(.*)$/.exec(part)!;
    if (Object.hasOwn(STYLES, code!)) codes.push(code!);
    else if (code === "39") codes = codes.filter((each) => each.length === 1);
    else if (code === "22") codes = codes.filter((each) => each.length === 2);
    else codes = [];
    if (text !== "") {
      spans.push({
        text: text!,
        style: codes.map((each) => STYLES[each]).join(";"),
      });
    }
  }
  return spans;
}

/** A line as a terminal breaks it: between words, with the indent that it has. */
function wrapped(line: readonly Span[]): Span[][] {
  const indent = /^ */.exec(line.map(({ text }) => text).join(""))![0];
  const rows: Span[][] = [[]];
  let column = 0;
  for (const { text, style } of line) {
    for (const [word] of text.matchAll(/ *[^ ]+| +$/g)) {
      if (column + word.length > COLUMNS) {
        rows.push([{ text: indent, style: "" }]);
        column = indent.length;
      }
      const piece = column === indent.length && rows.length > 1 ? word.trimStart() : word;
      rows.at(-1)!.push({ text: piece, style });
      column += piece.length;
    }
  }
  return rows;
}

/** A line as wide as its characters, whatever the font. */
function drawn(row: readonly Span[], y: number): string {
  let column = 0;
  return row.map(({ text, style }) => {
    const indent = text.length - text.trimStart().length;
    const [start, length] = [column + indent, text.trim().length];
    column += text.length;
    if (length === 0) return "";
    const [x, size] = [MARGIN + start * CHARACTER, length * CHARACTER].map((each) =>
      Number(each.toFixed(1))
    );
    return `<text x="${x}" y="${y}" textLength="${size}" xml:space="preserve" style="${
      style || PLAIN
    }">${escaped(text.trim())}</text>`;
  }).join("");
}

/** Text as XML holds it. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
