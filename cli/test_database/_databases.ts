import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type Kysely, Kysely as KyselyClass, sql } from "kysely";
import { openDialect } from "../connect/_open_database.ts";
import type { Target, TargetKind } from "../connect/_target.ts";
import type { Context } from "../program/_context.ts";

/** A database that can be created and dropped. */
interface Place {
  exists(): Promise<boolean>;
  create(): Promise<void>;
  drop(): Promise<void>;
}

/**
 * Creates a database, if it is not there.
 *
 * @returns whether it was not
 */
export async function createDatabase(context: Context): Promise<boolean> {
  return await withPlace(context, async (place) => {
    if (await place.exists()) return false;
    await place.create();
    return true;
  });
}

/**
 * Drops a database, if it is there.
 *
 * @returns whether it was
 */
export async function dropDatabase(context: Context): Promise<boolean> {
  return await withPlace(context, async (place) => {
    if (!await place.exists()) return false;
    await place.drop();
    return true;
  });
}

async function withPlace<T>(context: Context, work: (place: Place) => Promise<T>): Promise<T> {
  const target = await context.target();
  if (target.path !== undefined) return await work(fileOf(target.path));
  const kind = target.kind as Server;
  const { root } = await context.settings();
  const connect = await openDialect({ ...target, kind }, root, {
    path: undefined,
    schema: undefined,
  });
  const db = new KyselyClass<any>({ dialect: connect(MAINTENANCE[kind]) });
  try {
    return await work(PLACES[kind](db, target));
  } finally {
    await db.destroy();
  }
}

type Server = Exclude<TargetKind, "sqlite" | "pglite">;

/** A database that every server has. */
const MAINTENANCE: Readonly<Record<Server, string>> = {
  postgres: "postgres",
  mysql: "information_schema",
};

const PLACES: Readonly<Record<Server, (db: Kysely<any>, target: Target) => Place>> = {
  postgres: (db, { name }) => ({
    exists: async () => {
      const { rows } = await sql`select from pg_database where datname = ${name}`.execute(db);
      return rows.length > 0;
    },
    create: async () => void await sql`create database ${sql.id(name)}`.execute(db),
    drop: async () => void await sql`drop database ${sql.id(name)}`.execute(db),
  }),
  mysql: (db, { name }) => ({
    exists: async () => {
      const { rows } = await sql`
        select 1 as found from information_schema.schemata where schema_name = ${name}`.execute(db);
      return rows.length > 0;
    },
    create: async () => void await sql`create database ${sql.id(name)}`.execute(db),
    drop: async () => void await sql`drop database ${sql.id(name)}`.execute(db),
  }),
};

/** A file of SQLite with those beside it, or a folder of PGlite: opening it creates it. */
function fileOf(path: string): Place {
  return {
    exists: () => Promise.resolve(existsSync(path)),
    create: () => Promise.resolve(),
    async drop() {
      for (const ending of ["", "-wal", "-shm", "-journal"]) {
        await rm(`${path}${ending}`, { recursive: true, force: true });
      }
    },
  };
}
