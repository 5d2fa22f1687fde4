import { BadRequestError } from "@kysera/core";
import type { Lexis } from "./_lexis.ts";
import { type ScriptPart, type ScriptStatement, splitScript } from "./_split.ts";

/** What a comment says that begins a part of a script, or changes how it runs. */
const MARK =
  /^--\s*(?:(up|down)|transaction\s*:\s*(true|false)|(repeatable)|replaces\s*:\s*(\S.*))\s*$/i;

/** What the marks of a script say. */
export interface ScriptMarks {
  readonly down: boolean;
  readonly transaction: boolean | undefined;
  readonly repeatable: boolean;
  /** The migrations that it stands in for, each in a line of its own. */
  readonly replaces: readonly string[];
}

/** Finds the marks, without knowing yet how the dialect is read. */
export function marksOf(script: string): ScriptMarks {
  const replaces: string[] = [];
  const marks = { down: false, transaction: undefined as boolean | undefined, repeatable: false };
  for (const line of script.split(/\r\n?|\n/)) {
    const [, part, transaction, repeatable, replaced] = MARK.exec(line.trim()) ?? [];
    if (part?.toLowerCase() === "down") marks.down = true;
    if (transaction !== undefined) marks.transaction = transaction.toLowerCase() === "true";
    if (repeatable !== undefined) marks.repeatable = true;
    if (replaced !== undefined) replaces.push(replaced);
  }
  return { ...marks, replaces };
}

/** A script, and how it is read. */
export interface Script {
  readonly text: string;
  /** Whether lines like `-- down` part it; in those of another tool they are comments. */
  readonly hasMarks: boolean;
}

/**
 * Returns the statements of a script that run one way, and the comments between them.
 *
 * @throws {BadRequestError} if a mark is inside of something else
 */
export function partsOf(
  { text: script, hasMarks }: Script,
  operation: "up" | "down",
  lexis: Lexis,
  name: string,
): ScriptPart[] {
  if (!hasMarks) return [...splitScript(script, lexis)];
  const parts: ScriptPart[] = [];
  let current: "up" | "down" = "up";
  let seen = 0;
  for (const each of splitScript(script, lexis)) {
    const mark = each.kind === "comment" ? MARK.exec(each.text.trim()) : null;
    if (mark !== null) {
      seen++;
      if (mark[1] !== undefined) current = mark[1].toLowerCase() === "up" ? "up" : "down";
    } else if (current === operation) parts.push(each);
  }
  const written = script.split(/\r\n?|\n/).filter((line) => MARK.test(line.trim())).length;
  if (seen !== written) {
    throw new BadRequestError(
      `Cannot run migration "${name}": a line like "-- down" stands inside of a statement, a string or ` +
        `a comment, or a statement before it does not end with a semicolon`,
    );
  }
  return parts;
}

/** Returns the statements of a script that run one way. */
export function statementsOf(
  script: Script,
  operation: "up" | "down",
  lexis: Lexis,
  name: string,
): ScriptStatement[] {
  return partsOf(script, operation, lexis, name)
    .flatMap((part) => part.kind === "statement" ? [part] : []);
}

const SCRIPTS: WeakMap<(...args: never[]) => unknown, Script> = new WeakMap();

/** Notes the script that a function runs. */
export function noteScript(up: (...args: never[]) => unknown, script: Script): void {
  SCRIPTS.set(up, script);
}

/** Returns the script that a function runs; `undefined` of any other function. */
export function scriptOf(up: (...args: never[]) => unknown): Script | undefined {
  return SCRIPTS.get(up);
}
