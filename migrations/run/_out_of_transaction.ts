import { getRawDb } from "@kysera/executor";
import type { HistoryEntry, Step } from "../history/_entry.ts";
import { noteBatchRunner } from "./_batch_context.ts";
import { Failed } from "./_failed.ts";
import { Heart } from "./_heart.ts";
import { nextSequence } from "./_in_transaction.ts";
import { lockLost } from "./_lock.ts";
import { PlanRecord } from "./_plan_record.ts";
import { callMigration, sourceHashOf } from "./_resolved.ts";
import type { RunContext } from "./_run_context.ts";
import { settleSteps, Stepwise } from "./_stepwise.ts";
import type { Task } from "./_task.ts";
import { begin } from "./_transaction.ts";

/** Runs migrations outside of a transaction, statement by statement, under a claim of the lock. */
export class OutOfTransaction {
  readonly #context: RunContext;
  /** The migrations of which statements were recorded when the run began. */
  #namesOfSteps: Set<string> | undefined;
  /** The migrations that have come to their end, and whose statements are still recorded. */
  readonly #finished = new Set<string>();

  constructor(context: RunContext) {
    this.#context = context;
  }

  /**
   * Runs a migration outside of a transaction, under a claim.
   *
   * @returns the history behind it; `undefined` where it failed, and has to be read
   */
  async run(
    task: Task,
    entries: readonly HistoryEntry[],
    heart: Heart,
  ): Promise<HistoryEntry[] | undefined> {
    const { migration, operation } = task;
    const { name } = migration;
    const { session, settings, traits, history, owner, observer } = this.#context;
    const recorded = await this.#settle(task);
    try {
      await observer.before(migration.migration, operation);
    } catch (cause) {
      await this.#context.report(new Failed(task, cause, undefined, false, recorded.length));
      return undefined;
    }
    const start = performance.now();
    const sourceHash = await sourceHashOf(migration);
    const known = entries.find((entry) => entry.name === name);
    const sequence = known?.sequence ?? nextSequence(entries);
    const hasRow = known !== undefined && known.hasRow !== false;
    if (hasRow) await history.update(name, { state: "running", operation });
    const plan = new PlanRecord();
    const steps = new Stepwise({
      context: this.#context,
      plan,
      name,
      recorded,
      skips: task.from ?? 0,
    });
    try {
      const db = session.bind(steps);
      noteBatchRunner(
        db,
        (batches) =>
          steps.batches(batches.pastPlugins ? getRawDb(db).withoutPlugins() : db, batches),
      );
      await callMigration(migration, operation, db);
      heart.assertHeld();
    } catch (cause) {
      const failed = new Failed(task, cause, steps.failed, false, 0);
      // Another runner works on it now: what it has recorded is not touched.
      if (await history.beat(owner, settings.lease).catch(() => false)) {
        failed.applied = (await settleSteps(session, traits, history, name)
          .catch(() => undefined))?.length ?? 0;
        await this.#noteFailure(failed, hasRow ? undefined : { sequence, sourceHash })
          .catch(() => {});
      }
      await this.#context.report(failed);
      return undefined;
    }
    const duration = performance.now() - start;
    let after: HistoryEntry[];
    if (operation === "up") {
      const change = {
        executedAt: new Date(),
        duration: Math.round(duration),
        sourceHash,
        planHash: await plan.hash(),
        plan: plan.text(),
      };
      if (!await history.finish(owner, name, { sequence, hasRow }, change)) throw lockLost();
      this.#finished.add(name);
      const entry: HistoryEntry = { ...change, name, sequence, state: "applied", operation: "up" };
      after = known === undefined
        ? [...entries, entry]
        : entries.map((each) => each === known ? entry : each);
    } else {
      const gone = [name, ...task.forgets ?? []];
      const trx = await begin(session.own, traits);
      try {
        const inside = history.over(trx);
        if (!await inside.beat(owner, settings.lease)) throw lockLost();
        await inside.remove(gone);
        await trx.commit().execute();
      } finally {
        if (!trx.isCommitted) await trx.rollback().execute().catch(() => {});
      }
      after = entries.filter((entry) => !gone.includes(entry.name));
    }
    this.#context.log.executed.push(name);
    await observer.after(migration.migration, operation, duration);
    return after;
  }

  /**
   * Forgets the statements of the migrations that have come to their end. Nothing asks for them any
   * more, so it is done once a run; where the runner dies before, they stay until the migration runs
   * again.
   */
  async forgetSteps(): Promise<void> {
    if (this.#finished.size === 0) return;
    const { history, owner, settings } = this.#context;
    // Another runner may undo one of them by now.
    if (!await history.beat(owner, settings.lease)) return;
    await history.removeSteps([...this.#finished]);
    this.#finished.clear();
  }

  /** Returns the statements of a migration that are applied already. */
  async #settle({ migration: { name }, resumes, from }: Task): Promise<Step[]> {
    const { session, traits, history } = this.#context;
    if (!resumes || from !== undefined) {
      // A runner that died may have left some of a migration that was recorded as applied.
      this.#namesOfSteps ??= new Set(await history.namesOfSteps());
      const isRecorded = this.#namesOfSteps.delete(name) || this.#finished.delete(name);
      if (isRecorded || from !== undefined) await history.removeSteps([name]);
      return [];
    }
    const patience = this.#context.patience();
    for (;;) {
      const steps = await settleSteps(session, traits, history, name);
      if (steps !== undefined) return steps;
      await this.#context.waitOrFail(patience);
    }
  }

  /**
   * Stores that a migration stopped; nothing of it where none of its statements is applied.
   *
   * @param rowless what the row of a migration that has none is to hold
   */
  async #noteFailure(
    { task: { migration, operation }, applied }: Failed,
    rowless: { readonly sequence: number; readonly sourceHash: string | undefined } | undefined,
  ): Promise<void> {
    const { history } = this.#context;
    const { name } = migration;
    if (applied > 0) {
      await (rowless === undefined
        ? history.update(name, { state: "failed" })
        : history.insertFailed(name, rowless.sequence, rowless.sourceHash));
    } else if (operation === "up") await history.remove([name]);
    else {
      await history.removeSteps([name]);
      await history.update(name, { state: "applied", operation: "up" });
    }
  }

  /** Begins to say that the runner lives. */
  startHeart(): Heart {
    const { db, history, owner, traits, settings: { lease } } = this.#context;
    if (!traits.isServer) return new Heart(lease, undefined);
    // On another connection: the session's may be busy with one long statement.
    const elsewhere = history.over(getRawDb(db).withoutPlugins());
    return new Heart(lease, () => elsewhere.beat(owner, lease));
  }
}
