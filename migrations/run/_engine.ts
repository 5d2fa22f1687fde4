import {
  BadRequestError,
  detectDialect,
  type Dialect,
  hasInteractiveTransactions,
} from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import type { Kysely } from "kysely";
import { type TableNames, tableNames } from "../dialect/_table_names.ts";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { traitsOf } from "../dialect/_traits_of.ts";
import { MigrationLockError } from "../errors.ts";
import type { HistoryEntry, LockRow } from "../history/_entry.ts";
import { History } from "../history/_history.ts";
import type { LegacyEntry, LegacyHistory } from "../history/_legacy.ts";
import { createTables, insertLockRow, readLayout } from "../history/_setup.ts";
import { readLegacy } from "../history/_take_over.ts";
import type { MigrationObserver } from "../migration_observer.ts";
import type { Settings } from "../options.ts";
import type { LockHolder, PlannedMigration } from "../results.ts";
import { dryRun } from "./_dry_run.ts";
import { type Exclusive, exclusively } from "./_exclusively.ts";
import { holderOf, isHeld } from "./_lock.ts";
import { Run } from "./_run.ts";
import { RunContext, type RunOptions } from "./_run_context.ts";
import type { RunLog } from "./_run_log.ts";
import { type Session, withSession } from "./_session.ts";
import type { NextTask, Task } from "./_task.ts";
import { wantsTransaction } from "./_transaction.ts";

/** Is told nothing. */
const NOBODY: MigrationObserver = {
  before: () => Promise.resolve(),
  after: () => Promise.resolve(),
  failed: () => Promise.resolve(),
};

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
    this.#assertTransactions();
    await this.#withSession((session) => this.#setUp(session));
  }

  /** Runs one migration after the other, each under the lock, until there is none left. */
  async run(next: NextTask, log: RunLog, observer: MigrationObserver): Promise<void> {
    this.#assertTransactions();
    await this.#withSession(async (session) => {
      await this.#setUp(session);
      const restoreSession = await this.traits.keepSession?.(session.own);
      const options = { names: this.#names, next, log, observer, restoreSession };
      const run = this.#run(session, options);
      try {
        await (this.traits.transactionalDdl ? run.inTransactions() : run.underSessionLock());
      } finally {
        // A connection that is lost has no session to be restored.
        await restoreSession?.().catch(() => {});
      }
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
      const run = this.#run(session, {
        names: this.#names,
        next,
        log,
        observer: NOBODY,
        restoreSession: await this.traits.keepSession?.(session.own),
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
    this.#assertTransactions();
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

  /** Calls a function with a connection that no plugin sees; for what only reads. */
  async query<T>(body: (own: Kysely<any>) => Promise<T>): Promise<T> {
    return await this.#withSession(({ own }) => body(own));
  }

  /** Returns the plan that was stored with a migration. */
  async storedPlan(name: string): Promise<string | undefined> {
    return await this.#withSession(({ own }) => this.#history(own).planOf(name));
  }

  #withSession<T>(body: (session: Session) => Promise<T>): Promise<T> {
    return withSession(this.#db, this.traits, this.#settings.lockTimeout, body);
  }

  #run(session: Session, options: RunOptions): Run {
    const { traits, dialect } = this;
    return new Run(
      new RunContext(this.#db, session, this.#settings, traits, dialect, options),
    );
  }

  #history(own: Kysely<any>): History {
    return new History(own, this.traits, this.#names);
  }

  /** @throws {BadRequestError} where the lock, and a migration with its record, cannot be one step */
  #assertTransactions(): void {
    if (hasInteractiveTransactions(this.#db)) return;
    throw new BadRequestError(
      "Cannot run migrations here: the database has no interactive transactions; plan them on an empty " +
        "SQLite file, and give the SQL to its own tool, as `kysera migrate sql --out migrations.sql` " +
        "and `wrangler d1 execute --file migrations.sql` do",
    );
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

  #readLegacy(own: Kysely<any>, legacy: readonly LegacyHistory[]): Promise<LegacyEntry[]> {
    return readLegacy(own, this.#names, legacy, this.#settings.adopt);
  }

  #exclusively<T>({ own }: Session, body: Exclusive<T>): Promise<T> {
    return exclusively(own, this.traits, this.#names, this.#settings, body);
  }
}
