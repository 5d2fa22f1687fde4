/**
 * Throw-away servers that a test may kill: of its own, on ports of their own, from the binaries that
 * this machine has.
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
  create: ([initdb], dir) => [
    initdb!,
    `--pgdata=${dir}/data`,
    "--username=postgres",
    "--auth=trust",
    "--locale=C",
    "--no-sync",
  ],
  serve: ([, postgres], dir, port) => [
    postgres!,
    ...["-D", `${dir}/data`, "-k", dir, "-p", String(port)],
    // A process that is killed loses nothing of what it has written; only commits have to wait.
    ...[
      "listen_addresses=127.0.0.1",
      "max_connections=40",
      "fsync=off",
      "synchronous_commit=on",
      "shared_buffers=16MB",
      "wal_receiver_status_interval=1s",
    ].flatMap((setting) => ["-c", setting]),
  ],
  url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  isReady: (dir) => {
    const file = join(dir, "data", "postmaster.pid");
    const status = existsSync(file) ? readFileSync(file, "utf8").split("\n")[7]?.trim() : "";
    return Promise.resolve(status === "ready");
  },
  // "Immediate shutdown": what a crash is, without leaving processes and shared memory behind.
  killSignal: "SIGQUIT",
};

const MARIADB: Kind = {
  user: "mysql",
  programs: ["mariadb-install-db", "mariadbd"],
  create: ([install], dir) => [
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
        "grant all on *.* to kysera@'127.0.0.1';\n",
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
      "--max-connections=60",
      "--innodb-buffer-pool-size=16M",
      "--innodb-flush-log-at-trx-commit=2",
      `--init-file=${init}`,
    ];
  },
  url: (port) => `mysql://kysera:kysera@127.0.0.1:${port}/test`,
  isReady: (_dir, port) => greets(port),
  killSignal: "SIGKILL",
};

/** Why there can be no such server here. */
export function whyNoServer(kind: "postgres" | "mariadb"): string | undefined {
  const chosen = process.env["KYSERA_TEST_DIALECTS"]?.split(",").map((name) => name.trim());
  const name = kind === "postgres" ? "postgres" : "mysql";
  if (chosen && !chosen.includes(name)) return "left out by KYSERA_TEST_DIALECTS";
  const { programs, user } = kind === "postgres" ? POSTGRES : MARIADB;
  const missing = programs.find((program) => find(program) === undefined);
  if (missing !== undefined) return `${missing} is not installed`;
  if (isRoot() && !exists(user)) return `this is root, and there is no user ${user}`;
  return undefined;
}

/** Makes and starts a PostgreSQL server. */
export function startPostgres(): Promise<TestServer> {
  return start(POSTGRES, (programs, dir) => run(POSTGRES, POSTGRES.create(programs, dir), dir));
}

/** Makes and starts a MariaDB server. */
export function startMariadb(): Promise<TestServer> {
  return start(MARIADB, (programs, dir) => run(MARIADB, MARIADB.create(programs, dir), dir));
}

/** Makes and starts a streaming replica of a PostgreSQL server. */
export function startStandby(primary: TestServer): Promise<TestServer> {
  return start(POSTGRES, ([, , basebackup], dir) => {
    const from = ["-h", "127.0.0.1", "-p", String(primary.port), "-U", "postgres"];
    const how = ["-R", "-X", "stream", "-c", "fast", "--no-sync", "-D", `${dir}/data`];
    run(POSTGRES, [basebackup!, ...from, ...how], dir);
  });
}

async function start(
  kind: Kind,
  create: (programs: string[], dir: string) => void,
): Promise<TestServer> {
  const programs = kind.programs.map((name) => find(name)!);
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
    pid = launch(kind, kind.serve(programs, dir, port), dir);
    const deadline = Date.now() + 30_000;
    // A process that has only just begun has no command line yet.
    for (let gone = 0; !await kind.isReady(dir, port);) {
      gone = commandOf(pid) === undefined ? gone + 1 : 0;
      if (gone === 50) throw new Error(`It has ended: ${logOf(dir)}`);
      if (Date.now() > deadline) throw new Error(`It is not ready: ${logOf(dir)}`);
      await sleep(20);
    }
  };
  try {
    if (isRoot()) execFileSync("chown", [kind.user, dir]);
    create(programs, dir);
    const port = await freePort();
    await launchOn(port);
    return { url: kind.url(port), port, dir, kill, restart: () => launchOn(port), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function launch(kind: Kind, command: string[], dir: string): number {
  const [program, ...args] = asUser(kind.user, command);
  const log = openSync(join(dir, "log"), "a");
  const child = spawn(program!, args, { cwd: "/", stdio: ["ignore", log, log] });
  closeSync(log);
  // Where a test run ends before its tests do, its servers end with it.
  process.once("exit", () => child.kill(kind.killSignal));
  child.on("error", () => {});
  child.unref();
  if (child.pid === undefined) throw new Error(`Cannot start ${program}`);
  return child.pid;
}

function run(kind: Kind, command: string[], dir: string): void {
  const [program, ...args] = asUser(kind.user, command);
  const log = openSync(join(dir, "log"), "a");
  try {
    execFileSync(program!, args, { cwd: "/", stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
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

/** The command line of a process; nothing for one that has ended, reaped by its parent or not. */
function commandOf(pid: number): string | undefined {
  try {
    if (existsSync("/proc/self/cmdline")) {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8") || undefined;
    }
    const state = execFileSync("ps", ["-p", String(pid), "-o", "stat="], { encoding: "utf8" });
    return state.trim().startsWith("Z") ? undefined : state;
  } catch {
    return undefined;
  }
}

function asUser(user: string, command: string[]): string[] {
  if (!isRoot()) return command;
  return ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", ...command];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function exists(user: string): boolean {
  try {
    execFileSync("id", ["-u", user], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function find(program: string): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const directories = [
    ...versions.sort((a, b) => Number(b) - Number(a)).map((name) => join(debian, name, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter).filter((path) => path !== ""),
    "/usr/sbin",
    "/usr/local/sbin",
  ];
  return directories.map((path) => join(path, program)).find((file) => existsSync(file));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port ?? 0 : 0));
    });
  });
}

/** A MySQL server speaks first. */
function greets(port: number): Promise<boolean> {
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

function logOf(dir: string): string {
  const file = join(dir, "log");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").slice(-8).join("\n") : "";
}
