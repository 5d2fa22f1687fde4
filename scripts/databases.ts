/**
 * The databases a test run uses: those the environment names, else throw-away servers for the
 * length of the run.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { ServerName } from "./database_server.ts";
import { pgliteData } from "./pglite_data.ts";

/** The environment variables that tell the tests where a server is. */
export const URL_VARIABLES: Record<ServerName, string> = {
  postgres: "KYSERA_TEST_POSTGRES_URL",
  mysql: "KYSERA_TEST_MYSQL_URL",
};

/** What `db.ts serve` prints about one server: where it is, or why it is not. */
export interface ServedDatabase {
  readonly name: ServerName;
  readonly url?: string;
  readonly reason?: string;
}

/** The databases of one test run. */
export interface Databases {
  /** Environment variables to give to the tests. */
  readonly env: Record<string, string>;
  /**
   * The same for one of several processes that run tests at a time. On a PostgreSQL that was started
   * for the run each has a database of its own: what reads the whole catalog, as Kysely's
   * introspection does, fails where another process drops its schema meanwhile.
   *
   * @param worker Which of them: 0, 1, ..
   */
  envOf(worker: number): Promise<Record<string, string>>;
  /** Servers the tests have to do without, and why. */
  readonly missing: readonly { readonly name: ServerName; readonly reason: string }[];
  /** Stops what was started and removes its data. */
  close(): Promise<void>;
}

/**
 * Makes the databases of a test run ready. The servers it starts belong to a process of their own
 * that stops them as soon as this process is gone, whatever ended it.
 *
 * @returns The databases; call `close()` at the end.
 */
export async function openDatabases(): Promise<Databases> {
  const env: Record<string, string> = { KYSERA_TEST_PGLITE_DATA: await pgliteData() };
  const wanted: ServerName[] = [];
  for (const name of ["postgres", "mysql"] as const) {
    const url = process.env[URL_VARIABLES[name]];
    if (url) env[URL_VARIABLES[name]] = url;
    else wanted.push(name);
  }
  if (wanted.length === 0) {
    return {
      env,
      envOf: () => Promise.resolve(env),
      missing: [],
      close: () => Promise.resolve(),
    };
  }

  const keeper = spawn(
    process.execPath,
    ["run", "-A", "--quiet", join(import.meta.dirname!, "db.ts"), "serve", ...wanted],
    // Detached: Ctrl-C goes to the tests; the servers stay until the tests have ended.
    { detached: true, stdio: ["pipe", "pipe", "inherit"] },
  );
  const exited = once(keeper, "exit");
  const close = async () => {
    keeper.stdin.end();
    await exited;
  };
  const [line] = await Promise.race([
    once(createInterface(keeper.stdout), "line"),
    exited.then(() => [undefined]),
  ]);
  if (line === undefined) throw new Error("Cannot start the databases: see the message above");

  const missing: { name: ServerName; reason: string }[] = [];
  for (const { name, url, reason } of JSON.parse(line) as ServedDatabase[]) {
    if (url) env[URL_VARIABLES[name]] = url;
    else missing.push({ name, reason: reason ?? "the server did not start" });
  }
  const own = wanted.includes("postgres") ? env[URL_VARIABLES.postgres] : undefined;
  const urls = new Map<number, Promise<string>>();
  return {
    env,
    async envOf(worker) {
      if (own === undefined) return env;
      if (!urls.has(worker)) urls.set(worker, createDatabase(own, `worker_${worker}`));
      return { ...env, [URL_VARIABLES.postgres]: await urls.get(worker)! };
    },
    missing,
    close,
  };
}

/** Makes a database on a PostgreSQL server; gives its URL. */
async function createDatabase(server: string, name: string): Promise<string> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
