import type { SchemaTable } from "@kysera/migrations/schema";
import { isName, standAt, type Word, wordsOf } from "./_words.ts";

/** A table, and the name that a condition has for it. */
export interface NamedTable {
  readonly alias: string;
  readonly table: SchemaTable;
}

/** The columns of a table that a condition compares, those that are compared for equality first. */
export function comparedColumns(words: readonly Word[], table: NamedTable): string[] {
  const { equal, others } = comparisonsIn(words, table);
  return [...equal, ...others];
}

/** The columns that a condition compares: for equality, and otherwise. */
export function comparisonsIn(
  words: readonly Word[],
  { alias, table }: NamedTable,
): { readonly equal: readonly string[]; readonly others: readonly string[] } {
  const equal = new Set<string>();
  const others = new Set<string>();
  words.forEach((_, i) => {
    const column = columnAt(words, i, alias, table);
    if (column === undefined) return;
    let at = i + 1;
    // What stands between a column and its operator: `(state)::text = 'x'`.
    while (words[at]?.text === ")" || words[at]?.text === "::" || words[at - 1]?.text === "::") {
      at++;
    }
    const operator = words[at]?.text ?? "";
    const before = operatorBefore(words, i);
    if (operator === "=" || operator === "in" || before === "=") equal.add(column);
    else if (["<", ">", "<=", ">=", "between", "like", "is", "~"].includes(operator)) {
      others.add(column);
    } else if (["<", ">", "<=", ">="].includes(before)) others.add(column);
  });
  return { equal: [...equal], others: [...others].filter((column) => !equal.has(column)) };
}

function operatorBefore(words: readonly Word[], at: number): string {
  // A qualified name has two words before its column.
  const start = words[at - 1]?.text === "." ? at - 3 : at - 1;
  return words[words[start]?.text === "(" ? start - 1 : start]?.text ?? "";
}

/** The column of a table that is named at a place; undefined for one of another table. */
export function columnAt(
  words: readonly Word[],
  at: number,
  alias: string,
  { columns }: SchemaTable,
): string | undefined {
  const word = words[at];
  if (!isName(word) || words[at + 1]?.text === "." || words[at + 1]?.text === "(") return undefined;
  const isQualified = words[at - 1]?.text === ".";
  if (isQualified && words[at - 2]?.text.toLowerCase() !== alias.toLowerCase()) return undefined;
  return columns.find(({ name }) => name.toLowerCase() === word.text.toLowerCase())?.name;
}

/** The parts of a statement that rows are chosen by: what stands behind WHERE and ON. */
export function conditionsOf(statement: string): Word[] {
  const ENDS = ["group", "order", "limit", "having", "union", "returning", "window", "for"];
  const found: Word[] = [];
  let isInside = false;
  for (const word of wordsOf(statement)) {
    if (word.kind === "word" && (word.text === "where" || word.text === "on")) isInside = true;
    else if (word.kind === "word" && ENDS.includes(word.text)) isInside = false;
    else if (isInside) found.push(word);
  }
  return found;
}

/** The columns that a statement is sorted by last; empty where that is not a list of columns. */
export function orderOf(statement: string): { readonly text: string; readonly words: Word[] } {
  const words = wordsOf(statement);
  let start = -1;
  words.forEach((_, i) => {
    if (standAt(words, i, ["order", "by"])) start = i + 2;
  });
  if (start < 0) return { text: "", words: [] };
  const end = words.findIndex(({ text, kind }, i) =>
    i > start && kind === "word" && ["limit", "offset", "fetch", "for"].includes(text)
  );
  const part = words.slice(start, end < 0 ? words.length : end);
  return { text: part.map(({ text }) => text).join(" "), words: part };
}

/** The table that a statement has a name for. */
export function tableNamed(
  alias: string,
  statement: string,
  tables: readonly SchemaTable[],
): SchemaTable | undefined {
  const byName = (name: string | undefined) =>
    tables.find((table) => table.name.toLowerCase() === name?.toLowerCase());
  const words = wordsOf(statement);
  for (let i = 1; i < words.length; i++) {
    if (!isName(words[i]) || words[i]!.text.toLowerCase() !== alias.toLowerCase()) continue;
    const before = words[i - 1]?.text === "as" ? words[i - 2] : words[i - 1];
    const found = isName(before) ? byName(before.text) : undefined;
    if (found !== undefined) return found;
  }
  return byName(alias);
}
