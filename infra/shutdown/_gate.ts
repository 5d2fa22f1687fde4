import type { ConnectionProvider, DatabaseConnection } from "kysely";
import { raceAbort } from "../_abort.ts";
import { ShutdownError } from "./errors.ts";

/** Leave to go on while the gate is shut: that of work which had begun before. */
export interface Lease {
  active: boolean;
}

/** A connection that somebody holds, or waits for. */
interface Holding {
  /** Where it comes from, and another one to cancel its statement by. */
  readonly provider: ConnectionProvider;
  connection: DatabaseConnection | undefined;
}

/** What Kysely's connections can do since 0.29, where their driver can. */
interface Cancellable {
  collectSessionInfo?(): Promise<void>;
  cancelQuery?(
    provide: (consumer: (connection: DatabaseConnection) => Promise<void>) => Promise<void>,
  ): Promise<void>;
}

/** Counts who is inside, lets nobody in once it is shut, and has everybody leave in the end. */
export class Gate {
  readonly #cancel = new AbortController();
  readonly #holdings: Set<Holding> = new Set();
  readonly #leases: Set<Lease> = new Set();
  #shut = false;
  #idle: (() => void)[] = [];

  /** Aborted when everybody has to leave. */
  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  /** How many connections are held or waited for, and how many leases there are. */
  get inside(): number {
    return this.#holdings.size + this.#leases.size;
  }

  /** Lets nobody in any longer. */
  shut(): void {
    this.#shut = true;
  }

  /** @throws {ShutdownError} where there is no way in */
  admit(lease: Lease | undefined): void {
    if (this.#shut && lease?.active !== true) throw new ShutdownError(false);
    this.#cancel.signal.throwIfAborted();
  }

  /** Runs work that may ask for connections until it is done. */
  async lease<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    this.admit(undefined);
    const lease: Lease = { active: true };
    this.#leases.add(lease);
    const done = work(lease).finally(() => {
      lease.active = false;
      this.#leases.delete(lease);
      this.#tell();
    });
    return await raceAbort(done, this.signal);
  }

  /** Lends a connection; it counts from now until it is given back. */
  async hold<T>(
    lease: Lease | undefined,
    provider: ConnectionProvider,
    consumer: (connection: DatabaseConnection) => Promise<T>,
    options: unknown[],
  ): Promise<T> {
    this.admit(lease);
    const holding: Holding = { provider, connection: undefined };
    this.#holdings.add(holding);
    const done = provider.provideConnection((connection) => {
      // It may have come too late.
      this.signal.throwIfAborted();
      holding.connection = connection;
      return consumer(connection);
    }, ...options as []).finally(() => {
      this.#holdings.delete(holding);
      this.#tell();
    });
    return await raceAbort(done, this.signal);
  }

  /** Resolves when nobody is inside. */
  idle(): Promise<void> {
    if (this.inside === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#idle.push(resolve));
  }

  /**
   * Has everybody leave: who waits is told so, and statements that run are cancelled where the driver
   * can.
   */
  cancel(failed: (error: unknown) => void): void {
    this.#shut = true;
    this.#cancel.abort(new ShutdownError(true));
    for (const { provider, connection } of this.#holdings) {
      // Kysely 0.28 has no such methods; where there is no connection yet there is no statement.
      const cancellable = connection as Cancellable | undefined;
      if (typeof cancellable?.cancelQuery !== "function") continue;
      const cancelQuery = async (): Promise<void> => {
        await cancellable.collectSessionInfo?.();
        await cancellable.cancelQuery!((consumer) => provider.provideConnection(consumer));
      };
      cancelQuery().catch(failed);
    }
  }

  #tell(): void {
    if (this.inside > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
