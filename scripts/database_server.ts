/**
 * One throw-away database server: made in a directory of its own, on a port of its own, from the
 * binaries this machine has, and removed without a trace. Nothing of an existing installation is
 * touched.
 *
 * @module
 */
import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

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
  readonly searchPath: () => string[];
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
    searchPath: () => [...debianPostgresDirectories(), ...pathDirectories()],
    create: ([initdb], dir) => [
      initdb!,
      `--pgdata=${dir}/data`,
      "--username=postgres",
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ],
    serve: ([, postgres], dir, port) => [
      postgres!,
      ...["-D", `${dir}/data`, "-k", dir, "-p", String(port)],
      ...[
        "listen_addresses=127.0.0.1",
        `max_connections=${MAX_CONNECTIONS}`,
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "timezone=UTC",
      ].flatMap((setting) => ["-c", setting]),
    ],
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    // The eighth line of this file is what pg_ctl itself waits for.
    isReady: (dir) => {
      const file = join(dir, "data", "postmaster.pid");
      const status = existsSync(file) ? readFileSync(file, "utf8").split("\n")[7]?.trim() : "";
      return Promise.resolve(status === "ready");
    },
    // "Immediate shutdown": SIGKILL would leave the workers and the shared memory behind.
    stopSignal: "SIGQUIT",
  },
  mysql: {
    user: "mysql",
    programs: [["mariadb-install-db", "mysql_install_db", "mysqld"], ["mariadbd", "mysqld"]],
    searchPath: () => [...pathDirectories(), "/usr/sbin", "/usr/local/sbin", "/usr/libexec"],
    create: ([install], dir) =>
      install!.endsWith("mysqld")
        ? [install!, "--no-defaults", "--initialize-insecure", `--datadir=${dir}/data`]
        : [
          install!,
          "--no-defaults",
          `--datadir=${dir}/data`,
          "--auth-root-authentication-method=normal",
          "--skip-test-db",
        ],
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
        "--no-defaults",
        `--datadir=${dir}/data`,
        `--socket=${dir}/socket`,
        `--pid-file=${dir}/pid`,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        `--max-connections=${MAX_CONNECTIONS}`,
        "--character-set-server=utf8mb4",
        "--default-time-zone=+00:00",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-flush-method=nosync",
        "--sync-binlog=0",
        `--init-file=${init}`,
      ];
    },
    url: (port) => `mysql://kysera:kysera@127.0.0.1:${port}/test`,
    isReady: (_dir, port) => serverGreets(port),
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
  const missing = recipe.programs.find((names) => !findProgram(names, recipe.searchPath()));
  if (missing) return `${missing.join(" or ")} is not installed`;
  if (isRoot() && !userExists(recipe.user)) {
    return `this is root, and there is no user ${recipe.user} to run the server as`;
  }
  return undefined;
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
  const programs = recipe.programs.map((names) => findProgram(names, recipe.searchPath())!);
  const dir = mkdtempSync(join(tmpdir(), `kysera-${name}-`));
  let pid: number | undefined;
  try {
    if (isRoot()) execFileSync("chown", [recipe.user, dir]);
    run(asUser(recipe.user, recipe.create(programs, dir)), dir);
    // Between finding a free port and binding it another process may take it: hence the attempts.
    for (let attempt = 1;; attempt++) {
      const port = await freePort();
      pid = launch(asUser(recipe.user, recipe.serve(programs, dir, port)), dir);
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
  return describeProcess(server.pid)?.includes(server.dir) ?? false;
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
    if (describeProcess(pid) === undefined) return false;
    await sleep(50);
  }
  throw new Error(`Cannot start the server: it is not ready after ${START_TIMEOUT_MS} ms`);
}

async function end(pid: number, recipe: Recipe): Promise<void> {
  signal(pid, recipe.stopSignal);
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (describeProcess(pid) !== undefined) {
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

/** The command line of a process; nothing for one that has ended, reaped by its parent or not. */
function describeProcess(pid: number): string | undefined {
  try {
    // A zombie has an empty command line. There is no /proc on macOS, and no ps in slim images.
    if (existsSync("/proc/self/cmdline")) {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8") || undefined;
    }
    const [state, ...command] = execFileSync("ps", ["-p", String(pid), "-o", "stat=,args="], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim().split(/\s+/);
    return state?.startsWith("Z") ? undefined : command.join(" ");
  } catch {
    return undefined;
  }
}

/** Starts a program that outlives this process, its output going to the log. */
function launch([program, ...args]: string[], dir: string): number {
  const log = openSync(join(dir, "log"), "a");
  // Detached: Ctrl-C in the terminal must not end the servers before the tests that use them.
  const child = spawn(program!, args, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.on("error", () => {});
  child.unref();
  if (child.pid === undefined) throw new Error(`Cannot start ${program}`);
  return child.pid;
}

function run([program, ...args]: string[], dir: string): void {
  const log = openSync(join(dir, "log"), "a");
  try {
    execFileSync(program!, args, { cwd: "/", stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
  }
}

function asUser(user: string, command: string[]): string[] {
  if (!isRoot()) return command;
  return ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", ...command];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function userExists(user: string): boolean {
  try {
    execFileSync("id", ["-u", user], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function findProgram(names: readonly string[], directories: string[]): string | undefined {
  for (const name of names) {
    for (const directory of directories) {
      const file = join(directory, name);
      if (existsSync(file)) return file;
    }
  }
  return undefined;
}

function pathDirectories(): string[] {
  return (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
}

/** Debian keeps the programs of each version in a directory of its own; the newest comes first. */
function debianPostgresDirectories(): string[] {
  const parent = "/usr/lib/postgresql";
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(parent, version, "bin"));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** A MySQL server speaks first: its greeting says that it accepts connections. */
function serverGreets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (greeted: boolean) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once("data", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
  });
}

function logTail(dir: string): string {
  const file = join(dir, "log");
  return existsSync(file)
    ? readFileSync(file, "utf8").trim().split("\n").slice(-10).join("\n")
    : "";
}
