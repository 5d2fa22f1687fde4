/**
 * Throw-away PostgreSQL and MariaDB servers from the command line.
 *
 *   eval "$(deno task db:start)"    starts what is installed and prints how to reach it
 *   deno task db:stop               stops it and removes its data
 *
 * `serve` is for `databases.ts`: it keeps the servers for as long as its standard input is open.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import {
  type DatabaseServer,
  isRunning,
  type ServerName,
  startServer,
  stopServer,
  whyNotRunnable,
} from "./database_server.ts";
import { type ServedDatabase, URL_VARIABLES } from "./databases.ts";
import { pgliteData } from "./pglite_data.ts";
import { ROOT } from "./workspace.ts";

const STATE_FILE = join(ROOT, ".tmp", "databases.json");

const [command, ...names] = process.argv.slice(2);
if (command === "start") await start();
else if (command === "stop") await stop();
else if (command === "serve") await serve(names as ServerName[]);
else {
  console.error("Usage: deno task db:start, deno task db:stop");
  process.exitCode = 2;
}

async function start(): Promise<void> {
  const servers = readState().filter(isRunning);
  for (const name of ["postgres", "mysql"] as const) {
    if (servers.some((server) => server.name === name)) continue;
    const reason = whyNotRunnable(name);
    if (reason) {
      console.error(`${name} is left out: ${reason}`);
      continue;
    }
    servers.push(await startServer(name));
    writeState(servers);
  }
  console.log(`export KYSERA_TEST_PGLITE_DATA=${await pgliteData()}`);
  for (const server of servers) console.log(`export ${URL_VARIABLES[server.name]}=${server.url}`);
}

async function stop(): Promise<void> {
  for (const server of readState()) {
    await stopServer(server);
    console.error(`${server.name} is stopped and removed`);
  }
  rmSync(STATE_FILE, { force: true });
}

async function serve(names: ServerName[]): Promise<void> {
  const started = await Promise.all(names.map(async (name): Promise<Started> => {
    try {
      return { name, server: await startServer(name) };
    } catch (error) {
      return { name, reason: (error as Error).message };
    }
  }));
  try {
    const served: ServedDatabase[] = started.map(({ name, server, reason }) => ({
      name,
      ...(server ? { url: server.url } : {}),
      ...(reason ? { reason } : {}),
    }));
    console.log(JSON.stringify(served));
    // The caller closes the pipe, or dies and so closes it: either way this goes on.
    for await (const _ of process.stdin);
  } finally {
    await Promise.all(started.map(({ server }) => server && stopServer(server)));
  }
}

interface Started {
  readonly name: ServerName;
  readonly server?: DatabaseServer;
  readonly reason?: string;
}

function readState(): DatabaseServer[] {
  return existsSync(STATE_FILE) ? JSON.parse(readFileSync(STATE_FILE, "utf8")) : [];
}

function writeState(servers: readonly DatabaseServer[]): void {
  mkdirSync(dirname(STATE_FILE), { recursive: true });
  writeFileSync(STATE_FILE, JSON.stringify(servers, null, 2) + "\n");
}
