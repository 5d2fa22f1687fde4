/** How wide generated code may be, as formatters have it by default. */
const WIDTH = 80;

/** How much stands in a line beside what is laid out. */
export interface Place {
  /** How far the statement is indented. */
  readonly indent: string;
  /** How many characters stand before it in its line. */
  readonly before: number;
  /** How many come after it. Default: 1, as for a comma. */
  readonly after?: number | undefined;
}

/** Returns a call with its arguments: in a line if it fits, or else each in a line of its own. */
export function callText(
  name: string,
  [open, close]: readonly [string, string],
  items: readonly string[],
  { indent, before, after = 1 }: Place,
): string {
  const line = `${name}${open}${items.join(", ")}${close}`;
  const isShort = !line.includes("\n") && before + line.length + after <= WIDTH;
  if (isShort || items.length === 0) return line;
  const inner = items.map((item) => `${indent}  ${item},\n`).join("");
  return `${name}${open.trimEnd()}\n${inner}${indent}${close.trimStart()}`;
}

/** Returns an object literal. */
export function objectText(entries: readonly string[], place: Place): string {
  return entries.length === 0 ? "{}" : callText("", ["{ ", " }"], entries, place);
}

/** Returns an import of names. */
export function importText(names: readonly string[], from: string, isTypes = false): string {
  const start = isTypes ? "import type " : "import ";
  const end = ` from ${JSON.stringify(from)};`;
  return `${
    callText(start, ["{ ", " }"], names, { indent: "", before: 0, after: end.length })
  }${end}`;
}

/** Returns a text as a literal, with the quotes that need fewer backslashes. */
export function quoted(text: string): string {
  const literal = JSON.stringify(text);
  return /["\\]/.test(text) && !/['\\\n\r]/.test(text) ? `'${text}'` : literal;
}
