/**
 * A cluster of MariaDB by Galera: nodes that all take writes, of its own and on ports of their own.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "mysql2/promise";
import {
  commandOf,
  findProgram,
  freePort,
  giveTo,
  launchAs,
  logTail,
  mariadbInstallArguments,
  mysqlArguments,
  runAs,
} from "../support/_server_process.ts";
import { whyNoServer } from "./_servers.ts";

const PROVIDER = "/usr/lib/galera/libgalera_smm.so";
const USER = "mysql";
/** For a node to be started and in step with the others, on a slow machine. */
const START_TIMEOUT_MS = 120_000;

/** One node. */
export interface GaleraNode {
  readonly port: number;
  readonly url: string;
}

/** A cluster. */
export interface GaleraCluster {
  readonly nodes: readonly GaleraNode[];
  /** Ends the nodes, and removes their data. */
  remove(): Promise<void>;
}

/** Why there can be no cluster here. */
export function whyNoGalera(): string | undefined {
  const missing = ["rsync", "lsof"].find((name) => findProgram(name) === undefined);
  return whyNoServer("mariadb") ??
    (missing === undefined ? undefined : `${missing} is not installed`) ??
    (existsSync(PROVIDER) ? undefined : `${PROVIDER} is not installed (Debian: galera-4)`);
}

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly group: number;
  readonly ist: number;
  readonly sst: number;
  pid: number | undefined;
}

/**
 * Starts a cluster. The first node is started and ended once, so that the others begin with its data
 * and need no copy of them from it.
 */
export async function startGalera(count: number): Promise<GaleraCluster> {
  const root = mkdtempSync(join(tmpdir(), "kysera-galera-"));
  const places: Place[] = [];
  const remove = async (): Promise<void> => {
    await Promise.all(places.map((place) => stop(place, "SIGKILL")));
    rmSync(root, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    giveTo(USER, root);
    for (let i = 0; i < count; i++) {
      const dir = mkdtempSync(join(root, `node${i}-`));
      giveTo(USER, dir);
      places.push({
        dir,
        port: await freePort(),
        group: await freePort(),
        ist: await freePort(),
        sst: await freePort(),
        pid: undefined,
      });
    }
    const [first, ...others] = places as [Place, ...Place[]];
    runAs(
      USER,
      [findProgram("mariadb-install-db")!, ...mariadbInstallArguments(first.dir)],
      first.dir,
    );
    const init = join(first.dir, "init.sql");
    writeFileSync(
      init,
      "create database test;\ncreate user kysera@'127.0.0.1' identified by 'kysera';\n" +
        "grant all on *.* to kysera@'127.0.0.1';\n",
      { mode: 0o644 },
    );
    launch(first, places, init, true);
    await inStep(first, 1);
    await stop(first, "SIGTERM");
    const nothing = join(first.dir, "nothing.sql");
    writeFileSync(nothing, "", { mode: 0o644 });
    for (const { dir } of others) {
      cpSync(join(first.dir, "data"), join(dir, "data"), { recursive: true });
      runAs("root", ["chown", "-R", USER, join(dir, "data")], dir);
    }
    launch(first, places, nothing, true);
    await inStep(first, 1);
    for (const [i, place] of others.entries()) {
      launch(place, places, nothing, false);
      await inStep(place, i + 2);
    }
    await inStep(first, count);
    return {
      nodes: places.map(({ port }) => ({
        port,
        url: `mysql://kysera:kysera@127.0.0.1:${port}/test`,
      })),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function launch(place: Place, all: readonly Place[], init: string, isNew: boolean): void {
  const { dir, port, group, ist, sst } = place;
  const provider = [
    `gmcast.listen_addr=tcp://127.0.0.1:${group}`,
    "base_host=127.0.0.1",
    `base_port=${group}`,
    `ist.recv_addr=127.0.0.1:${ist}`,
    "gcache.size=8M",
    "gcache.page_size=8M",
    // Slow machines do not lose a node that only waits for its turn.
    "evs.suspect_timeout=PT30S",
    "evs.inactive_timeout=PT60S",
    "evs.install_timeout=PT60S",
  ];
  const members = all.map((each) => `127.0.0.1:${each.group}`).join(",");
  place.pid = launchAs(
    USER,
    [
      findProgram("mariadbd")!,
      ...mysqlArguments(dir, port, init),
      "--wsrep-on=ON",
      `--wsrep-provider=${PROVIDER}`,
      `--wsrep-cluster-address=gcomm://${members}`,
      "--wsrep-cluster-name=kysera",
      `--wsrep-node-address=127.0.0.1:${group}`,
      `--wsrep-node-name=node-${port}`,
      `--wsrep-provider-options=${provider.join(";")}`,
      "--wsrep-sst-method=rsync",
      `--wsrep-sst-receive-address=127.0.0.1:${sst}`,
      "--wsrep-retry-autocommit=0",
      ...isNew ? ["--wsrep-new-cluster"] : [],
      "--binlog-format=ROW",
      "--innodb-autoinc-lock-mode=2",
      "--innodb-buffer-pool-size=16M",
      "--innodb-log-file-size=8M",
      "--innodb-flush-log-at-trx-commit=0",
      "--innodb-flush-method=nosync",
      "--max-connections=60",
      "--performance-schema=OFF",
    ],
    dir,
    { endsWithUs: "SIGKILL" },
  );
}

/** Waits until a node is in step with a cluster of so many. */
async function inStep({ dir, port, pid }: Place, size: number): Promise<void> {
  const { createConnection } = await import("mysql2/promise");
  const deadline = Date.now() + START_TIMEOUT_MS;
  let last = "";
  for (let gone = 0;;) {
    let connection: Connection | undefined;
    try {
      connection = await createConnection({
        host: "127.0.0.1",
        port,
        user: "kysera",
        password: "kysera",
      });
      const [rows] = await connection.query(
        "show status where variable_name in ('wsrep_local_state_comment', 'wsrep_cluster_size')",
      ) as unknown as [{ Variable_name: string; Value: string }[]];
      last = JSON.stringify(rows);
      const status = Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]));
      if (
        status["wsrep_local_state_comment"] === "Synced" &&
        Number(status["wsrep_cluster_size"]) >= size
      ) return;
    } catch (error) {
      // It does not answer yet.
      last = String(error);
    } finally {
      connection?.destroy();
    }
    gone = commandOf(pid!) === undefined ? gone + 1 : 0;
    if (gone === 25) throw new Error(`A node has ended: ${logTail(dir)}`);
    if (Date.now() > deadline) throw new Error(`A node is not in step (${last}): ${logTail(dir)}`);
    await sleep(50);
  }
}

async function stop(place: Place, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  const { pid } = place;
  if (pid === undefined) return;
  place.pid = undefined;
  process.kill(pid, signal);
  const deadline = Date.now() + 60_000;
  while (commandOf(pid) !== undefined) {
    if (Date.now() > deadline) throw new Error(`Cannot end process ${pid}`);
    await sleep(20);
  }
}
