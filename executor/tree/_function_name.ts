import type { DialectTraits } from "../dialect/mod.ts";
import { KEYWORDS } from "./_plain_function.ts";
import { nameOf, readPlainText } from "./_raw_text.ts";

/**
 * Returns the parts of a name that may be quoted, such as `pg_catalog."lower"`.
 *
 * @returns `undefined` where the text is more than a name, or a keyword
 */
export function partsOfName(text: string, traits: DialectTraits): readonly string[] | undefined {
  let known = partsByName.get(traits);
  if (known === undefined) partsByName.set(traits, known = new Map());
  const kept = known.get(text);
  if (kept !== undefined || known.has(text)) return kept;
  const parts = readName(text, traits);
  // Programs may make up names: a bound keeps them from piling up.
  if (known.size >= MOST_NAMES) known.clear();
  if (typeof text === "string" && text.length <= LONGEST_NAME) known.set(text, parts);
  return parts;
}

/** What names were found to be made of. */
const partsByName = new WeakMap<DialectTraits, Map<string, readonly string[] | undefined>>();
const MOST_NAMES = 1_000;
const LONGEST_NAME = 100;

function readName(text: string, traits: DialectTraits): readonly string[] | undefined {
  if (typeof text !== "string" || KEYWORDS.has(text.toLowerCase())) return undefined;
  const { tokens } = readPlainText(text, traits);
  if (tokens === undefined || tokens.length % 2 === 0) return undefined;
  // Nothing may stand between the tokens, and before or behind them.
  if (tokens.reduce((length, token) => length + token.text.length, 0) !== text.length) {
    return undefined;
  }
  const isName = tokens.every((token, i) =>
    i % 2 === 1 ? token.text === "." : token.kind === "word" || token.kind === "name"
  );
  return isName
    ? tokens.filter((_, i) => i % 2 === 0).map((token) => nameOf(token, traits))
    : undefined;
}
