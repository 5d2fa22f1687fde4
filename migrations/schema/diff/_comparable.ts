import { LEXES } from "../../sql/_lexis.ts";
import { type Token, tokensOf } from "../../sql/_tokens.ts";
import type { SchemaDialect } from "../snapshot/schema_snapshot.ts";

/**
 * Returns a text of SQL in a form in which two that mean the same are equal. PostgreSQL and MySQL
 * write expressions anew from what they have parsed; SQLite keeps what it was given, and changes the
 * quotes of a name when the name is changed.
 */
export const COMPARABLE: Readonly<Record<SchemaDialect, (text: string) => string>> = {
  postgres: (text) => text,
  mysql: (text) => text,
  sqlite: (text) => [...tokensOf(text, LEXES.sqlite)].map(written).join(" "),
};

const PLAIN = /^[a-z_][a-z0-9_]*$/;

function written({ kind, text }: Token): string {
  if (kind !== "name") return text;
  const lower = text.toLowerCase();
  return PLAIN.test(lower) ? lower : `"${lower.replaceAll('"', '""')}"`;
}
