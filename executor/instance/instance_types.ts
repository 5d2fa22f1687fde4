/**
 * The instances that Kysely makes of an executor, with its plugins in their types.
 *
 * @module
 */
import type {
  AccessMode,
  Command,
  ConnectionBuilder,
  ControlledTransaction,
  ControlledTransactionBuilder,
  DrainOuterGeneric,
  IsolationLevel,
  Kysely,
  KyselyPlugin,
  Transaction,
  TransactionBuilder,
} from "kysely";
import type { Plugin } from "../contract/plugin.ts";

/** Has the plugins of an executor in its type. */
export interface PluginCarrier<P extends readonly Plugin[] = readonly Plugin[]> {
  /** The plugins. For types: an instance that Kysely made does not have the member itself. */
  readonly __plugins?: P;
}

/** A Kysely instance that was made of an executor, such as `executor.withSchema("crm")`. */
export interface ExecutorInstance<DB, P extends readonly Plugin[] = readonly Plugin[]>
  extends Kysely<DB>, PluginCarrier<P> {
  /** See `Kysely.transaction()`. */
  transaction(): ExecutorTransactionBuilder<DB, P>;
  /** See `Kysely.startTransaction()`. */
  startTransaction(): ExecutorControlledTransactionBuilder<DB, P>;
  /** See `Kysely.connection()`. */
  connection(): ExecutorConnectionBuilder<DB, P>;
  /** See `Kysely.withPlugin()`. */
  withPlugin(plugin: KyselyPlugin): ExecutorInstance<DB, P>;
  /** See `Kysely.withoutPlugins()`: Kysely's own plugins are left out, those of the executor stay. */
  withoutPlugins(): ExecutorInstance<DB, P>;
  /** See `Kysely.withSchema()`. */
  withSchema(schema: string): ExecutorInstance<DB, P>;
  /** See `Kysely.withTables()`. */
  withTables<T extends Record<string, Record<string, any>>>(): ExecutorInstance<
    DrainOuterGeneric<DB & T>,
    P
  >;
  /** The same, as Kysely 0.30 declares it. */
  withTables<T extends Record<string, Record<string, any>>>(): ExecutorInstance<DB & T, P>;
}

/** A transaction of an executor. */
export interface TransactionInstance<DB, P extends readonly Plugin[] = readonly Plugin[]>
  extends Transaction<DB>, PluginCarrier<P> {
  /** See `Kysely.withPlugin()`. */
  withPlugin(plugin: KyselyPlugin): TransactionInstance<DB, P>;
  /** See `Kysely.withoutPlugins()`: Kysely's own plugins are left out, those of the executor stay. */
  withoutPlugins(): TransactionInstance<DB, P>;
  /** See `Kysely.withSchema()`. */
  withSchema(schema: string): TransactionInstance<DB, P>;
  /** See `Kysely.withTables()`. */
  withTables<T extends Record<string, Record<string, any>>>(): TransactionInstance<
    DrainOuterGeneric<DB & T>,
    P
  >;
  /** The same, as Kysely 0.30 declares it. */
  withTables<T extends Record<string, Record<string, any>>>(): TransactionInstance<DB & T, P>;
}

/** A transaction of an executor that its user commits or rolls back. */
export interface ControlledTransactionInstance<
  DB,
  P extends readonly Plugin[] = readonly Plugin[],
  S extends string[] = [],
> extends ControlledTransaction<DB, S>, PluginCarrier<P> {
  /** See `ControlledTransaction.savepoint()`. */
  savepoint<SN extends string>(
    savepointName: SN extends S ? never : SN,
  ): Command<ControlledTransactionInstance<DB, P, [...S, SN]>>;
  /** See `Kysely.withPlugin()`. */
  withPlugin(plugin: KyselyPlugin): ControlledTransactionInstance<DB, P, S>;
  /** See `Kysely.withoutPlugins()`: Kysely's own plugins are left out, those of the executor stay. */
  withoutPlugins(): ControlledTransactionInstance<DB, P, S>;
  /** See `Kysely.withSchema()`. */
  withSchema(schema: string): ControlledTransactionInstance<DB, P, S>;
  /** See `Kysely.withTables()`. */
  withTables<T extends Record<string, Record<string, any>>>(): ControlledTransactionInstance<
    DrainOuterGeneric<DB & T>,
    P,
    S
  >;
  /** The same, as Kysely 0.30 declares it. */
  withTables<T extends Record<string, Record<string, any>>>(): ControlledTransactionInstance<
    DB & T,
    P,
    S
  >;
}

/** Begins transactions of an executor. */
export interface ExecutorTransactionBuilder<DB, P extends readonly Plugin[]>
  extends TransactionBuilder<DB> {
  /** See `TransactionBuilder.setAccessMode()`. */
  setAccessMode(accessMode: AccessMode): ExecutorTransactionBuilder<DB, P>;
  /** See `TransactionBuilder.setIsolationLevel()`. */
  setIsolationLevel(isolationLevel: IsolationLevel): ExecutorTransactionBuilder<DB, P>;
  /** See `TransactionBuilder.execute()`. */
  execute<T>(callback: (trx: TransactionInstance<DB, P>) => Promise<T>): Promise<T>;
}

/** Begins controlled transactions of an executor. */
export interface ExecutorControlledTransactionBuilder<DB, P extends readonly Plugin[]>
  extends ControlledTransactionBuilder<DB> {
  /** See `ControlledTransactionBuilder.setAccessMode()`. */
  setAccessMode(accessMode: AccessMode): ExecutorControlledTransactionBuilder<DB, P>;
  /** See `ControlledTransactionBuilder.setIsolationLevel()`. */
  setIsolationLevel(isolationLevel: IsolationLevel): ExecutorControlledTransactionBuilder<DB, P>;
  /** See `ControlledTransactionBuilder.execute()`. */
  execute(): Promise<ControlledTransactionInstance<DB, P>>;
}

/** Runs functions on one connection of an executor. */
export interface ExecutorConnectionBuilder<DB, P extends readonly Plugin[]>
  extends ConnectionBuilder<DB> {
  /** See `ConnectionBuilder.execute()`. */
  execute<T>(
    callback: (db: ExecutorInstance<DB, P>) => Promise<T>,
    ...options: ConnectionOptions
  ): Promise<T>;
}

/** What `ConnectionBuilder.execute()` takes beside its callback; it depends on the version of Kysely. */
export type ConnectionOptions = Parameters<ConnectionBuilder<unknown>["execute"]> extends
  [unknown, ...infer Options] ? Options : [];

/** The plugins of an executor, a transaction, or another instance; `never` of a plain Kysely. */
export type PluginsOf<K> = "__plugins" extends keyof K
  ? K extends PluginCarrier<infer P> ? P : readonly Plugin[]
  : never;

/** An instance with plugins; a plain Kysely where `P` is `never`. */
export type InstanceWith<DB, P extends readonly Plugin[]> = [P] extends [never] ? Kysely<DB>
  : ExecutorInstance<DB, P>;

/** A transaction with plugins; a plain one where `P` is `never`. */
export type TransactionWith<DB, P extends readonly Plugin[]> = [P] extends [never] ? Transaction<DB>
  : TransactionInstance<DB, P>;
