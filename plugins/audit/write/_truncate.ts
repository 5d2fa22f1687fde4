import type { CompiledQuery } from "kysely";
import { AuditNotPossibleError } from "../contract/errors.ts";

/** TRUNCATE as a statement; a call of truncate() is none. */
const TRUNCATE = /^\s*truncate\b(?!\s*\()/i;
const NAMES = /"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|([\p{L}_][\p{L}\p{N}_$]*)/gu;

/** Raw SQL passes where the executor lets it; what empties an audited table does not. */
export function refuseTruncate(
  { sql }: CompiledQuery,
  isAudited: (table: string) => boolean,
): void {
  if (!TRUNCATE.test(sql)) return;
  const words = new Set([
    "truncate",
    "table",
    "only",
    "restart",
    "continue",
    "identity",
    "cascade",
  ]);
  for (const [, quoted, ticked, bare] of sql.matchAll(NAMES)) {
    const name = quoted ?? ticked ?? bare!.toLowerCase();
    if (bare !== undefined && words.has(name) || name === "restrict") continue;
    if (isAudited(name)) {
      throw new AuditNotPossibleError(name, "TRUNCATE tells no rows; delete them");
    }
  }
}
