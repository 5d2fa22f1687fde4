/**
 * PgBouncer in transaction mode, before the PostgreSQL server of the tests: each transaction may have
 * another session.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { waitFor } from "@kysera/testing";
import { type Kysely, sql } from "kysely";
import {
  accepts,
  findProgram,
  freePort,
  giveTo,
  launchAs,
  logTail,
  whyNotAs,
} from "../support/_server_process.ts";

const USER = "postgres";

/** A pooler. */
export interface Pooler {
  /** The server, through the pooler. */
  readonly url: string;
  close(): Promise<void>;
}

/** Why there can be no pooler here. */
export function whyNoPooler(): string | undefined {
  return findProgram("pgbouncer") === undefined ? "pgbouncer is not installed" : whyNotAs(USER);
}

/**
 * Starts a pooler.
 *
 * @param server the URL of the server
 */
export async function startPooler(server: string): Promise<Pooler> {
  const dir = mkdtempSync(join(tmpdir(), "kysera-pooler-"));
  const port = await freePort();
  const { hostname, port: serverPort, username, password } = new URL(server);
  const connection = [
    `host=${hostname}`,
    `port=${serverPort || 5432}`,
    `user=${decodeURIComponent(username)}`,
    ...password === "" ? [] : [`password=${decodeURIComponent(password)}`],
  ].join(" ");
  giveTo(USER, dir);
  const file = join(dir, "pgbouncer.ini");
  writeFileSync(
    file,
    `[databases]\n* = ${connection}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\n` +
      `unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n`,
    { mode: 0o644 },
  );
  const pid = launchAs(USER, [findProgram("pgbouncer")!, file], dir, { endsWithUs: "SIGKILL" });
  const close = async (): Promise<void> => {
    process.kill(pid, "SIGKILL");
    await waitFor(async () => !await accepts(port));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(() => accepts(port), { timeout: 10_000, interval: 20 });
  } catch (error) {
    const log = logTail(dir);
    await close().catch(() => {});
    throw new Error(`PgBouncer is not ready: ${log}`, { cause: error });
  }
  return { url: `postgres://${username}@127.0.0.1:${port}/postgres`, close };
}

/**
 * Drops a database, whoever is still connected to it: a pooler that was killed leaves sessions for a
 * moment. (`with (force)` came with PostgreSQL 13.)
 *
 * @param admin a connection to another database
 * @param name the database
 */
export async function dropDatabase(admin: Kysely<any>, name: string): Promise<void> {
  await waitFor(async () => {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
      .execute(admin);
    try {
      await sql`drop database if exists ${sql.id(name)}`.execute(admin);
      return true;
    } catch (error) {
      // In use.
      if ((error as { code?: unknown }).code === "55006") return false;
      throw error;
    }
  }, { timeout: 10_000, interval: 50 });
}
