import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { Clock } from "../clock/clock.ts";
import { withTimeout } from "../resilience/with_timeout.ts";
import { endOfLastRecord, parseLsn } from "./_lsn.ts";

/** A replica, and how fresh it is known to be. */
export interface Replica {
  readonly db: Kysely<any>;
  /** It holds all that was committed before this time, by the clock. */
  freshAt: number;
  /** How many reads it was given. */
  reads: number;
}

/** How replicas are measured. */
export interface FreshnessSettings {
  readonly lag: ((replica: Kysely<any>) => number | PromiseLike<number>) | undefined;
  readonly checkInterval: number;
  readonly checkTimeout: number;
  readonly clock: Clock;
  readonly failed: (error: unknown) => void;
}

/** Where the primary was at a time. */
interface Sample {
  readonly at: number;
  readonly lsn: bigint;
}

/**
 * So many positions of the primary are remembered, to know how far behind a slow replica is; of the
 * older half then every other one is forgotten, so that they reach back far.
 */
const SAMPLES = 200;

/**
 * Knows up to which time each replica is fresh. It asks the primary where its log ends, and remembers
 * when it asked; a replica that has replayed up to there holds all that was committed before. That is
 * true of a replica that has lost its primary, and of a primary at rest, of which the time of the
 * last replayed transaction says nothing.
 *
 * There is no timer: a read that finds the measurement old has it made anew, and does not wait.
 */
export class Freshness {
  readonly replicas: readonly Replica[];
  readonly #primary: Kysely<any>;
  readonly #settings: FreshnessSettings;
  #samples: Sample[] = [];
  #measuredAt = -Infinity;
  #measuring: Promise<void> | undefined;

  constructor(
    primary: Kysely<any>,
    replicas: readonly Kysely<any>[],
    settings: FreshnessSettings,
  ) {
    this.#primary = getRawDb<any>(primary).withoutPlugins();
    this.replicas = replicas.map((db) => ({
      db: getRawDb<any>(db).withoutPlugins(),
      freshAt: -Infinity,
      reads: 0,
    }));
    this.#settings = settings;
  }

  /** Has the replicas measured, if that was not done of late. */
  refreshIfOld(): void {
    const { clock, checkInterval } = this.#settings;
    if (clock.now() - this.#measuredAt >= checkInterval) void this.refresh();
  }

  /** Measures all replicas; one that does not answer is not read from until it does. */
  refresh(): Promise<void> {
    this.#measuring ??= this.#measure()
      .catch(this.#settings.failed)
      .finally(() => this.#measuring = undefined);
    return this.#measuring;
  }

  async #measure(): Promise<void> {
    const { clock, lag } = this.#settings;
    const at = clock.now();
    this.#measuredAt = at;
    if (lag === undefined) {
      const rows = await this.#ask<{ lsn: string }>(
        this.#primary,
        "select pg_current_wal_insert_lsn()::text as lsn",
      );
      this.#samples.push({ at, lsn: endOfLastRecord(parseLsn(rows[0]!.lsn)) });
      if (this.#samples.length > SAMPLES) {
        this.#samples = this.#samples.filter((_, index) => index >= SAMPLES / 2 || index % 2 === 0);
      }
    }
    await Promise.all(this.replicas.map(async (replica) => {
      try {
        replica.freshAt = lag === undefined
          ? await this.#freshAt(replica)
          : at - await withTimeout(() => lag(replica.db), this.#settings.checkTimeout, { clock });
      } catch (error) {
        replica.freshAt = -Infinity;
        this.#settings.failed(error);
      }
    }));
  }

  async #freshAt(replica: Replica): Promise<number> {
    const [row] = await this.#ask<{ standby: boolean; lsn: string | null }>(
      replica.db,
      "select pg_is_in_recovery() as standby, pg_last_wal_replay_lsn()::text as lsn",
    );
    // One that was promoted is a database of its own, and goes its own way.
    if (row?.standby !== true || row.lsn === null) return -Infinity;
    const replayed = parseLsn(row.lsn);
    return this.#samples.findLast((sample) => sample.lsn <= replayed)?.at ?? -Infinity;
  }

  async #ask<R>(db: Kysely<any>, statement: string): Promise<readonly R[]> {
    const { checkTimeout, clock } = this.#settings;
    return await withTimeout(
      async ({ signal }) => {
        // Kysely takes the signal since 0.29, and pays no attention to it before.
        const rest = [{ signal }] as unknown as [];
        // The statements are those above.
        return (await sql<R>`${sql.raw(statement)}`.execute(db, ...rest)).rows;
      },
      checkTimeout,
      { clock },
    );
  }
}
