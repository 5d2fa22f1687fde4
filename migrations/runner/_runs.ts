import { noticeHistories } from "../adopt/_notice.ts";
import { MigrationError, MigrationStateError } from "../errors.ts";
import type { HistoryEntry } from "../history/_entry.ts";
import type { MigrationObserver } from "../migration_observer.ts";
import type { Settings } from "../options.ts";
import type { MigrationProblem } from "../problem.ts";
import type { MigrationResult } from "../results.ts";
import { type Change, changesOf } from "../run/_changes.ts";
import type { Engine } from "../run/_engine.ts";
import type { ResolvedMigration } from "../run/_resolved.ts";
import { RunLog } from "../run/_run_log.ts";
import { refusedProblems, type State, stateOf } from "../run/_state.ts";
import type { NextTask, Task } from "../run/_task.ts";
import { afterTask, resumeTask } from "../run/_tasks.ts";

/** Chooses what runs next, by the code and the history as they are now. */
export type Choice = (state: State, log: RunLog) => Task | undefined;

/** What kind of run it is. */
export interface RunMode {
  /** Whether it applies migrations, and so refuses where the code and the history do not fit. */
  readonly isUp?: boolean;
  /** Whether it goes on with a migration that failed. */
  readonly resumesFailed?: boolean;
  /** Called with the log when nothing is left to run. */
  readonly finish?: (log: RunLog) => void;
}

/** Returns what is wrong with migrations that were changed. */
export function problemsOf(changes: readonly Change[]): MigrationProblem[] {
  return changes.flatMap(({ problem }) => problem ?? []);
}

/** Runs migrations, or plans them, where the code and the history fit each other. */
export class Runs {
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #observer: () => MigrationObserver;

  constructor(engine: Engine, settings: Settings, observer: () => MigrationObserver) {
    this.#engine = engine;
    this.#settings = settings;
    this.#observer = observer;
  }

  /** Runs every migration that is not applied, in one transaction that is rolled back. */
  async rehearse(code: readonly ResolvedMigration[]): Promise<MigrationResult> {
    const log = new RunLog();
    const next: NextTask = (entries) => {
      if (log.failed.length > 0) return undefined;
      const state = stateOf(code, entries);
      this.#refuse(state.problems, true);
      const [migration] = state.pending;
      return migration && { migration, operation: "up" };
    };
    await this.#engine.rehearse(next, log);
    return log.result(true);
  }

  /** Runs what comes next until nothing does; or plans it. */
  async run(
    code: readonly ResolvedMigration[],
    choose: Choice,
    { isUp = false, resumesFailed = false, finish }: RunMode = {},
  ): Promise<MigrationResult> {
    const log = new RunLog();
    let changed: MigrationProblem[] = [];
    const next: NextTask = (entries) => {
      // What failed in this run is left alone by it.
      const isLeft = ({ name }: { readonly name: string }) => !log.failed.includes(name);
      const state = stateOf(code.filter(isLeft), entries.filter(isLeft));
      const halfway = state.halfway;
      if (halfway?.state === "running" && !resumesFailed) {
        return resumeTask(code, halfway, undefined);
      }
      const task = choose(state, log);
      const problems = [...state.problems, ...changed];
      if (!resumesFailed) this.#refuse(problems, isUp || task?.operation === "up");
      return task;
    };
    try {
      const { entries, lock } = await this.#engine.read();
      if (isUp && lock === undefined) await noticeHistories(this.#engine, this.#settings);
      changed = problemsOf(await this.changes(code, entries));
      if (this.#settings.dryRun) return await this.#plan(next, entries, log, finish);
      // Without the lock: most of the time there is nothing to do.
      if (await next(entries) !== undefined) await this.#engine.run(next, log, this.#observer());
    } catch (error) {
      if (!(error instanceof MigrationError) || this.#settings.stopOnError) throw error;
      // A rollback that cannot go on is not a failure of a migration, and still nothing is to be thrown.
      if (!log.failed.includes(error.migrationName)) log.failed.push(error.migrationName);
    }
    finish?.(log);
    return log.result();
  }

  #refuse(problems: readonly MigrationProblem[], isUp: boolean): void {
    const refused = refusedProblems(problems, this.#settings.policy);
    // What the code has no more, or does not have yet, is in nobody's way when others are undone.
    const inTheWay = refused.filter(({ kind }) => isUp || kind === "failed");
    if (inTheWay.length > 0) throw new MigrationStateError(inTheWay);
  }

  async #plan(
    next: NextTask,
    entries: readonly HistoryEntry[],
    log: RunLog,
    finish: ((log: RunLog) => void) | undefined,
  ): Promise<MigrationResult> {
    this.#settings.logger?.info("DRY RUN - No changes will be made");
    const tasks: Task[] = [];
    let now = entries;
    for (let task = await next(now); task !== undefined; task = await next(now)) {
      tasks.push(task);
      log.executed.push(task.migration.name);
      now = afterTask(now, task);
    }
    const plan = await this.#engine.plan(tasks);
    finish?.(log);
    this.#settings.logger?.info("Dry run completed - no changes made");
    return { ...log.result(true), plan };
  }

  /** Returns the applied migrations whose source is another one now. */
  async changes(
    code: readonly ResolvedMigration[],
    entries: readonly HistoryEntry[],
  ): Promise<Change[]> {
    return await changesOf(code, entries, {
      plan: async (migration) => (await this.#engine.plan([{ migration, operation: "up" }]))[0]!,
      storedPlan: (name) => this.#engine.storedPlan(name),
    });
  }
}
