import {
  BadRequestError,
  ConnectionError,
  detectDialect,
  isKysely,
  type KyseraLogger,
  parseDatabaseError,
  SerializationError,
  withQueryExecutor,
} from "@kysera/core";
import type { ExecutorOf, InstanceWith, Plugin, PluginCarrier } from "@kysera/executor";
import type { CompiledQuery, Kysely, OperationNode } from "kysely";
import {
  callable,
  type Check,
  checkOptions,
  clock as clockCheck,
  flag,
  logger as loggerCheck,
  ms,
  someMs,
} from "../_options.ts";
import { safeLogger } from "../_safe_logger.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import { Freshness, type Replica } from "./_freshness.ts";
import { isPlainRead } from "./_is_plain_read.ts";
import { RoutedExecutor, type Routes, type Session } from "./_routed_executor.ts";

/** Options of {@linkcode createReplicaRouter}. An option that is not one of these is an error. */
export interface ReplicaOptions {
  /** The replicas: a Kysely each, of the same dialect. */
  readonly replicas: readonly Kysely<any>[];
  /** How far behind the primary a replica may be to be read from, in ms. Default 5,000. */
  readonly maxLag?: number | undefined;
  /** How old a measurement may be before another one is made, in ms. Default 500. */
  readonly checkInterval?: number | undefined;
  /** How long the servers may take to answer a measurement, in ms. Default 1,000. */
  readonly checkTimeout?: number | undefined;
  /**
   * Whether who has written reads from the primary until the replicas have what was written.
   * Default true.
   */
  readonly readYourWrites?: boolean | undefined;
  /**
   * How far behind a replica is, in ms, for databases other than PostgreSQL: `Seconds_Behind_Source`
   * of MySQL, for one.
   */
  readonly lag?: ((replica: Kysely<any>) => number | PromiseLike<number>) | undefined;
  /**
   * Names of functions that only compute, beside those that are known: a query that calls another one
   * runs on the primary.
   */
  readonly readFunctions?: readonly string[] | undefined;
  /** Told of replicas that fail. */
  readonly logger?: KyseraLogger | undefined;
  /** Where time and timers come from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** How a replica does. */
export interface ReplicaState {
  /** How far behind the primary it is at most, in ms; `undefined` where that is not known. */
  readonly lag: number | undefined;
  /** Whether it is read from. */
  readonly inUse: boolean;
  /** How many reads it was given. */
  readonly reads: number;
}

/** A database with replicas. `P` are the plugins of the primary. */
export interface ReplicaRouter<DB, P extends readonly Plugin[] = never> {
  /** The database: reads go to replicas. Who writes is one session for all who use it. */
  readonly db: InstanceWith<DB, P>;
  /** The same for one caller, such as a request: only its own writes keep it on the primary. */
  session(): InstanceWith<DB, P>;
  /** How the replicas do, in the order given. */
  getReplicas(): readonly ReplicaState[];
  /** Measures the replicas now. Reads have that done by themselves. */
  refresh(): Promise<void>;
}

const databases: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isKysely)
    ? undefined
    : "give a list of at least one Kysely";

const words: Check = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === "string")
    ? undefined
    : "give a list of names";

/** PostgreSQL's code for a statement that a standby does not do. */
const READ_ONLY = "25006";

/**
 * Sends reads to replicas. To the primary go: writes, transactions, connections of one's own, SELECT
 * that locks (`for update`), has a statement that writes in it, or calls a function or holds raw SQL
 * that may do more than compute; and all reads where no replica is fresh enough. A read that fails on
 * a replica because of the replica is done by the primary.
 *
 * How fresh a replica is is measured: on PostgreSQL by the position in the log that it has replayed,
 * against where the primary was and when.
 *
 * @param primary the primary, or an executor with plugins: routing comes after the plugins
 * @param options see {@linkcode ReplicaOptions}
 * @returns the router; use its `db`
 * @throws {BadRequestError} for an unknown option, or where lag cannot be measured
 *
 * @example
 * ```ts
 * import { createReplicaRouter } from "@kysera/infra/replicas";
 * import { Kysely, PostgresDialect } from "kysely";
 * import { Pool } from "pg";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 * const connect = (host: string) =>
 *   new Kysely<Database>({ dialect: new PostgresDialect({ pool: new Pool({ host }) }) });
 *
 * const router = createReplicaRouter(connect("primary.internal"), {
 *   replicas: [connect("replica-1.internal"), connect("replica-2.internal")],
 *   maxLag: 2_000,
 * });
 * export const handle = (id: number): Promise<unknown> =>
 *   router.session().selectFrom("users").select("name").where("id", "=", id).execute();
 * ```
 */
export function createReplicaRouter<DB, P extends readonly Plugin[] = never>(
  primary: ExecutorOf<DB> & PluginCarrier<P>,
  options: ReplicaOptions,
): ReplicaRouter<DB, P> {
  if (!isKysely(primary) || primary.isTransaction) {
    throw new BadRequestError("Cannot route to replicas: the first argument is not a database");
  }
  checkOptions("route to replicas", options, {
    replicas: databases,
    maxLag: ms,
    checkInterval: ms,
    checkTimeout: someMs,
    readYourWrites: flag,
    lag: callable,
    readFunctions: words,
    logger: loggerCheck,
    clock: clockCheck,
  });
  checkOptions("route to replicas", { replicas: options.replicas ?? null }, {
    replicas: databases,
  });
  const dialect = detectDialect(primary);
  const { lag } = options;
  if (lag === undefined && dialect !== "postgres") {
    throw new BadRequestError(
      `Cannot route to replicas: how far behind a replica is cannot be measured on ${dialect}; ` +
        `give a function that does as "lag"`,
    );
  }
  const { maxLag = 5_000, readYourWrites = true, clock = systemClock } = options;
  const logger = safeLogger(options.logger);
  const freshness = new Freshness(primary, options.replicas, {
    lag,
    checkInterval: options.checkInterval ?? 500,
    checkTimeout: options.checkTimeout ?? 1_000,
    clock,
    failed: (error) => logger.warn("Cannot measure replicas", error),
  });
  const readFunctions = new Set((options.readFunctions ?? []).map((name) => name.toLowerCase()));
  const known = new WeakMap<OperationNode, boolean>();
  let turn = 0;

  const isRead = (node: OperationNode): boolean => {
    const answer = known.get(node) ?? isPlainRead(node, readFunctions);
    known.set(node, answer);
    return answer;
  };
  const isFresh = (replica: Replica): boolean => clock.now() - replica.freshAt <= maxLag;
  const routes: Routes = {
    now: () => clock.now(),
    isRead: (query: CompiledQuery) => isRead(query.query),
    choose(session: Session): Replica | undefined {
      freshness.refreshIfOld();
      if (readYourWrites && session.writing > 0) return undefined;
      const fit = freshness.replicas.filter((replica) =>
        isFresh(replica) && (!readYourWrites || replica.freshAt > session.wroteAt)
      );
      return fit[turn++ % fit.length];
    },
    shouldFallBack(error: unknown, replica: Replica): boolean {
      const parsed = parseDatabaseError(error, dialect);
      const lost = parsed instanceof ConnectionError;
      if (lost) replica.freshAt = -Infinity;
      const own = lost || parsed instanceof SerializationError || parsed.sqlState === READ_ONLY;
      if (own) logger.warn("A replica cannot run a query; the primary does", error);
      return own;
    },
  };
  const session = (): InstanceWith<DB, P> =>
    // It is an instance of the primary's executor.
    withQueryExecutor<Kysely<any>>(
      primary,
      new RoutedExecutor(primary.getExecutor(), routes, { writing: 0, wroteAt: -Infinity }),
    ) as InstanceWith<DB, P>;
  return {
    db: session(),
    session,
    getReplicas: () =>
      freshness.replicas.map((replica) => ({
        lag: replica.freshAt === -Infinity ? undefined : clock.now() - replica.freshAt,
        inUse: isFresh(replica),
        reads: replica.reads,
      })),
    refresh: () => freshness.refresh(),
  };
}
