import { BadRequestError } from "@kysera/core";
import type { ControlledTransaction } from "kysely";
import type { HistoryEntry } from "../history/_entry.ts";
import { Failed } from "./_failed.ts";
import { entriesAfter, type Ran, recordApplied, runInTransaction } from "./_in_transaction.ts";
import { isHeld } from "./_lock.ts";
import { OutOfTransaction } from "./_out_of_transaction.ts";
import { Recorder } from "./_recorder.ts";
import type { RunContext } from "./_run_context.ts";
import type { Task } from "./_task.ts";
import { begin, wantsTransaction } from "./_transaction.ts";
import { Patience } from "./_wait.ts";

/** How a try under the lock ended: `blocked` where a migration did not get a table. */
type Outcome = "done" | "ran" | "busy" | "blocked";

/** One run on one connection. */
export class Run {
  readonly #context: RunContext;
  readonly #outside: OutOfTransaction;
  #known: { readonly revision: number; entries: HistoryEntry[] } | undefined;

  constructor(context: RunContext) {
    this.#context = context;
    this.#outside = new OutOfTransaction(context);
  }

  /** For databases that can change their schema in a transaction. */
  async inTransactions(): Promise<void> {
    const { settings } = this.#context;
    let patience = this.#context.patience();
    let tries = 0;
    for (;;) {
      settings.signal?.throwIfAborted();
      const outcome = await this.#try(tries < settings.tableLockRetries);
      if (outcome === "done") return;
      if (outcome === "busy") await this.#context.waitOrFail(patience);
      else {
        tries = outcome === "blocked" ? tries + 1 : 0;
        patience = this.#context.patience();
        if (outcome === "blocked") await this.#context.leaveTable();
      }
    }
  }

  /** Runs all there is in one transaction, and rolls it back. */
  async rehearse(setUp: () => Promise<void>): Promise<void> {
    const { session, settings, traits, history, next, log } = this.#context;
    const recorder = new Recorder(traits.lexis);
    const trx = await begin(session.bind(recorder), traits);
    try {
      await setUp();
      const lock = await history.lockTransaction(settings.tableLockTimeout);
      if (lock === undefined || isHeld(lock)) {
        await this.#context.waitOrFail(new Patience(0, undefined));
      }
      let entries = await history.entries();
      for (let task = await next(entries); task !== undefined; task = await next(entries)) {
        if (!wantsTransaction(task, settings)) {
          throw new BadRequestError(
            `Cannot rehearse migration "${task.migration.name}" here: it runs outside of a ` +
              `transaction; give the option database, a scratch database to run it on`,
          );
        }
        const ran = await runInTransaction(this.#context, task, entries, trx, recorder);
        await recordApplied(history, [ran]);
        entries = entriesAfter(entries, ran);
        log.executed.push(task.migration.name);
      }
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      await this.#context.report(error);
    } finally {
      await trx.rollback().execute();
    }
  }

  /** For the others: the whole run holds one lock. */
  async underSessionLock(): Promise<void> {
    const { session: { own }, settings, traits, names } = this.#context;
    const patience = this.#context.patience();
    for (;;) {
      settings.signal?.throwIfAborted();
      if (await traits.trySessionLock(own, names)) {
        try {
          if (await this.#claim()) return await this.#underClaim();
        } finally {
          await traits.releaseSessionLock(own, names);
        }
      }
      await this.#context.waitOrFail(patience);
    }
  }

  async #claim(): Promise<boolean> {
    const { history, owner, holder, settings, traits } = this.#context;
    try {
      return await history.claim(owner, holder, settings.lease);
    } catch (error) {
      if (traits.isBusy(error)) return false;
      throw error;
    }
  }

  async #underClaim(): Promise<void> {
    const { session: { own }, settings: { tableLockTimeout }, traits } = this.#context;
    const heart = this.#outside.startHeart();
    try {
      if (tableLockTimeout > 0) await traits.limitSession?.(own, tableLockTimeout);
      // Nobody else changes it meanwhile: it is read again where it is not known what has changed.
      let known: HistoryEntry[] | undefined;
      for (;;) {
        this.#context.settings.signal?.throwIfAborted();
        const entries = known ?? await this.#context.history.entries();
        const task = await this.#context.next(entries);
        if (task === undefined) return;
        known = await this.#outside.run(task, entries, heart);
      }
    } finally {
      heart.stop();
      await this.#outside.forgetSteps().catch(() => {});
      await this.#context.history.release(this.#context.owner).catch(() => {});
    }
  }

  /**
   * Runs what comes next, where nobody else holds the lock.
   *
   * @param mayTryAgain whether a migration that did not get a table is run again
   */
  async #try(mayTryAgain: boolean): Promise<Outcome> {
    const { session, settings, traits, history, next, log, observer } = this.#context;
    const recorder = new Recorder(traits.lexis);
    let trx: ControlledTransaction<any>;
    try {
      trx = await begin(session.bind(recorder), traits);
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
        const lock = await history.lockTransaction(settings.tableLockTimeout);
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
        if (!wantsTransaction(task, settings)) {
          if (ran.length > 0) break;
          if (!await this.#claim()) return "busy";
          claimed = { task, entries };
          break;
        }
        ran.push(await runInTransaction(this.#context, task, entries, trx, recorder));
        entries = entriesAfter(entries, ran.at(-1)!);
        if (settings.transactions !== "per-run") break;
        if (settings.signal?.aborted) break;
      }
      await recordApplied(history, ran);
      await trx.commit().execute();
      this.#known = claimed === undefined ? { revision: revision + 1, entries } : undefined;
    } catch (error) {
      this.#known = undefined;
      await trx.rollback().execute().catch(() => {});
      if (!(error instanceof Failed)) throw error;
      if (mayTryAgain && this.#context.isBlocked(error.cause)) return "blocked";
      await this.#context.report(error);
      return "ran";
    } finally {
      if (!trx.isCommitted && !trx.isRolledBack) await trx.rollback().execute().catch(() => {});
    }
    for (const { task, duration } of ran) {
      log.executed.push(task.migration.name);
      await observer.after(task.migration.migration, task.operation, duration);
    }
    if (claimed !== undefined) {
      const heart = this.#outside.startHeart();
      try {
        await this.#outside.run(claimed.task, claimed.entries, heart);
      } finally {
        heart.stop();
        await this.#outside.forgetSteps().catch(() => {});
        await history.release(this.#context.owner).catch(() => {});
      }
    }
    return "ran";
  }

  /** Reads the history, unless it is known that it has not changed. */
  async #entriesAt(revision: number): Promise<HistoryEntry[]> {
    if (this.#known?.revision === revision) return this.#known.entries;
    const entries = await this.#context.history.entries();
    this.#known = { revision, entries };
    return entries;
  }
}
