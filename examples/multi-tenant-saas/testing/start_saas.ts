import { HealthMonitor } from "@kysera/infra";
import type { TenantStrategy } from "@kysera/infra/tenants";
import { sql } from "kysely";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe } from "node:test";
import { createApp } from "../app.ts";
import { type Config, readConfig } from "../platform/config.ts";
import { openDatabases } from "../platform/databases.ts";
import { createSaas, type Saas } from "../platform/saas.ts";
import { Client } from "./client.ts";

/** Cheap to compute: the tests are not about how long a password resists. */
const SCRYPT = { N: 2 ** 4, r: 8, p: 1 };

/** An installation with databases of its own. */
export interface TestSaas {
  readonly saas: Saas;
  readonly app: ReturnType<typeof createApp>;
  /** Sends requests as nobody. */
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * Starts the application without a port: on SQLite files, for schemas on PGlite, or on a new database
 * of the server that `DATABASE_URL` names. `close()` removes what was made.
 */
export async function startSaas(
  tenancy: TenantStrategy,
  options: Partial<Config> = {},
): Promise<TestSaas> {
  const server = process.env["DATABASE_URL"] || undefined;
  const name = `saas_test_${randomBytes(6).toString("hex")}`;
  const dataFolder = await mkdtemp(join(tmpdir(), "saas-"));
  const databaseUrl = server === undefined
    ? tenancy === "schema" ? "pglite:" : undefined
    : Object.assign(new URL(server), { pathname: `/${name}` }).href;
  if (server !== undefined) await onServer(server, (db) => db.create(name));
  const config: Config = {
    ...readConfig({
      TENANCY: tenancy,
      ...databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl },
    }),
    dataFolder,
    scrypt: SCRYPT,
    requestsPerMinute: 1_000_000,
    loginsPerMinute: 1_000_000,
    ...options,
  };
  const saas = await createSaas(config, await openDatabases(config));
  const monitor = new HealthMonitor(saas.control);
  const app = createApp(saas, monitor);
  return {
    saas,
    app,
    client: new Client((request) => app.fetch(request)),
    async close() {
      const own = await saas.control.selectFrom("organisations").select("database_name").execute();
      await monitor.destroy();
      await saas.close();
      if (server !== undefined) {
        await onServer(server, async (db) => {
          for (const { database_name } of own) {
            if (database_name !== null) await db.drop(database_name);
          }
          await db.drop(name);
        });
      }
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/**
 * Describes tests of an installation: one for all of them. `TEST_TENANCIES=row,database` narrows a run.
 */
export function describeSaas(
  name: string,
  tenancies: readonly TenantStrategy[],
  body: (test: () => TestSaas) => void,
  options: Partial<Config> = {},
): void {
  const chosen = process.env["TEST_TENANCIES"]?.split(",");
  for (const tenancy of tenancies) {
    if (chosen?.includes(tenancy) === false) continue;
    describe(`${name} [${tenancy}]`, () => {
      let started: TestSaas | undefined;
      before(async () => {
        started = await startSaas(tenancy, options);
      });
      after(async () => {
        await started?.close();
      });
      body(() => started!);
    });
  }
}

interface ServerTools {
  create(name: string): Promise<unknown>;
  drop(name: string): Promise<unknown>;
}

async function onServer(
  url: string,
  work: (tools: ServerTools) => Promise<unknown>,
): Promise<void> {
  const { Kysely } = await import("kysely");
  const { pgDialect } = await import("@kysera/dialects");
  const { default: pg } = await import("pg");
  const db = new Kysely<any>({
    dialect: pgDialect({ pool: new pg.Pool({ connectionString: url }) }),
  });
  try {
    await work({
      create: (name) => sql`create database ${sql.id(name)}`.execute(db),
      drop: (name) => sql`drop database if exists ${sql.id(name)} with (force)`.execute(db),
    });
  } finally {
    await db.destroy();
  }
}
