import type { Dialect } from "@kysera/core";

/** How the text of SQL is read. */
export interface Lexis {
  /** Quotes of names: the sign that each begins with, and the one that it ends with. */
  readonly nameQuotes: Readonly<Record<string, string>>;
  /** Quotes of strings, beside `'`. */
  readonly doubleQuotedStrings: boolean;
  /** Whether a backslash escapes in every string. */
  readonly backslashEscapes: boolean;
  /** Whether `e'..'` is a string in which a backslash escapes. */
  readonly escapeStrings: boolean;
  /** Whether `$tag$ .. $tag$` is a string. */
  readonly dollarQuotes: boolean;
  /** Whether comments with a star hold comments of their own. */
  readonly nestedComments: boolean;
  /** Whether `#` begins a comment. */
  readonly hashComments: boolean;
  /** Whether `--` begins a comment only before a space, a control character or the end. */
  readonly dashesNeedSpace: boolean;
  /** Whether a comment that begins with an exclamation mark is run. */
  readonly executableComments: boolean;
  /** Whether a script may change the sign that ends a statement, with a line `delimiter //`. */
  readonly delimiterCommand: boolean;
  /** First words of bodies, from CREATE on, in which a semicolon ends no statement. */
  readonly bodies: "none" | "triggers" | "atomic" | "routines";
}

const NO_QUOTES_BUT_DOUBLE = { '"': '"' } as const;

/** How each dialect is read. */
export const LEXES: Readonly<Record<Dialect, Lexis>> = {
  postgres: {
    nameQuotes: NO_QUOTES_BUT_DOUBLE,
    doubleQuotedStrings: false,
    backslashEscapes: false,
    escapeStrings: true,
    dollarQuotes: true,
    nestedComments: true,
    hashComments: false,
    dashesNeedSpace: false,
    executableComments: false,
    delimiterCommand: false,
    bodies: "atomic",
  },
  mysql: {
    nameQuotes: { "`": "`" },
    doubleQuotedStrings: true,
    backslashEscapes: true,
    escapeStrings: false,
    dollarQuotes: false,
    nestedComments: false,
    hashComments: true,
    dashesNeedSpace: true,
    executableComments: true,
    delimiterCommand: true,
    bodies: "routines",
  },
  sqlite: {
    nameQuotes: { '"': '"', "`": "`", "[": "]" },
    doubleQuotedStrings: false,
    backslashEscapes: false,
    escapeStrings: false,
    dollarQuotes: false,
    nestedComments: false,
    hashComments: false,
    dashesNeedSpace: false,
    executableComments: false,
    delimiterCommand: false,
    bodies: "triggers",
  },
  mssql: {
    nameQuotes: { '"': '"', "[": "]" },
    doubleQuotedStrings: false,
    backslashEscapes: false,
    escapeStrings: false,
    dollarQuotes: false,
    nestedComments: true,
    hashComments: false,
    dashesNeedSpace: false,
    executableComments: false,
    delimiterCommand: false,
    bodies: "none",
  },
};
