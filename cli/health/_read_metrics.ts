import type { Dialect } from "@kysera/core";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { refusal } from "../contract/_cli_error.ts";
import { sumUpTimes, type Times } from "../times/_sum_up_times.ts";
import type { Metrics } from "./_metrics.ts";

/** Asks a server for what it says of its work. */
export async function readMetrics(
  db: Kysely<any>,
  dialect: Dialect,
  samples: number,
): Promise<Metrics> {
  const read = READERS[dialect];
  if (read === undefined) throw refusal("SQL Server is not asked for its metrics");
  return { latency: await latencyOf(db, samples), ...await read(db) };
}

type ReadMetrics = (db: Kysely<any>) => Promise<Omit<Metrics, "latency">>;

const READERS: Readonly<Partial<Record<Dialect, ReadMetrics>>> = {
  postgres: async (db) => {
    const row = await first(
      db,
      sql`
      select
        (select count(*)::int from pg_stat_activity where datname = current_database()) as open,
        (select count(*)::int from pg_stat_activity
          where datname = current_database() and state = 'active') as active,
        (select setting::int from pg_settings where name = 'max_connections') as most,
        (select count(*)::int from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock') as waiting,
        (select extract(epoch from max(clock_timestamp() - xact_start)) * 1000
          from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid())::float8 as oldest,
        pg_database_size(current_database())::float8 as size,
        blks_hit::float8 as hits, blks_read::float8 as reads,
        xact_commit::float8 as committed, xact_rollback::float8 as "rolledBack",
        deadlocks::float8 as deadlocks
      from pg_stat_database where datname = current_database()`,
    );
    return {
      connections: { open: row("open")!, active: row("active")!, most: row("most")! },
      size: row("size"),
      cacheHits: ratio(row("hits"), row("reads")),
      transactions: {
        committed: row("committed") ?? 0,
        rolledBack: row("rolledBack") ?? 0,
        deadlocks: row("deadlocks") ?? 0,
      },
      oldest: row("oldest"),
      waiting: row("waiting"),
    };
  },
  mysql: async (db) => {
    const { rows } = await sql<{ Variable_name: string; Value: string }>`
      show global status where variable_name in ('Threads_connected', 'Threads_running',
        'Com_commit', 'Com_rollback', 'Innodb_deadlocks', 'Innodb_buffer_pool_read_requests',
        'Innodb_buffer_pool_reads', 'Innodb_row_lock_current_waits')`.execute(db);
    const status = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), Number(row.Value)]));
    const row = await first(
      db,
      sql`
      select @@max_connections as most,
        (select sum(data_length + index_length) from information_schema.tables
          where table_schema = database()) as size,
        (select max(time) from information_schema.processlist
          where command = 'Query' and id <> connection_id()) as oldest`,
    );
    const of = (name: string) => status.get(name.toLowerCase()) ?? null;
    const [requests, reads] = [
      of("Innodb_buffer_pool_read_requests"),
      of("Innodb_buffer_pool_reads"),
    ];
    const seconds = row("oldest");
    return {
      connections: {
        open: of("Threads_connected") ?? 0,
        active: of("Threads_running") ?? 0,
        most: row("most")!,
      },
      size: row("size"),
      cacheHits: requests === null || reads === null ? null : ratio(requests - reads, reads),
      transactions: {
        committed: of("Com_commit") ?? 0,
        rolledBack: of("Com_rollback") ?? 0,
        deadlocks: of("Innodb_deadlocks") ?? 0,
      },
      oldest: seconds === null ? null : seconds * 1000,
      waiting: of("Innodb_row_lock_current_waits"),
    };
  },
  sqlite: async (db) => {
    const row = await first(
      db,
      sql`
      select page_count * page_size as size from pragma_page_count, pragma_page_size`,
    );
    return {
      connections: null,
      size: row("size"),
      cacheHits: null,
      transactions: null,
      oldest: null,
      waiting: null,
    };
  },
};

/** Returns the numbers of the only row of a query by their names. */
async function first(
  db: Kysely<any>,
  query: RawBuilder<unknown>,
): Promise<(name: string) => number | null> {
  const { rows } = await query.execute(db);
  const row = (rows[0] ?? {}) as Readonly<Record<string, unknown>>;
  return (name) => row[name] === null || row[name] === undefined ? null : Number(row[name]);
}

function ratio(hits: number | null, misses: number | null): number | null {
  if (hits === null || misses === null || hits + misses <= 0) return null;
  return Math.round(hits / (hits + misses) * 10_000) / 10_000;
}

async function latencyOf(db: Kysely<any>, samples: number): Promise<Times> {
  return await db.connection().execute(async (connection) => {
    const times: number[] = [];
    // The first one opens the connection.
    for (let i = 0; i <= samples; i++) {
      const start = performance.now();
      await sql`select 1`.execute(connection);
      if (i > 0) times.push(performance.now() - start);
    }
    return sumUpTimes(times);
  });
}
