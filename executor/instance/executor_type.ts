import type { Kysely, Transaction } from "kysely";
import type { Core } from "./_state.ts";
import type { Plugin } from "../contract/plugin.ts";

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
  & Kysely<DB>
  & KyseraExecutorMarker<P>;

/** A transaction with plugins in it. */
export type KyseraTransaction<DB, P extends readonly Plugin[] = readonly Plugin[]> =
  & Transaction<DB>
  & KyseraExecutorMarker<P>;

/** An executor, or a transaction with plugins in it. */
export type AnyKyseraExecutor<DB> = KyseraExecutor<DB> | KyseraTransaction<DB>;

/** Puts the marker on a handle. */
export function brand<K extends Kysely<any>>(handle: K, core: Core, rawDb: Kysely<any>): K {
  Object.defineProperties(handle, {
    __kysera: { value: true },
    __plugins: { value: core.plugins },
    __rawDb: { value: rawDb },
  });
  return handle;
}
