import type { AttributedToken } from "./attribute.ts";

/** A line of SQL, and how many levels it is indented by. */
export interface SqlLine {
  readonly level: number;
  readonly tokens: readonly AttributedToken[];
}

/** Words that begin a clause, and the words that belong to them. */
const CLAUSES: readonly (readonly string[])[] = [
  ["from"],
  ["where"],
  ["group", "by"],
  ["having"],
  ["order", "by"],
  ["limit"],
  ["offset"],
  ["values"],
  ["set"],
  ["returning"],
  ["on", "conflict"],
  ["inner", "join"],
  ["left", "join"],
  ["right", "join"],
  ["full", "join"],
  ["cross", "join"],
  ["union"],
  ["intersect"],
  ["except"],
  ["select"],
  ["insert", "into"],
  ["update"],
  ["delete", "from"],
  ["using"],
  ["for", "update"],
];

/** Words behind which a clause's word is a part of something else: `do update set`, `delete from`. */
const CONTINUED: Readonly<Record<string, readonly string[]>> = {
  from: ["delete", "distinct"],
  update: ["do", "for", "on"],
  set: ["update"],
  delete: ["on"],
};

/**
 * Divides a statement into lines: one for each clause, and for each operand of a top-level `and`.
 * A subquery stands on lines of its own, indented.
 *
 * @param tokens the tokens of the statement
 * @returns the lines
 */
export function linesOf(
  tokens: readonly AttributedToken[],
): readonly SqlLine[] {
  const lines: { level: number; tokens: AttributedToken[] }[] = [];
  /** For each open parenthesis the level of the line it stands on, if a subquery is in it. */
  const open: (number | undefined)[] = [];
  let between = false;
  const inside = () => (open.findLast((level) => level !== undefined) ?? -1) + 1;
  const startLine = (level = inside()) => lines.push({ level, tokens: [] });
  for (const [i, token] of tokens.entries()) {
    const word = token.kind === "word" ? token.text.toLowerCase() : token.text;
    const isInList = open.length > 0 && open.at(-1) === undefined;
    if (word === ")") {
      const level = open.pop();
      if (level !== undefined) startLine(level);
    } else if (token.kind === "word" && !isInList) {
      if (word === "and" && !between) startLine(inside() + 1);
      else if (beginsClause(tokens, i)) startLine();
    }
    if (word === "between") between = true;
    else if (word === "and") between = false;
    if (lines.length === 0) startLine();
    lines.at(-1)!.tokens.push(token);
    if (word === "(") {
      const isSubquery = /^(?:select|with|values)$/i.test(
        tokens[i + 1]?.text ?? "",
      );
      open.push(isSubquery ? lines.at(-1)!.level : undefined);
    }
  }
  return lines.filter((line) => line.tokens.length > 0);
}

function beginsClause(tokens: readonly AttributedToken[], at: number): boolean {
  const word = tokens[at]!.text.toLowerCase();
  const before = tokens[at - 1]?.text.toLowerCase() ?? "";
  if (CONTINUED[word]?.includes(before) === true) return false;
  return CLAUSES.some((words) =>
    words.every((each, i) => tokens[at + i]?.text.toLowerCase() === each)
  );
}
