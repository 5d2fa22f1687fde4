import { callHook } from "../contract/_call_hook.ts";
import { CheckRefusedError } from "../contract/errors.ts";
import type { Attributes } from "../contract/plugin.ts";
import { DeferredParameter } from "../tree/_deferred_parameter.ts";
import { isSlot } from "../tree/_slot.ts";
import type { NamedCheck } from "./rules.ts";

/** A check that a statement makes itself, in the database. */
export interface GuardedCheck {
  readonly table: string;
  readonly check: NamedCheck;
}

/** A check of a row whose values a prepared query is given later. */
export interface DeferredCheck extends GuardedCheck {
  /** What is known of the row; slots and deferred parameters stand for what a call brings. */
  readonly row: ReadonlyMap<string, unknown>;
}

/** The alias of the column that checks a row: no plugin that changes letter case alters it. */
export const CHECK_COLUMN = "kyseracheck";
const MARKER = "kysera:check:";
const MARKED = /kysera:check:(\d+)/;

/** What the rewriting of one statement leaves to be checked when it runs. */
export class RowChecks {
  readonly guarded: GuardedCheck[] = [];
  readonly deferred: DeferredCheck[] = [];
  /** The name that the checking column has in the rows of the database. */
  column: string = CHECK_COLUMN;
  /** Whether RETURNING is there for the check alone. */
  addsReturning = false;

  get isEmpty(): boolean {
    return this.guarded.length === 0 && this.deferred.length === 0;
  }

  /** Takes a check to be made by the database; returns the text that an error of it bears. */
  add(guarded: GuardedCheck): string {
    this.guarded.push(guarded);
    return `${MARKER}${this.guarded.length - 1}`;
  }

  /**
   * Makes the deferred checks, for the values of one call.
   *
   * @returns `false` where one of them cannot tell
   */
  satisfied(
    values: readonly unknown[],
    context: Attributes | undefined,
    run: object,
  ): boolean {
    let all = true;
    for (const { table, check, row } of this.deferred) {
      const known: (readonly [string, unknown])[] = [];
      for (const [column, value] of row) {
        known.push([
          column,
          isSlot(value)
            ? values[value.index]
            : value instanceof DeferredParameter
            ? value.read(context, run)
            : value,
        ]);
      }
      if (!isSatisfied(check, known, table, context, run)) all = false;
    }
    return all;
  }

  /** Returns the refusal of the check that raised an error, or the error where none did. */
  translated(error: unknown): unknown {
    const [, number] = error instanceof Error ? MARKED.exec(error.message) ?? [] : [];
    const found = number === undefined ? undefined : this.guarded[Number(number)];
    return found === undefined ? error : refusal(found, "a row does not satisfy it", error);
  }
}

/**
 * Asks a check about what is known of a row.
 *
 * @returns `false` where it cannot tell
 * @throws the refusal, where the row does not satisfy it
 */
export function isSatisfied(
  check: NamedCheck,
  known: Iterable<readonly [column: string, value: unknown]>,
  table: string,
  context: Attributes | undefined,
  run: object,
): boolean {
  if (check.satisfied === undefined) return false;
  const row = Object.freeze(Object.fromEntries(known));
  const answer = callHook(check.plugin, "check", () => check.satisfied!(row, context, run));
  if (answer === true) return true;
  if (answer === undefined && check.predicate !== undefined) return false;
  throw refusal({ table, check }, "a row does not satisfy it");
}

/** Returns the error of a check, by the plugin where it makes its own. */
function refusal({ table, check }: GuardedCheck, problem: string, cause?: unknown): unknown {
  if (check.refuse !== undefined) {
    return callHook(check.plugin, "check", () => check.refuse!(problem, cause));
  }
  return new CheckRefusedError(
    table,
    check.plugin,
    check.says,
    problem,
    cause === undefined ? undefined : { cause },
  );
}
