/**
 * Soft delete, timestamps, audit and row-level security together, against bare Kysely with the same
 * conditions written by hand: on in-memory SQLite and, where `KYSERA_TEST_POSTGRES_URL` names a
 * server, on PostgreSQL.
 *
 * Before anything is timed, both sides must give the same, and the statements that ours takes are
 * counted: reading takes one.
 *
 * @module
 */
import { auditPlugin, createAuditTable } from "@kysera/audit";
import { type Params, prepareQuery } from "@kysera/dal";
import { nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Dialect, type Generated, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { Case, Group } from "./_case.ts";
import { compareAsync, type Effort } from "./_ratio.ts";

interface Database {
  tasks: {
    id: Generated<number>;
    org_id: Generated<number>;
    name: string;
    deleted_at: Generated<Date | string | null>;
    created_at: Generated<Date | string>;
    updated_at: Generated<Date | string>;
  };
  audit_logs: { id: Generated<number> };
}

/** One thing to do, by hand and by the plugins. */
interface Task {
  readonly hand: () => Promise<unknown>;
  readonly ours: () => Promise<unknown>;
  /** The statements that ours takes at the most, those of a transaction included. */
  readonly statements: number;
  readonly budget: number | undefined;
}

/** A database, and the handles on it. */
interface World {
  readonly isSqlite: boolean;
  /** Bare Kysely. */
  readonly hand: Kysely<Database>;
  /** The plugins, with a caller bound. */
  readonly ours: Kysely<Database>;
  /** The same, on a connection whose statements are counted. */
  readonly counted: Kysely<Database>;
  statements(): number;
  close(): Promise<void>;
}

/** How many statements a connection of PostgreSQL keeps prepared, on both sides alike. */
const PREPARED = 100;
const READ = 1.1;
const READ_ONE = { sqlite: 0.6, postgres: 0.9 };
const AUDITED_ON_POSTGRES = 2.2;
const CALLER = { auth: { userId: 7, tenantId: 3, roles: ["member"] } };

/** The groups: those of PostgreSQL only where there is a server. */
export async function pluginBenchmarks(): Promise<Group[]> {
  const url = process.env["KYSERA_TEST_POSTGRES_URL"];
  const sqlite = await groupOf("in-memory SQLite", await openSqlite(), { rounds: 200, calls: 40 });
  if (!url) return [sqlite];
  const effort = { rounds: 200, calls: 4 };
  const prepared = await groupOf(
    "PostgreSQL, statements prepared on the server",
    await openPostgres(url, PREPARED),
    effort,
  );
  const parsed = await groupOf(
    "PostgreSQL, statements parsed each time",
    await openPostgres(url, 0),
    effort,
  );
  return [sqlite, prepared, {
    ...parsed,
    // What the server does to parse and plan a statement is told, and is its own.
    cases: parsed.cases.map((each) => ({ ...each, budget: undefined })),
  }];
}

async function groupOf(where: string, world: World, effort: Effort): Promise<Group> {
  const timed = tasks(world, world.ours);
  const counted = tasks(world, world.counted);
  const cases: Case[] = [];
  for (const [name, { hand, ours, statements, budget }] of Object.entries(timed)) {
    const run = counted[name]!.ours;
    await run();
    const before = world.statements();
    const result = plain(await run());
    const taken = world.statements() - before;
    assert.ok(taken <= statements, `${name} takes ${taken} statements; ${statements} are allowed`);
    if (!/update|create/.test(name)) assert.deepEqual(result, plain(await hand()), name);
    assert.deepEqual(plain(await ours()), plain(await ours()), name);
    cases.push({
      name,
      budget,
      warmUp: () => compareAsync([hand, ours], { rounds: 10, calls: effort.calls }),
      time: () => compareAsync([hand, ours], effort),
    });
  }
  return {
    title: `All plugins on ${where}`,
    sides: ["Kysely", "plugins"],
    cases,
    close: world.close,
  };
}

/** What is done. Handles of the plugins know what by hand has to be written each time. */
function tasks({ hand, isSqlite }: World, ours: Kysely<Database>): Record<string, Task> {
  const repository = createRepository(ours, { tableName: "tasks" });
  const mine = (id: number) =>
    hand.selectFrom("tasks").selectAll().where("id", "=", id).where("deleted_at", "is", null)
      .where("org_id", "=", 3);
  const byId = prepareQuery(
    ours,
    (db, p: Params<{ id: number }>) => db.selectFrom("tasks").selectAll().where("id", "=", p.id),
  );
  const rename = (db: Kysely<Database>) =>
    db.updateTable("tasks").set({ name: "renamed" }).where("id", "=", 13);
  const stamped = () =>
    rename(hand).set({ updated_at: new Date().toISOString() })
      .where("deleted_at", "is", null).where("org_id", "=", 3);
  const renamePrepared = prepareQuery(
    ours,
    (db, p: Params<{ id: number; name: string }>) =>
      db.updateTable("tasks").set({ name: p.name }).where("id", "=", p.id),
  );
  return {
    "findById": {
      hand: () => mine(13).executeTakeFirst(),
      ours: () => repository.findById(13),
      statements: 1,
      budget: READ_ONE[isSqlite ? "sqlite" : "postgres"],
    },
    "read by id, prepared": {
      hand: () => mine(13).executeTakeFirst(),
      ours: () => byId.executeTakeFirst({ id: 13 }),
      statements: 1,
      budget: READ_ONE[isSqlite ? "sqlite" : "postgres"],
    },
    "read by id, built each time": {
      hand: () => mine(13).executeTakeFirst(),
      ours: () => ours.selectFrom("tasks").selectAll().where("id", "=", 13).executeTakeFirst(),
      statements: 1,
      budget: undefined,
    },
    "findById, the caller bound each time": {
      hand: () => mine(13).executeTakeFirst(),
      ours: () => repository.on(bindContext(ours, CALLER)).findById(13),
      statements: 1,
      budget: undefined,
    },
    "find, 90 rows": {
      hand: () =>
        hand.selectFrom("tasks").selectAll().where("name", "like", "task%")
          .where("deleted_at", "is", null).where("org_id", "=", 3).orderBy("id").execute(),
      ours: () => repository.find({ where: { name: { like: "task%" } }, orderBy: "id" }),
      statements: 1,
      budget: READ,
    },
    // By hand without an entry in the log: what a change costs that leaves none.
    "audited update, prepared": {
      hand: () => stamped().execute(),
      ours: () => renamePrepared.execute({ id: 13, name: "renamed" }),
      statements: isSqlite ? 5 : 1,
      budget: isSqlite ? undefined : AUDITED_ON_POSTGRES,
    },
    "audited update by the repository": {
      hand: () => stamped().returningAll().executeTakeFirst(),
      ours: () => repository.update(13, { name: "renamed" }),
      statements: isSqlite ? 5 : 1,
      budget: isSqlite ? undefined : AUDITED_ON_POSTGRES,
    },
    "audited update, built each time": {
      hand: () => stamped().execute(),
      ours: () => rename(ours).execute(),
      statements: isSqlite ? 5 : 1,
      budget: undefined,
    },
  };
}

function openSqlite(): Promise<World> {
  const database = new DatabaseSync(":memory:");
  return openWorld((): Dialect => nodeSqliteDialect({ database }), true);
}

async function openPostgres(url: string, preparedStatements: number): Promise<World> {
  const name = `bench_plugins_${process.pid}_${preparedStatements}`;
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`create schema ${name}`);
  const options = { connectionString: url, max: 1, options: `-c search_path=${name}` };
  const world = await openWorld(
    () => pgDialect({ pool: new pg.Pool(options), preparedStatements }),
    false,
  );
  return {
    ...world,
    async close() {
      await world.close();
      await admin.query(`drop schema ${name} cascade`);
      await admin.end();
    },
  };
}

/** A thousand tasks of ten callers; of each caller's, ten are deleted. */
async function openWorld(dialect: () => Dialect, isSqlite: boolean): Promise<World> {
  const hand = new Kysely<Database>({ dialect: dialect() });
  const time = isSqlite ? sql`text` : sql`timestamptz`;
  await hand.schema.createTable("tasks")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("org_id", "integer", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("deleted_at", time)
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .execute();
  await createAuditTable(hand);
  const at = "2026-01-01T00:00:00.000Z";
  await hand.insertInto("tasks").values(
    Array.from({ length: 1_000 }, (_, i) => ({
      id: i + 1,
      org_id: (i + 1) % 10,
      name: `task ${i + 1}`,
      deleted_at: i < 100 && i !== 12 ? at : null,
      created_at: at,
      updated_at: at,
    })),
  ).execute();
  let statements = 0;
  const counting = new Kysely<Database>({ dialect: dialect(), log: () => void statements++ });
  const schema = defineRLSSchema<Database>({
    tasks: {
      policies: [filter("all", (ctx) => ({ org_id: ctx.auth.tenantId }))],
      stamp: { org_id: (ctx) => ctx.auth.tenantId },
    },
  });
  const executor = async (db: Kysely<Database>): Promise<Kysely<Database>> =>
    bindContext(
      await createExecutor(db, [
        softDeletePlugin({ tables: ["tasks"] }),
        timestampsPlugin({ tables: ["tasks"] }),
        auditPlugin({ tables: ["tasks"] }),
        rlsPlugin({ schema }),
      ]),
      CALLER,
    );
  return {
    isSqlite,
    hand,
    ours: await executor(new Kysely<Database>({ dialect: dialect() })),
    counted: await executor(counting),
    statements: () => statements,
    close: () => hand.destroy(),
  };
}

/** Rows of `node:sqlite` have no prototype; times differ from run to run. */
function plain(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(plain);
  if (typeof result !== "object" || result === null) return result;
  return { ...result, updated_at: undefined };
}
