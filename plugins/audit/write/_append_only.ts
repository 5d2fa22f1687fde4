import type { CompiledQuery } from "kysely";
import { AuditAppendOnlyError } from "../contract/errors.ts";
import { ownNames } from "../strategies/common/_table.ts";

/** What stands before the name of a table that a statement writes, removes or empties. */
const WRITES = [
  String.raw`insert\s+(?:(?:or\s+\w+|ignore|low_priority|high_priority|delayed)\s+)*(?:into\s+)?`,
  String.raw`replace\s+(?:(?:low_priority|delayed)\s+)*(?:into\s+)?`,
  String.raw`update\s+(?:(?:or\s+\w+|ignore|low_priority|only)\s+)*`,
  // MySQL names the tables to delete from before FROM as well.
  String.raw`delete\s+(?:[\w$.*,"\x60\s]+?\s)?from\s+(?:only\s+)?`,
  String.raw`merge\s+into\s+(?:only\s+)?`,
  String.raw`truncate\s+(?:table\s+)?(?:only\s+)?`,
  String.raw`drop\s+table\s+(?:if\s+exists\s+)?`,
  String.raw`rename\s+tables?\s+(?:if\s+exists\s+)?`,
];
const NAME = String.raw`["\x60\[]?[\p{L}_][\p{L}\p{N}_$]*["\x60\]]?`;
const COMMENTS = /\/\*[\s\S]*?\*\/|--[^\n]*/g;
const TEXTS = /'(?:[^'\\]|''|\\.)*'/g;

/** Refuses statements whose text writes the log; builders' statements are seen by their trees. */
export class AppendOnly {
  readonly #mentions: RegExp;
  readonly #writes: RegExp;

  /** @param auditTable the name of the table that entries are written to */
  constructor(auditTable: string) {
    const names = ownNames(auditTable).map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
    this.#mentions = new RegExp(names[0]!, "i");
    const table = String.raw`(?:${NAME}\s*\.\s*)?["\x60\[]?(${names.join("|")})["\x60\]]?` +
      String.raw`(?![\p{L}\p{N}_$])`;
    // Several tables may be named at once. Columns may be added.
    this.#writes = new RegExp(
      String.raw`\b(?:${WRITES.join("|")})(?:[^\s;()]+\s*,\s*)*${table}` +
        String.raw`|\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?${table}` +
        String.raw`[^;]*\b(?:rename|drop|set\s+schema)\b`,
      "iu",
    );
  }

  /** @throws {AuditAppendOnlyError} where the statement writes the log */
  refuse({ sql }: CompiledQuery): void {
    if (!this.#mentions.test(sql)) return;
    const found = this.#writes.exec(sql.replace(TEXTS, "''").replace(COMMENTS, " "));
    if (found !== null) throw new AuditAppendOnlyError(found[1] ?? found[2]!);
  }
}
