import { statSync } from "node:fs";
import type { Kysely } from "kysely";
import { messageOf } from "../../contract/_message_of.ts";
import type { Context } from "../../program/_context.ts";

/** How the types are kept up to date. */
export interface WatchTypesRequest {
  readonly db: Kysely<any>;
  /** The file that the database is; absent where it is on a server. */
  readonly path: string | undefined;
  /** How long between two looks at the schema, in milliseconds. */
  readonly interval: number;
  /** Writes the types of a database if they have changed; returns what to print then. */
  write(db: Kysely<any>): Promise<string | undefined>;
}

/**
 * Writes the types whenever the schema changes, until the process is interrupted. The schema is asked
 * for, as databases tell nobody of a change. A database that is not there for a while is waited for.
 */
export async function watchTypes(context: Context, request: WatchTypesRequest): Promise<never> {
  const { path, interval } = request;
  let { db } = request;
  let file = fileOf(path);
  let trouble: string | undefined;
  for (;;) {
    try {
      // A file that was replaced is another one than that which is open.
      const now = fileOf(path);
      if (now !== file) {
        ({ db } = await context.open({ missing: "refuse" }));
        file = now;
      }
      const line = await request.write(db);
      if (line !== undefined) await context.host.stdout.write(`${line}\n`);
      trouble = undefined;
    } catch (error) {
      const message = messageOf(error);
      if (message !== trouble) context.say(`Cannot read the schema, and tries again: ${message}`);
      trouble = message;
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

function fileOf(path: string | undefined): number | undefined {
  return path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.ino;
}
