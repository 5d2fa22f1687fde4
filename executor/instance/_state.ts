import type { Kysely, TableMetadata } from "kysely";
import { ExecutorDestroyedError } from "../contract/errors.ts";
import type { Plugin } from "../contract/plugin.ts";
import type { TableId } from "../contract/table_scope.ts";
import { Relations } from "./_relations.ts";
import type { PluginSet } from "../hooks/_plugin_set.ts";

/** What all instances of one executor share. */
export class ExecutorState {
  readonly set: PluginSet;
  /** The database without any plugin of this executor. */
  readonly rawDb: Kysely<any>;
  /** The plugins that `destroyExecutor` destroys: those that this executor brought. */
  readonly own: readonly Plugin[];
  /** The tables and views that are known. */
  readonly relations: Relations;
  readonly #base: ExecutorState | undefined;
  #destroyed = false;
  #tables: Promise<readonly TableMetadata[]> | undefined;

  constructor(props: {
    readonly set: PluginSet;
    readonly own: readonly Plugin[];
    readonly rawDb: Kysely<any>;
    readonly relations: Relations;
    readonly base: ExecutorState | undefined;
  }) {
    this.set = props.set;
    this.own = props.own;
    this.rawDb = props.rawDb;
    this.relations = props.relations;
    this.#base = props.base;
  }

  /** Returns an executor with the plugins of both: of this one first. */
  with(other: ExecutorState): ExecutorState {
    return new ExecutorState({
      set: this.set.with(other.set),
      own: [],
      rawDb: this.rawDb,
      // What one of them knows the other's plugins were not told.
      relations: new Relations(this.set.traits),
      base: other,
    });
  }

  /** Whether `destroyExecutor` was called, here or on the executor that this one is made of. */
  get destroyed(): boolean {
    return this.#destroyed || (this.#base !== undefined && this.#base.destroyed);
  }

  /** Refuses every query from now on. */
  destroy(): void {
    this.#destroyed = true;
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
