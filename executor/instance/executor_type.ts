import type { Kysely } from "kysely";
import type { Plugin } from "../contract/plugin.ts";
import type { BatchRunner } from "./batch_types.ts";
import type { ExecutorInstance, TransactionInstance } from "./instance_types.ts";

/** What tells an executor from a plain Kysely, for types and for whoever looks at it. */
export interface KyseraExecutorMarker<P extends readonly Plugin[] = readonly Plugin[]> {
  /** Always `true`. */
  readonly __kysera: true;
  /** The plugins, in the order they run in. */
  readonly __plugins: P;
  /** The database without the plugins. */
  readonly __rawDb: Kysely<any>;
}

/** A Kysely with plugins in it. */
export type KyseraExecutor<DB, P extends readonly Plugin[] = readonly Plugin[]> =
  & ExecutorInstance<DB, P>
  & BatchRunner<DB>
  & KyseraExecutorMarker<P>;

/** A transaction with plugins in it. */
export type KyseraTransaction<DB, P extends readonly Plugin[] = readonly Plugin[]> =
  & TransactionInstance<DB, P>
  & KyseraExecutorMarker<P>;

/** An executor, or a transaction with plugins in it. */
export type AnyKyseraExecutor<DB> = KyseraExecutor<DB> | KyseraTransaction<DB>;

/** Returns true for an instance with the marker: those that Kysely makes (a transaction) have none. */
export function isBranded<K extends Kysely<any>>(
  instance: K,
): instance is K & KyseraExecutorMarker {
  return "__kysera" in instance;
}
