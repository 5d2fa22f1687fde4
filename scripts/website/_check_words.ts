/**
 * The word list: how the pages of the site do not speak.
 *
 * @module
 */
import { changeProse, linesOf, withoutTestMarks } from "./_text.ts";

/** What is not written, and what is written instead. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/(?<!\bthere )\bis no (?!longer\b)[a-z]+/i, "is not a .."],
  [/\bbut for\b/i, "except, unless"],
  [/\bin (?:its|their|his) stead\b/i, "instead of"],
  [/\bkeeps? to (?:it|them|the plugins|its plugins|the policies)\b/i, "is subject to"],
  [/\bwhat becomes of\b/i, "how .. is handled"],
  [/\bthe way out\b/i, "escape hatch"],
  [/\bhandles?\b(?= (?:of|for|that|with|whose|is|are)\b)/i, "executor instance"],
  [/\bmakes one\b/i, "creates .."],
  [/\bwho is asking\b(?! must)/i, "the caller"],
  [/\b(?:simply|easily|obviously|blazing|seamless|leverage|utilize|empower)\w*\b/i, "nothing"],
  [/\b(?:can't|won't|don't|isn't|doesn't|you're|it's)\b/i, "no contractions"],
];

/**
 * Finds words and phrases that the pages do not use.
 *
 * @param file the path of a Markdown file
 * @param text what it holds
 * @returns what is wrong, by line
 */
export function wrongWords(file: string, text: string): string[] {
  const prose = changeProse(withoutTestMarks(text), (part) => part);
  return linesOf(prose).flatMap(({ text: line, code }) => {
    if (code) return [];
    const plain = line.replaceAll(/`[^`]*`/g, "");
    return WORDS.flatMap(([pattern, instead]) => {
      const [found] = pattern.exec(plain) ?? [];
      return found === undefined
        ? []
        : [`${file}: "${found}" (instead: ${instead}) in: ${line.trim()}`];
    });
  });
}
