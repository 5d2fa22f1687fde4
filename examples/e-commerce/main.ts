/**
 * Starts the shop: migrates the database, serves the application, delivers messages, and stops in
 * order on SIGTERM.
 *
 * @module
 */
import {
  createGracefulShutdown,
  HealthMonitor,
  registerShutdownHandlers,
  withTimeout,
} from "@kysera/infra";
import process from "node:process";
import { createApp } from "./app.ts";
import { createConsumers } from "./features/outbox/consumers.ts";
import { createWorker } from "./features/outbox/worker.ts";
import { connectProvider } from "./features/payments/connect_provider.ts";
import { readConfig } from "./platform/config.ts";
import { openDatabase } from "./platform/database.ts";
import { migrate } from "./platform/migrate.ts";
import { serve } from "./platform/serve.ts";
import { createShop } from "./platform/shop.ts";

/** How long requests and deliveries that have begun may take when the program stops, in ms. */
const DRAIN = 5_000;

const config = readConfig(process.env);
const shutdown = createGracefulShutdown(await openDatabase(config));
await migrate(shutdown.db);
const shop = await createShop(shutdown.db);
const provider = connectProvider(config, (request) => app.fetch(request));
const worker = createWorker(shop.system, createConsumers(shop.system, provider), {
  lease: config.outboxLease,
});
const health = new HealthMonitor(shutdown.db, { signal: shutdown.stopping });
const app = createApp(shop, { config, wake: worker.wake, health });

const server = await serve(app.fetch, config.port);
const stop = new AbortController();
const working = worker.run(stop.signal);
registerShutdownHandlers({
  shutdown: async () => {
    stop.abort();
    // What takes longer is cut off: a customer sends the request again, a message comes again.
    await withTimeout(() => Promise.all([server.close(), working]), DRAIN).catch(() => {});
    await shutdown.shutdown();
  },
}, { from: process, exit: (code) => process.exit(code) });
console.log(`The shop is at http://localhost:${server.port}`);
