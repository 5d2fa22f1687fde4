import type { Task } from "./_task.ts";

/** A migration failed. */
export class Failed extends Error {
  readonly task: Task;
  override readonly cause: unknown;
  readonly statement: { readonly index: number; readonly sql: string } | undefined;
  readonly isRolledBack: boolean;
  applied: number;

  static {
    this.prototype.name = "Failed";
  }

  constructor(
    task: Task,
    cause: unknown,
    statement: Failed["statement"],
    isRolledBack: boolean,
    applied: number,
  ) {
    super("Cannot run migration", { cause });
    this.task = task;
    this.cause = cause;
    this.statement = statement;
    this.isRolledBack = isRolledBack;
    this.applied = applied;
  }
}
