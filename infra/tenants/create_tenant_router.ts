import { BadRequestError, type KyseraLogger } from "@kysera/core";
import type { ExecutorConfig, InstanceWith, Plugin } from "@kysera/executor";
import type { Kysely } from "kysely";
import {
  callable,
  type Check,
  checkOptions,
  clock as clockCheck,
  count,
  logger as loggerCheck,
  ms,
  oneOf,
  something,
  text,
} from "../_options.ts";
import { safeLogger } from "../_safe_logger.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import type { HealthCheckResult } from "../health/health_check_result.ts";
import { Router } from "./_router.ts";
import type { TenantHome, TenantPlace, TenantStrategy } from "./tenant_place.ts";
import type { TenantMoveReport, TenantTable } from "./tenant_table.ts";

/** How many databases are open at once, and for how long. */
export interface TenantPoolOptions {
  /** How many databases may be open. Default 20. */
  readonly max?: number | undefined;
  /** After how long without use a database is closed, in ms. Default 60,000. */
  readonly idle?: number | undefined;
  /** How long a caller waits for a database to be opened while all are in use, in ms. Default 5,000. */
  readonly wait?: number | undefined;
  /**
   * After how many schemas a database is opened anew, so that its connections are as well: a server
   * process of PostgreSQL keeps what it knows of 10,000 tables in 150 MB. The new one is opened beside
   * the old one, which closes when its last lease ends. Default 500.
   */
  readonly schemas?: number | undefined;
}

/** A place whose tables are made or migrated: a target for `migrateEach()` of `@kysera/migrations`. */
export interface TenantTarget {
  /** A name for results: the tenant. */
  readonly name: string;
  /** The database; of a tenant with a schema `db.withSchema(schema)`. */
  readonly db: Kysely<any>;
  /** The schema; `undefined` where it is not a schema of its own. */
  readonly schema: string | undefined;
}

/** Options of {@linkcode createTenantRouter}. An option that is not one of these is an error. */
export interface TenantRouterOptions<DB, P extends readonly Plugin[] = readonly Plugin[]> {
  /** How tenants are told apart whose place does not say so. */
  readonly strategy: TenantStrategy;
  /** Returns where the data of a tenant is; `undefined` if there is no such tenant. */
  readonly resolve: (
    tenant: string,
  ) => TenantPlace | undefined | PromiseLike<TenantPlace | undefined>;
  /** Opens a database by the name that places have. The router closes it. */
  readonly open: (database: string) => Kysely<DB> | PromiseLike<Kysely<DB>>;
  /**
   * Returns the plugins of an executor, new ones for each call: for a database of rows, for a schema,
   * or for a tenant's database. Tenants as rows need a plugin that tells them apart, such as
   * `rlsPlugin`.
   */
  readonly plugins?: ((home: TenantHome) => P) | undefined;
  /** Options of the executors. */
  readonly executor?: Omit<ExecutorConfig, "template"> | undefined;
  /** Returns what is bound to the executor of a tenant, as `bindContext()` does. */
  readonly context?: ((tenant: string, home: TenantHome) => object) | undefined;
  /**
   * The schema that has the tables which the schemas of all tenants have: the only one that is read of
   * the catalog. Needed where tenants have schemas.
   */
  readonly template?: string | undefined;
  /** Schemas that the queries of all tenants may name beside their own. Default: none. */
  readonly sharedSchemas?: readonly string[] | undefined;
  /** See {@linkcode TenantPoolOptions}. */
  readonly pools?: TenantPoolOptions | undefined;
  /** How many executors are kept for each open database. Default 500. */
  readonly executors?: number | undefined;
  /** For how long what `resolve` returned is used again, in ms. Default 0. */
  readonly cache?: number | undefined;
  /** Records where a tenant is; `undefined` removes it. Needed to provision, drop or move tenants. */
  readonly record?:
    | ((tenant: string, place: TenantPlace | undefined) => void | PromiseLike<void>)
    | undefined;
  /** Makes the tables of a place. Needed to provision or move tenants to schemas and databases. */
  readonly migrate?: ((target: TenantTarget) => unknown) | undefined;
  /** Creates a database, before it is opened for the first time; databases that `open` makes need none. */
  readonly createDatabase?: ((database: string) => void | PromiseLike<void>) | undefined;
  /** Drops a database. Needed to drop tenants that have one. */
  readonly dropDatabase?: ((database: string) => void | PromiseLike<void>) | undefined;
  /**
   * The tables that hold data of tenants, in an order in which rows can be added. Needed to move
   * tenants, and to drop those that are rows.
   */
  readonly tables?: readonly (string | TenantTable)[] | undefined;
  /** The column of the tables that holds the tenant, where tenants are rows. */
  readonly tenantColumn?: string | undefined;
  /** Told of databases that cannot be closed. */
  readonly logger?: KyseraLogger | undefined;
  /** Where time and timers come from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** Options of calls that wait. */
export interface TenantCallOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@linkcode TenantRouter.move}. */
export interface TenantMoveOptions extends TenantCallOptions {
  /** How long to wait for writes of the tenant that have begun, in ms. Default 30,000. */
  readonly drain?: number | undefined;
  /**
   * How long to wait after the move was recorded, in ms, so that other processes refuse writes as well:
   * longer than their leases last. Default: the option `cache` of the router.
   */
  readonly settle?: number | undefined;
  /** Whether the data at the old place is kept, for {@linkcode TenantRouter.clear}. Default `false`. */
  readonly keepOld?: boolean | undefined;
}

/** The use of a tenant's database: it is not closed before the lease is released. */
export interface TenantLease<DB, P extends readonly Plugin[] = readonly Plugin[]> {
  /** The tenant. */
  readonly tenant: string;
  /** Where its data is. */
  readonly home: TenantHome;
  /** The executor of the tenant. After the release its queries are refused. */
  readonly executor: InstanceWith<DB, P>;
  /** Ends the use. A second call does nothing. */
  release(): void;
  /** Ends the use: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A database that is open. */
export interface TenantPoolState {
  /** Its name. */
  readonly database: string;
  /** How many leases use it. */
  readonly leases: number;
  /** How many schemas its connections may have seen. */
  readonly schemas: number;
  /** How many executors are kept for it. */
  readonly executors: number;
}

/** Tenants, each with an executor. */
export interface TenantRouter<DB, P extends readonly Plugin[] = readonly Plugin[]> {
  /**
   * Runs a function with the executor of a tenant.
   *
   * @throws {UnknownTenantError} if there is no such tenant
   * @throws {TenantUnavailableError} if it is suspended, or is to be written to while it is moved
   * @throws {TenantPoolsError} if no database can be opened in time
   */
  run<R>(
    tenant: string,
    work: (executor: InstanceWith<DB, P>) => R | PromiseLike<R>,
    options?: TenantCallOptions,
  ): Promise<Awaited<R>>;
  /** Takes the executor of a tenant into use. Fails as {@linkcode TenantRouter.run} does. */
  acquire(tenant: string, options?: TenantCallOptions): Promise<TenantLease<DB, P>>;
  /**
   * Adds a tenant: makes its schema or database and the tables in it, and records its place at the end.
   * What was made is dropped again if a step fails.
   */
  provision(tenant: string, place?: TenantPlace): Promise<void>;
  /** Removes a tenant from the record, waits for its writes to end, and drops its data. */
  drop(tenant: string, options?: TenantMoveOptions): Promise<void>;
  /**
   * Moves a tenant to another place. Its reads go on, its writes are refused meanwhile; the copy is
   * compared row by row before the place is recorded. If a step fails, the tenant stays where it is.
   *
   * @throws {TenantCopyError} if the copy cannot be made, or is not the same
   */
  move(tenant: string, to: TenantPlace, options?: TenantMoveOptions): Promise<TenantMoveReport>;
  /** Drops what a tenant has left at a place where it is no more. */
  clear(tenant: string, place: TenantPlace): Promise<void>;
  /**
   * Checks a tenant: whether it can be served, and how its database does. A tenant that cannot be
   * served is a result, not an error.
   */
  health(tenant: string): Promise<HealthCheckResult>;
  /**
   * Returns the places of tenants as targets for `migrateEach()`: each opens a database when its turn
   * comes. Tenants that share a place are one target, by the name of the first.
   */
  targets(tenants: readonly string[]): Promise<TenantMigrationTarget[]>;
  /**
   * Forgets where a tenant is if the option `cache` keeps it; without a name where all are, and what
   * was read of the template, for executors that are made from now on.
   */
  invalidate(tenant?: string): void;
  /** Returns the databases that are open, the one first that was used longest ago. */
  getPools(): readonly TenantPoolState[];
  /**
   * Refuses new leases, waits for those that are held, and closes all databases. After the signal is
   * aborted it waits for none.
   */
  destroy(options?: TenantCallOptions): Promise<void>;
}

/** A target for `migrateEach()`. */
export interface TenantMigrationTarget {
  /** The tenant. */
  readonly name: string;
  /** Opens its database; whoever calls it closes it. */
  readonly db: () => Promise<Kysely<any>>;
  /** The schema that holds the history of migrations. */
  readonly schema: string | undefined;
}

const texts: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === "string" && each !== "")
    ? undefined
    : "give a list of names";

const tables: Check = (value) =>
  Array.isArray(value) &&
    value.every((each) => typeof (typeof each === "string" ? each : each?.name) === "string")
    ? undefined
    : "give a list of tables";

/**
 * Creates a router of tenants, which are told apart as rows, schemas or databases; the program is the
 * same for all of them. The plugins are those of every executor: row-level security goes on to hold
 * for tenants with schemas and databases of their own.
 *
 * Names of tables are qualified by the schema; `search_path` is not set, as poolers share sessions
 * between clients. A query of a tenant that names another schema is refused, and so is raw SQL, unless
 * `executor: { rawSql: "allow" }` says otherwise.
 *
 * @param options see {@linkcode TenantRouterOptions}
 * @returns the router
 * @throws {BadRequestError} for an unknown option, or one that cannot be
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createTenantRouter, UnknownTenantError } from "@kysera/infra/tenants";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   projects: { id: number; name: string };
 * }
 * const router = createTenantRouter<Database>({
 *   strategy: "database",
 *   resolve: (tenant) => ["acme", "initech"].includes(tenant) ? { database: tenant } : undefined,
 *   open: () => {
 *     const database = new DatabaseSync(":memory:");
 *     database.exec("create table projects (id integer primary key, name text)");
 *     return new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 *   },
 *   pools: { max: 10, idle: 30_000 },
 * });
 *
 * await router.run("acme", (db) => db.insertInto("projects").values({ id: 1, name: "a" }).execute());
 * const read = (tenant: string) =>
 *   router.run(tenant, (db) => db.selectFrom("projects").selectAll().execute());
 * assert.equal((await read("acme")).length, 1);
 * assert.equal((await read("initech")).length, 0);
 * await assert.rejects(read("hooli"), UnknownTenantError);
 * await router.destroy();
 * ```
 */
export function createTenantRouter<DB, P extends readonly Plugin[] = readonly Plugin[]>(
  options: TenantRouterOptions<DB, P>,
): TenantRouter<DB, P> {
  const action = "create a router of tenants";
  checkOptions(action, options, {
    strategy: oneOf("row", "schema", "database"),
    resolve: callable,
    open: callable,
    plugins: callable,
    executor: something,
    context: callable,
    template: text,
    sharedSchemas: texts,
    pools: something,
    executors: count,
    cache: ms,
    record: callable,
    migrate: callable,
    createDatabase: callable,
    dropDatabase: callable,
    tables,
    tenantColumn: text,
    logger: loggerCheck,
    clock: clockCheck,
  });
  for (const name of ["strategy", "resolve", "open"] as const) {
    if (options[name] === undefined) {
      throw new BadRequestError(`Cannot ${action}: option "${name}" is missing`);
    }
  }
  checkOptions(action, options.pools ?? {}, { max: count, idle: ms, wait: ms, schemas: count });
  if (options.strategy === "schema" && options.template === undefined) {
    throw new BadRequestError(
      `Cannot ${action}: tenants have schemas; give the one that has their tables as "template"`,
    );
  }
  if (options.strategy === "row" && options.plugins === undefined) {
    throw new BadRequestError(
      `Cannot ${action}: tenants are rows; give plugins that tell them apart, such as rlsPlugin`,
    );
  }
  const { pools = {}, clock = systemClock } = options;
  return new Router<DB, P>(options, {
    clock,
    logger: safeLogger(options.logger),
    pools: {
      max: pools.max ?? 20,
      idle: pools.idle ?? 60_000,
      wait: pools.wait ?? 5_000,
      schemas: pools.schemas ?? 500,
    },
  });
}
