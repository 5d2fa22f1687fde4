/**
 * Batches: several statements that all happen, or none.
 *
 * @module
 */
import type { Compilable, Kysely } from "kysely";

/** A query that can be added to a batch: any builder that has `execute()`. */
export interface BatchQuery<R> extends Compilable {
  /** Runs the query; a batch does so itself. */
  execute(): Promise<R>;
}

/** What a statement of a batch has to have done. */
export interface BatchOptions {
  /** Unless it holds, nothing of the batch is done. */
  readonly expect?: {
    /** How many rows the statement changes; of one that reads, how many it returns. */
    readonly rows: number;
  } | undefined;
}

/** A statement of a batch: it stands for its result. */
export interface BatchEntry<R> {
  /** The result. For types: the entry does not have the member itself. */
  readonly __result?: R;
}

/** A batch that is being put together. */
export interface Batch<DB> {
  /**
   * Adds a statement.
   *
   * @param build makes the query on the instance that it is given; it may be called several times
   * @param options what the statement has to have done
   * @returns what stands for the result, to be returned from the callback of the batch
   */
  add<R>(build: (db: Kysely<DB>) => BatchQuery<R>, options?: BatchOptions): BatchEntry<R>;
}

/** The results of a batch, by the keys of its entries. */
export type BatchResults<T extends Readonly<Record<string, BatchEntry<any>>>> = {
  readonly [K in keyof T]: T[K] extends BatchEntry<infer R> ? R : never;
};

/** What runs batches: an executor, also with a bound context or with flags. */
export interface BatchRunner<DB> {
  /**
   * Runs statements that all happen, or none: on D1 and libSQL as one batch, elsewhere in one
   * transaction. The plugins apply to each, under one context and one clock.
   *
   * @param build adds the statements, and returns what {@linkcode Batch.add} gave; it is synchronous
   * @returns the results, by the keys of what `build` returns
   * @throws {BatchExpectationError} if a statement changed another number of rows than expected
   * @throws {BatchError} if the batch cannot be run as it is
   *
   * @example
   * ```ts
   * import { nodeSqliteDialect } from "@kysera/dialects";
   * import { createExecutor } from "@kysera/executor";
   * import { Kysely } from "kysely";
   * import { deepEqual } from "node:assert/strict";
   * import { DatabaseSync } from "node:sqlite";
   *
   * const database = new DatabaseSync(":memory:");
   * database.exec("create table users (id integer primary key)");
   * const db = new Kysely<{ users: { id: number } }>({ dialect: nodeSqliteDialect({ database }) });
   * const executor = await createExecutor(db, []);
   * const { users } = await executor.batch((b) => ({
   *   ada: b.add((db) => db.insertInto("users").values({ id: 1 }), { expect: { rows: 1 } }),
   *   users: b.add((db) => db.selectFrom("users").selectAll()),
   * }));
   * deepEqual(users, [{ id: 1 }]);
   * await db.destroy();
   * ```
   */
  batch<T extends Readonly<Record<string, BatchEntry<any>>>>(
    build: (batch: Batch<DB>) => T,
  ): Promise<BatchResults<T>>;
}

/** Runs a batch on an executor. */
export type RunBatch = (
  executor: Kysely<any>,
  build: (batch: Batch<any>) => Readonly<Record<string, BatchEntry<unknown>>>,
) => Promise<Record<string, unknown>>;
