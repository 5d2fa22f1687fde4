/**
 * Throw-away servers that a test may kill: of its own, on ports of their own, from the binaries that
 * this machine has.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import {
  commandOf,
  findProgram,
  freePort,
  giveTo,
  initdbArguments,
  launchAs,
  logTail,
  mariadbInstallArguments,
  mysqlArguments,
  mysqlIsReady,
  postgresArguments,
  postgresIsReady,
  runAs,
  whyNotAs,
} from "../support/_server_process.ts";

/** A server, and what a test does to it. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** Ends it at once, as a crash does; its data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends it, and removes its data. */
  remove(): Promise<void>;
}

interface Kind {
  readonly user: string;
  readonly programs: readonly string[];
  readonly create: (programs: string[], dir: string) => string[];
  readonly serve: (programs: string[], dir: string, port: number) => string[];
  readonly url: (port: number) => string;
  readonly isReady: (dir: string, port: number) => Promise<boolean>;
  readonly killSignal: "SIGQUIT" | "SIGKILL";
}

const POSTGRES: Kind = {
  user: "postgres",
  programs: ["initdb", "postgres", "pg_basebackup"],
  create: ([initdb], dir) => [initdb!, ...initdbArguments(dir)],
  serve: ([, postgres], dir, port) => [
    postgres!,
    // A process that is killed loses nothing of what it has written; only commits have to wait.
    ...postgresArguments(dir, port, [
      "max_connections=40",
      "fsync=off",
      "synchronous_commit=on",
      "shared_buffers=16MB",
      "wal_receiver_status_interval=1s",
    ]),
  ],
  url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  isReady: (dir) => Promise.resolve(postgresIsReady(dir)),
  // "Immediate shutdown": what a crash is, without leaving processes and shared memory behind.
  killSignal: "SIGQUIT",
};

const MARIADB: Kind = {
  user: "mysql",
  programs: ["mariadb-install-db", "mariadbd"],
  create: ([install], dir) => [install!, ...mariadbInstallArguments(dir)],
  serve: ([, server], dir, port) => {
    const init = join(dir, "init.sql");
    writeFileSync(
      init,
      "create database if not exists test;\n" +
        "create user if not exists kysera@'127.0.0.1' identified by 'kysera';\n" +
        "grant all on *.* to kysera@'127.0.0.1';\n",
      { mode: 0o644 },
    );
    return [
      server!,
      ...mysqlArguments(dir, port, init),
      "--max-connections=60",
      "--innodb-buffer-pool-size=16M",
      "--innodb-flush-log-at-trx-commit=2",
    ];
  },
  url: (port) => `mysql://kysera:kysera@127.0.0.1:${port}/test`,
  isReady: (_dir, port) => mysqlIsReady(port),
  killSignal: "SIGKILL",
};

/** Why there can be no such server here. */
export function whyNoServer(kind: "postgres" | "mariadb"): string | undefined {
  const chosen = process.env["KYSERA_TEST_DIALECTS"]?.split(",").map((name) => name.trim());
  const name = kind === "postgres" ? "postgres" : "mysql";
  if (chosen && !chosen.includes(name)) return "left out by KYSERA_TEST_DIALECTS";
  const { programs, user } = kind === "postgres" ? POSTGRES : MARIADB;
  const missing = programs.find((program) => findProgram(program) === undefined);
  return missing === undefined ? whyNotAs(user) : `${missing} is not installed`;
}

/** Makes and starts a PostgreSQL server. */
export function startPostgres(): Promise<TestServer> {
  return start(POSTGRES, (programs, dir) => runAs("postgres", POSTGRES.create(programs, dir), dir));
}

/** Makes and starts a MariaDB server. */
export function startMariadb(): Promise<TestServer> {
  return start(MARIADB, (programs, dir) => runAs("mysql", MARIADB.create(programs, dir), dir));
}

/** Makes and starts a streaming replica of a PostgreSQL server. */
export function startStandby(primary: TestServer): Promise<TestServer> {
  return start(POSTGRES, ([, , basebackup], dir) => {
    const from = ["-h", "127.0.0.1", "-p", String(primary.port), "-U", "postgres"];
    const how = ["-R", "-X", "stream", "-c", "fast", "--no-sync", "-D", `${dir}/data`];
    runAs("postgres", [basebackup!, ...from, ...how], dir);
  });
}

async function start(
  kind: Kind,
  create: (programs: string[], dir: string) => void,
): Promise<TestServer> {
  const programs = kind.programs.map((name) => findProgram(name)!);
  const dir = mkdtempSync(join(tmpdir(), "kysera-infra-"));
  let pid: number | undefined;
  const kill = async (): Promise<void> => {
    if (pid !== undefined) await end(pid, kind.killSignal);
    pid = undefined;
  };
  const remove = async (): Promise<void> => {
    await kill();
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
  };
  const launchOn = async (port: number): Promise<void> => {
    // What a crashed server has left says "ready" as well.
    rmSync(join(dir, "data", "postmaster.pid"), { force: true });
    // Where a test run ends before its tests do, its servers end with it.
    pid = launchAs(kind.user, kind.serve(programs, dir, port), dir, {
      endsWithUs: kind.killSignal,
    });
    const deadline = Date.now() + 30_000;
    // A process that has only just begun has no command line yet.
    for (let gone = 0; !await kind.isReady(dir, port);) {
      gone = commandOf(pid) === undefined ? gone + 1 : 0;
      if (gone === 50) throw new Error(`It has ended: ${logTail(dir)}`);
      if (Date.now() > deadline) throw new Error(`It is not ready: ${logTail(dir)}`);
      await sleep(20);
    }
  };
  try {
    giveTo(kind.user, dir);
    create(programs, dir);
    const port = await freePort();
    await launchOn(port);
    return { url: kind.url(port), port, dir, kill, restart: () => launchOn(port), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function end(pid: number, signal: "SIGQUIT" | "SIGKILL"): Promise<void> {
  process.kill(pid, signal);
  const deadline = Date.now() + 10_000;
  while (commandOf(pid) !== undefined) {
    if (Date.now() > deadline) throw new Error(`Cannot end process ${pid}`);
    await sleep(10);
  }
}
