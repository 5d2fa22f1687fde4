/** Something that says that a rule may be broken. */
export interface Ignore {
  readonly rule: string;
  /** Why; empty where nobody said. */
  readonly reason: string;
  /** The place of the statement that it is for; `undefined` for the whole migration. */
  readonly statement: number | undefined;
  isUsed: boolean;
}

const MARK = "kysera-ignore";

/**
 * Reads comments such as `-- kysera-ignore drop-table: nobody reads it since March`. Rules may be
 * several, with commas between them.
 *
 * @param text the comments
 * @param statement the place of the statement that they stand before, or in
 */
export function* ignoresIn(text: string, statement: number): Generator<Ignore> {
  for (const line of text.split("\n")) {
    const at = line.indexOf(MARK);
    if (at < 0) continue;
    const rest = line.slice(at + MARK.length).replace("*/", "");
    const colon = rest.indexOf(":");
    const rules = colon < 0 ? rest : rest.slice(0, colon);
    const reason = colon < 0 ? "" : rest.slice(colon + 1).trim();
    for (const rule of rules.split(",")) {
      yield { rule: rule.trim(), reason, statement, isUsed: false };
    }
  }
}
