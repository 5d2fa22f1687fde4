import { BadRequestError, detectDialect, type Dialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import type { ControlledTransaction, Kysely } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { traitsOf } from "../dialect/_traits_of.ts";
import { MigrationLockError } from "../errors.ts";
import type { HistoryEntry, LockRow } from "../history/_entry.ts";
import { History } from "../history/_history.ts";
import type { LegacyHistory } from "../history/_legacy.ts";
import { type TableNames, tableNames } from "../history/_names.ts";
import { createTables, insertLockRow, readLayout } from "../history/_setup.ts";
import type { MigrationOperation } from "../migration.ts";
import type { MigrationObserver } from "../plugins/migration_observer.ts";
import type { Settings } from "../options.ts";
import type { LockHolder, MigrationResult, PlannedMigration } from "../results.ts";
import { noteBatchRunner } from "./_batch_context.ts";
import { dryRun } from "./_dry_run.ts";
import { failureError } from "./_failure.ts";
import { PlanRecord } from "./_plan_record.ts";
import { Recorder } from "./_recorder.ts";
import { callMigration, type ResolvedMigration, sourceHashOf } from "./_resolved.ts";
import { type Session, withSession } from "./_session.ts";
import { settleSteps, Stepwise } from "./_stepwise.ts";
import { Patience } from "./_wait.ts";

/** What runs next. */
export interface Task {
  readonly migration: ResolvedMigration;
  readonly operation: MigrationOperation;
  /** Whether it goes on with a migration that stopped halfway. */
  readonly resumes?: boolean;
  /** How many statements are taken for applied, whatever is recorded of them. */
  readonly from?: number | undefined;
  /** Migrations that are forgotten with one that is undone: they have to run again. */
  readonly forgets?: readonly string[] | undefined;
}

/** Says what runs next, by the history as it is under the lock. */
export type NextTask = (
  entries: readonly HistoryEntry[],
) => Promise<Task | undefined> | Task | undefined;

/** What a run has done so far. */
export class RunLog {
  readonly #start = performance.now();
  readonly executed: string[] = [];
  readonly failed: string[] = [];
  skipped: string[] = [];

  /** Returns it as it is now. */
  result(dryRun = false): MigrationResult {
    return {
      executed: [...this.executed],
      skipped: [...this.skipped],
      failed: [...this.failed],
      duration: performance.now() - this.#start,
      dryRun,
    };
  }
}

/** How a try under the lock ended. */
type Outcome = "done" | "ran" | "busy";

/** The part of a runner that knows the database: its tables, its lock, and how migrations run. */
export class Engine {
  readonly #db: Kysely<any>;
  readonly #settings: Settings;
  readonly #names: TableNames;
  readonly traits: MigrationTraits;
  readonly dialect: Dialect;

  constructor(db: Kysely<any>, settings: Settings) {
    if (db.isTransaction) {
      throw new BadRequestError(
        "Cannot create a migration runner: it opens transactions of its own, so give it the database " +
          "and not a transaction",
      );
    }
    this.#db = db;
    this.#settings = settings;
    this.#names = tableNames(settings.tableName, settings.schema);
    this.traits = traitsOf(db);
    this.dialect = detectDialect(db);
  }

  /** Returns the history; it is empty where nothing is set up, and nothing is created. */
  async read(): Promise<{ entries: HistoryEntry[]; lock: LockRow | undefined }> {
    return await this.#withSession(async ({ own }) => {
      const { isSetUp, legacy } = await readLayout(own, this.traits, this.#names);
      if (isSetUp) {
        const history = this.#history(own);
        return { entries: await history.entries(), lock: await history.lock() };
      }
      const entries = (await this.#readLegacy(own, legacy)).map((entry, index): HistoryEntry => ({
        ...entry,
        sequence: index + 1,
        state: "applied",
        operation: "up",
        duration: undefined,
        sourceHash: undefined,
        planHash: undefined,
      }));
      return { entries, lock: undefined };
    });
  }

  /** Creates the tables, and takes another runner's history over; what is there is left. */
  async setUp(): Promise<void> {
    await this.#withSession((session) => this.#setUp(session));
  }

  /** Runs one migration after the other, each under the lock, until there is none left. */
  async run(next: NextTask, log: RunLog, observer: MigrationObserver): Promise<void> {
    await this.#withSession(async (session) => {
      await this.#setUp(session);
      const run = new Run(this.#db, session, this.#settings, this.traits, this.dialect, {
        names: this.#names,
        next,
        log,
        observer,
      });
      await (this.traits.transactionalDdl ? run.inTransactions() : run.underSessionLock());
    });
  }

  /** Runs migrations in one transaction, which is rolled back. */
  async rehearse(next: NextTask, log: RunLog): Promise<void> {
    if (!this.traits.transactionalDdl) {
      throw new BadRequestError(
        "Cannot rehearse migrations here: the database changes its schema in no transaction; give the " +
          "option database, a scratch database to run them on",
      );
    }
    await this.#withSession(async (session) => {
      const layout = await readLayout(session.own, this.traits, this.#names);
      const run = new Run(this.#db, session, this.#settings, this.traits, this.dialect, {
        names: this.#names,
        next,
        log,
        observer: NOBODY,
      });
      await run.rehearse(async () => {
        if (!layout.isSetUp) await this.#fill(session.own, layout.legacy);
      });
    });
  }

  /** Changes the history under the lock, where no migration runs. */
  async change<T>(
    body: (history: History, entries: readonly HistoryEntry[]) => Promise<T>,
  ): Promise<T> {
    return await this.#withSession(async (session) => {
      await this.#setUp(session);
      return await this.#exclusively(session, async (own) => {
        const history = this.#history(own);
        const lock = await history.lock();
        if (isHeld(lock)) return undefined;
        const value = await body(history, await history.entries());
        await history.touch();
        return { value };
      });
    });
  }

  /** Takes the lock from whoever holds it. */
  async unlock(): Promise<LockHolder | undefined> {
    return await this.#withSession(async ({ own }) => {
      const holder = await this.holder(own);
      if (holder === undefined) return undefined;
      if (holder.expires === undefined) {
        throw new MigrationLockError(
          `Cannot take the lock from ${holder.from}: it ends with its session; end that session, as ` +
            `with pg_terminate_backend() or KILL`,
        );
      }
      await this.#history(own).release(undefined);
      return holder;
    });
  }

  /** Returns who holds the lock. */
  async holder(
    own: Kysely<any> = getRawDb(this.#db).withoutPlugins(),
  ): Promise<LockHolder | undefined> {
    const { isSetUp } = await readLayout(own, this.traits, this.#names);
    return isSetUp ? await holderOf(own, this.#history(own), this.traits, this.#names) : undefined;
  }

  /** Finds out what migrations would send. */
  async plan(tasks: readonly Task[]): Promise<PlannedMigration[]> {
    const isTransactional = (task: Task) =>
      this.traits.transactionalDdl && wantsTransaction(task, this.#settings);
    return await this.#withSession((session) =>
      dryRun(session, this.traits, tasks, isTransactional)
    );
  }

  /** Returns the plan that was stored with a migration. */
  async storedPlan(name: string): Promise<string | undefined> {
    return await this.#withSession(({ own }) => this.#history(own).planOf(name));
  }

  #withSession<T>(body: (session: Session) => Promise<T>): Promise<T> {
    return withSession(this.#db, this.traits, this.#settings.lockTimeout, body);
  }

  #history(own: Kysely<any>): History {
    return new History(own, this.traits, this.#names);
  }

  async #setUp(session: Session): Promise<void> {
    const { isSetUp } = await readLayout(session.own, this.traits, this.#names);
    if (isSetUp) return;
    const { traits } = this;
    if (!traits.transactionalDdl) await createTables(session.own, traits, this.#names);
    await this.#exclusively(session, async (own) => {
      const layout = await readLayout(own, traits, this.#names);
      if (layout.isSetUp) return { value: undefined };
      await this.#fill(own, layout.legacy);
      return { value: undefined };
    });
  }

  /** Creates what is not there, and takes another runner's history over. */
  async #fill(own: Kysely<any>, others: readonly LegacyHistory[]): Promise<void> {
    if (this.traits.transactionalDdl) await createTables(own, this.traits, this.#names);
    await insertLockRow(own, this.#names);
    const legacy = await this.#readLegacy(own, others);
    await this.#history(own).insertApplied(legacy.map((entry, index) => ({
      ...entry,
      sequence: index + 1,
      duration: undefined,
      sourceHash: undefined,
      planHash: undefined,
      plan: undefined,
    })));
  }

  async #readLegacy(own: Kysely<any>, legacy: readonly LegacyHistory[]) {
    const { adopt } = this.#settings;
    if (adopt === false) return [];
    const db = this.#names.schema === undefined ? own : own.withSchema(this.#names.schema);
    const found = [];
    for (const history of legacy) {
      if (typeof adopt === "string" && history.table !== adopt) continue;
      const entries = await history.read(db);
      if (entries.length > 0) found.push({ history, entries });
    }
    if (typeof adopt === "string" && found.length === 0 && !legacy.some((l) => l.table === adopt)) {
      throw new BadRequestError(
        `Cannot take over the history of "${adopt}": there is no such table with the columns of a ` +
          `history that is known`,
      );
    }
    if (found.length > 1) {
      const tables = found.map(({ history }) => `"${history.table}" (${history.runner})`);
      throw new BadRequestError(
        `Cannot take over a history: there are several, ${
          tables.join(" and ")
        }; name the table in ` +
          `the option adopt, or set it to false`,
      );
    }
    return found[0]?.entries ?? [];
  }

  /**
   * Calls a function in a transaction that no other runner can be in at the same time; again, as long
   * as it returns nothing.
   */
  async #exclusively<T>(
    session: Session,
    body: (own: Kysely<any>) => Promise<{ readonly value: T } | undefined>,
  ): Promise<T> {
    const { own } = session;
    const patience = new Patience(this.#settings.lockTimeout, this.#settings.signal);
    for (;;) {
      const done = await this.#once(own, body);
      if (done !== undefined) return done.value;
      if (patience.isOver) {
        const history = this.#history(own);
        throw lockError(
          await holderOf(own, history, this.traits, this.#names).catch(() => undefined),
        );
      }
      await patience.wait();
    }
  }

  async #once<T>(
    own: Kysely<any>,
    body: (own: Kysely<any>) => Promise<{ readonly value: T } | undefined>,
  ): Promise<{ readonly value: T } | undefined> {
    const { traits } = this;
    if (!await traits.trySessionLock(own, this.#names)) return undefined;
    try {
      const trx = await begin(own, traits);
      try {
        if (await traits.tryTransactionLock(trx, this.#names)) {
          const done = await body(trx);
          if (done !== undefined) await trx.commit().execute();
          return done;
        }
      } catch (error) {
        if (traits.isBusy(error)) return undefined;
        throw error;
      } finally {
        if (!trx.isCommitted) await trx.rollback().execute().catch(() => {});
      }
      return undefined;
    } finally {
      await traits.releaseSessionLock(own, this.#names);
    }
  }
}

/** Is told nothing. */
const NOBODY: MigrationObserver = {
  before: () => Promise.resolve(),
  after: () => Promise.resolve(),
  failed: () => Promise.resolve(),
};

/** What a run is about. */
interface RunOptions {
  readonly names: TableNames;
  readonly next: NextTask;
  readonly log: RunLog;
  readonly observer: MigrationObserver;
}

/** One run on one connection. */
class Run {
  readonly #db: Kysely<any>;
  readonly #session: Session;
  readonly #settings: Settings;
  readonly #traits: MigrationTraits;
  readonly #dialect: Dialect;
  readonly #options: RunOptions;
  readonly #history: History;
  /** What the lock knows this run by. */
  readonly #owner: string = crypto.randomUUID();
  readonly #holder: string;
  /** The migrations of which statements were recorded when the run began. */
  #namesOfSteps: Set<string> | undefined;
  #known: { readonly revision: number; entries: HistoryEntry[] } | undefined;

  constructor(
    db: Kysely<any>,
    session: Session,
    settings: Settings,
    traits: MigrationTraits,
    dialect: Dialect,
    options: RunOptions,
  ) {
    this.#db = db;
    this.#session = session;
    this.#settings = settings;
    this.#traits = traits;
    this.#dialect = dialect;
    this.#options = options;
    this.#history = new History(session.own, traits, options.names);
    this.#holder = settings.holder ?? `kysera ${this.#owner.slice(0, 8)}`;
  }

  /** For databases that can change their schema in a transaction. */
  async inTransactions(): Promise<void> {
    let patience = this.#patience();
    for (;;) {
      this.#settings.signal?.throwIfAborted();
      const outcome = await this.#try();
      if (outcome === "done") return;
      if (outcome === "ran") patience = this.#patience();
      else await this.#waitOrFail(patience);
    }
  }

  /** Runs all there is in one transaction, and rolls it back. */
  async rehearse(setUp: () => Promise<void>): Promise<void> {
    const { next, log } = this.#options;
    const recorder = new Recorder(this.#traits.lexis);
    const trx = await begin(this.#session.bind(recorder), this.#traits);
    try {
      await setUp();
      const lock = await this.#history.lockTransaction();
      if (lock === undefined || isHeld(lock)) await this.#waitOrFail(new Patience(0, undefined));
      let entries = await this.#history.entries();
      for (let task = await next(entries); task !== undefined; task = await next(entries)) {
        if (!wantsTransaction(task, this.#settings)) {
          throw new BadRequestError(
            `Cannot rehearse migration "${task.migration.name}" here: it runs outside of a ` +
              `transaction; give the option database, a scratch database to run it on`,
          );
        }
        const ran = await this.#inTransaction(task, entries, trx, recorder);
        entries = entriesAfter(entries, ran);
        log.executed.push(task.migration.name);
      }
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      await this.#report(error);
    } finally {
      await trx.rollback().execute();
    }
  }

  /** For the others: the whole run holds one lock. */
  async underSessionLock(): Promise<void> {
    const { own } = this.#session;
    const { names } = this.#options;
    const patience = this.#patience();
    for (;;) {
      this.#settings.signal?.throwIfAborted();
      if (await this.#traits.trySessionLock(own, names)) {
        try {
          if (await this.#claim()) return await this.#underClaim();
        } finally {
          await this.#traits.releaseSessionLock(own, names);
        }
      }
      await this.#waitOrFail(patience);
    }
  }

  async #claim(): Promise<boolean> {
    try {
      return await this.#history.claim(this.#owner, this.#holder, this.#settings.lease);
    } catch (error) {
      if (this.#traits.isBusy(error)) return false;
      throw error;
    }
  }

  async #underClaim(): Promise<void> {
    const heart = this.#startHeart();
    try {
      for (;;) {
        this.#settings.signal?.throwIfAborted();
        // Nobody else changes it meanwhile, and it changes with each migration.
        const entries = await this.#history.entries();
        const task = await this.#options.next(entries);
        if (task === undefined) return;
        await this.#stepwise(task, entries, heart);
      }
    } finally {
      heart.stop();
      await this.#history.release(this.#owner).catch(() => {});
    }
  }

  /** Runs what comes next, where nobody else holds the lock. */
  async #try(): Promise<Outcome> {
    const traits = this.#traits;
    const { next } = this.#options;
    const recorder = new Recorder(traits.lexis);
    let trx: ControlledTransaction<any>;
    try {
      trx = await begin(this.#session.bind(recorder), traits);
    } catch (error) {
      if (traits.isBusy(error)) return "busy";
      throw error;
    }
    let claimed: { task: Task; entries: HistoryEntry[] } | undefined;
    let revision = 0;
    const ran: Ran[] = [];
    try {
      let entries: HistoryEntry[];
      try {
        // The first write of a transaction is what SQLite grants to one alone.
        const lock = await this.#history.lockTransaction();
        if (lock === undefined || isHeld(lock)) return "busy";
        // It has changed with that, and changes once more before it is read again.
        revision = lock.revision;
        entries = await this.#entriesAt(revision);
      } catch (error) {
        if (traits.isBusy(error)) return "busy";
        throw error;
      }
      for (;;) {
        const task = await next(entries);
        if (task === undefined && ran.length === 0) return "done";
        if (task === undefined) break;
        if (!wantsTransaction(task, this.#settings)) {
          if (ran.length > 0) break;
          if (!await this.#claim()) return "busy";
          claimed = { task, entries };
          break;
        }
        ran.push(await this.#inTransaction(task, entries, trx, recorder));
        entries = entriesAfter(entries, ran.at(-1)!);
        if (this.#settings.transactions !== "per-run") break;
        if (this.#settings.signal?.aborted) break;
      }
      await trx.commit().execute();
      this.#known = claimed === undefined ? { revision: revision + 1, entries } : undefined;
    } catch (error) {
      this.#known = undefined;
      await trx.rollback().execute().catch(() => {});
      if (!(error instanceof Failed)) throw error;
      return await this.#report(error);
    } finally {
      if (!trx.isCommitted && !trx.isRolledBack) await trx.rollback().execute().catch(() => {});
    }
    for (const { task, duration } of ran) {
      this.#options.log.executed.push(task.migration.name);
      await this.#options.observer.after(task.migration.migration, task.operation, duration);
    }
    if (claimed !== undefined) {
      const heart = this.#startHeart();
      try {
        await this.#stepwise(claimed.task, claimed.entries, heart);
      } finally {
        heart.stop();
        await this.#history.release(this.#owner).catch(() => {});
      }
    }
    return "ran";
  }

  /** Reads the history, unless it is known that it has not changed. */
  async #entriesAt(revision: number): Promise<HistoryEntry[]> {
    if (this.#known?.revision === revision) return this.#known.entries;
    const entries = await this.#history.entries();
    this.#known = { revision, entries };
    return entries;
  }

  async #inTransaction(
    task: Task,
    entries: readonly HistoryEntry[],
    trx: ControlledTransaction<any>,
    recorder: Recorder,
  ): Promise<Ran> {
    const { migration, operation } = task;
    const start = performance.now();
    try {
      await this.#options.observer.before(migration.migration, operation);
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
      if (operation === "down") {
        await this.#history.remove(migration.name);
        for (const name of task.forgets ?? []) await this.#history.remove(name);
        return { task, duration };
      }
      const known = entries.find(({ name }) => name === migration.name);
      if (known !== undefined) await this.#history.remove(migration.name);
      const row = {
        name: migration.name,
        sequence: nextSequence(entries),
        executedAt: new Date(),
        duration: Math.round(duration),
        sourceHash: await sourceHashOf(migration),
        planHash: await recorder.plan.hash(),
        plan: recorder.plan.text(),
      };
      await this.#history.insertApplied([row]);
      return { task, duration, entry: { ...row, state: "applied", operation: "up" } };
    } catch (cause) {
      throw new Failed(task, cause, recorder.failed, true, 0);
    }
  }

  /** Runs a migration outside of a transaction, under a claim. */
  async #stepwise(task: Task, entries: readonly HistoryEntry[], heart: Heart): Promise<void> {
    const { migration, operation } = task;
    const { name } = migration;
    const traits = this.#traits;
    const recorded = await this.#settle(task);
    try {
      await this.#options.observer.before(migration.migration, operation);
    } catch (cause) {
      await this.#report(new Failed(task, cause, undefined, false, recorded.length));
      return;
    }
    const start = performance.now();
    const sourceHash = await sourceHashOf(migration);
    if (!entries.some((entry) => entry.name === name)) {
      await this.#history.insertRunning(name, nextSequence(entries), sourceHash);
    } else await this.#history.update(name, { state: "running", operation });
    const plan = new PlanRecord();
    const steps = new Stepwise({
      session: this.#session,
      traits,
      history: this.#history,
      plan,
      owner: this.#owner,
      lease: this.#settings.lease,
      name,
      recorded,
      skips: task.from ?? 0,
    });
    try {
      const db = this.#session.bind(steps);
      noteBatchRunner(db, (batches) => steps.batches(db, batches));
      await callMigration(migration, operation, db);
      heart.assertHeld();
    } catch (cause) {
      const failed = new Failed(task, cause, steps.failed, false, 0);
      // Another runner works on it now: what it has recorded is not touched.
      if (await this.#history.beat(this.#owner, this.#settings.lease).catch(() => false)) {
        failed.applied = (await settleSteps(this.#session, traits, this.#history, name)
          .catch(() => undefined))?.length ?? 0;
        await this.#noteFailure(failed).catch(() => {});
      }
      await this.#report(failed);
      return;
    }
    const duration = performance.now() - start;
    if (operation === "up") {
      const isOwner = await this.#history.finish(this.#owner, name, {
        executedAt: new Date(),
        duration: Math.round(duration),
        sourceHash,
        planHash: await plan.hash(),
        plan: plan.text(),
      });
      if (!isOwner) throw lockLost();
      await this.#history.removeSteps(name);
    } else {
      const trx = await begin(this.#session.own, traits);
      try {
        const history = this.#history.over(trx);
        if (!await history.beat(this.#owner, this.#settings.lease)) throw lockLost();
        for (const gone of [name, ...task.forgets ?? []]) await history.remove(gone);
        await history.removeSteps(name);
        await trx.commit().execute();
      } finally {
        if (!trx.isCommitted) await trx.rollback().execute().catch(() => {});
      }
    }
    this.#options.log.executed.push(name);
    await this.#options.observer.after(migration.migration, operation, duration);
  }

  /** Returns the statements of a migration that are applied already. */
  async #settle({ migration: { name }, resumes, from }: Task) {
    if (!resumes || from !== undefined) {
      // A runner that died may have left some of a migration that was recorded as applied.
      this.#namesOfSteps ??= new Set(await this.#history.namesOfSteps());
      if (this.#namesOfSteps.delete(name) || from !== undefined) {
        await this.#history.removeSteps(name);
      }
      return [];
    }
    const patience = this.#patience();
    for (;;) {
      const steps = await settleSteps(this.#session, this.#traits, this.#history, name);
      if (steps !== undefined) return steps;
      await this.#waitOrFail(patience);
    }
  }

  /** Stores that a migration stopped; nothing of it where none of its statements is applied. */
  async #noteFailure({ task: { migration, operation }, applied }: Failed): Promise<void> {
    const { name } = migration;
    if (applied > 0) return await this.#history.update(name, { state: "failed" });
    await this.#history.removeSteps(name);
    if (operation === "up") await this.#history.remove(name);
    else await this.#history.update(name, { state: "applied", operation: "up" });
  }

  /** Says that a migration failed; whether the run goes on, the options say. */
  async #report(failed: Failed): Promise<Outcome> {
    const { log, observer } = this.#options;
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
    }, this.#dialect);
    await observer.failed(task.migration.migration, task.operation, error);
    if (this.#settings.stopOnError || cause instanceof MigrationLockError) throw error;
    return "ran";
  }

  #patience(): Patience {
    return new Patience(this.#settings.lockTimeout, this.#settings.signal);
  }

  async #waitOrFail(patience: Patience): Promise<void> {
    if (!patience.isOver) return await patience.wait();
    const { own } = this.#session;
    throw lockError(
      await holderOf(own, this.#history, this.#traits, this.#options.names).catch(() => undefined),
    );
  }

  #startHeart(): Heart {
    const { lease } = this.#settings;
    if (!this.#traits.isServer) return new Heart(lease, undefined);
    // On another connection: the session's may be busy with one long statement.
    const elsewhere = this.#history.over(getRawDb(this.#db).withoutPlugins());
    return new Heart(lease, () => elsewhere.beat(this.#owner, lease));
  }
}

/** A migration that ran in the transaction that is open. */
interface Ran {
  readonly task: Task;
  readonly duration: number;
  /** What the history has of it now; `undefined` where it was rolled back. */
  readonly entry?: HistoryEntry;
}

/** A migration failed. */
class Failed extends Error {
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

/** Says in turn that the runner lives. */
class Heart {
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #isBeating = false;
  #isLost = false;

  constructor(lease: number, beat: (() => Promise<boolean>) | undefined) {
    if (beat === undefined) return;
    this.#timer = setInterval(() => {
      // With a pool of one connection it waits until the run is over, and then does nothing.
      if (this.#isBeating) return;
      this.#isBeating = true;
      beat().then((isHeld) => this.#isLost ||= !isHeld).catch(() => {})
        .finally(() => this.#isBeating = false);
    }, Math.max(10, lease / 3));
  }

  assertHeld(): void {
    if (this.#isLost) throw lockLost();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

async function begin(
  db: Kysely<any>,
  traits: MigrationTraits,
): Promise<ControlledTransaction<any>> {
  const builder = db.startTransaction();
  return await (traits.isolationLevel === undefined
    ? builder
    : builder.setIsolationLevel(traits.isolationLevel)).execute();
}

function wantsTransaction({ migration, resumes }: Task, { transactions }: Settings): boolean {
  // What stopped halfway was not in a transaction.
  return resumes !== true && (migration.transaction ?? transactions !== "none");
}

function entriesAfter(entries: readonly HistoryEntry[], { task, entry }: Ran): HistoryEntry[] {
  const gone = [task.migration.name, ...task.forgets ?? []];
  const others = entries.filter(({ name }) => !gone.includes(name));
  return entry === undefined ? others : [...others, entry];
}

function nextSequence(entries: readonly HistoryEntry[]): number {
  // They are in the order of their numbers.
  return (entries.at(-1)?.sequence ?? 0) + 1;
}

/** Whether a runner holds the lock and does not count as dead. */
function isHeld(lock: LockRow | undefined): boolean {
  return lock?.owner !== undefined && lock.expires !== undefined && lock.expires >= lock.now;
}

async function holderOf(
  own: Kysely<any>,
  history: History,
  traits: MigrationTraits,
  names: TableNames,
): Promise<LockHolder | undefined> {
  const lock = await history.lock();
  if (isHeld(lock)) {
    return {
      from: lock!.holder ?? "an unknown runner",
      since: lock!.since,
      expires: lock!.expires,
    };
  }
  const holder = await traits.serverHolder(own, names);
  return holder && { from: holder.from, since: holder.since, expires: undefined };
}

function lockError(holder: LockHolder | undefined): MigrationLockError {
  const since = holder?.since === undefined ? "" : ` since ${holder.since.toISOString()}`;
  const who = holder === undefined ? "another runner" : `${holder.from}${since}`;
  return new MigrationLockError(
    `Cannot run migrations: the lock is held by ${who}; wait for it, raise the option lockTimeout, or ` +
      `call unlock() if that runner is dead`,
  );
}

function lockLost(): MigrationLockError {
  return new MigrationLockError(
    "Cannot finish the migration: another runner has taken the lock over, because this one did not " +
      "say in time that it lives",
  );
}
