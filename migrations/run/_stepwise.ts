import type { CompiledQuery, Kysely, QueryResult } from "kysely";
import type { BatchProgress } from "../batch.ts";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { MigrationLockError } from "../errors.ts";
import type { Step } from "../history/_entry.ts";
import type { History } from "../history/_history.ts";
import { namesIn, savepointOf, type StatementKind, statementKind } from "../sql/_statement_kind.ts";
import { type BatchTask, statementOf } from "./_batch_context.ts";
import { runBatches, stateIn, textOf } from "./_batches.ts";
import { canonicalStatement, sha256 } from "./_hash.ts";
import type { PlanRecord } from "./_plan_record.ts";
import type { RunContext } from "./_run_context.ts";
import type { Send, Session, StatementHooks } from "./_session.ts";

/** Why a migration cannot go on where it stopped. */
export class ResumeError extends Error {
  static {
    this.prototype.name = "ResumeError";
  }
}

/** What a stepwise run needs to know. */
export interface StepwiseOptions {
  readonly context: RunContext;
  readonly plan: PlanRecord;
  readonly name: string;
  /** The statements that were applied when the migration stopped. */
  readonly recorded: readonly Step[];
  /** How many statements are taken for applied, whatever they are. */
  readonly skips: number;
}

/**
 * Runs the statements of a migration outside of a transaction, so that it is known of each whether
 * it was applied.
 *
 * Where it can, a statement shares a transaction with its record. Where it cannot, what its objects
 * look like is recorded before it is sent: if the runner dies then, they are compared later.
 */
export class Stepwise implements StatementHooks {
  readonly #options: StepwiseOptions;
  readonly #context: RunContext;
  /** How many statements have come, those that were applied before among them. */
  #position = 0;
  /** How many of those that were applied before have come again. */
  #replayed = 0;
  #next: number;
  #inTransaction = false;
  /** The savepoint that began the transaction. */
  #outermost: string | undefined;
  #isInBatches = false;
  #lastSign: number = performance.now();
  #last: Promise<unknown> = Promise.resolve();
  /** The statement that failed, from 1 on. */
  failed: { readonly index: number; readonly sql: string } | undefined;

  constructor(options: StepwiseOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#next = (options.recorded.at(-1)?.step ?? 0) + 1;
  }

  streams(query: CompiledQuery): boolean {
    return statementKind(query, this.#context.traits.lexis) === "read";
  }

  driverCall(): boolean {
    this.#inTransaction = !this.#inTransaction;
    return true;
  }

  /** Runs batches; they are one step among the others. */
  async batches(db: Kysely<any>, task: BatchTask): Promise<BatchProgress> {
    const { plan, recorded, name, skips } = this.#options;
    const { traits, history, owner, settings: { lease } } = this.#context;
    const statement = statementOf(task);
    plan.add(statement);
    const index = this.#position++;
    const hash = await sha256(canonicalStatement(statement));
    const known = recorded[this.#replayed];
    if (known !== undefined) {
      this.#replayed++;
      this.#assertSame(known, hash, statement.sql);
    }
    const state = stateIn(known?.result);
    if (known?.state === "done") return doneBefore(state.rows);
    const step = known?.step ??
      await this.#insert(statement, hash, index < skips ? "done" : "batches", undefined);
    if (index < skips) return doneBefore(0);
    let last = state;
    this.#isInBatches = true;
    try {
      const progress = await runBatches(db, traits, task, state, {
        hold: async () => {
          if (!await history.beat(owner, lease)) throw lost();
        },
        save: async (state) => {
          last = state;
          await history.updateStep(name, step, "batches", textOf(state));
        },
      });
      await history.updateStep(name, step, "done", textOf(last));
      return progress;
    } catch (error) {
      this.failed = { index: index + 1, sql: statement.sql };
      throw error;
    } finally {
      this.#isInBatches = false;
    }
  }

  run(query: CompiledQuery, send: Send): Promise<QueryResult<unknown>> {
    // A batch is recorded as a whole, by whoever cuts it.
    if (this.#isInBatches) return send();
    const kind = statementKind(query, this.#context.traits.lexis);
    if (kind === "read") return send();
    // One after the other, however they were begun: their order is what makes them known again.
    const next = this.#last.then(() => this.#run(query, kind, send));
    this.#last = next.catch(() => {});
    return next;
  }

  async #run(
    query: CompiledQuery,
    kind: Exclude<StatementKind, "read">,
    send: Send,
  ): Promise<QueryResult<unknown>> {
    switch (kind) {
      case "begin": {
        const result = await send();
        this.#inTransaction = true;
        return result;
      }
      case "commit":
      case "rollback": {
        const result = await send();
        this.#outermost = undefined;
        this.#inTransaction = false;
        return result;
      }
      case "savepoint": {
        const result = await send();
        this.#noteSavepoint(query.sql);
        return result;
      }
    }
    const { plan, recorded } = this.#options;
    const { traits } = this.#context;
    plan.add(query);
    const index = this.#position++;
    if (kind === "session") return await this.#noteFailure(index, query, send);
    const hash = await sha256(canonicalStatement(query));
    const known = recorded[this.#replayed];
    if (known !== undefined) {
      this.#replayed++;
      return this.#replay(known, hash, query);
    }
    if (index < this.#options.skips) {
      const answer = { rows: [] };
      await this.#insert(query, hash, "done", answer);
      return answer;
    }
    return await this.#noteFailure(index, query, async () => {
      if (!traits.canRecordWith(kind)) return await this.#withIntent(query, hash, send);
      return this.#inTransaction
        ? await this.#alongWith(query, hash, send)
        : await this.#untilUnblocked(() => this.#inOneTransaction(query, hash, send));
    });
  }

  /** Outside of a transaction the first savepoint begins one, and its release ends it. */
  #noteSavepoint(sql: string): void {
    const { word, name } = savepointOf(sql, this.#context.traits.lexis);
    if (word === "savepoint" && !this.#inTransaction) {
      this.#outermost = name;
      this.#inTransaction = true;
    } else if (word === "release" && name === this.#outermost) {
      this.#outermost = undefined;
      this.#inTransaction = false;
    }
  }

  async #noteFailure(
    index: number,
    query: CompiledQuery,
    body: () => Promise<QueryResult<unknown>>,
  ): Promise<QueryResult<unknown>> {
    try {
      return await body();
    } catch (error) {
      this.failed = { index: index + 1, sql: query.sql };
      throw error;
    }
  }

  /** Answers as a statement did that is applied already. */
  #replay(known: Step, hash: string, query: CompiledQuery): QueryResult<unknown> {
    this.#assertSame(known, hash, query.sql);
    const kept = known.result === undefined ? undefined : JSON.parse(known.result);
    if (kept?.hasRows) {
      throw new ResumeError(
        `statement ${this.#replayed} is applied and returned rows, which cannot be returned again`,
      );
    }
    return {
      rows: [],
      ...kept?.affected === undefined ? {} : { numAffectedRows: BigInt(kept.affected) },
      ...kept?.changed === undefined ? {} : { numChangedRows: BigInt(kept.changed) },
      ...kept?.insertId === undefined ? {} : { insertId: BigInt(kept.insertId) },
    };
  }

  #assertSame(known: Step, hash: string, sql: string): void {
    if (known.hash === hash) return;
    throw new ResumeError(
      `statement ${this.#replayed} is another one than the one that was applied before it ` +
        `stopped; applied was: ${known.sql}; now it is: ${sql}`,
    );
  }

  /** Records a statement in the transaction of the migration that it runs in. */
  async #alongWith(query: CompiledQuery, hash: string, send: Send): Promise<QueryResult<unknown>> {
    const { history, owner, settings: { lease } } = this.#context;
    if (!await history.beat(owner, lease)) throw lost();
    const result = await send();
    await this.#insert(query, hash, "done", result);
    return result;
  }

  /** Records a statement in a transaction that is opened for both. */
  async #inOneTransaction(
    query: CompiledQuery,
    hash: string,
    send: Send,
  ): Promise<QueryResult<unknown>> {
    const { session, history, owner, settings: { lease, tableLockTimeout }, traits } =
      this.#context;
    const trx = await session.own.startTransaction().execute();
    let result: QueryResult<unknown>;
    try {
      // The row stays locked until the end, so that nobody takes the lock over in between.
      if (!await history.over(trx).beat(owner, lease)) throw lost();
      await history.over(trx).limitLocks(tableLockTimeout);
      result = await send();
      await this.#insert(query, hash, "done", result, history.over(trx));
      await trx.commit().execute();
    } catch (error) {
      await trx.rollback().execute().catch(() => {});
      if (!traits.isRefusedInTransaction(error)) throw error;
      return await this.#withIntent(query, hash, send);
    }
    return result;
  }

  /** Records what a statement changes before it is sent. */
  async #withIntent(query: CompiledQuery, hash: string, send: Send): Promise<QueryResult<unknown>> {
    const { name } = this.#options;
    const { session, traits, history } = this.#context;
    const names = namesIn(query.sql, traits.lexis);
    await this.#keepAlive();
    let step = await this.#insertOfNew(query, hash, names);
    let fingerprint = "";
    if (step === undefined) {
      fingerprint = await traits.fingerprint(session.own, names);
      step = await this.#insert(query, hash, "started", undefined, history, fingerprint);
    }
    let result: QueryResult<unknown>;
    let isApplied: boolean | undefined;
    try {
      result = await this.#untilUnblocked(send, async () => {
        // The database refused it. Where the connection broke, whether it did is found out later.
        const after = await traits.fingerprint(session.own, names).catch(() => undefined);
        isApplied = after !== fingerprint;
        return !isApplied;
      });
    } catch (error) {
      if (isApplied === false) await history.removeSteps([name], step).catch(() => {});
      throw error;
    }
    // A statement of the schema that commits ends the transaction of the migration, too.
    this.#inTransaction = false;
    // That the next statement is recorded says that this one was applied; and so does what it changed.
    return result;
  }

  /**
   * Does something again where others used a table for too long.
   *
   * @param failed called with each failure; returns whether the same may be done again
   */
  async #untilUnblocked<T>(
    body: () => Promise<T>,
    failed: () => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<T> {
    const { settings } = this.#context;
    for (let tries = 0;; tries++) {
      try {
        return await body();
      } catch (error) {
        const mayTryAgain = await failed() && tries < settings.tableLockRetries;
        if (!mayTryAgain || !this.#context.isBlocked(error)) throw error;
        await this.#context.leaveTable();
        await this.#keepAlive();
      }
    }
  }

  /** Says that the runner lives, where it has not for long: nothing else may have a connection to. */
  async #keepAlive(): Promise<void> {
    const { history, owner, settings: { lease } } = this.#context;
    const now = performance.now();
    if (now - this.#lastSign < lease / 3) return;
    this.#lastSign = now;
    if (!await history.beat(owner, lease)) throw lost();
  }

  /**
   * Records a statement that creates something, where nothing is there of what it names.
   *
   * @returns `undefined` where something is, or that cannot be told
   */
  async #insertOfNew(
    query: CompiledQuery,
    hash: string,
    names: ReadonlySet<string>,
  ): Promise<number | undefined> {
    const { name } = this.#options;
    const { owner, traits, history } = this.#context;
    const isNew = names.has("create") ? traits.isNew?.(names) : undefined;
    if (isNew === undefined) return undefined;
    const step = stepOf(this.#next, query, hash, "started", undefined, "");
    if (!await history.insertStep(owner, name, step, isNew)) return undefined;
    return this.#next++;
  }

  async #insert(
    query: Pick<CompiledQuery, "sql">,
    hash: string,
    state: Step["state"],
    result: QueryResult<unknown> | undefined,
    history: History = this.#context.history,
    fingerprint?: string,
  ): Promise<number> {
    const { name } = this.#options;
    const { owner } = this.#context;
    const step = stepOf(this.#next++, query, hash, state, result, fingerprint);
    if (!await history.insertStep(owner, name, step)) throw lost();
    return step.step;
  }
}

function stepOf(
  step: number,
  { sql }: Pick<CompiledQuery, "sql">,
  hash: string,
  state: Step["state"],
  result: QueryResult<unknown> | undefined,
  fingerprint: string | undefined,
): Step {
  return {
    step,
    state,
    hash,
    sql,
    result: resultText(result),
    fingerprint,
    recordedAt: new Date(),
  };
}

/** What batches say that were done before. */
function doneBefore(rows: number): BatchProgress {
  return { rows, total: undefined, rowsPerSecond: 0, timeLeft: 0 };
}

function lost(): MigrationLockError {
  return new MigrationLockError(
    "Cannot go on with the migration: another runner has taken the lock over, because this one did " +
      "not say in time that it lives; nothing more is sent",
  );
}

/** What is kept of an answer, so that it can be given again. */
function resultText(result: QueryResult<unknown> | undefined): string | undefined {
  if (result === undefined) return undefined;
  const text = (count: bigint | undefined) => count === undefined ? undefined : String(count);
  return JSON.stringify({
    affected: text(result.numAffectedRows),
    changed: text(result.numChangedRows),
    insertId: text(result.insertId),
    hasRows: result.rows.length > 0 ? true : undefined,
  });
}

/**
 * Finds out of the statement that was under way when a runner died whether it was applied.
 *
 * @returns the statements that are applied; `undefined` while the server still runs the last one
 */
export async function settleSteps(
  session: Session,
  traits: MigrationTraits,
  history: History,
  name: string,
): Promise<Step[] | undefined> {
  const steps = await history.steps(name);
  const last = steps.at(-1);
  if (last === undefined || last.state !== "started") return steps;
  // A statement that another one follows was applied.
  const names = namesIn(last.sql, traits.lexis);
  const before = last.fingerprint ?? "";
  if (await traits.clearUnfinished(session.own, names, before) === "running") return undefined;
  if (await traits.fingerprint(session.own, names) === before) {
    await history.removeSteps([name], last.step);
    return steps.slice(0, -1);
  }
  await history.updateStep(name, last.step, "done", undefined);
  return [...steps.slice(0, -1), { ...last, state: "done" }];
}
