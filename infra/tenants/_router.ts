import { BadRequestError, detectDialect, withQueryExecutor } from "@kysera/core";
import {
  bindContext,
  createExecutor,
  getPlugins,
  type InstanceWith,
  type Plugin,
  type SchemaTemplate,
  schemaTemplate,
} from "@kysera/executor";
import type { CompiledQuery, Kysely } from "kysely";
import { raceAbort } from "../_abort.ts";
import type { SafeLogger } from "../_safe_logger.ts";
import type { Clock } from "../clock/clock.ts";
import { sleep } from "../clock/_sleep.ts";
import type { HealthCheckResult } from "../health/health_check_result.ts";
import { performHealthCheck } from "../health/perform_health_check.ts";
import { TimeoutError } from "../resilience/errors.ts";
import { type CopySide, copyTenant, type CopyWork, deleteRows } from "./_copy.ts";
import { TenantEntry } from "./_entry.ts";
import { homeOf, keyOf } from "./_home_of.ts";
import { LeasedExecutor } from "./_leased_executor.ts";
import { onlySchemas } from "./_only_schemas.ts";
import { type OpenPool, Pools } from "./_pools.ts";
import type {
  TenantCallOptions,
  TenantLease,
  TenantMigrationTarget,
  TenantMoveOptions,
  TenantPoolState,
  TenantRouter,
  TenantRouterOptions,
} from "./create_tenant_router.ts";
import { TenantLeaseError, TenantUnavailableError, UnknownTenantError } from "./errors.ts";
import type { TenantHome, TenantPlace } from "./tenant_place.ts";
import type { TenantMoveReport } from "./tenant_table.ts";

/** What the options come to. */
export interface RouterSettings {
  readonly clock: Clock;
  readonly logger: SafeLogger;
  readonly pools: Required<{ max: number; idle: number; wait: number; schemas: number }>;
}

/** So many tenants are remembered. */
const MOST_ENTRIES = 10_000;

/** What `createTenantRouter()` returns. */
export class Router<DB, P extends readonly Plugin[]> implements TenantRouter<DB, P> {
  readonly #options: TenantRouterOptions<DB, P>;
  readonly #settings: RouterSettings;
  readonly #pools: Pools;
  readonly #entries = new Map<string, TenantEntry>();
  /** The schema that stands for all, of each open database. */
  #templates = new WeakMap<OpenPool, SchemaTemplate>();
  #leases = 0;
  #isClosing = false;
  #released: (() => void) | undefined;

  constructor(options: TenantRouterOptions<DB, P>, settings: RouterSettings) {
    this.#options = options;
    this.#settings = settings;
    const { clock, logger, pools } = settings;
    this.#pools = new Pools({
      ...pools,
      clock,
      logger,
      executors: options.executors ?? 500,
      open: (database) => options.open(database),
    });
  }

  async run<R>(
    tenant: string,
    work: (executor: InstanceWith<DB, P>) => R | PromiseLike<R>,
    options: TenantCallOptions = {},
  ): Promise<Awaited<R>> {
    const lease = await this.acquire(tenant, options);
    try {
      return await work(lease.executor);
    } finally {
      lease.release();
    }
  }

  async acquire(tenant: string, { signal }: TenantCallOptions = {}): Promise<TenantLease<DB, P>> {
    if (this.#isClosing) {
      throw new BadRequestError("Cannot serve the tenant: the router was destroyed");
    }
    const entry = this.#entry(tenant);
    entry.leases++;
    this.#leases++;
    try {
      return await this.#lease(tenant, entry, signal);
    } catch (error) {
      this.#end(tenant, entry);
      throw error;
    }
  }

  async provision(tenant: string, place: TenantPlace = {}): Promise<void> {
    const action = "provision the tenant";
    const record = this.#mustHave("record", action);
    const home = homeOf(place, this.#options.strategy);
    if (home.strategy !== "row") this.#mustHave("migrate", action);
    const entry = this.#claim(tenant, action);
    try {
      if (await this.#find(tenant) !== undefined) {
        throw new BadRequestError(`Cannot ${action}: it is there already`);
      }
      const undo = await this.#prepare(tenant, home);
      await this.#orUndo(() => record(tenant, place), undo);
    } finally {
      this.#unclaim(tenant, entry);
    }
  }

  async drop(tenant: string, options: TenantMoveOptions = {}): Promise<void> {
    const action = "drop the tenant";
    const record = this.#mustHave("record", action);
    const entry = this.#claim(tenant, action);
    try {
      const home = homeOf(await this.#known(tenant), this.#options.strategy);
      this.#mustBeRemovable(home, action);
      await record(tenant, undefined);
      entry.isFrozen = true;
      await this.#settle(options);
      await this.#quiet(entry, options);
      entry.generation++;
      await this.#remove(tenant, home);
    } finally {
      this.#unclaim(tenant, entry);
    }
  }

  async move(
    tenant: string,
    to: TenantPlace,
    options: TenantMoveOptions = {},
  ): Promise<TenantMoveReport> {
    const action = "move the tenant";
    const record = this.#mustHave("record", action);
    const work = this.#work(tenant, action);
    const target = homeOf(to, this.#options.strategy);
    if (target.strategy !== "row") this.#mustHave("migrate", action);
    const entry = this.#claim(tenant, action);
    try {
      const place = await this.#known(tenant);
      const home = homeOf(place, this.#options.strategy);
      if (keyOf(home) === keyOf(target)) {
        throw new BadRequestError(`Cannot ${action}: it is at this place already`);
      }
      if (options.keepOld !== true) this.#mustBeRemovable(home, action);
      const began = this.#settings.clock.now();
      entry.isFrozen = true;
      await record(tenant, { ...place, state: "moving" });
      const tables = await this.#orUndo(async () => {
        await this.#settle(options);
        await this.#quiet(entry, options);
        const undo = await this.#prepare(tenant, target);
        return await this.#orUndo(async () => {
          const copied = await this.#between(home, target, (a, b) => copyTenant(a, b, work));
          await record(tenant, { ...to, state: to.state ?? "active" });
          return copied;
        }, undo);
      }, () => record(tenant, place));
      entry.generation++;
      const frozen = this.#settings.clock.now() - began;
      if (options.keepOld !== true) await this.#remove(tenant, home);
      return { tables, frozen };
    } finally {
      this.#unclaim(tenant, entry);
    }
  }

  async clear(tenant: string, place: TenantPlace): Promise<void> {
    const action = "clear the place";
    const home = homeOf(place, this.#options.strategy);
    const now = await this.#find(tenant);
    if (now !== undefined && keyOf(homeOf(now, this.#options.strategy)) === keyOf(home)) {
      throw new BadRequestError(`Cannot ${action}: the tenant is there; use drop()`);
    }
    this.#mustBeRemovable(home, action);
    await this.#remove(tenant, home);
  }

  async health(tenant: string): Promise<HealthCheckResult> {
    const timestamp = new Date(this.#settings.clock.time());
    try {
      const lease = await this.acquire(tenant);
      try {
        const result = await performHealthCheck(lease.executor as unknown as Kysely<any>, {
          clock: this.#settings.clock,
        });
        const isFrozen = this.#entries.get(tenant)?.isFrozen === true;
        return {
          ...result,
          status: isFrozen && result.status === "healthy" ? "degraded" : result.status,
          checks: [{
            name: "Tenant",
            status: isFrozen ? "degraded" : "healthy",
            message: isFrozen ? "It is being moved" : "It is served",
          }, ...result.checks],
        };
      } finally {
        lease.release();
      }
    } catch (error) {
      const name = error instanceof Error ? error.name : "Error";
      return {
        status: "unhealthy",
        checks: [{ name: "Tenant", status: "unhealthy", message: `It cannot be served: ${name}` }],
        errors: [name],
        metrics: { checkLatency: 0 },
        timestamp,
      };
    }
  }

  async targets(tenants: readonly string[]): Promise<TenantMigrationTarget[]> {
    const found = new Map<string, TenantMigrationTarget>();
    for (const tenant of tenants) {
      const home = homeOf(await this.#known(tenant), this.#options.strategy);
      const { database, schema } = home;
      if (found.has(keyOf(home))) continue;
      found.set(keyOf(home), {
        name: tenant,
        schema,
        db: async () => {
          const db: Kysely<any> = await this.#options.open(database);
          return schema === undefined ? db : db.withSchema(schema);
        },
      });
    }
    return [...found.values()];
  }

  invalidate(tenant?: string): void {
    if (tenant === undefined) this.#templates = new WeakMap();
    const entries = tenant === undefined ? this.#entries.values() : [this.#entries.get(tenant)];
    for (const entry of entries) if (entry !== undefined) entry.until = -Infinity;
  }

  getPools(): readonly TenantPoolState[] {
    return this.#pools.open.map(({ database, leases, seen, executors }) => ({
      database,
      leases,
      schemas: seen.size,
      executors: executors.size,
    }));
  }

  async destroy({ signal }: TenantCallOptions = {}): Promise<void> {
    this.#isClosing = true;
    if (this.#leases > 0) {
      const released = new Promise<void>((resolve) => this.#released = resolve);
      await (signal === undefined ? released : raceAbort(released, signal).catch(() => {}));
    }
    await this.#pools.closeAll();
  }

  async #lease(
    tenant: string,
    entry: TenantEntry,
    signal: AbortSignal | undefined,
  ): Promise<TenantLease<DB, P>> {
    const home = await this.#homeFor(tenant, entry);
    const generation = entry.generation;
    const pool = await this.#pools.acquire(home.database, signal);
    let kept: { executor: Kysely<any>; end: () => void };
    try {
      kept = await this.#pools.executorOf(pool, home.schema, (db) => this.#make(db, home, pool));
    } catch (error) {
      this.#pools.release(pool);
      throw error;
    }
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      kept.end();
      this.#pools.release(pool);
      this.#end(tenant, entry);
    };
    const begin = (query: CompiledQuery | undefined, isInside: boolean): () => void => {
      if (isReleased) throw new TenantLeaseError("released");
      if (entry.generation !== generation) throw new TenantLeaseError("moved");
      return entry.begin(query, isInside);
    };
    const { context } = this.#options;
    try {
      const leased = withQueryExecutor(
        kept.executor,
        new LeasedExecutor(kept.executor.getExecutor(), { begin }),
      );
      const bound = context === undefined ? leased : bindContext(leased, context(tenant, home));
      return {
        tenant,
        home,
        // It is an instance of an executor with these plugins.
        executor: bound as unknown as InstanceWith<DB, P>,
        release,
        [Symbol.asyncDispose]: () => Promise.resolve(release()),
      };
    } catch (error) {
      // The caller ends the use of the tenant.
      isReleased = true;
      kept.end();
      this.#pools.release(pool);
      throw error;
    }
  }

  async #make(db: Kysely<any>, home: TenantHome, pool: OpenPool): Promise<Kysely<any>> {
    const { plugins, executor, template, sharedSchemas = [] } = this.#options;
    const own = plugins?.(home) ?? [];
    const { schema, strategy } = home;
    if (schema === undefined) {
      const made = await createExecutor(db, own, executor);
      if (strategy === "row" && getPlugins(made).length === 0) {
        throw new BadRequestError(
          "Cannot serve the tenant: it is told apart by its rows, and there are no plugins that do",
        );
      }
      return made as unknown as Kysely<any>;
    }
    const detected = executor?.dialect ?? detectDialect(db);
    if (detected === "sqlite") {
      throw new BadRequestError(
        "Cannot serve the tenant: SQLite has no schemas; give each tenant a database",
      );
    }
    if (template === undefined) {
      throw new BadRequestError(
        'Cannot serve the tenant: it has a schema; give the one that has its tables as "template"',
      );
    }
    let shape = this.#templates.get(pool);
    if (shape === undefined) this.#templates.set(pool, shape = schemaTemplate(template));
    return await createExecutor(
      db.withSchema(schema),
      [onlySchemas([schema, ...sharedSchemas]), ...own],
      { ...executor, template: shape },
    ) as unknown as Kysely<any>;
  }

  #entry(tenant: string): TenantEntry {
    let entry = this.#entries.get(tenant);
    if (entry === undefined) {
      entry = new TenantEntry();
      this.#entries.set(tenant, entry);
    }
    return entry;
  }

  #end(tenant: string, entry: TenantEntry): void {
    entry.leases--;
    this.#leases--;
    this.#prune(tenant, entry);
    if (this.#leases === 0) this.#released?.();
  }

  /** Forgets a tenant that nobody uses, unless its place is remembered. */
  #prune(tenant: string, entry: TenantEntry): void {
    const isUnused = ({ leases, isBusy }: TenantEntry): boolean => leases === 0 && !isBusy;
    if (isUnused(entry) && entry.until <= this.#settings.clock.now()) this.#entries.delete(tenant);
    if (this.#entries.size <= MOST_ENTRIES) return;
    for (const [name, each] of this.#entries) {
      if (this.#entries.size <= MOST_ENTRIES) return;
      if (isUnused(each)) this.#entries.delete(name);
    }
  }

  async #find(tenant: string): Promise<TenantPlace | undefined> {
    if (typeof tenant !== "string" || tenant === "") throw new UnknownTenantError();
    return await this.#options.resolve(tenant) ?? undefined;
  }

  async #known(tenant: string): Promise<TenantPlace> {
    const place = await this.#find(tenant);
    if (place === undefined) throw new UnknownTenantError();
    return place;
  }

  async #homeFor(tenant: string, entry: TenantEntry): Promise<TenantHome> {
    const { clock } = this.#settings;
    if (entry.home !== undefined && entry.until > clock.now()) return entry.home;
    const place = await this.#known(tenant);
    if (place.state === "suspended") throw new TenantUnavailableError("suspended");
    const home = homeOf(place, this.#options.strategy);
    if (!entry.isBusy) entry.isFrozen = place.state === "moving";
    if (entry.home !== undefined && keyOf(entry.home) !== keyOf(home)) entry.generation++;
    entry.home = home;
    entry.until = entry.isFrozen ? -Infinity : clock.now() + (this.#options.cache ?? 0);
    return home;
  }

  /** Lets no other call of this process move or drop the tenant. */
  #claim(tenant: string, action: string): TenantEntry {
    const entry = this.#entry(tenant);
    if (entry.isBusy) {
      throw new BadRequestError(`Cannot ${action}: it is being moved or dropped`);
    }
    entry.isBusy = true;
    return entry;
  }

  #unclaim(tenant: string, entry: TenantEntry): void {
    entry.isBusy = false;
    entry.isFrozen = false;
    entry.until = -Infinity;
    this.#prune(tenant, entry);
  }

  async #settle({ settle, signal }: TenantMoveOptions): Promise<void> {
    const wait = settle ?? this.#options.cache ?? 0;
    if (wait > 0) await sleep(this.#settings.clock, wait, signal);
  }

  async #quiet(entry: TenantEntry, { drain = 30_000, signal }: TenantMoveOptions): Promise<void> {
    const late = new AbortController();
    const cancel = this.#settings.clock.schedule(
      () => late.abort(new TimeoutError(drain, "the writes of the tenant")),
      drain,
    );
    try {
      await entry.quiet(
        signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
      );
    } finally {
      cancel();
    }
  }

  #mustHave<K extends "record" | "migrate" | "tables">(
    option: K,
    action: string,
  ): NonNullable<TenantRouterOptions<DB, P>[K]> {
    const value = this.#options[option];
    if (value === undefined) {
      throw new BadRequestError(`Cannot ${action}: give the router the option "${option}"`);
    }
    return value;
  }

  #mustBeRemovable({ strategy }: TenantHome, action: string): void {
    if (strategy === "row") this.#mustHave("tables", action);
    if (strategy === "database" && this.#options.dropDatabase === undefined) {
      throw new BadRequestError(`Cannot ${action}: give the router the option "dropDatabase"`);
    }
  }

  #work(tenant: string, action: string): CopyWork {
    const tables = this.#mustHave("tables", action);
    return {
      tenant,
      tables: tables.map((table) => typeof table === "string" ? { name: table } : table),
      tenantColumn: this.#options.tenantColumn,
    };
  }

  /** Makes the tables of a place; returns what takes them away again. */
  async #prepare(tenant: string, home: TenantHome): Promise<() => Promise<void>> {
    const { database, schema, strategy } = home;
    if (strategy === "row") return () => Promise.resolve();
    const migrate = this.#mustHave("migrate", "make tables");
    if (strategy === "database") await this.#options.createDatabase?.(database);
    const undo = async (): Promise<void> => {
      if (strategy === "schema" || this.#options.dropDatabase !== undefined) {
        await this.#remove(tenant, home);
      } else await this.#pools.close(database);
    };
    if (schema !== undefined) {
      // One that is there already is somebody's: it is not taken away.
      await this.#within(database, (db) => db.schema.createSchema(schema).execute());
    }
    await this.#orUndo(() =>
      this.#within(database, async (db) => {
        await migrate({
          name: tenant,
          db: schema === undefined ? db : db.withSchema(schema),
          schema,
        });
      }), undo);
    return undo;
  }

  /** Drops what a tenant has at a place. */
  async #remove(tenant: string, home: TenantHome): Promise<void> {
    const { database, schema, strategy } = home;
    if (strategy === "database") {
      await this.#pools.close(database);
      await this.#options.dropDatabase!(database);
      return;
    }
    if (strategy === "schema") {
      this.#pools.forget(database, schema);
      await this.#within(database, async (db) => {
        const drop = db.schema.dropSchema(schema!);
        await (detectDialect(db) === "postgres" ? drop.cascade() : drop).execute();
      });
      return;
    }
    const work = this.#work(tenant, "delete rows");
    await this.#between(home, home, (side) => deleteRows(side, work));
  }

  /** Runs something with a database, without plugins of executors. */
  async #within<R>(
    database: string,
    work: (db: Kysely<any>, pool: OpenPool) => Promise<R>,
  ): Promise<R> {
    const pool = await this.#pools.acquire(database);
    try {
      return await work((await pool.db).withoutPlugins(), pool);
    } finally {
      this.#pools.release(pool);
    }
  }

  async #between<R>(
    from: TenantHome,
    to: TenantHome,
    work: (from: CopySide, to: CopySide) => Promise<R>,
  ): Promise<R> {
    return await this.#within(from.database, async (a, pool) => {
      const source = await this.#side(a, from, pool);
      if (from.database === to.database) {
        return await work(source, await this.#side(a, to, pool));
      }
      return await this.#within(
        to.database,
        async (b, other) => await work(source, await this.#side(b, to, other)),
      );
    });
  }

  async #side(db: Kysely<any>, home: TenantHome, pool: OpenPool): Promise<CopySide> {
    const { template } = this.#options;
    if (template === undefined || home.strategy === "database") return { db, home, catalog: db };
    // Of rows beside schemas, a table is one of many of its name.
    let shape = this.#templates.get(pool);
    if (shape === undefined) this.#templates.set(pool, shape = schemaTemplate(template));
    const catalog = await createExecutor(db.withSchema(home.schema ?? template), [], {
      template: shape,
    });
    return { db, home, catalog: catalog as unknown as Kysely<any> };
  }

  async #orUndo<R>(
    work: () => R | PromiseLike<R>,
    undo: () => void | PromiseLike<void>,
  ): Promise<R> {
    try {
      return await work();
    } catch (error) {
      try {
        await undo();
      } catch (failure) {
        throw new AggregateError([error, failure], "Cannot undo what was done for the tenant", {
          cause: error,
        });
      }
      throw error;
    }
  }
}
