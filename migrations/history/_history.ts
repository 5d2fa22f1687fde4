import { type AliasedExpression, type Expression, type Kysely, sql, type SqlBool } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import type { MigrationOperation } from "../migration.ts";
import type { EntryState, HistoryEntry, LockRow, Step } from "./_entry.ts";
import type { TableNames } from "../dialect/_table_names.ts";

/** The number of the one row of the lock's table. */
export const LOCK_ID = 1;

/** How many names a statement has at most. */
const MOST_NAMES = 500;

/** What is stored of a migration that is applied. */
export interface AppliedRow {
  readonly name: string;
  readonly sequence: number;
  readonly executedAt: Date;
  readonly duration: number | undefined;
  readonly sourceHash: string | undefined;
  readonly planHash: string | undefined;
  readonly plan: string | undefined;
}

/** What is stored when a migration got to its end. */
export interface AppliedChange {
  readonly executedAt: Date;
  readonly duration: number;
  readonly sourceHash: string | undefined;
  readonly planHash: string;
  readonly plan: string;
}

/** The runner's own tables, read and written over one Kysely instance. */
export class History {
  readonly #db: Kysely<any>;
  readonly #traits: MigrationTraits;
  readonly #names: TableNames;

  constructor(own: Kysely<any>, traits: MigrationTraits, names: TableNames) {
    this.#db = names.schema === undefined ? own : own.withSchema(names.schema);
    this.#traits = traits;
    this.#names = names;
  }

  /** The same tables over another instance, such as a transaction. */
  over(own: Kysely<any>): History {
    return new History(own, this.#traits, this.#names);
  }

  /** Returns every migration of the history, in the order in which they were applied. */
  async entries(): Promise<HistoryEntry[]> {
    const recorded = await this.#recorded();
    const last = recorded.at(-1)?.sequence ?? 0;
    return [
      ...recorded,
      ...(await this.#begun()).map((each, i) => ({
        ...each,
        sequence: last + 1 + i,
        state: "running" as const,
        operation: "up" as const,
        duration: undefined,
        sourceHash: undefined,
        planHash: undefined,
        hasRow: false,
      })),
    ];
  }

  /** Returns the migrations that have no row, though statements of them are recorded. */
  async #begun(): Promise<Pick<HistoryEntry, "name" | "executedAt">[]> {
    const rows = await this.#db.selectFrom(`${this.#names.step} as s`)
      .select((eb) => ["s.name", eb.fn.min("s.recorded_at").as("at")])
      .where((eb) =>
        eb.not(eb.exists(
          eb.selectFrom(`${this.#names.history} as h`).select("h.name")
            .whereRef("h.name", "=", "s.name"),
        ))
      )
      .groupBy("s.name").orderBy("at").execute();
    return rows.map((row) => ({
      name: String(row["name"]),
      executedAt: new Date(String(row["at"])),
    }));
  }

  async #recorded(): Promise<HistoryEntry[]> {
    const rows = await this.#db.selectFrom(this.#names.history)
      .select([
        "name",
        "sequence",
        "state",
        "operation",
        "executed_at",
        "duration_ms",
        "source_hash",
        "plan_hash",
      ])
      .orderBy("sequence").orderBy("name").execute();
    return rows.map((row): HistoryEntry => ({
      name: String(row["name"]),
      sequence: Number(row["sequence"]),
      state: row["state"] as EntryState,
      operation: row["operation"] as MigrationOperation,
      executedAt: new Date(String(row["executed_at"])),
      duration: row["duration_ms"] === null ? undefined : Number(row["duration_ms"]),
      sourceHash: row["source_hash"] ?? undefined,
      planHash: row["plan_hash"] ?? undefined,
    }));
  }

  /** Returns the plan that was stored with a migration. */
  async planOf(name: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom(this.#names.history).select("plan")
      .where("name", "=", name).executeTakeFirst();
    return row?.["plan"] ?? undefined;
  }

  /** Returns who holds the lock; `undefined` where the tables are not set up. */
  async lock(): Promise<LockRow | undefined> {
    const row = await this.#db.selectFrom(this.#names.lock)
      .select(["revision", "owner", "holder", "since", "expires", this.#traits.clock.as("now")])
      .where("id", "=", LOCK_ID).executeTakeFirst();
    return row === undefined ? undefined : lockRow(row);
  }

  /**
   * Takes the lock of the transaction that is open, says that the history changes, and returns who
   * holds the row; `undefined` where another transaction has the lock.
   *
   * @param limit how long the statements of the transaction wait for a lock, in milliseconds; 0 for
   * as long as the database has it
   */
  async lockTransaction(limit: number): Promise<LockRow | undefined> {
    if (!this.#traits.isServer) {
      // With RETURNING several processes were seen to wait for each other without end on one file.
      await this.touch();
      return await this.lock();
    }
    const row = await this.#db.updateTable(this.#names.lock)
      .set({ revision: sql`revision + 1` })
      .where("id", "=", LOCK_ID)
      .where(this.#traits.transactionLock(this.#names))
      .returning([
        "revision",
        "owner",
        "holder",
        "since",
        "expires",
        this.#traits.clock.as("now"),
        ...this.#limitOf(limit),
      ])
      .executeTakeFirst();
    return row === undefined ? undefined : lockRow(row);
  }

  /** Limits for how long the statements of the transaction that is open wait for a lock. */
  async limitLocks(ms: number): Promise<void> {
    const limit = this.#limitOf(ms);
    if (limit.length > 0) await this.#db.selectNoFrom(limit).execute();
  }

  #limitOf(ms: number): AliasedExpression<unknown, string>[] {
    return ms === 0 ? [] : [this.#traits.lockLimit?.(ms).as("limited") ?? []].flat();
  }

  /**
   * Says that the history changes. As the first write of a transaction it also makes every other
   * runner wait, or fail at once.
   */
  async touch(): Promise<void> {
    await this.#db.updateTable(this.#names.lock)
      .set({ revision: sql`revision + 1` }).where("id", "=", LOCK_ID).execute();
  }

  /** Takes the lock, where nobody holds it, or whoever does counts as dead. */
  async claim(owner: string, holder: string, lease: number): Promise<boolean> {
    const { clock } = this.#traits;
    const result = await this.#db.updateTable(this.#names.lock)
      .set({
        owner,
        holder,
        since: clock,
        expires: sql`${clock} + ${sql.lit(Math.round(lease))}`,
        revision: sql`revision + 1`,
      })
      .where("id", "=", LOCK_ID)
      .where((eb) => eb.or([eb("owner", "is", null), eb("expires", "<", clock)]))
      .executeTakeFirst();
    return changed(result.numUpdatedRows);
  }

  /** Says that the holder lives. Returns false where it does not hold the lock any more. */
  async beat(owner: string, lease: number): Promise<boolean> {
    const { clock } = this.#traits;
    // The revision changes, so that MySQL counts the row as changed within one millisecond, too.
    const result = await this.#db.updateTable(this.#names.lock)
      .set({
        expires: sql`${clock} + ${sql.lit(Math.round(lease))}`,
        revision: sql`revision + 1`,
      })
      .where("id", "=", LOCK_ID).where("owner", "=", owner).executeTakeFirst();
    return changed(result.numUpdatedRows);
  }

  /** Gives the lock back; of whoever holds it where no owner is given. */
  async release(owner: string | undefined): Promise<boolean> {
    let update = this.#db.updateTable(this.#names.lock)
      .set({
        owner: null,
        holder: null,
        since: null,
        expires: null,
        revision: sql`revision + 1`,
      })
      .where("id", "=", LOCK_ID);
    update = owner === undefined
      ? update.where("owner", "is not", null)
      : update.where("owner", "=", owner);
    return changed((await update.executeTakeFirst()).numUpdatedRows);
  }

  /** Stores migrations that are applied. */
  async insertApplied(rows: readonly AppliedRow[]): Promise<void> {
    // A statement has a limit of parameters.
    for (let at = 0; at < rows.length; at += 100) {
      await this.#db.insertInto(this.#names.history).values(
        rows.slice(at, at + 100).map((row) => ({
          name: row.name,
          sequence: row.sequence,
          state: "applied",
          operation: "up",
          executed_at: row.executedAt.toISOString(),
          duration_ms: row.duration ?? null,
          source_hash: row.sourceHash ?? null,
          plan_hash: row.planHash ?? null,
          plan: row.plan ?? null,
        })),
      ).execute();
    }
  }

  /** Stores a migration that stopped halfway up, and has no row yet. */
  async insertFailed(
    name: string,
    sequence: number,
    sourceHash: string | undefined,
  ): Promise<void> {
    await this.#db.insertInto(this.#names.history).values({
      name,
      sequence,
      state: "failed",
      operation: "up",
      executed_at: new Date().toISOString(),
      source_hash: sourceHash ?? null,
    }).execute();
  }

  /** Changes what is stored of a migration. */
  async update(
    name: string,
    change: {
      readonly state?: EntryState;
      readonly operation?: MigrationOperation;
      readonly executedAt?: Date;
      readonly duration?: number;
      readonly sourceHash?: string | undefined;
      readonly planHash?: string | undefined;
      readonly plan?: string | undefined;
    },
  ): Promise<void> {
    await this.#db.updateTable(this.#names.history).set({
      ...change.state === undefined ? {} : { state: change.state },
      ...change.operation === undefined ? {} : { operation: change.operation },
      ...change.executedAt === undefined ? {} : { executed_at: change.executedAt.toISOString() },
      ...change.duration === undefined ? {} : { duration_ms: change.duration },
      ...change.sourceHash === undefined ? {} : { source_hash: change.sourceHash },
      ...change.planHash === undefined ? {} : { plan_hash: change.planHash },
      ...change.plan === undefined ? {} : { plan: change.plan },
    }).where("name", "=", name).execute();
  }

  /** Forgets migrations, and their statements: these alone would say that they run. */
  async remove(names: readonly string[]): Promise<void> {
    await this.removeSteps(names);
    for (const some of inParts(names)) {
      await this.#db.deleteFrom(this.#names.history).where("name", "in", some).execute();
    }
  }

  /** Returns the statements of a migration that ran, or runs, without a transaction. */
  async steps(name: string): Promise<Step[]> {
    const rows = await this.#db.selectFrom(this.#names.step).selectAll()
      .where("name", "=", name).orderBy("step").execute();
    return rows.map((row): Step => ({
      step: Number(row["step"]),
      state: row["state"] as Step["state"],
      hash: String(row["hash"]),
      sql: String(row["sql"]),
      result: row["result"] ?? undefined,
      fingerprint: row["fingerprint"] ?? undefined,
      recordedAt: new Date(String(row["recorded_at"])),
    }));
  }

  /**
   * Stores a statement, as long as the runner holds the lock.
   *
   * @param condition what has to hold besides
   * @returns whether it was stored
   */
  async insertStep(
    owner: string,
    name: string,
    step: Step,
    condition?: Expression<SqlBool>,
  ): Promise<boolean> {
    const names = this.#names;
    const result = await this.#db.insertInto(names.step)
      .columns(["name", "step", "state", "hash", "sql", "result", "fingerprint", "recorded_at"])
      .expression(
        this.#db.selectFrom(names.lock).select([
          sql.val(name).as("name"),
          sql`${sql.lit(step.step)}`.as("step"),
          sql.val(step.state).as("state"),
          sql.val(step.hash).as("hash"),
          sql.val(step.sql).as("sql"),
          sql.val(step.result ?? null).as("result"),
          sql.val(step.fingerprint ?? null).as("fingerprint"),
          sql.val(step.recordedAt.toISOString()).as("recorded_at"),
        ]).where("id", "=", LOCK_ID).where("owner", "=", owner)
          .$if(condition !== undefined, (select) => select.where(condition!)),
      ).executeTakeFirst();
    return changed(result.numInsertedOrUpdatedRows);
  }

  /**
   * Records that a migration got to its end outside of a transaction, as long as the runner holds the
   * lock.
   *
   * @param row whether the migration has a row; else its place in the order
   * @returns whether the runner holds the lock
   */
  async finish(
    owner: string,
    name: string,
    row: { readonly sequence: number; readonly hasRow: boolean },
    change: AppliedChange,
  ): Promise<boolean> {
    const names = this.#names;
    const values = {
      state: "applied",
      operation: "up",
      executed_at: change.executedAt.toISOString(),
      duration_ms: change.duration,
      source_hash: change.sourceHash ?? null,
      plan_hash: change.planHash,
      plan: change.plan,
    };
    const lock = this.#db.selectFrom(names.lock).where("id", "=", LOCK_ID);
    if (row.hasRow) {
      const result = await this.#db.updateTable(names.history).set(values)
        .where("name", "=", name).where(lock.select("owner"), "=", owner).executeTakeFirst();
      return changed(result.numUpdatedRows);
    }
    const { duration_ms, ...texts } = values;
    const result = await this.#db.insertInto(names.history)
      .columns(["sequence", "duration_ms", "name", ...Object.keys(texts)])
      .expression(
        lock.where("owner", "=", owner).select([
          sql`${sql.lit(row.sequence)}`.as("sequence"),
          sql`${sql.lit(duration_ms)}`.as("duration_ms"),
          sql.val(name).as("name"),
          ...Object.entries(texts).map(([column, value]) => sql.val(value).as(column)),
        ]),
      ).executeTakeFirst();
    return changed(result.numInsertedOrUpdatedRows);
  }

  /** Returns the names of the migrations of which statements are recorded. */
  async namesOfSteps(): Promise<string[]> {
    const rows = await this.#db.selectFrom(this.#names.step).select("name").distinct().execute();
    return rows.map((row) => String(row["name"]));
  }

  /** Updates the state of a statement. */
  async updateStep(
    name: string,
    step: number,
    state: Step["state"],
    result: string | undefined,
  ): Promise<void> {
    await this.#db.updateTable(this.#names.step).set({ state, result: result ?? null })
      .where("name", "=", name).where("step", "=", step).execute();
  }

  /** Forgets one statement of migrations, or all of them. */
  async removeSteps(names: readonly string[], step?: number): Promise<void> {
    for (const some of inParts(names)) {
      let remove = this.#db.deleteFrom(this.#names.step).where("name", "in", some);
      if (step !== undefined) remove = remove.where("step", "=", step);
      await remove.execute();
    }
  }
}

/** So many names at once that no database has too many parameters. */
function* inParts(names: readonly string[]): Generator<readonly string[]> {
  for (let i = 0; i < names.length; i += MOST_NAMES) yield names.slice(i, i + MOST_NAMES);
}

function lockRow(row: Record<string, unknown>): LockRow {
  const time = (value: unknown) => value === null ? undefined : new Date(Number(value));
  return {
    revision: Number(row["revision"]),
    owner: row["owner"] === null ? undefined : String(row["owner"]),
    holder: row["holder"] === null ? undefined : String(row["holder"]),
    since: time(row["since"]),
    expires: time(row["expires"]),
    now: new Date(Number(row["now"])),
  };
}

function changed(count: bigint | undefined): boolean {
  return count !== undefined && Number(count) > 0;
}
