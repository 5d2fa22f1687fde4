/** A piece of SQL: a word in lower case, a name in quotes without them, or a sign. */
export interface Word {
  readonly text: string;
  readonly kind: "word" | "name" | "text" | "number" | "sign";
}

/** What is not closed ends with the text, so that no text is looked at twice. */
const PATTERN =
  /--[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*)|"((?:[^"]|"")*)"?|`([^`]*)`?|'((?:[^'\\]|''|\\[\s\S])*)'?|(\d[\d.]*)|([A-Za-z_][\w$]*)|(::|<=|>=|<>|!=|\S)/g;

/** The pieces of a statement, without comments. */
export function wordsOf(sql: string): Word[] {
  return [...sql.matchAll(PATTERN)].flatMap(
    ([, name, ticked, text, number, word, sign]): Word[] => {
      if (name !== undefined) return [{ text: name.replaceAll('""', '"'), kind: "name" }];
      if (ticked !== undefined) return [{ text: ticked, kind: "name" }];
      if (text !== undefined) return [{ text, kind: "text" }];
      if (number !== undefined) return [{ text: number, kind: "number" }];
      if (word !== undefined) return [{ text: word.toLowerCase(), kind: "word" }];
      return sign === undefined ? [] : [{ text: sign, kind: "sign" }];
    },
  );
}

/** Whether a piece can be the name of something. */
export function isName(word: Word | undefined): word is Word {
  return word?.kind === "word" || word?.kind === "name";
}

/** Returns true if words stand one behind another at a place. */
export function standAt(words: readonly Word[], at: number, texts: readonly string[]): boolean {
  return texts.every((text, i) => words[at + i]?.text === text && words[at + i]?.kind !== "text");
}
