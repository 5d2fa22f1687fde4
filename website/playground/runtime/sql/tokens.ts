/** A token of SQL. */
export interface Token {
  /** The token as it stands in the statement. */
  readonly text: string;
  /** Whether white space stands before it. */
  readonly spaced: boolean;
  /** What kind of token it is. */
  readonly kind:
    | "word"
    | "name"
    | "string"
    | "number"
    | "parameter"
    | "punctuation";
}

/** Quoted names with their qualifiers, strings, parameters, numbers, words, and single characters. */
const TOKEN =
  /(?<name>(?:"(?:[^"]|"")*"|`[^`]*`)(?:\.(?:"(?:[^"]|"")*"|`[^`]*`))*)|(?<string>'(?:[^']|'')*')|(?<parameter>\$\d+|\?)|(?<number>\d+(?:\.\d+)?)|(?<word>[A-Za-z_]\w*)|(?<punctuation>::|->>|->|<=|>=|<>|!=|\|\||\S)/y;

/**
 * Divides SQL into tokens. A qualified name, `"a"."b"`, is one token.
 *
 * @param sql one statement
 * @returns its tokens; together with their white space they are the statement
 */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let spaced = false;
  for (let at = 0; at < sql.length;) {
    if (/\s/.test(sql[at]!)) {
      spaced = true;
      at++;
      continue;
    }
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(sql)!;
    const [kind, text] = Object.entries(found.groups!).find(([, text]) => text !== undefined)!;
    // The names of the groups are the kinds.
    tokens.push({ text, spaced, kind: kind as Token["kind"] });
    spaced = false;
    at += text.length;
  }
  return tokens;
}
