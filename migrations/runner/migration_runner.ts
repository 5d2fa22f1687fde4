import { BadRequestError, NotFoundError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { AdoptOptions, AdoptResult } from "../adopt.ts";
import { adopt } from "../adopt/_adopt.ts";
import type { HistoryEntry } from "../history/_entry.ts";
import type { MigrationList } from "../migration.ts";
import type { MigrationObserver } from "../migration_observer.ts";
import { type MigrationRunnerOptions, type Settings, settingsOf } from "../options.ts";
import type { MigrationProblem } from "../problem.ts";
import type {
  ExecutedMigration,
  LockHolder,
  MigrationResult,
  MigrationStatus,
} from "../results.ts";
import { Engine } from "../run/_engine.ts";
import { type ResolvedMigration, sourceHashOf } from "../run/_resolved.ts";
import { RunLog } from "../run/_run_log.ts";
import { type State, stateOf } from "../run/_state.ts";
import { downTask, resumeTask } from "../run/_tasks.ts";
import { Code } from "./_code.ts";
import { markApplied, repairHistory, replaceApplied } from "./_corrections.ts";
import { loggingObserver } from "./_logging_observer.ts";
import { problemsOf, Runs } from "./_runs.ts";

/**
 * Applies migrations, undoes them, and tells which are applied.
 *
 * Each migration runs under a lock that no two runners can hold, and is recorded in the transaction
 * that it runs in, where the database can change its schema in one.
 */
export class MigrationRunner {
  readonly #db: Kysely<any>;
  readonly #engine: Engine;
  readonly #list: MigrationList;
  readonly #settings: Settings;
  readonly #code: Code;
  readonly #runs: Runs;

  /**
   * Creates a runner. Nothing is read yet.
   *
   * @param db the database, or an executor of it
   * @param migrations the migrations
   * @param options how they are run
   * @throws {BadRequestError} if an option is wrong, or `db` is a transaction
   */
  constructor(db: Kysely<any>, migrations: MigrationList, options: MigrationRunnerOptions = {}) {
    this.#db = db;
    this.#settings = settingsOf(options);
    this.#engine = new Engine(db, this.#settings);
    this.#list = migrations;
    this.#code = new Code(migrations);
    // A subclass may tell others, and is not complete yet.
    this.#runs = new Runs(this.#engine, this.#settings, () => this.observer());
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
    const code = await this.#code.resolve();
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
    const code = await this.#code.resolve();
    if (database !== undefined) {
      return await new MigrationRunner(database, this.#list, {
        policy: this.#settings.policy,
        tableName: this.#settings.tableName,
        useTransactions: this.#settings.transactions === "none"
          ? false
          : this.#settings.transactions,
      }).up();
    }
    return await this.#runs.rehearse(code);
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
    const code = await this.#code.resolve();
    // What was undone and is applied again stands in the log twice.
    const again = (log: RunLog) =>
      log.executed.filter((name, index) => log.executed.indexOf(name) < index);
    return await this.#runs.run(code, (state, log) => {
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
    const code = await this.#code.resolve();
    return await this.#runs.run(
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
    const code = await this.#code.resolve();
    const changes = await this.#runs.changes(code, (await this.#engine.read()).entries);
    return await this.#engine.change((history, entries) =>
      repairHistory(history, entries, changes)
    );
  }

  /**
   * Tells what is applied. Nothing is created where nothing is.
   *
   * @returns the names, and how the code and the history do not fit each other
   */
  async status(): Promise<MigrationStatus> {
    const code = await this.#code.resolve();
    const { entries, lock } = await this.#engine.read();
    const { pending, unrecorded, superseded, problems } = stateOf(code, entries);
    const isGone = new Set(superseded);
    const isPending = new Set(pending.map(({ name }) => name));
    const isHeld = lock?.owner !== undefined && lock.expires! >= lock.now;
    const status: MigrationStatus = {
      executed: [
        ...entries.flatMap(({ name, state }) =>
          state === "applied" && !isPending.has(name) && !isGone.has(name) ? [name] : []
        ),
        ...unrecorded.map(({ migration }) => migration.name),
      ],
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
    const code = await this.#code.resolve();
    const { entries } = await this.#engine.read();
    const changes = await this.#runs.changes(code, entries);
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
    const code = await this.#code.resolve();
    const migration = code.find((each) => each.name === name);
    if (migration === undefined) throw new NotFoundError("Migration", { name });
    const sourceHash = await sourceHashOf(migration);
    await this.#engine.change((history, entries) =>
      markApplied(history, entries, name, sourceHash)
    );
  }

  /**
   * Records a migration as not applied, without undoing it. The code need not have it any more.
   *
   * @param name the migration
   */
  async markAsRolledBack(name: string): Promise<void> {
    await this.#engine.change(async (history) => {
      await history.remove([name]);
    });
  }

  /**
   * Takes the history of another tool over, as `adoptHistory()` does.
   *
   * @param options which history, and how
   * @returns what was taken over
   * @throws {MigrationStateError} if a migration of theirs failed or is not finished
   */
  async adopt(options: AdoptOptions = {}): Promise<AdoptResult> {
    return await adopt(this.#db, await this.#code.resolve(), this.#settings, options);
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
    return loggingObserver(this.#settings);
  }

  async #up(lastIndex: number | undefined): Promise<MigrationResult> {
    const code = await this.#code.resolve();
    const isWanted = ({ index }: ResolvedMigration) =>
      lastIndex === undefined || index <= lastIndex;
    await this.#recordReplacing(code);
    let isFirst = true;
    return await this.#runs.run(code, (state, log) => {
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

  /** Records migrations that stand in for others which are all applied, in their place. */
  async #recordReplacing(code: readonly ResolvedMigration[]): Promise<void> {
    if (this.#settings.dryRun || !code.some(({ replaces }) => replaces.length > 0)) return;
    const { entries } = await this.#engine.read();
    if (stateOf(code, entries).superseded.length === 0) return;
    await this.#engine.change((history, entries) =>
      replaceApplied(history, stateOf(code, entries))
    );
  }

  async #down(
    choose: (state: State, undone: readonly string[]) => HistoryEntry | undefined,
  ): Promise<MigrationResult> {
    const code = await this.#code.resolve();
    return await this.#runs.run(code, (state, log) => {
      const entry = choose(state, log.executed);
      return entry && downTask(code, state, entry, log);
    });
  }

  #log(message: string): void {
    if (this.#settings.verbose) this.#settings.logger?.info(message);
  }
}

function assertSteps(steps: unknown): void {
  if (typeof steps === "number" && Number.isInteger(steps) && steps >= 0) return;
  throw new BadRequestError(
    `Cannot run migrations: a number of steps has to be a whole number from 0 on, not ${steps}`,
  );
}
