/** A piece of the expression of a check. */
export interface CheckToken {
  readonly kind: "word" | "name" | "text" | "number" | "sign";
  /** A word is in lower case; of a text and a name what they stand for. */
  readonly text: string;
}

const WHERE_TOKENS_BEGIN =
  /\s+|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|(\d+(?:\.\d+)?)|([\p{L}_][\p{L}\p{N}_$]*)|(::|<=|>=|<>|!=|[-+*/%<>=(),[\]])/uy;

/** Returns the pieces of an expression, or `undefined` if there is something else in it. */
export function checkTokens(expression: string): CheckToken[] | undefined {
  const tokens: CheckToken[] = [];
  let at = 0;
  while (at < expression.length) {
    // PostgreSQL's ARRAY[..] is not a name in brackets.
    const previous = tokens.at(-1);
    const isArray = expression[at] === "[" && previous?.kind === "word";
    WHERE_TOKENS_BEGIN.lastIndex = at;
    const found = isArray ? null : WHERE_TOKENS_BEGIN.exec(expression);
    if (isArray) {
      tokens.push({ kind: "sign", text: "[" });
      at++;
      continue;
    }
    if (found === null) return undefined;
    at = WHERE_TOKENS_BEGIN.lastIndex;
    const [, text, double, back, bracket, number, word, sign] = found;
    if (text !== undefined) {
      // What a backslash means depends on the server.
      if (text.includes("\\")) return undefined;
      // `_utf8mb4'a'` of MySQL says of which character set it is.
      if (previous?.kind === "word" && previous.text.startsWith("_")) tokens.pop();
      tokens.push({ kind: "text", text: text.replaceAll("''", "'") });
    } else if (double !== undefined) {
      tokens.push({ kind: "name", text: double.replaceAll('""', '"') });
    } else if (back !== undefined) tokens.push({ kind: "name", text: back.replaceAll("``", "`") });
    else if (bracket !== undefined) tokens.push({ kind: "name", text: bracket });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
  }
  return tokens;
}
