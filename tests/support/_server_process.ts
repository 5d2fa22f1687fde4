/**
 * Processes of database servers: finding their programs, starting them as the right user, and telling
 * whether they run.
 */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { delimiter, join } from "node:path";
import process from "node:process";

/** The arguments of the server that is not PostgreSQL, whatever its data are for. */
export function mysqlArguments(dir: string, port: number, initFile: string): string[] {
  return [
    "--no-defaults",
    `--datadir=${dir}/data`,
    // A server that starts removes temporary tables of others from a directory that they share.
    `--tmpdir=${dir}`,
    `--socket=${dir}/socket`,
    `--pid-file=${dir}/pid`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    `--init-file=${initFile}`,
  ];
}

/** The arguments of PostgreSQL: where its data are, where it listens, and its settings. */
export function postgresArguments(
  dir: string,
  port: number,
  settings: readonly string[],
): string[] {
  const all = ["listen_addresses=127.0.0.1", ...settings];
  return ["-D", `${dir}/data`, "-k", dir, "-p", String(port), ...all.flatMap((it) => ["-c", it])];
}

/** The arguments that make an empty cluster of PostgreSQL. */
export function initdbArguments(dir: string): string[] {
  return [
    `--pgdata=${dir}/data`,
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
  ];
}

/** The arguments that make an empty data directory of MariaDB. */
export function mariadbInstallArguments(dir: string): string[] {
  return [
    "--no-defaults",
    `--datadir=${dir}/data`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ];
}

/** Whether PostgreSQL accepts connections: the eighth line of this file is what pg_ctl waits for. */
export function postgresIsReady(dir: string): boolean {
  const file = join(dir, "data", "postmaster.pid");
  return existsSync(file) && readFileSync(file, "utf8").split("\n")[7]?.trim() === "ready";
}

/** Whether a port accepts connections. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}

/** Whether a MySQL server accepts connections: it speaks first. */
export function mysqlIsReady(port: number): Promise<boolean> {
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

/** A port that nobody listens on, for now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * The directories that programs of servers may lie in: the one of `KYSERA_POSTGRES_BIN`, then those of
 * the newest PostgreSQL.
 */
function serverDirectories(): string[] {
  const own = process.env["KYSERA_POSTGRES_BIN"];
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  return [
    ...(own ? [own] : []),
    ...versions.sort((a, b) => Number(b) - Number(a)).map((name) => join(debian, name, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter).filter((path) => path !== ""),
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/libexec",
  ];
}

/** The path of the first of some programs that is installed. */
export function findProgram(...names: readonly string[]): string | undefined {
  const directories = serverDirectories();
  return names.flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((file) => existsSync(file));
}

/** Why no server can be run as this user; both refuse to run as root. */
export function whyNotAs(user: string): string | undefined {
  return isRoot() && !userExists(user)
    ? `this is root, and there is no user ${user} to run the server as`
    : undefined;
}

/** Gives a directory to the user that a server runs as. */
export function giveTo(user: string, dir: string): void {
  if (isRoot()) execFileSync("chown", [user, dir]);
}

/** Runs a program as a user, its output going to the log in a directory. */
export function runAs(user: string, command: readonly string[], dir: string): void {
  const [program, ...args] = asUser(user, command);
  const log = openSync(join(dir, "log"), "a");
  try {
    execFileSync(program!, args, { cwd: "/", stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
  }
}

/**
 * Starts a program as a user, its output going to the log in a directory.
 *
 * @param options whether Ctrl-C in the terminal leaves it alone; what ends it when this process ends
 * @returns its process id
 */
export function launchAs(
  user: string,
  command: readonly string[],
  dir: string,
  options: { readonly detached?: boolean; readonly endsWithUs?: "SIGQUIT" | "SIGKILL" },
): number {
  const [program, ...args] = asUser(user, command);
  const log = openSync(join(dir, "log"), "a");
  const { detached = false, endsWithUs } = options;
  const child = spawn(program!, args, { cwd: "/", detached, stdio: ["ignore", log, log] });
  closeSync(log);
  if (endsWithUs !== undefined) {
    const end = (): void => void child.kill(endsWithUs);
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
  }
  child.on("error", () => {});
  child.unref();
  if (child.pid === undefined) throw new Error(`Cannot start ${program}`);
  return child.pid;
}

/** The command line of a process; nothing for one that has ended, reaped by its parent or not. */
export function commandOf(pid: number): string | undefined {
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

/** The end of the log in a directory. */
export function logTail(dir: string): string {
  const file = join(dir, "log");
  return existsSync(file)
    ? readFileSync(file, "utf8").trim().split("\n").slice(-10).join("\n")
    : "";
}

function asUser(user: string, command: readonly string[]): readonly string[] {
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
