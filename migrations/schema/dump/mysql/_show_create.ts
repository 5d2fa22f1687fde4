import { type Kysely, sql } from "kysely";
import { LEXES } from "../../../sql/_lexis.ts";
import { type Token, tokensOf } from "../../../sql/_tokens.ts";

/** An object as the server writes it. */
export interface Created {
  /** The statement that creates it. */
  readonly sql: string;
  /** The mode in which its text is read; `undefined` where that does not matter. */
  readonly mode: string | undefined;
}

/** What `show create` can be asked for. */
export type CreatedKind =
  | "table"
  | "view"
  | "function"
  | "procedure"
  | "trigger"
  | "event"
  | "sequence";

const KINDS = {
  table: sql`table`,
  view: sql`view`,
  function: sql`function`,
  procedure: sql`procedure`,
  trigger: sql`trigger`,
  event: sql`event`,
  sequence: sql`sequence`,
} as const;

/** Reads the statement that creates an object, without who defined it and without what counts rows. */
export async function showCreate(
  db: Kysely<any>,
  kind: CreatedKind,
  name: string,
): Promise<Created> {
  const { rows } = await sql<Record<string, unknown>>`show create ${KINDS[kind]} ${sql.id(name)}`
    .execute(db);
  const row = rows[0] ?? {};
  // "Create Table", "Create View", and "SQL Original Statement" of a trigger
  const column = Object.keys(row).find((name) => /^(create |sql original)/i.test(name));
  const mode = row["sql_mode"];
  const text = `${column === undefined ? "" : row[column]}`;
  return {
    sql: kind === "table" ? withoutCounter(text) : withoutDefiner(text),
    mode: typeof mode === "string" ? mode : undefined,
  };
}

/** Removes `DEFINER=..`: who loads a dump defines what is in it. */
export function withoutDefiner(text: string): string {
  const tokens = [...tokensOf(text, LEXES.mysql)];
  const at = tokens.findIndex(({ text }) => text === "definer");
  // Only before the kind of object; in a body the word is something else.
  if (at < 0 || at > 8 || tokens[at + 1]?.text !== "=") return text;
  let end = at + 3;
  if (tokens[end]?.text === "@") end += 2;
  return text.slice(0, tokens[at]!.start) + text.slice(tokens[end]?.start ?? text.length);
}

/** Removes `AUTO_INCREMENT=..`, the next number of a table. */
export function withoutCounter(text: string): string {
  const tokens = [...tokensOf(text, LEXES.mysql)];
  let depth = 0;
  for (const [i, token] of tokens.entries()) {
    if (isSign(token, "(")) depth++;
    else if (isSign(token, ")")) depth--;
    else if (
      depth === 0 && token.kind === "word" && token.text === "auto_increment" &&
      isSign(tokens[i + 1], "=")
    ) {
      return text.slice(0, token.start) + text.slice(tokens[i + 3]?.start ?? text.length);
    }
  }
  return text;
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === "sign" && token.text === sign;
}
