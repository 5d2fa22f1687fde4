import type { Dialect } from "@kysera/core";
import type { Kysely } from "kysely";
import type { TableNames } from "../dialect/_table_names.ts";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { MigrationLockError } from "../errors.ts";
import { History } from "../history/_history.ts";
import type { MigrationObserver } from "../migration_observer.ts";
import type { Settings } from "../options.ts";
import type { Failed } from "./_failed.ts";
import { failureError } from "./_failure.ts";
import { holderOf, lockError } from "./_lock.ts";
import type { RunLog } from "./_run_log.ts";
import type { Session } from "./_session.ts";
import type { NextTask } from "./_task.ts";
import { Patience, sleep } from "./_wait.ts";

/** What a run is about. */
export interface RunOptions {
  readonly names: TableNames;
  readonly next: NextTask;
  readonly log: RunLog;
  readonly observer: MigrationObserver;
  /** Sets the session as it was before the run. */
  readonly restoreSession?: (() => Promise<void>) | undefined;
}

/** What the parts of a run share: its connection, its history, and whom it tells what happens. */
export class RunContext {
  readonly db: Kysely<any>;
  readonly session: Session;
  readonly settings: Settings;
  readonly traits: MigrationTraits;
  readonly dialect: Dialect;
  readonly names: TableNames;
  readonly next: NextTask;
  readonly log: RunLog;
  readonly observer: MigrationObserver;
  readonly restoreSession: (() => Promise<void>) | undefined;
  readonly history: History;
  /** What the lock knows this run by. */
  readonly owner: string = crypto.randomUUID();
  /** What the run says of itself to those who wait for it. */
  readonly holder: string;

  constructor(
    db: Kysely<any>,
    session: Session,
    settings: Settings,
    traits: MigrationTraits,
    dialect: Dialect,
    { names, next, log, observer, restoreSession }: RunOptions,
  ) {
    this.db = db;
    this.session = session;
    this.settings = settings;
    this.traits = traits;
    this.dialect = dialect;
    this.names = names;
    this.next = next;
    this.log = log;
    this.observer = observer;
    this.restoreSession = restoreSession;
    this.history = new History(session.own, traits, names);
    this.holder = settings.holder ?? `kysera ${this.owner.slice(0, 8)}`;
  }

  /** Returns how long another runner is waited for from now on. */
  patience(): Patience {
    return new Patience(this.settings.lockTimeout, this.settings.signal);
  }

  /** Waits for another runner; throws if there is no time left. */
  async waitOrFail(patience: Patience): Promise<void> {
    if (!patience.isOver) return await patience.wait();
    const { own } = this.session;
    throw lockError(
      await holderOf(own, this.history, this.traits, this.names).catch(() => undefined),
    );
  }

  /** Whether an error says that others used a table, so that the same may work a little later. */
  isBlocked(error: unknown): boolean {
    // What waits for a locked file of SQLite has waited for as long as the options say.
    return this.traits.isServer && this.traits.isBusy(error);
  }

  /** Leaves a table to those who wait for it, for as long as they were kept from it. */
  async leaveTable(): Promise<void> {
    const { tableLockTimeout, signal } = this.settings;
    await sleep(tableLockTimeout * (0.5 + Math.random()), signal);
  }

  /** Says that a migration failed. Returns if the options say that the run goes on all the same. */
  async report(failed: Failed): Promise<void> {
    const { log, observer, dialect, settings } = this;
    const { task, cause, statement, isRolledBack, applied } = failed;
    log.failed.push(task.migration.name);
    const error = cause instanceof MigrationLockError ? cause : failureError({
      migration: task.migration,
      operation: task.operation,
      cause,
      statement,
      isRolledBack,
      applied,
      result: log.result(),
    }, dialect);
    await observer.failed(task.migration.migration, task.operation, error);
    if (settings.stopOnError || cause instanceof MigrationLockError) throw error;
  }
}
