/**
 * One throw-away database server: made in a directory of its own, on a port of its own, from the
 * binaries this machine has, and removed without a trace. Nothing of an existing installation is
 * touched.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import {
  accepts,
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
} from "../tests/support/_server_process.ts";

/** The servers this can start. */
export type ServerName = "postgres" | "mysql";

/** A running server: enough to reach it, and to stop it from another process. */
export interface DatabaseServer {
  readonly name: ServerName;
  readonly url: string;
  readonly pid: number;
  readonly dir: string;
}

/** What tells one kind of server from the other. */
interface Recipe {
  /** The account that runs it when we are root, which both servers refuse to run as. */
  readonly user: string;
  /** Programs that must be there; the names in an inner list are alternatives. */
  readonly programs: readonly (readonly string[])[];
  readonly create: (programs: string[], dir: string) => string[];
  readonly serve: (programs: string[], dir: string, port: number) => string[];
  readonly url: (port: number) => string;
  readonly isReady: (dir: string, port: number) => Promise<boolean>;
  readonly stopSignal: "SIGQUIT" | "SIGKILL";
}

const MAX_CONNECTIONS = 200;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

const RECIPES: Record<ServerName, Recipe> = {
  postgres: {
    user: "postgres",
    programs: [["initdb"], ["postgres"]],
    create: ([initdb], dir) => [initdb!, ...initdbArguments(dir)],
    serve: ([, postgres], dir, port) => [
      postgres!,
      ...postgresArguments(dir, port, [
        `max_connections=${MAX_CONNECTIONS}`,
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "timezone=UTC",
      ]),
    ],
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    isReady: async (dir, port) => postgresIsReady(dir) && await accepts(port),
    // "Immediate shutdown": SIGKILL would leave the workers and the shared memory behind.
    stopSignal: "SIGQUIT",
  },
  mysql: {
    user: "mysql",
    programs: [["mariadb-install-db", "mysql_install_db", "mysqld"], ["mariadbd", "mysqld"]],
    create: ([install], dir) =>
      install!.endsWith("mysqld")
        ? [install!, "--no-defaults", "--initialize-insecure", `--datadir=${dir}/data`]
        : [install!, ...mariadbInstallArguments(dir)],
    serve: ([, server], dir, port) => {
      const init = join(dir, "init.sql");
      writeFileSync(
        init,
        "create database if not exists test;\n" +
          "create user if not exists kysera@'127.0.0.1' identified by 'kysera';\n" +
          "grant all on *.* to kysera@'127.0.0.1' with grant option;\n",
        { mode: 0o644 },
      );
      return [
        server!,
        ...mysqlArguments(dir, port, init),
        `--max-connections=${MAX_CONNECTIONS}`,
        "--character-set-server=utf8mb4",
        "--default-time-zone=+00:00",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-flush-method=nosync",
        "--sync-binlog=0",
      ];
    },
    url: (port) => `mysql://kysera:kysera@127.0.0.1:${port}/test`,
    isReady: (_dir, port) => mysqlIsReady(port),
    stopSignal: "SIGKILL",
  },
};

/**
 * Why a server of this kind cannot run on this machine.
 *
 * @param name The kind of server.
 * @returns The reason, or `undefined` when it can run.
 */
export function whyNotRunnable(name: ServerName): string | undefined {
  const recipe = RECIPES[name];
  const missing = recipe.programs.find((names) => findProgram(...names) === undefined);
  return missing ? `${missing.join(" or ")} is not installed` : whyNotAs(recipe.user);
}

/**
 * Starts a server and waits until it accepts connections.
 *
 * @param name The kind of server.
 * @returns The running server.
 * @throws When it cannot run here, or does not start; the message carries the end of its log.
 */
export async function startServer(name: ServerName): Promise<DatabaseServer> {
  const reason = whyNotRunnable(name);
  if (reason) throw new Error(`Cannot start ${name}: ${reason}`);
  const recipe = RECIPES[name];
  const programs = recipe.programs.map((names) => findProgram(...names)!);
  const dir = mkdtempSync(join(tmpdir(), `kysera-${name}-`));
  let pid: number | undefined;
  try {
    giveTo(recipe.user, dir);
    runAs(recipe.user, recipe.create(programs, dir), dir);
    // Between finding a free port and binding it another process may take it: hence the attempts.
    for (let attempt = 1;; attempt++) {
      const port = await freePort();
      // Ctrl-C in the terminal must not end the servers before the tests that use them.
      pid = launchAs(recipe.user, recipe.serve(programs, dir, port), dir, { detached: true });
      if (await becomesReady(recipe, pid, dir, port)) {
        return { name, url: recipe.url(port), pid, dir };
      }
      if (attempt === 3) throw new Error(`Cannot start ${name}: it exits at once`);
    }
  } catch (error) {
    const log = logTail(dir);
    if (pid !== undefined) await end(pid, recipe);
    rmSync(dir, { recursive: true, force: true });
    throw new Error(`${(error as Error).message}${log && `\n${log}`}`, { cause: error });
  }
}

/**
 * Stops a server at once and removes its directory. Its data are gone. Does nothing when it is
 * stopped already.
 *
 * @param server The server, started by this process or another.
 */
export async function stopServer(server: DatabaseServer): Promise<void> {
  if (isRunning(server)) await end(server.pid, RECIPES[server.name]);
  rmSync(server.dir, { recursive: true, force: true, maxRetries: 10 });
}

/**
 * Whether the process of this server is alive and still that server: a process id in an old state
 * file may belong to somebody else by now.
 *
 * @param server The server.
 * @returns Whether it runs.
 */
export function isRunning(server: DatabaseServer): boolean {
  return commandOf(server.pid)?.includes(server.dir) ?? false;
}

async function becomesReady(
  recipe: Recipe,
  pid: number,
  dir: string,
  port: number,
): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (await recipe.isReady(dir, port)) return true;
    if (commandOf(pid) === undefined) return false;
    await sleep(50);
  }
  throw new Error(`Cannot start the server: it is not ready after ${START_TIMEOUT_MS} ms`);
}

async function end(pid: number, recipe: Recipe): Promise<void> {
  signal(pid, recipe.stopSignal);
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (commandOf(pid) !== undefined) {
    if (Date.now() > deadline) signal(pid, "SIGKILL");
    await sleep(20);
    if (Date.now() > deadline + STOP_TIMEOUT_MS) throw new Error(`Cannot stop process ${pid}`);
  }
}

function signal(pid: number, name: "SIGQUIT" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in the meantime.
  }
}
