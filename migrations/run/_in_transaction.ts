import type { ControlledTransaction } from "kysely";
import type { HistoryEntry } from "../history/_entry.ts";
import type { AppliedRow, History } from "../history/_history.ts";
import { Failed } from "./_failed.ts";
import type { Recorder } from "./_recorder.ts";
import { callMigration, sourceHashOf } from "./_resolved.ts";
import type { RunContext } from "./_run_context.ts";
import type { Task } from "./_task.ts";

/** A migration that ran in the transaction that is open. */
export interface Ran {
  readonly task: Task;
  readonly duration: number;
  /** What the history is to have of it; `undefined` where it was undone. */
  readonly entry?: HistoryEntry & AppliedRow;
}

/**
 * Runs a migration in a transaction that is open. One that is undone is forgotten there; one that is
 * applied is recorded by {@linkcode recordApplied}.
 */
export async function runInTransaction(
  { history, observer, restoreSession, settings }: RunContext,
  task: Task,
  entries: readonly HistoryEntry[],
  trx: ControlledTransaction<any>,
  recorder: Recorder,
): Promise<Ran> {
  const { migration, operation } = task;
  const start = performance.now();
  try {
    await observer.before(migration.migration, operation);
    recorder.begin();
    await callMigration(migration, operation, trx);
    if (trx.isCommitted || trx.isRolledBack) {
      throw new Error("the migration ended its transaction, which is the runner's");
    }
  } catch (cause) {
    throw new Failed(task, cause, recorder.failed, true, 0);
  } finally {
    recorder.end();
  }
  const duration = performance.now() - start;
  try {
    if (recorder.changesSession && restoreSession !== undefined) {
      // Such as a search path under which the runner's own tables are not found.
      await restoreSession();
      await history.limitLocks(settings.tableLockTimeout);
    }
    if (operation === "down") {
      await history.remove([migration.name, ...task.forgets ?? []]);
      return { task, duration };
    }
    const known = entries.find(({ name }) => name === migration.name);
    if (known !== undefined) await history.remove([migration.name]);
    const row = {
      name: migration.name,
      sequence: nextSequence(entries),
      executedAt: new Date(),
      duration: Math.round(duration),
      sourceHash: await sourceHashOf(migration),
      planHash: await recorder.plan.hash(),
      plan: recorder.plan.text(),
    };
    return { task, duration, entry: { ...row, state: "applied", operation: "up" } };
  } catch (cause) {
    throw new Failed(task, cause, recorder.failed, true, 0);
  }
}

/** Records the migrations that a transaction has applied, all at once. */
export async function recordApplied(history: History, ran: readonly Ran[]): Promise<void> {
  const rows = ran.flatMap(({ entry }) => entry ?? []);
  try {
    await history.insertApplied(rows);
  } catch (cause) {
    throw new Failed(ran.at(-1)!.task, cause, undefined, true, 0);
  }
}

/** Returns the history after a migration. */
export function entriesAfter(
  entries: readonly HistoryEntry[],
  { task, entry }: Ran,
): HistoryEntry[] {
  const gone = [task.migration.name, ...task.forgets ?? []];
  const others = entries.filter(({ name }) => !gone.includes(name));
  return entry === undefined ? others : [...others, entry];
}

/** Returns the number of the next migration. */
export function nextSequence(entries: readonly HistoryEntry[]): number {
  // They are in the order of their numbers.
  return (entries.at(-1)?.sequence ?? 0) + 1;
}
