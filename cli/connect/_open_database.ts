import { existsSync } from "node:fs";
import { Kysely } from "kysely";
import { failure, usageError } from "../contract/_cli_error.ts";
import type { Connection, OpenOptions } from "./_connection.ts";
import { openMysql } from "./_open_mysql.ts";
import { openPglite } from "./_open_pglite.ts";
import { openPostgres } from "./_open_postgres.ts";
import { openSqlite } from "./_open_sqlite.ts";
import type { CreateDialect, DialectRequest, OpenDialect } from "./_open_dialect.ts";
import type { Target, TargetKind } from "./_target.ts";

const OPENERS: Readonly<Record<TargetKind, OpenDialect>> = {
  sqlite: openSqlite,
  pglite: openPglite,
  postgres: openPostgres,
  mysql: openMysql,
};

/**
 * Opens a database with the driver of the project. Servers are reached with the first query.
 *
 * @param root the folder of the project
 */
export async function openDatabase(
  target: Target,
  root: string,
  options: OpenOptions,
): Promise<Connection> {
  const { schema, onStatement } = options;
  if (target.kind === "kysely") {
    const db = await target.config.kysely!();
    if (!(db instanceof Kysely) && typeof (db as Kysely<any>)?.destroy !== "function") {
      throw usageError("`database.kysely` of the configuration has to return a Kysely instance");
    }
    return {
      db: schema === undefined ? db : db.withSchema(schema),
      target,
      isMissing: false,
      close: () => db.destroy(),
    };
  }
  const isMissing = target.path !== undefined && target.path !== ":memory:" &&
    !existsSync(target.path);
  if (isMissing && options.missing === "refuse") {
    throw failure(`Cannot open "${target.path}": there is no such database`, {
      hint: "Create it with `kysera migrate up`.",
    });
  }
  const isReplaced = isMissing && options.missing === "empty";
  const createDialect = await openDialect({ ...target, kind: target.kind }, root, {
    path: isReplaced ? ":memory:" : target.path,
    schema,
    readOnly: options.readOnly,
  });
  const db = new Kysely<any>({
    dialect: createDialect(),
    ...onStatement === undefined ? {} : { log: ({ query }) => onStatement(query.sql) },
  });
  return { db, target, isMissing: isReplaced, close: () => db.destroy() };
}

/** Loads the driver of a database; returns what creates its dialects. */
export async function openDialect(
  target: Target & { readonly kind: TargetKind },
  root: string,
  rest: Pick<DialectRequest, "path" | "schema" | "readOnly">,
): Promise<CreateDialect> {
  return await OPENERS[target.kind]({ target, root, ...rest });
}
