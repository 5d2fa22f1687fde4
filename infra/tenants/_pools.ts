import { destroyExecutor } from "@kysera/executor";
import type { Kysely } from "kysely";
import { raceAbort } from "../_abort.ts";
import type { SafeLogger } from "../_safe_logger.ts";
import type { Clock } from "../clock/clock.ts";
import { TenantPoolsError } from "./errors.ts";

/** How many databases are open, and for how long. */
export interface PoolSettings {
  readonly max: number;
  readonly idle: number;
  readonly wait: number;
  readonly schemas: number;
  readonly executors: number;
  readonly clock: Clock;
  readonly logger: SafeLogger;
  open(database: string): Kysely<any> | PromiseLike<Kysely<any>>;
}

/** An executor of a schema of a database, or of the whole database. */
interface KeptExecutor {
  readonly made: Promise<Kysely<any>>;
  leases: number;
}

/** A database that is open. */
export interface OpenPool {
  readonly database: string;
  readonly db: Promise<Kysely<any>>;
  /** By the schema; "" for those of the database. The one that was used last is the last one. */
  readonly executors: Map<string, KeptExecutor>;
  /** The schemas that its connections have seen. */
  readonly seen: Set<string>;
  leases: number;
  /** Whether it is closed as soon as nobody uses it. */
  isRetired: boolean;
  cancelIdle: (() => void) | undefined;
}

/**
 * The databases that are open: so many at most, the one that was used longest ago is closed for another
 * one, and none while somebody uses it.
 */
export class Pools {
  readonly #settings: PoolSettings;
  /** The one that was used last is the last one. */
  readonly #open = new Map<string, OpenPool>();
  /** Those that close now, and count as open until they have. */
  readonly #closing = new Map<OpenPool, Promise<void>>();
  /** Those that others have replaced, while somebody uses them. */
  readonly #retired = new Set<OpenPool>();
  /** Those who wait for room open one after the other, in the order they came in. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #wake: (() => void) | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** The databases that are open, the one first that was used longest ago. */
  get open(): readonly OpenPool[] {
    return [...this.#open.values(), ...this.#retired];
  }

  /** How many callers wait for a database to be opened. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Opens a database, or takes the open one; it is not closed before it is released. */
  async acquire(database: string, signal?: AbortSignal): Promise<OpenPool> {
    signal?.throwIfAborted();
    const pool = this.#take(database) ?? await this.#afterOthers(database, signal);
    try {
      await pool.db;
    } catch (error) {
      if (this.#open.get(database) === pool) this.#open.delete(database);
      this.release(pool);
      throw error;
    }
    return pool;
  }

  /** Ends a use of a database. */
  release(pool: OpenPool): void {
    pool.leases--;
    if (pool.leases === 0) {
      if (pool.isRetired) void this.#close(pool);
      else if (this.#open.get(pool.database) === pool) {
        const { clock, idle } = this.#settings;
        pool.cancelIdle = clock.schedule(() => void this.#close(pool), idle, false);
      }
    }
    this.#wake?.();
  }

  /** Returns the executor of a schema, which `make` makes where there is none; `end` releases it. */
  async executorOf(
    pool: OpenPool,
    schema: string | undefined,
    make: (db: Kysely<any>) => Promise<Kysely<any>>,
  ): Promise<{ executor: Kysely<any>; end: () => void }> {
    const key = schema ?? "";
    let kept = pool.executors.get(key);
    if (kept === undefined) {
      kept = { made: pool.db.then(make), leases: 0 };
      if (schema !== undefined) pool.seen.add(schema);
    }
    const own = kept;
    pool.executors.delete(key);
    pool.executors.set(key, own);
    own.leases++;
    this.#dropExecutors(pool);
    const end = (): void => void own.leases--;
    try {
      return { executor: await own.made, end };
    } catch (error) {
      end();
      if (pool.executors.get(key) === own) pool.executors.delete(key);
      throw error;
    }
  }

  /** Forgets the executor of a schema, which is dropped. */
  forget(database: string, schema: string | undefined): void {
    for (const pool of this.open) {
      if (pool.database === database) pool.executors.delete(schema ?? "");
    }
  }

  /** Closes a database as soon as nobody uses it. */
  async close(database: string): Promise<void> {
    const pool = this.#open.get(database);
    if (pool === undefined) return;
    if (pool.leases === 0) await this.#close(pool);
    else this.#retire(pool);
  }

  /** Closes all of them, those in use as well. */
  async closeAll(): Promise<void> {
    await Promise.all(this.open.map((pool) => this.#close(pool)));
    await Promise.all(this.#closing.values());
  }

  #take(database: string): OpenPool | undefined {
    const pool = this.#open.get(database);
    if (pool === undefined) return undefined;
    const { schemas, max } = this.#settings;
    if (pool.seen.size >= schemas && (pool.leases === 0 || this.#count < max)) {
      // What a server process keeps of tables that it has seen is only freed with its connection.
      this.#retire(pool);
      if (pool.leases === 0) void this.#close(pool);
      return undefined;
    }
    return this.#use(pool);
  }

  #use(pool: OpenPool): OpenPool {
    pool.cancelIdle?.();
    pool.cancelIdle = undefined;
    pool.leases++;
    this.#open.delete(pool.database);
    this.#open.set(pool.database, pool);
    return pool;
  }

  get #count(): number {
    return this.#open.size + this.#closing.size;
  }

  async #afterOthers(database: string, signal: AbortSignal | undefined): Promise<OpenPool> {
    const { max, wait, clock } = this.#settings;
    const late = new AbortController();
    const cancel = clock.schedule(() => late.abort(new TenantPoolsError(max, wait)), wait);
    const given = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    const before = this.#turn;
    let end!: () => void;
    const mine = new Promise<void>((resolve) => end = resolve);
    this.#turn = before.then(() => mine);
    this.#waiting++;
    try {
      await raceAbort(before, given);
      return await this.#withRoom(database, given);
    } finally {
      this.#waiting--;
      cancel();
      end();
    }
  }

  async #withRoom(database: string, signal: AbortSignal): Promise<OpenPool> {
    while (true) {
      signal.throwIfAborted();
      // Another one may have opened it meanwhile.
      const pool = this.#take(database);
      if (pool !== undefined) return pool;
      if (this.#count < this.#settings.max) return this.#use(this.#create(database));
      const unused = [...this.#open.values()].find(({ leases }) => leases === 0);
      const closing = unused === undefined ? [...this.#closing.values()] : [this.#close(unused)];
      const change = new Promise<void>((resolve) => this.#wake = resolve);
      await raceAbort(Promise.race([change, ...closing]), signal);
    }
  }

  #create(database: string): OpenPool {
    const pool: OpenPool = {
      database,
      db: (async () => await this.#settings.open(database))(),
      executors: new Map(),
      seen: new Set(),
      leases: 0,
      isRetired: false,
      cancelIdle: undefined,
    };
    return pool;
  }

  #retire(pool: OpenPool): void {
    pool.isRetired = true;
    pool.cancelIdle?.();
    this.#open.delete(pool.database);
    this.#retired.add(pool);
  }

  #close(pool: OpenPool): Promise<void> {
    const closing = this.#closing.get(pool);
    if (closing !== undefined) return closing;
    pool.cancelIdle?.();
    if (this.#open.get(pool.database) === pool) this.#open.delete(pool.database);
    this.#retired.delete(pool);
    const closed = this.#destroy(pool).catch((error) =>
      this.#settings.logger.warn("Cannot close the database of tenants", error)
    ).then(() => {
      this.#closing.delete(pool);
      this.#wake?.();
    });
    this.#closing.set(pool, closed);
    return closed;
  }

  async #destroy(pool: OpenPool): Promise<void> {
    const ended = await Promise.allSettled(
      [...pool.executors.values()].map(async ({ made }) => await destroyExecutor(await made)),
    );
    pool.executors.clear();
    const db = await pool.db.catch(() => undefined);
    await db?.destroy();
    const failed = ended.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Executors that nobody uses make room for others. */
  #dropExecutors(pool: OpenPool): void {
    for (const [key, { leases, made }] of pool.executors) {
      if (pool.executors.size <= this.#settings.executors) return;
      if (leases > 0) continue;
      pool.executors.delete(key);
      made.then(destroyExecutor).catch((error) =>
        this.#settings.logger.warn("Cannot destroy the executor of a tenant", error)
      );
    }
  }
}
