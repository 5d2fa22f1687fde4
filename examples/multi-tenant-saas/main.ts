/**
 * Starts the application: migrates the databases, serves, and stops in order on SIGTERM.
 *
 * @module
 */
import { HealthMonitor, registerShutdownHandlers } from "@kysera/infra";
import process from "node:process";
import { createApp } from "./app.ts";
import { readConfig } from "./platform/config.ts";
import { openDatabases } from "./platform/databases.ts";
import { createSaas } from "./platform/saas.ts";
import { serve } from "./platform/serve.ts";
import { startTelemetry } from "./platform/telemetry.ts";

const config = readConfig(process.env);
const endTelemetry = await startTelemetry(process.env);
const saas = await createSaas(config, await openDatabases(config));
const stopping = new AbortController();
const monitor = new HealthMonitor(saas.control, { signal: stopping.signal });
const ending = { isShuttingDown: false };
const server = await serve(createApp(saas, monitor, ending).fetch, config.port);

registerShutdownHandlers({
  async shutdown() {
    // Readiness says no, and requests are still answered: the load balancer has to notice first.
    ending.isShuttingDown = true;
    stopping.abort();
    await new Promise((resolve) => setTimeout(resolve, config.drainMs));
    // Requests that have begun are answered, and then nobody uses the databases.
    await server.close();
    await monitor.destroy();
    await saas.close();
    await endTelemetry();
  },
}, { from: process, exit: (code) => process.exit(code) });
console.log(`The application is at http://localhost:${server.port}`);
