import { detectDialect } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Contradiction, findContradictions } from "../consistency/conditions.ts";
import {
  type Behavior,
  type Booking,
  createFakeProvider,
} from "../features/payments/fake_provider.ts";
import { SIGNATURE, signBody } from "../features/payments/signature.ts";
import { createToken } from "../features/users/sessions.ts";
import type { CheckoutName } from "../platform/config.ts";
import { toAmount } from "../platform/money.ts";
import type { Database } from "../platform/schema.ts";
import { serve } from "../platform/serve.ts";
import { createShop } from "../platform/shop.ts";
import { openTestDatabase } from "../testing/start_shop.ts";
import { stockUp } from "../testing/with_products.ts";
import { buy, type Tally } from "./buyer.ts";
import { type Fleet, startFleet } from "./fleet.ts";

/** How much is done. */
export interface LoadOptions {
  readonly buyers: number;
  /** How many carts each of them buys. */
  readonly carts: number;
  readonly products: number;
  /** How many pieces there are of each product. */
  readonly pieces: number;
  /** How many processes of the application run at the same time. */
  readonly processes: number;
  /** How many of them are killed, one after the other, while the buyers buy. */
  readonly kills: number;
  readonly checkout: CheckoutName;
  /** How long everything may take, in ms. */
  readonly deadline: number;
}

/** What has happened. */
export interface LoadReport {
  /** What contradicts the conditions, while it was running and afterwards. */
  readonly contradictions: readonly Contradiction[];
  /** What else is wrong, in words. */
  readonly problems: readonly string[];
  /** The codes that the processes have ended with, when they were asked to. */
  readonly exitCodes: readonly (number | null)[];
  /** How long the buyers took, in seconds. */
  readonly seconds: number;
  readonly requests: number;
  readonly repeated: number;
  /** Orders by their status at the end. */
  readonly orders: Readonly<Record<string, number>>;
  readonly soldOut: number;
  readonly ordersPerSecond: number;
  /** How long it took to place an order, in ms. */
  readonly median: number;
  readonly p95: number;
  readonly kills: number;
  /** How many connections were ended by the database. */
  readonly terminated: number;
  readonly messages: number;
  /** How many messages were delivered more than once, or tried to. */
  readonly redelivered: number;
  /** How many requests the payment provider got, and how many payments it has made of them. */
  readonly paymentRequests: number;
  readonly payments: number;
}

/** How the payment provider treats one payment after the other. */
const BEHAVIORS: readonly Behavior[] = [
  ...["silent", "prompt", "late", "prompt", "twice", "prompt", "broken", "prompt"] as const,
  ...["silent", "prompt", "late", "prompt", "twice", "prompt", "declines", "prompt"] as const,
];
/** How late the payment provider reports, in ms, at most. */
const LATE = 300;
const PAYMENT_TIMEOUT = 300;
/** How long a message is lost with a process that is killed, in ms. */
const LEASE = 2_000;
/** The part of the orders that is cancelled. */
const CANCELS = 0.2;
/** How many connections PostgreSQL ends with each process that is killed. */
const TERMINATED = 3;
/** How often to look whether all messages were delivered, in ms. */
const POLL = 100;

/**
 * Lets buyers buy from processes that are killed, on a database whose connections break, with a payment
 * provider that fails; and looks whether everything adds up.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const scratch = mkdtempSync(join(tmpdir(), "shop-load-"));
  try {
    const sqliteFile = join(scratch, "shop.sqlite");
    const database = await openTestDatabase(sqliteFile);
    try {
      return await runOn(database.db, {
        DATABASE_URL: database.url ?? "",
        SQLITE_FILE: sqliteFile,
      }, options);
    } finally {
      await database.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runOn(
  db: Kysely<Database>,
  databaseEnv: Readonly<Record<string, string>>,
  options: LoadOptions,
): Promise<LoadReport> {
  const webhookSecret = randomBytes(32).toString("hex");
  const jwtSecret = randomBytes(32).toString("hex");
  let fleet: Fleet | undefined;
  let asked = 0;
  const provider = createFakeProvider({
    report: async (result) => {
      const body = JSON.stringify(result);
      const response = await fetch(`${await fleet!.origin()}/api/webhooks/payments`, {
        method: "POST",
        body,
        headers: { [SIGNATURE]: signBody(body, webhookSecret) },
      });
      await response.body?.cancel();
    },
    later: (run) => {
      // What was not taken is not reported again: the worker asks.
      setTimeout(() => void run().catch(() => {}), Math.random() * LATE);
    },
    behave: (kind) => {
      const behavior = BEHAVIORS[asked++ % BEHAVIORS.length]!;
      return kind === "refund" && behavior === "declines" ? "prompt" : behavior;
    },
  });
  const payments = await serve(provider.fetch, 0);
  try {
    const { skus, tokens } = await fill(db, options, jwtSecret);
    fleet = await startFleet(options.processes, {
      ...databaseEnv,
      CHECKOUT: options.checkout,
      JWT_SECRET: jwtSecret,
      WEBHOOK_SECRET: webhookSecret,
      PAYMENTS_URL: `http://localhost:${payments.port}`,
      PAYMENT_TIMEOUT_MS: String(PAYMENT_TIMEOUT),
      OUTBOX_LEASE_MS: String(LEASE),
    });
    const signal = AbortSignal.timeout(options.deadline);
    const tally: Tally = { requests: 0, repeated: 0, soldOut: 0, orders: new Set(), times: [] };
    const chaos = createChaos(db, fleet, options);
    const begun = performance.now();
    await Promise.all(
      tokens.map((token) =>
        buy(fleet!, { token, skus, carts: options.carts, cancels: CANCELS }, tally, {
          signal,
          onOrder: chaos.step,
        })
      ),
    );
    const seconds = (performance.now() - begun) / 1000;
    await chaos.done();
    await settled(db, signal);
    const exitCodes = await fleet.stop();
    const contradictions = [
      ...chaos.contradictions,
      ...await findContradictions(db, { atRest: true }),
    ];
    const times = tally.times.toSorted((a, b) => a - b);
    return {
      contradictions,
      problems: await findProblems(db, tally, provider.bookings),
      exitCodes,
      seconds,
      requests: tally.requests,
      repeated: tally.repeated,
      orders: await countOrders(db),
      soldOut: tally.soldOut,
      ordersPerSecond: tally.orders.size / seconds,
      median: times[Math.floor(times.length / 2)] ?? 0,
      p95: times[Math.floor(times.length * 0.95)] ?? 0,
      kills: chaos.kills(),
      terminated: chaos.terminated(),
      ...await countMessages(db),
      paymentRequests: [...provider.bookings.values()]
        .reduce((sum, { requests }) => sum + requests, 0),
      payments: provider.bookings.size,
    };
  } finally {
    await fleet?.kill();
    await payments.close();
  }
}

/** Creates products and customers, and signs the customers in. */
async function fill(
  db: Kysely<Database>,
  { buyers, products, pieces }: LoadOptions,
  jwtSecret: string,
): Promise<{ readonly skus: readonly string[]; readonly tokens: readonly string[] }> {
  const shop = await createShop(db);
  const skus = Array.from({ length: products }, (_, i) => `product-${i}`);
  await stockUp({ shop }, Object.fromEntries(skus.map((sku) => [sku, pieces])));
  const users = await shop.system.users.bulkCreate(
    Array.from({ length: buyers }, (_, i) => ({
      name: `Buyer ${i}`,
      email: `buyer-${i}@example.org`,
      password_hash: "",
      role: "customer" as const,
    })),
  );
  return { skus, tokens: await Promise.all(users.map(({ id }) => createToken(id, jwtSecret))) };
}

/** Kills processes and connections, spread over the orders; and looks at the data in between. */
function createChaos(db: Kysely<Database>, fleet: Fleet, options: LoadOptions) {
  const every = Math.floor(options.buyers * options.carts / (options.kills + 1));
  const contradictions: Contradiction[] = [];
  let [steps, kills, terminated] = [0, 0, 0];
  let work = Promise.resolve();
  const strike = async () => {
    await fleet.replaceOne();
    kills++;
    terminated += await terminateConnections(db);
    contradictions.push(...await findContradictions(db, { atRest: false }));
  };
  return {
    contradictions,
    step: () => {
      if (++steps % every === 0 && steps / every <= options.kills) work = work.then(strike);
    },
    done: () => work,
    kills: () => kills,
    terminated: () => terminated,
  };
}

/** Has PostgreSQL end some of the connections of the application. */
async function terminateConnections(db: Kysely<Database>): Promise<number> {
  if (detectDialect(db) !== "postgres") return 0;
  const { rows } = await sql`
    select pg_terminate_backend(pid) from (
      select pid from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
      order by random() limit ${TERMINATED}
    ) as chosen`.execute(db);
  return rows.length;
}

/** Waits until all messages were delivered. */
async function settled(db: Kysely<Database>, signal: AbortSignal): Promise<void> {
  for (;;) {
    const left = await db.selectFrom("outbox").select("id").where("delivered_at", "is", null)
      .limit(1).execute();
    if (left.length === 0) return;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/** Compares the data with what the buyers were told, and with the books of the payment provider. */
async function findProblems(
  db: Kysely<Database>,
  tally: Tally,
  bookings: ReadonlyMap<string, Booking>,
): Promise<string[]> {
  const problems: string[] = [];
  const orders = new Set((await db.selectFrom("orders").select("id").execute()).map((o) => o.id));
  const [untold, lost] = [orders.difference(tally.orders), tally.orders.difference(orders)];
  if (untold.size > 0) problems.push(`${untold.size} orders were placed that nobody was told of`);
  if (lost.size > 0) problems.push(`${lost.size} orders are lost that somebody was told of`);
  const payments = await db.selectFrom("payments").selectAll().execute();
  for (const { id, kind, amount, status } of payments) {
    const booking = bookings.get(id);
    const agrees = booking?.kind === kind && booking.amount === amount &&
      booking.status === status;
    if (!agrees) problems.push(`A ${kind} is ${status}, and ${booking?.status} at the provider`);
  }
  if (bookings.size !== payments.length) {
    problems.push(`${bookings.size} payments are in the provider's books, not ${payments.length}`);
  }
  return problems;
}

async function countOrders(db: Kysely<Database>): Promise<Record<string, number>> {
  const rows = await db.selectFrom("orders").select((eb) => [
    "status",
    eb.fn.countAll().as("count"),
  ]).groupBy("status").orderBy("status").execute();
  return Object.fromEntries(rows.map(({ status, count }) => [status, toAmount(count)]));
}

async function countMessages(db: Kysely<Database>) {
  const messages = await db.selectFrom("outbox").select("attempts").execute();
  return {
    messages: messages.length,
    redelivered: messages.filter(({ attempts }) => attempts > 1).length,
  };
}
