import {
  CompiledQuery,
  type ControlledTransaction,
  type DatabaseConnection,
  type Kysely,
} from "kysely";
import { type ConnectionState, type Section, stateOf, under } from "./_connection.ts";
import { ATOMIC_SAVEPOINT, type OpenTransactions, type TransactionTraits } from "../dialect/mod.ts";

const COMMIT = CompiledQuery.raw("commit");
const ROLLBACK = CompiledQuery.raw("rollback");

interface Setting {
  readonly transactions: TransactionTraits;
  readonly connection: DatabaseConnection;
  /** `undefined` where it is not known. */
  readonly inTransaction: boolean | undefined;
  /** A Kysely on the connection, to begin a transaction as its driver does. */
  db(): Kysely<any>;
  /** Waits until nothing runs on the connection that the section has started. */
  settled(): Promise<void>;
  /** Takes an error for one that is told as it is. */
  passes(error: unknown): void;
}

/**
 * A stretch of statements on one connection that all happen, or none.
 *
 * | the connection has   | how                                            | statements more         |
 * | -------------------- | ---------------------------------------------- | ----------------------- |
 * | no transaction       | one of its own                                 | begin, commit           |
 * | one, on PostgreSQL   | where it fails after a write, the transaction  | none                    |
 * |                      | is made to fail as by any failed statement     |                         |
 * | one, elsewhere       | a savepoint before the first write             | savepoint; on SQLite    |
 * |                      |                                                | its release             |
 *
 * What a failure leaves behind that cannot be undone dooms the transaction: it can then only be
 * rolled back.
 */
export class Atomic implements Section {
  readonly #setting: Setting;
  readonly #state: ConnectionState;
  /** How many transactions had ended when it began. */
  readonly #ends: number;
  readonly #joined: Promise<unknown>[] = [];
  #inside: boolean;
  /** Set where the probe for a transaction has left its savepoint. */
  #probed = false;
  #failure: { readonly error: unknown } | undefined;
  #wrote = false;
  #savepoint: Promise<void> | undefined;
  #transaction: ControlledTransaction<any> | undefined;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#state = stateOf(setting.connection);
    this.#ends = this.#state.ends;
    this.#inside = setting.inTransaction === true;
  }

  async run<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#setting.inTransaction === undefined) await this.#passing(this.#probe());
    try {
      return this.#inside ? await this.#within(fn) : await this.#alone(fn);
    } finally {
      this.#state.section = undefined;
    }
  }

  /** Runs what another hook round the same query wants to be atomic. */
  async join<T>(fn: () => Promise<T>): Promise<T> {
    const run = Promise.resolve().then(fn);
    this.#joined.push(run);
    try {
      return await run;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  /** @inheritdoc */
  beforeWrite(): Promise<void> | undefined {
    this.#wrote = true;
    const { fail, savepoint } = this.#setting.transactions;
    if (!this.#inside || fail !== undefined) return undefined;
    return this.#savepoint ??= this.#passing(this.#command(savepoint.set, "savepoint"));
  }

  /** @inheritdoc */
  afterFailure(error: unknown): void {
    // Whoever catches it cannot go on: the database will answer a COMMIT with a rollback.
    if (this.#setting.transactions.fail !== undefined) this.#failure ??= { error };
  }

  /** In a transaction that is open. */
  async #within<T>(fn: () => Promise<T>): Promise<T> {
    this.#state.section = this;
    try {
      const result = await this.#all(fn);
      if (this.#savepoint !== undefined || this.#probed) await this.#passing(this.#release());
      return result;
    } catch (error) {
      await this.#undo(error);
      throw error;
    }
  }

  /** In a transaction of its own. */
  async #alone<T>(fn: () => Promise<T>): Promise<T> {
    try {
      await this.#passing(this.#begin());
      this.#state.open = true;
      this.#state.section = this;
      const result = await this.#all(fn);
      this.#state.section = undefined;
      await this.#passing(this.#commit());
      return result;
    } catch (error) {
      this.#state.section = undefined;
      await this.#rollback();
      throw error;
    } finally {
      // Not all drivers let it be seen.
      this.#state.open = false;
    }
  }

  /** Asks the database what the driver has not shown. */
  async #probe(): Promise<void> {
    const { connection, transactions: { probe, savepoint } } = this.#setting;
    if (probe.by === "nothing") {
      this.#inside = true;
      return;
    }
    if (probe.by === "query") {
      const { rows } = await connection.executeQuery<OpenTransactions>(probe.query);
      this.#inside = Number(rows[0]?.open) > 0;
      return;
    }
    try {
      await under(connection).executeQuery(savepoint.set);
      if (probe.by === "release") await under(connection).executeQuery(probe.release);
      else this.#probed = true;
      this.#inside = true;
    } catch (error) {
      if (!probe.isRefusal(error)) throw error;
      this.#inside = false;
    }
  }

  /** What is to be atomic, and all that was started in it. */
  async #all<T>(fn: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await fn();
    } finally {
      await Promise.allSettled(this.#joined);
      await this.#setting.settled();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return result;
  }

  async #begin(): Promise<void> {
    const db = this.#setting.db();
    // The database of an executor that was made in a transaction which is over begins no other.
    const { connection, transactions: { begin, prefersBegin } } = this.#setting;
    if (db.isTransaction || (prefersBegin && !("beginTransaction" in connection))) {
      await connection.executeQuery(begin);
    } else this.#transaction = await db.startTransaction().execute();
  }

  async #commit(): Promise<void> {
    if (this.#transaction === undefined) await this.#setting.connection.executeQuery(COMMIT);
    else await this.#transaction.commit().execute();
  }

  /** Never fails: what is told is why it was necessary. */
  async #rollback(): Promise<void> {
    try {
      // Where BEGIN itself has failed, it may have been done all the same.
      if (this.#transaction === undefined) await this.#plainRollback();
      else await this.#transaction.rollback().execute();
    } catch {
      await this.#plainRollback().catch(() => {});
    }
  }

  async #plainRollback(): Promise<void> {
    const { connection } = this.#setting;
    const { rollbackTransaction } = connection as { rollbackTransaction?: () => Promise<void> };
    if (typeof rollbackTransaction === "function") await rollbackTransaction.call(connection);
    else await connection.executeQuery(ROLLBACK);
  }

  async #release(): Promise<void> {
    const { release } = this.#setting.transactions.savepoint;
    if (release !== undefined) await this.#command(release, undefined);
  }

  async #undo(error: unknown): Promise<void> {
    // Where the database has ended the transaction itself, there is nothing to be undone.
    if ((!this.#wrote && !this.#probed) || this.#state.ends !== this.#ends) return;
    const { fail } = this.#setting.transactions;
    const undo = fail === undefined || this.#probed ? () => this.#back() : () => this.#fail(fail);
    try {
      await undo().catch(undo);
    } catch {
      this.#state.doom = { reason: error };
    }
  }

  async #back(): Promise<void> {
    try {
      await this.#savepoint;
    } catch {
      // Then nothing was written.
      return;
    }
    await this.#command(this.#setting.transactions.savepoint.rollbackTo, "rollbackTransaction");
    // One that is left behind does no harm.
    await this.#release().catch(() => {});
  }

  /** Makes the database refuse whatever comes before a rollback, be it to a savepoint. */
  async #fail(fail: CompiledQuery): Promise<void> {
    const failed = await under(this.#setting.connection).executeQuery(fail)
      .then(() => false, () => true);
    if (!failed) throw new TypeError("Cannot make the transaction fail: the statement succeeded");
  }

  /** A command about the savepoint: by a method of the connection, where it has one, or by SQL. */
  async #command(query: CompiledQuery, method: string | undefined): Promise<void> {
    const connection = under(this.#setting.connection) as DatabaseConnection & {
      readonly [method: string]: unknown;
    };
    const call = method === undefined ? undefined : connection[method];
    if (typeof call === "function") await call.call(connection, ATOMIC_SAVEPOINT);
    else await connection.executeQuery(query);
  }

  /** What the database says to a command of ours is told as it is, and not as a hook's failure. */
  async #passing(command: Promise<void>): Promise<void> {
    try {
      await command;
    } catch (error) {
      this.#setting.passes(error);
      throw error;
    }
  }
}
