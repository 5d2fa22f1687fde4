import type { Finding, Severity } from "../doctor/_check.ts";
import { standAt, type Word, wordsOf } from "../sql/_words.ts";
import type { Plan } from "./_plan.ts";

/** Something that is wrong with the text of a statement, whatever the plan. */
interface TextRule {
  readonly check: string;
  readonly severity: Severity;
  readonly reason: string;
  readonly fix: string;
  /** Returns what was found; undefined if nothing is. */
  find(words: readonly Word[], plan: Plan): string | undefined;
}

/** From how many rows on it matters that they are read and thrown away. */
const MANY = 1000;

const RULES: readonly TextRule[] = [
  {
    check: "changes-all",
    severity: "warning",
    reason: "Nothing says which rows are meant, and all of them are locked.",
    fix: "Add a WHERE.",
    find: (words) => {
      const verb = words[0]?.text;
      if ((verb !== "update" && verb !== "delete") || has(words, "where")) return undefined;
      return `Every row is ${verb === "update" ? "changed" : "removed"}`;
    },
  },
  {
    check: "cross-join",
    severity: "warning",
    reason: "The result has as many rows as the two have multiplied.",
    fix: "Add the condition that they are joined by.",
    find: (words, { reads }) => {
      const isJoin = new Set(reads.map(({ alias }) => alias)).size > 1;
      const isTied = ["on", "using", "where", "natural"].some((word) => has(words, word));
      return isJoin && (has(words, "cross") || !isTied)
        ? "Each row of a table is joined with each of another"
        : undefined;
    },
  },
  {
    check: "not-in-subquery",
    severity: "warning",
    reason: "One NULL among its rows, and no row is found at all.",
    fix: "Write NOT EXISTS.",
    find: (words) =>
      words.some((_, i) => standAt(words, i, ["not", "in", "(", "select"]))
        ? "NOT IN with a subquery"
        : undefined,
  },
  {
    check: "leading-wildcard",
    severity: "warning",
    reason: "No index in the order of the values can be used for it.",
    fix: "Search by a full text index, or an index of trigrams.",
    find: (words) =>
      words.some((word, i) =>
          isWord(word, "like", "ilike") && words[i + 1]?.kind === "text" &&
          /^[%_]/.test(words[i + 1]!.text)
        )
        ? "A pattern begins with a wildcard"
        : undefined,
  },
  {
    check: "large-offset",
    severity: "warning",
    reason: "Each page takes longer than the one before.",
    fix:
      "Ask for the rows behind the last one of the page before: see paginateCursor() of @kysera/core.",
    find: (words) => {
      const at = words.findIndex((word, i) =>
        isWord(word, "offset") && words[i + 1]?.kind === "number" &&
        Number(words[i + 1]!.text) >= MANY
      );
      return at < 0 ? undefined : `${words[at + 1]!.text} rows are read, and thrown away`;
    },
  },
  {
    check: "random-order",
    severity: "warning",
    reason: "All of them are read and sorted for each run.",
    fix: "Draw a key, and ask for the row behind it.",
    find: (words) =>
      words.some((_, i) =>
          standAt(words, i, ["order", "by"]) &&
          ["random", "rand"].includes(words[i + 2]?.text ?? "") && words[i + 3]?.text === "("
        )
        ? "Rows are sorted at random"
        : undefined,
  },
  {
    check: "select-all",
    severity: "info",
    reason: "Columns that nobody needs cost time, and no index can have them all.",
    fix: "Name the columns.",
    find: (words) =>
      words.some((_, i) => standAt(words, i, ["select", "*"])) ? "Every column is read" : undefined,
  },
];

/** Finds what the text of a statement alone shows. */
export function adviceOnText(statement: string, plan: Plan): Finding[] {
  const words = wordsOf(statement);
  return RULES.flatMap(({ find, ...rule }) => {
    const message = find(words, plan);
    return message === undefined ? [] : [{ ...rule, table: undefined, message }];
  });
}

function isWord({ kind, text }: Word, ...texts: readonly string[]): boolean {
  return kind === "word" && texts.includes(text);
}

function has(words: readonly Word[], text: string): boolean {
  return words.some((word) => isWord(word, text));
}
