/**
 * Starts the blog: migrates the database, serves the application, and stops in order on SIGTERM.
 *
 * @module
 */
import { createGracefulShutdown, registerShutdownHandlers } from "@kysera/infra";
import process from "node:process";
import { createApp } from "./app.ts";
import { createBlog } from "./platform/blog.ts";
import { readConfig } from "./platform/config.ts";
import { openDatabase } from "./platform/database.ts";
import { migrate } from "./platform/migrate.ts";
import { serve } from "./platform/serve.ts";

const config = readConfig(process.env);
const shutdown = createGracefulShutdown(await openDatabase(config));
await migrate(shutdown.db);
const app = createApp(await createBlog(shutdown.db), config);
const server = await serve(app.fetch, config.port);
shutdown.onShutdown(() => server.close());
registerShutdownHandlers(shutdown, { from: process, exit: (code) => process.exit(code) });
console.log(`The blog is at http://localhost:${server.port}`);
