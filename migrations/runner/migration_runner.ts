import { BadRequestError, NotFoundError, silentLogger } from "@kysera/core";
import type { Kysely } from "kysely";
import { MigrationError, type MigrationProblem, MigrationStateError } from "../errors.ts";
import type { HistoryEntry } from "../history/_entry.ts";
import type { MigrationList } from "../migration.ts";
import { type MigrationRunnerOptions, type Settings, settingsOf } from "../options.ts";
import type {
  ExecutedMigration,
  LockHolder,
  MigrationResult,
  MigrationStatus,
} from "../results.ts";
import type { MigrationObserver } from "../plugins/migration_observer.ts";
import { type Change, changesOf } from "../run/_changes.ts";
import { Engine, type NextTask, RunLog, type Task } from "../run/_engine.ts";
import { type ResolvedMigration, resolveMigrations, sourceHashOf } from "../run/_resolved.ts";
import { refusedProblems, type State, stateOf } from "../run/_state.ts";

/**
 * Applies migrations, undoes them, and tells which are applied.
 *
 * Each migration runs under a lock that no two runners can hold, and is recorded in the transaction
 * that it runs in, where the database can change its schema in one.
 */
export class MigrationRunner {
  readonly #engine: Engine;
  readonly #list: MigrationList;
  readonly #settings: Settings;
  #code: Promise<ResolvedMigration[]> | undefined;

  /**
   * Creates a runner. Nothing is read yet.
   *
   * @param db the database, or an executor of it
   * @param migrations the migrations
   * @param options how they are run
   * @throws {BadRequestError} if an option is wrong, or `db` is a transaction
   */
  constructor(db: Kysely<any>, migrations: MigrationList, options: MigrationRunnerOptions = {}) {
    this.#settings = settingsOf(options);
    this.#engine = new Engine(db, this.#settings);
    this.#list = migrations;
  }

  /**
   * Applies every migration that is not applied.
   *
   * @returns what was applied
   * @throws {MigrationError} if one fails, unless `stopOnError` is `false`
   * @throws {MigrationStateError} if the code and the history do not fit each other
   * @throws {MigrationLockError} if another runner holds the lock for too long
   */
  async up(): Promise<MigrationResult> {
    return await this.#up(undefined);
  }

  /**
   * Applies every migration that is not applied, up to one.
   *
   * @param name the last that is applied
   * @returns what was applied
   * @throws {NotFoundError} if there is no such migration
   * @throws {MigrationError} as {@linkcode up} does
   */
  async upTo(name: string): Promise<MigrationResult> {
    const code = await this.#resolve();
    const last = code.find((migration) => migration.name === name);
    if (last === undefined) throw new NotFoundError("Migration", { name });
    return await this.#up(last.index);
  }

  /**
   * Runs every migration that is not applied, for real, in one transaction that is rolled back: what
   * fails, fails here. It holds the locks that the migrations take until it is over. With a scratch
   * database the migrations are applied to that one, as `up()` does, and stay.
   *
   * @param options `database`: a scratch database; needed on MySQL and MariaDB, and for migrations
   * outside of a transaction
   * @returns what ran
   * @throws {BadRequestError} if it cannot be done in a transaction
   * @throws {MigrationError} if one fails
   */
  async rehearse(
    options: { readonly database?: Kysely<any> | undefined } = {},
  ): Promise<MigrationResult> {
    const { database } = options;
    const code = await this.#resolve();
    if (database !== undefined) {
      return await new MigrationRunner(database, this.#list, {
        policy: this.#settings.policy,
        tableName: this.#settings.tableName,
        useTransactions: this.#settings.transactions === "none"
          ? false
          : this.#settings.transactions,
      }).up();
    }
    const log = new RunLog();
    const next: NextTask = (entries) => {
      if (log.failed.length > 0) return undefined;
      const state = stateOf(code, entries);
      const refused = this.#refused(state.problems, true);
      if (refused.length > 0) throw new MigrationStateError(refused);
      const [migration] = state.pending;
      return migration && { migration, operation: "up" };
    };
    await this.#engine.rehearse(next, log);
    return log.result(true);
  }

  /**
   * Undoes the migrations that were applied last.
   *
   * @param steps how many
   * @returns what was undone
   * @throws {BadRequestError} if `steps` is not a whole number, or below 0
   * @throws {MigrationError} if one fails or has no `down`; those before it are undone
   */
  async down(steps: number = 1): Promise<MigrationResult> {
    assertSteps(steps);
    if (steps === 0) return new RunLog().result(this.#settings.dryRun);
    return await this.#down(({ applied }, undone) =>
      undone.length < steps ? applied.at(-1)?.entry : undefined
    );
  }

  /**
   * Undoes every migration that was applied after one.
   *
   * @param name the last that stays applied
   * @returns what was undone
   * @throws {NotFoundError} if the migration is not applied
   * @throws {MigrationError} as {@linkcode down} does
   */
  async downTo(name: string): Promise<MigrationResult> {
    const { entries } = await this.#engine.read();
    if (!entries.some((entry) => entry.name === name && entry.state === "applied")) {
      throw new NotFoundError("Applied migration", { name });
    }
    return await this.#down(({ applied }) => {
      const last = applied.at(-1)?.entry;
      return last?.name === name ? undefined : last;
    });
  }

  /**
   * Undoes every migration.
   *
   * @returns what was undone
   * @throws {MigrationError} as {@linkcode down} does
   */
  async reset(): Promise<MigrationResult> {
    return await this.#down(({ applied }) => applied.at(-1)?.entry);
  }

  /**
   * Undoes the migrations that were applied last, and applies them again.
   *
   * @param steps how many
   * @returns what was applied again
   * @throws {BadRequestError} if `steps` is not a whole number, or below 0
   * @throws {MigrationError} as {@linkcode down} and {@linkcode up} do
   */
  async redo(steps: number = 1): Promise<MigrationResult> {
    assertSteps(steps);
    if (steps === 0) return new RunLog().result(this.#settings.dryRun);
    const code = await this.#resolve();
    // What was undone and is applied again stands in the log twice.
    const again = (log: RunLog) =>
      log.executed.filter((name, index) => log.executed.indexOf(name) < index);
    return await this.#run(code, (state, log) => {
      const last = state.applied.at(-1)?.entry;
      if (again(log).length === 0 && log.executed.length < steps && last !== undefined) {
        return downTask(code, state, last, log);
      }
      const next = state.pending.find(({ name, repeats }) =>
        log.executed.includes(name) !== (repeats !== undefined)
      );
      return next && { migration: next, operation: "up" };
    }, { isUp: true, finish: (log) => void log.executed.splice(0, Infinity, ...again(log)) });
  }

  /**
   * Goes on with a migration that stopped halfway. Its statements that are applied are skipped.
   *
   * @param options `from`: how many statements are taken for applied, whatever is recorded of them
   * @returns the migration, if there was one
   * @throws {MigrationError} if it fails again, or its first statements are not those any more that
   * are applied
   */
  async resume(options: { readonly from?: number | undefined } = {}): Promise<MigrationResult> {
    const { from } = options;
    if (from !== undefined) assertSteps(from);
    const code = await this.#resolve();
    return await this.#run(
      code,
      (state, log) => {
        if (log.executed.length > 0 || state.halfway === undefined) return undefined;
        return resumeTask(code, state.halfway, from);
      },
      { resumesFailed: true },
    );
  }

  /**
   * Forgets a migration that stopped halfway: for when what it had done was undone by hand. And takes
   * the code for what was applied, where a migration was changed after it was.
   *
   * @returns the names of the migrations whose history was mended
   */
  async repair(): Promise<string[]> {
    const code = await this.#resolve();
    const changes = await this.#changes(code, (await this.#engine.read()).entries);
    return await this.#engine.change(async (history, entries) => {
      const mended: string[] = [];
      for (const entry of entries) {
        if (entry.state !== "applied") {
          await history.removeSteps(entry.name);
          if (entry.operation === "down") {
            await history.update(entry.name, { state: "applied", operation: "up" });
          } else await history.remove(entry.name);
          mended.push(entry.name);
          continue;
        }
        const change = changes.find(({ name }) => name === entry.name);
        if (change === undefined) continue;
        const { sourceHash, planHash, plan } = change;
        await history.update(entry.name, { sourceHash, planHash, plan });
        if (change.problem !== undefined) mended.push(entry.name);
      }
      return mended;
    });
  }

  /**
   * Tells what is applied. Nothing is created where nothing is.
   *
   * @returns the names, and how the code and the history do not fit each other
   */
  async status(): Promise<MigrationStatus> {
    const code = await this.#resolve();
    const { entries, lock } = await this.#engine.read();
    const { pending, problems } = stateOf(code, entries);
    const isPending = new Set(pending.map(({ name }) => name));
    const isHeld = lock?.owner !== undefined && lock.expires! >= lock.now;
    const status: MigrationStatus = {
      executed: entries.flatMap(({ name, state }) =>
        state === "applied" && !isPending.has(name) ? [name] : []
      ),
      pending: pending.map(({ name }) => name),
      total: code.length,
      problems,
      holder: isHeld
        ? { from: lock.holder ?? "", since: lock.since, expires: lock.expires }
        : undefined,
    };
    this.#log(`${status.executed.length} executed, ${status.pending.length} pending`);
    return status;
  }

  /**
   * Tells how the code and the history do not fit each other. Beside what `status()` tells, migrations
   * that were changed after they were applied are found: their statements are planned again where the
   * source is another one. A source that only looks different is no problem.
   *
   * @returns what is wrong
   */
  async verify(): Promise<MigrationProblem[]> {
    const code = await this.#resolve();
    const { entries } = await this.#engine.read();
    const changes = await this.#changes(code, entries);
    return [...stateOf(code, entries).problems, ...problemsOf(changes)];
  }

  /**
   * Returns the migrations that are applied, in the order in which they were.
   *
   * @returns their names
   */
  async getExecutedMigrations(): Promise<string[]> {
    return (await this.getHistory()).map(({ name }) => name);
  }

  /**
   * Returns the migrations that are applied, in the order in which they were, with when that was.
   *
   * @returns the migrations
   */
  async getHistory(): Promise<ExecutedMigration[]> {
    const { entries } = await this.#engine.read();
    return entries.filter(({ state }) => state === "applied")
      .map(({ name, executedAt, duration }) => ({ name, executedAt, duration }));
  }

  /**
   * Records a migration as applied, without running it. One that stopped halfway is taken for done.
   *
   * @param name the migration
   * @throws {NotFoundError} if the code has no such migration
   */
  async markAsExecuted(name: string): Promise<void> {
    const code = await this.#resolve();
    const migration = code.find((each) => each.name === name);
    if (migration === undefined) throw new NotFoundError("Migration", { name });
    const sourceHash = await sourceHashOf(migration);
    await this.#engine.change(async (history, entries) => {
      const known = entries.find((entry) => entry.name === name);
      if (known?.state === "applied") return;
      if (known !== undefined) {
        await history.removeSteps(name);
        await history.update(name, { state: "applied", operation: "up", sourceHash });
        return;
      }
      await history.insertApplied([{
        name,
        sequence: (entries.at(-1)?.sequence ?? 0) + 1,
        executedAt: new Date(),
        duration: undefined,
        sourceHash,
        planHash: undefined,
        plan: undefined,
      }]);
    });
  }

  /**
   * Records a migration as not applied, without undoing it. The code need not have it any more.
   *
   * @param name the migration
   */
  async markAsRolledBack(name: string): Promise<void> {
    await this.#engine.change(async (history) => {
      await history.removeSteps(name);
      await history.remove(name);
    });
  }

  /**
   * Creates the tables of the runner, and takes the history of another runner over; what is there is
   * left as it is. The other methods do it where they need it.
   */
  async setup(): Promise<void> {
    await this.#engine.setUp();
  }

  /**
   * Returns who holds the lock.
   *
   * @returns the runner that holds it; `undefined` if none does
   */
  async lockHolder(): Promise<LockHolder | undefined> {
    return await this.#engine.holder();
  }

  /**
   * Takes the lock from a runner that is dead, before it counts as that. One that lives sends nothing
   * more when it finds out.
   *
   * @returns who held it; `undefined` if nobody did
   * @throws {MigrationLockError} if the lock ends with a session, which can only be ended itself
   */
  async unlock(): Promise<LockHolder | undefined> {
    return await this.#engine.unlock();
  }

  /**
   * Returns what is told of each migration; a subclass may tell others.
   *
   * @returns what is told
   */
  protected observer(): MigrationObserver {
    const told = this.#settings.logger ?? silentLogger;
    return {
      before: ({ name, breaking, description, estimatedDuration }, operation) => {
        if (operation === "up" && breaking === true) {
          told.warn(
            `BREAKING CHANGE: ${name}${description === undefined ? "" : ` - ${description}`}`,
          );
        }
        const time = estimatedDuration === undefined ? "" : ` (about ${estimatedDuration} ms)`;
        this.#log(`Running ${name}${operation === "down" ? " down" : ""}...${time}`);
        return Promise.resolve();
      },
      after: ({ name }, operation, ms) => {
        const done = operation === "up" ? "completed" : "rolled back";
        this.#log(`${name} ${done} in ${Math.round(ms)} ms`);
        return Promise.resolve();
      },
      failed: ({ name }, operation, error) => {
        told.error(
          `${name} failed ${operation}: ${error instanceof Error ? error.message : error}`,
        );
        return Promise.resolve();
      },
    };
  }

  async #up(lastIndex: number | undefined): Promise<MigrationResult> {
    const code = await this.#resolve();
    const isWanted = ({ index }: ResolvedMigration) =>
      lastIndex === undefined || index <= lastIndex;
    let isFirst = true;
    return await this.#run(code, (state, log) => {
      if (isFirst) {
        isFirst = false;
        log.skipped = state.applied.flatMap(({ code }) =>
          code !== undefined && isWanted(code) ? [code.name] : []
        );
        for (const name of log.skipped) this.#log(`${name} (already executed)`);
      }
      const next = state.pending.find(isWanted);
      return next && { migration: next, operation: "up" };
    }, { isUp: true });
  }

  async #down(
    choose: (state: State, undone: readonly string[]) => HistoryEntry | undefined,
  ): Promise<MigrationResult> {
    const code = await this.#resolve();
    return await this.#run(code, (state, log) => {
      const entry = choose(state, log.executed);
      return entry && downTask(code, state, entry, log);
    });
  }

  /** Runs what comes next until nothing does; or plans it. */
  async #run(
    code: readonly ResolvedMigration[],
    choose: (state: State, log: RunLog) => Task | undefined,
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
      const refused = resumesFailed
        ? []
        : this.#refused(problems, isUp || task?.operation === "up");
      if (refused.length > 0) throw new MigrationStateError(refused);
      return task;
    };
    try {
      const { entries } = await this.#engine.read();
      changed = problemsOf(await this.#changes(code, entries));
      if (this.#settings.dryRun) return await this.#plan(next, entries, log, finish);
      // Without the lock: most of the time there is nothing to do.
      if (await next(entries) !== undefined) await this.#engine.run(next, log, this.observer());
    } catch (error) {
      if (!(error instanceof MigrationError) || this.#settings.stopOnError) throw error;
      // A rollback that cannot go on is no failure of a migration, and still nothing is to be thrown.
      if (!log.failed.includes(error.migrationName)) log.failed.push(error.migrationName);
    }
    finish?.(log);
    return log.result();
  }

  #refused(problems: readonly MigrationProblem[], isUp: boolean): MigrationProblem[] {
    const refused = refusedProblems(problems, this.#settings.policy);
    // What the code has no more, or does not have yet, is in nobody's way when others are undone.
    return refused.filter(({ kind }) => isUp || kind === "failed");
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
  async #changes(
    code: readonly ResolvedMigration[],
    entries: readonly HistoryEntry[],
  ): Promise<Change[]> {
    return await changesOf(code, entries, {
      plan: async (migration) => (await this.#engine.plan([{ migration, operation: "up" }]))[0]!,
      storedPlan: (name) => this.#engine.storedPlan(name),
    });
  }

  /** Returns the migrations; a provider has to give the same ones each time. */
  async #resolve(): Promise<ResolvedMigration[]> {
    const before = this.#code;
    const code = resolveMigrations(this.#list);
    if (before === undefined) {
      this.#code = code;
      try {
        return await code;
      } catch (error) {
        this.#code = undefined;
        throw error;
      }
    }
    const [old, now] = await Promise.all([before, code]);
    const length = Math.max(old.length, now.length);
    for (let i = 0; i < length; i++) {
      if (old[i]?.name === now[i]?.name && old[i]?.source === now[i]?.source) continue;
      throw new BadRequestError(
        `Cannot run migrations: they have changed since this runner looked at them first, from ` +
          `"${old[i]?.name ?? "none"}" to "${now[i]?.name ?? "none"}"; create a new runner`,
      );
    }
    return old;
  }

  #log(message: string): void {
    if (this.#settings.verbose) this.#settings.logger?.info(message);
  }
}

/** What kind of run it is. */
interface RunMode {
  /** Whether it applies migrations, and so refuses where the code and the history do not fit. */
  readonly isUp?: boolean;
  /** Whether it goes on with a migration that failed. */
  readonly resumesFailed?: boolean;
  /** Called with the log when nothing is left to run. */
  readonly finish?: (log: RunLog) => void;
}

function problemsOf(changes: readonly Change[]): MigrationProblem[] {
  return changes.flatMap(({ problem }) => problem ?? []);
}

function assertSteps(steps: unknown): void {
  if (typeof steps === "number" && Number.isInteger(steps) && steps >= 0) return;
  throw new BadRequestError(
    `Cannot run migrations: a number of steps has to be a whole number from 0 on, not ${steps}`,
  );
}

function downTask(
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

function resumeTask(
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

function afterTask(entries: readonly HistoryEntry[], task: Task): HistoryEntry[] {
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
