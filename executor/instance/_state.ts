import type { Kysely, TableMetadata } from "kysely";
import { ExecutorDestroyedError, ExecutorError } from "../contract/errors.ts";
import type { Plugin } from "../contract/plugin.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { RunAround } from "./_executor_parts.ts";
import type { NameCheck } from "./_name_check.ts";
import type { RunBatch } from "./batch_types.ts";
import { Relations } from "./_relations.ts";
import type { PluginSet } from "../hooks/_plugin_set.ts";
import { ACQUIRE_TIMEOUT, HeldConnections } from "../run/_held.ts";

/** What all instances of one executor share. */
export class ExecutorState {
  readonly set: PluginSet;
  /** The database without any plugin of this executor. */
  readonly rawDb: Kysely<any>;
  /** The plugins that `destroyExecutor` destroys: those that this executor brought. */
  readonly own: readonly Plugin[];
  /** The connections that its transactions and streams hold. */
  readonly held: HeldConnections;
  /** The tables and views that are known. */
  readonly relations: Relations;
  /** Runs the batches of its instances; handed in, as it needs them. */
  readonly runBatch: RunBatch;
  /** Runs the hooks round an execution; there is one where there are such hooks. */
  readonly runAround: RunAround | undefined;
  readonly #base: ExecutorState | undefined;
  #unchecked: readonly NameCheck[];
  #destroyed = false;
  #tables: Promise<readonly TableMetadata[]> | undefined;

  constructor(props: {
    readonly set: PluginSet;
    readonly own: readonly Plugin[];
    readonly rawDb: Kysely<any>;
    readonly relations: Relations;
    readonly runBatch: RunBatch;
    readonly runAround: RunAround | undefined;
    readonly base: ExecutorState | undefined;
    /** How long a query waits for a connection on which nothing runs, in ms. */
    readonly acquireTimeout?: number | undefined;
    /** The checks of the names in the options of the plugins that the executor brings. */
    readonly unchecked?: readonly NameCheck[];
  }) {
    this.set = props.set;
    this.own = props.own;
    this.rawDb = props.rawDb;
    this.relations = props.relations;
    this.runBatch = props.runBatch;
    this.runAround = props.runAround;
    if (props.set.arounds.length > 0 && props.runAround === undefined) {
      throw new ExecutorError(
        "Cannot create an executor: what runs the hook aroundQuery is not loaded",
        "INVALID_OPTION",
      );
    }
    this.#base = props.base;
    const { acquireTimeout, base } = props;
    this.held = acquireTimeout === undefined && base !== undefined
      ? base.held
      : new HeldConnections(acquireTimeout ?? ACQUIRE_TIMEOUT);
    this.#unchecked = (props.unchecked ?? []).filter((check) => check.isNeeded);
  }

  /** Returns an executor with the plugins of both: of this one first. */
  with(other: ExecutorState): ExecutorState {
    return new ExecutorState({
      set: this.set.with(other.set),
      own: [],
      rawDb: this.rawDb,
      // What one of them knows the other's plugins were not told.
      relations: new Relations(this.set.traits),
      runBatch: this.runBatch,
      runAround: this.runAround ?? other.runAround,
      base: other,
      unchecked: this.#unchecked,
    });
  }

  /** Whether `destroyExecutor` was called, here or on the executor that this one is made of. */
  get destroyed(): boolean {
    return this.#destroyed || (this.#base !== undefined && this.#base.destroyed);
  }

  /** Whether names in the options of plugins are still to be checked. */
  get isUnchecked(): boolean {
    return this.#unchecked.length > 0 || (this.#base !== undefined && this.#base.isUnchecked);
  }

  /**
   * Checks the names in the options of plugins that were not checked yet.
   *
   * @param db the database, on the connection that is to be asked
   * @throws {PluginValidationError} for a name that the database does not have
   */
  async checkNames(db: Kysely<any>): Promise<void> {
    await this.#base?.checkNames(db);
    const unchecked = this.#unchecked;
    for (const check of unchecked) {
      await check.run(db);
      this.#unchecked = this.#unchecked.filter((each) => each !== check);
    }
    // What was read for the check is known now, and nobody will look it up again.
    if (unchecked.length > 0) this.relations.announce(this.set.discoverers);
  }

  /** Refuses every query from now on. */
  destroy(): void {
    this.#destroyed = true;
  }

  /**
   * Refuses every query from now on, and calls `onDestroy` of the plugins that the executor brought,
   * the last one first. A second call does nothing.
   *
   * @param all whether those of the executors that it was made of end as well
   * @throws {AggregateError} with what `onDestroy` threw, after all were called
   */
  async end(all: boolean): Promise<void> {
    const errors = await this.#end(all);
    if (errors.length > 0) {
      throw new AggregateError(errors, `Cannot destroy ${errors.length} of the executor's plugins`);
    }
  }

  /** Returns what was thrown. */
  async #end(all: boolean): Promise<unknown[]> {
    const errors: unknown[] = [];
    const own = this.#destroyed ? [] : this.own;
    this.destroy();
    for (const plugin of [...own].reverse()) {
      try {
        await plugin.onDestroy?.();
      } catch (error) {
        errors.push(error);
      }
    }
    return all && this.#base !== undefined ? [...errors, ...await this.#base.#end(true)] : errors;
  }

  /** @throws {ExecutorDestroyedError} after {@linkcode ExecutorState.destroy} */
  assertAlive(): void {
    if (this.destroyed) throw new ExecutorDestroyedError();
  }

  /** Forgets what is known of a table, or of all: a statement has changed the schema. */
  forget(table?: TableId): void {
    this.relations.forget(table);
    this.#tables = undefined;
    this.#base?.forget(table);
  }

  /** Returns the tables and views of the database, asked of it once. */
  tables(): Promise<readonly TableMetadata[]> {
    this.#tables ??= introspect(this.rawDb).catch((error) => {
      this.#tables = undefined;
      throw error;
    });
    return this.#tables;
  }
}

const MOST_TRIES = 3;

/**
 * Returns the tables of a database. Kysely's introspector asks PostgreSQL about each schema and
 * sequence by name, which fails where another session drops one meanwhile: so it may ask again.
 */
export async function introspect(db: Kysely<any>): Promise<readonly TableMetadata[]> {
  for (let tries = 1;; tries++) {
    try {
      return await db.introspection.getTables();
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
  }
}
