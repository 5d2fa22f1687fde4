/**
 * Audited writes under four plugins, against the same work on the bare driver: what is written to
 * the log is the same on all sides.
 *
 * By hand it is the cheapest that one would write: on SQLite five prepared statements, on PostgreSQL
 * one statement with CTEs, for many rows one with arrays. Beside them stand a trigger by hand that
 * knows no user, and the plugin with `mode: "trigger"`, whose triggers do.
 *
 * @module
 */
import { type Params, prepareQuery } from "@kysera/dal";
import { nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createRepository } from "@kysera/repository";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type pg from "pg";
import type { Run } from "../_ratio.ts";
import { type Group, group, type Row, timed } from "../_row.ts";
import { postgresSchema } from "../_servers.ts";
import { postgresByHand, postgresTrigger } from "./_audited_postgres.ts";
import { sqliteByHand, sqliteTrigger } from "./_audited_sqlite.ts";
import {
  comparable,
  MINE,
  newTasks,
  type TaskDatabase,
  taskExecutor,
  taskTable,
} from "./_tasks.ts";

/** Writes that leave an entry for each row. */
export interface Audited {
  update(name: string): unknown;
  create(name: string): unknown;
  bulk(names: readonly string[]): unknown;
}

/** Each side has tables of its own, and the log of its table. */
interface Side {
  readonly work: Audited;
  /** The entries of the log, the last one first. */
  entries(): Promise<readonly Entry[]>;
  clean(): unknown;
}
interface Entry {
  readonly table_name: string;
  readonly operation: string;
  readonly old_values: string | null;
  readonly new_values: string | null;
  readonly changed_by: string | null;
}
interface World {
  readonly hand: Side;
  readonly prepared: Side;
  readonly built: Side;
  readonly trigger: Side;
  readonly mode: Side;
  close(): Promise<void>;
}

const thousand = newTasks(1_000).map(({ name }) => name);
const LAST = `select table_name, operation, old_values, new_values, changed_by
  from audit_logs order by id desc limit 1000`;
const CLEAN = [
  `update tasks set name = 'task ' || id where id = ${MINE}`,
  "delete from audit_logs",
  "delete from tasks where id > 1000",
];

/** The repository, and a prepared update; `built` builds each query anew. */
function plugins(db: Kysely<TaskDatabase>, way: "prepared" | "built"): Audited {
  const repository = createRepository(db, { tableName: "tasks" });
  const renamed = prepareQuery(
    db,
    (db, p: Params<{ id: number; name: string }>) =>
      db.updateTable("tasks").set({ name: p.name }).where("id", "=", p.id).returningAll(),
  );
  const isBuilt = way === "built";
  return {
    update: (name) =>
      isBuilt
        ? db.updateTable("tasks").set({ name }).where("id", "=", MINE).returningAll()
          .executeTakeFirst()
        : renamed.executeTakeFirst({ id: MINE, name }),
    create: (name) =>
      isBuilt
        ? db.insertInto("tasks").values({ name }).returningAll().executeTakeFirst()
        : repository.create({ name }),
    bulk: (names) => {
      const rows = names.map((name) => ({ name }));
      return isBuilt
        ? db.insertInto("tasks").values(rows).returningAll().execute()
        : repository.bulkCreate(rows);
    },
  };
}

type Write = (work: Audited) => Run;
const update: Write = (work) => {
  let n = 0;
  return () => work.update(`renamed ${++n}`);
};
const create: Write = (work) => () => work.create("new");
const bulk: Write = (work) => () => work.bulk(thousand);

function row(budget: number, side: "prepared" | "built", write: Write, turns?: number): Row<World> {
  return {
    budget,
    ...turns === undefined ? {} : { turns },
    async sides(world, form) {
      const sides = [world.hand, world[side], world.trigger, world.mode] as const;
      const entries = [];
      for (const one of sides) {
        await one.clean();
        const result = await write(one.work)();
        entries.push([comparable(result), ...(await one.entries()).map(comparableEntry)]);
      }
      const [byHand, ours, byTrigger, byMode] = entries;
      assert.ok(byHand!.length > 1, "by hand leaves no entry");
      assert.deepEqual(ours, byHand, "the entries or the rows differ");
      assert.deepEqual(byTrigger, byHand, "the trigger's entries or rows differ");
      assert.deepEqual(byMode, byHand, "the entries or rows of mode trigger differ");
      const [first, second, third, fourth] = sides.map(({ work }) => write(work));
      return await timed([first!, second!, third!, fourth!], form, async () => {
        for (const one of sides) await one.clean();
      });
    },
  };
}

/** The images without keys and times, which differ from side to side. */
function comparableEntry({ old_values, new_values, ...rest }: Entry): unknown {
  const image = (text: string | null) => text === null ? null : comparable(JSON.parse(text));
  return { ...rest, old: image(old_values), new: image(new_values) };
}

/** In memory, each side in a database of its own. */
async function openSqlite(): Promise<World> {
  const opened: DatabaseSync[] = [];
  const side = async (make: (database: DatabaseSync) => Audited | Promise<Audited>) => {
    const database = new DatabaseSync(":memory:");
    opened.push(database);
    for (const statement of taskTable("sqlite")) database.exec(statement);
    const work = await make(database);
    const last = database.prepare(LAST);
    return {
      work,
      entries: () => Promise.resolve(last.all() as unknown as Entry[]),
      clean: () => CLEAN.forEach((statement) => database.exec(statement)),
    };
  };
  const executor = (database: DatabaseSync, audit: boolean | "trigger") =>
    taskExecutor(nodeSqliteDialect({ database }), { audit });
  return {
    hand: await side(async (database) => {
      await executor(database, true);
      return sqliteByHand(database);
    }),
    prepared: await side(async (database) => plugins(await executor(database, true), "prepared")),
    built: await side(async (database) => plugins(await executor(database, true), "built")),
    trigger: await side(async (database) => {
      await executor(database, true);
      database.exec(sqliteTrigger);
      return plugins(await executor(database, false), "prepared");
    }),
    mode: await side(async (database) => plugins(await executor(database, "trigger"), "prepared")),
    close: () => Promise.resolve(opened.forEach((database) => database.close())),
  };
}

/** Each side in a schema of its own, over one connection. */
async function openPostgres(preparedStatements: number): Promise<World> {
  const closing: (() => Promise<unknown>)[] = [];
  const side = async (make: (pool: pg.Pool) => Audited | Promise<Audited>) => {
    const schema = await postgresSchema();
    const pool = schema.pool();
    closing.push(async () => {
      await pool.end();
      await schema.drop();
    });
    for (const statement of taskTable("postgres")) await schema.admin.query(statement);
    const work = await make(pool);
    return {
      work,
      entries: async () => (await schema.admin.query<Entry>(LAST)).rows,
      async clean() {
        for (const statement of [...CLEAN, "vacuum analyze tasks", "vacuum audit_logs"]) {
          await schema.admin.query(statement);
        }
      },
    };
  };
  const executor = (pool: pg.Pool, audit: boolean | "trigger") =>
    taskExecutor(pgDialect({ pool, preparedStatements }), { audit });
  return {
    hand: await side(async (pool) => {
      await executor(pool, true);
      return postgresByHand(pool, preparedStatements > 0);
    }),
    prepared: await side(async (pool) => plugins(await executor(pool, true), "prepared")),
    built: await side(async (pool) => plugins(await executor(pool, true), "built")),
    trigger: await side(async (pool) => {
      await executor(pool, true);
      for (const statement of postgresTrigger) await pool.query(statement);
      return plugins(await executor(pool, false), "prepared");
    }),
    mode: await side(async (pool) => plugins(await executor(pool, "trigger"), "prepared")),
    async close() {
      for (const close of closing) await close();
    },
  };
}

const sides = ["driver by hand", "plugins", "trigger", "mode: trigger"];
const close = (world: World) => world.close();

/** Audited writes on SQLite and PostgreSQL. */
export const auditedGroups: readonly Group[] = [
  group<World>({
    name: "audited-sqlite",
    title: "Audited writes under four plugins on in-memory SQLite",
    sides,
    rows: {
      "update-prepared": row(1.5, "prepared", update),
      "update-built": row(3, "built", update),
      "create": row(1.5, "prepared", create),
      "bulk-1000": row(1.5, "prepared", bulk, 15),
    },
    open: openSqlite,
    close,
  }),
  ...([["audited-postgres", 0], ["audited-postgres-prepared", 100]] as const).map((
    [name, preparedStatements],
  ) =>
    group<World>({
      name,
      title: `Audited writes under four plugins on PostgreSQL, statements ${
        preparedStatements === 0 ? "parsed each time" : "prepared on the server"
      }`,
      sides,
      needs: "postgres",
      rows: {
        "update": row(1.15, "prepared", update),
        "update-built": row(1.5, "built", update),
        "create": row(1.15, "prepared", create),
        "bulk-1000": row(1.3, "prepared", bulk, 15),
      },
      open: () => openPostgres(preparedStatements),
      close,
    })
  ),
];
