import { MigrationError } from "../errors.ts";
import type { HistoryEntry } from "../history/_entry.ts";
import type { ResolvedMigration } from "./_resolved.ts";
import type { RunLog } from "./_run_log.ts";
import type { State } from "./_state.ts";
import type { Task } from "./_task.ts";

/**
 * Returns the task that undoes a migration.
 *
 * @throws {MigrationError} if it cannot be undone
 */
export function downTask(
  code: readonly ResolvedMigration[],
  state: State,
  entry: HistoryEntry,
  log: RunLog,
): Task {
  const migration = state.applied.find(({ entry: { name } }) => name === entry.name)?.code;
  if (migration === undefined) {
    throw new MigrationError(
      `Cannot undo migration "${entry.name}": the code does not have it; add it again, or undo it by ` +
        `hand and call markAsRolledBack("${entry.name}")`,
      entry.name,
      "down",
      undefined,
      { result: log.result() },
    );
  }
  if (migration.migration.down === undefined) {
    throw new MigrationError(
      `Cannot undo migration "${entry.name}": it has no function down, and what was applied before it ` +
        `is not touched; undo it by hand and call markAsRolledBack("${entry.name}")`,
      entry.name,
      "down",
      undefined,
      { result: log.result() },
    );
  }
  const forgets = code.filter(({ repeats }) => repeats !== undefined).map(({ name }) => name);
  return { migration, operation: "down", forgets };
}

/**
 * Returns the task that goes on with a migration that stopped halfway.
 *
 * @throws {MigrationError} if the code does not have it
 */
export function resumeTask(
  code: readonly ResolvedMigration[],
  halfway: HistoryEntry,
  from: number | undefined,
): Task {
  const migration = code.find(({ name }) => name === halfway.name);
  const { operation, name } = halfway;
  if (migration === undefined || (operation === "down" && migration.migration.down === undefined)) {
    throw new MigrationError(
      `Cannot go on with migration "${name}" ${operation}: the code does not have it`,
      name,
      operation,
    );
  }
  return { migration, operation, resumes: true, from };
}

/** Returns the history as it would be after a task. */
export function afterTask(entries: readonly HistoryEntry[], task: Task): HistoryEntry[] {
  const { name } = task.migration;
  const gone = [name, ...task.forgets ?? []];
  const others = entries.filter((entry) => !gone.includes(entry.name));
  if (task.operation === "down") return others;
  const known = entries.find((entry) => entry.name === name);
  return [...others, {
    name,
    sequence: known?.sequence ?? (entries.at(-1)?.sequence ?? 0) + 1,
    state: "applied",
    operation: "up",
    executedAt: new Date(),
    duration: undefined,
    sourceHash: task.migration.repeats,
    planHash: undefined,
  }];
}
