import { type Kysely, sql } from "kysely";
import { randomBytes } from "node:crypto";
import process from "node:process";
import { createApp } from "../app.ts";
import { type Blog, createBlog } from "../platform/blog.ts";
import { openDatabase } from "../platform/database.ts";
import { migrate } from "../platform/migrate.ts";
import type { Database } from "../platform/schema.ts";
import { Browser } from "./browser.ts";
import { Client } from "./client.ts";

/** Cheap to compute: the tests are not about how long a password resists. */
const SCRYPT = { N: 2 ** 4, r: 8, p: 1 };
const SECRET = "a secret that only the tests sign with";

/** A blog with an empty database of its own. */
export interface TestBlog {
  /** Sends requests to the application, as somebody who is not signed in. */
  readonly client: Client;
  /** Opens a browser. */
  browse(): Browser;
  readonly blog: Blog;
  /** The database without plugins. */
  readonly db: Kysely<Database>;
  close(): Promise<void>;
}

/**
 * Starts the application without a port: on SQLite in memory, or on a new database of the server that
 * `DATABASE_URL` names, which `close()` drops.
 */
export async function startBlog(): Promise<TestBlog> {
  const server = process.env["DATABASE_URL"] || undefined;
  const name = `blog_test_${randomBytes(6).toString("hex")}`;
  if (server !== undefined) await onServer(server, sql`create database ${sql.id(name)}`);
  const databaseUrl = server === undefined ? undefined : Object.assign(new URL(server), {
    pathname: `/${name}`,
  }).href;
  const db = await openDatabase({ databaseUrl, sqliteFile: ":memory:" });
  const close = async () => {
    await db.destroy();
    if (server !== undefined) await onServer(server, sql`drop database ${sql.id(name)}`);
  };
  try {
    await migrate(db);
    const blog = await createBlog(db);
    const app = createApp(blog, { jwtSecret: SECRET, scrypt: SCRYPT });
    const send = async (request: Request) => await app.fetch(request);
    return { client: new Client(send), browse: () => new Browser(send), blog, db, close };
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
