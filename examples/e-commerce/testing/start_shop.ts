import { type Kysely, sql } from "kysely";
import { randomBytes } from "node:crypto";
import process from "node:process";
import { createApp } from "../app.ts";
import { createConsumers } from "../features/outbox/consumers.ts";
import { createWorker, type Worker, type WorkerOptions } from "../features/outbox/worker.ts";
import { createProvider, type PaymentProvider } from "../features/payments/provider.ts";
import { openDatabase } from "../platform/database.ts";
import { migrate } from "../platform/migrate.ts";
import type { Database } from "../platform/schema.ts";
import { createShop, type Shop } from "../platform/shop.ts";
import { Browser } from "./browser.ts";
import { Client } from "./client.ts";
import { createTestPayments, type TestPayments } from "./test_payments.ts";

/** Cheap to compute: the tests are not about how long a password resists. */
const SCRYPT = { N: 2 ** 4, r: 8, p: 1 };
const JWT_SECRET = "a secret that only the tests sign with";
export const WEBHOOK_SECRET = "a secret that only the fake provider signs with";
/** How long a call of the provider may take in tests, in ms. */
const PAYMENT_TIMEOUT = 50;

/** A shop with an empty database of its own. */
export interface TestShop {
  /** Sends requests to the application, as somebody who is not signed in. */
  readonly client: Client;
  /** Opens a browser. */
  browse(): Browser;
  readonly shop: Shop;
  /** The database without plugins. */
  readonly db: Kysely<Database>;
  /** The payment provider: prompt, until it is told otherwise. */
  readonly payments: TestPayments;
  readonly provider: PaymentProvider;
  /** Creates a worker, which tries again at once what has failed. */
  work(options?: WorkerOptions): Worker;
  /** Delivers messages until there are none left. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A new database, and what drops it. */
export interface TestDatabase {
  readonly db: Kysely<Database>;
  /** The URL of the database; undefined for SQLite. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

/**
 * Opens an empty database: SQLite, or a new database of the server that `DATABASE_URL` names, which
 * `close()` drops.
 *
 * @param sqliteFile the file where there is no server
 */
export async function openTestDatabase(sqliteFile = ":memory:"): Promise<TestDatabase> {
  const server = process.env["DATABASE_URL"] || undefined;
  const name = `shop_test_${randomBytes(6).toString("hex")}`;
  if (server !== undefined) await onServer(server, sql`create database ${sql.id(name)}`);
  const url = server === undefined ? undefined : Object.assign(new URL(server), {
    pathname: `/${name}`,
  }).href;
  const db = await openDatabase({ databaseUrl: url, sqliteFile });
  const close = async () => {
    await db.destroy();
    if (server !== undefined) await onServer(server, sql`drop database ${sql.id(name)}`);
  };
  try {
    await migrate(db);
    return { db, url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the application without a port. */
export async function startShop(): Promise<TestShop> {
  const { db, close } = await openTestDatabase();
  try {
    const shop = await createShop(db);
    const send = async (request: Request) => await app.fetch(request);
    const payments = createTestPayments(send, WEBHOOK_SECRET);
    const provider = createProvider(payments.fetch, "http://payments.localhost", PAYMENT_TIMEOUT);
    const work = (options: WorkerOptions = {}) =>
      createWorker(shop.system, createConsumers(shop.system, provider), {
        backoff: () => 0,
        ...options,
      });
    const app = createApp(shop, {
      config: {
        jwtSecret: JWT_SECRET,
        scrypt: SCRYPT,
        checkout: "batch",
        webhookSecret: WEBHOOK_SECRET,
      },
      wake: () => {},
    });
    const worker = work();
    return {
      client: new Client(send),
      browse: () => new Browser(send),
      shop,
      db,
      payments,
      provider,
      work,
      settle: async () => {
        while (await worker.deliver() > 0) await payments.runLater();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function onServer(databaseUrl: string, statement: ReturnType<typeof sql>): Promise<void> {
  const db = await openDatabase({ databaseUrl, sqliteFile: "" });
  try {
    await statement.execute(db);
  } finally {
    await db.destroy();
  }
}
