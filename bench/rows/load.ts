/**
 * Sixty-four clients on a pool of ten connections, under four plugins: of ten operations six read a
 * row by its key, one reads a list, two are audited updates and one is an audited insert. By hand
 * the same statements are sent by the driver, and a write and its entry are one statement.
 *
 * @module
 */
import { pgDialect } from "@kysera/dialects";
import { createRepository } from "@kysera/repository";
import type pg from "pg";
import { percentile, type Turn } from "../_ratio.ts";
import { type Group, group, type Row } from "../_row.ts";
import { type PostgresSchema, postgresSchema } from "../_servers.ts";
import { named, postgresByHand } from "./_audited_postgres.ts";
import { CALLER, taskExecutor, taskTable } from "./_tasks.ts";

const CLIENTS = 64;
const CONNECTIONS = 10;
const EACH = 10;
const PREPARED = 100;

/** What a client does; the ids are of the caller's organisation. */
interface Client {
  findById(id: number): unknown;
  list(): unknown;
  update(id: number, name: string): unknown;
  create(name: string): unknown;
}
interface World {
  readonly schemas: readonly { readonly schema: PostgresSchema; readonly pool: pg.Pool }[];
  readonly clients: readonly [Client, Client];
}

/** Every tenth operation is one of these; the order is the same in each turn. */
const MIX = ["read", "update", "read", "list", "read", "create", "read", "update", "read", "read"];
/** Tasks of organisation 3 that are not deleted. */
const IDS = Array.from({ length: 90 }, (_, i) => 103 + 10 * i);

/** A turn: all clients at once, each with its operations one after the other. */
async function latencies(client: Client): Promise<{ each: number[]; total: number }> {
  const each: number[] = [];
  const start = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, async (_, number) => {
    for (let i = 0; i < EACH; i++) {
      const id = IDS[(number * 7 + i * 13) % IDS.length]!;
      const begin = performance.now();
      await operation(client, MIX[(number + i) % MIX.length]!, id);
      each.push((performance.now() - begin) * 1_000);
    }
  }));
  return { each, total: (performance.now() - start) * 1_000 };
}

function operation(client: Client, kind: string, id: number): unknown {
  if (kind === "read") return client.findById(id);
  if (kind === "list") return client.list();
  return kind === "update" ? client.update(id, `renamed ${id}`) : client.create("new");
}

function row(budget: number, of: (run: { each: number[]; total: number }) => number): Row<World> {
  return {
    budget,
    turns: 10,
    async sides({ clients: [byHand, ours], schemas }) {
      for (const { schema } of schemas) {
        await schema.admin.query("delete from tasks where id > 1000");
        await schema.admin.query("truncate audit_logs");
        await schema.admin.query("vacuum analyze tasks");
      }
      const turn = (client: Client): Turn => async () => of(await latencies(client));
      for (const client of [byHand, ours]) await latencies(client);
      return [turn(byHand), turn(ours)];
    },
  };
}

async function open(): Promise<World> {
  const schemas: { schema: PostgresSchema; pool: pg.Pool }[] = [];
  const opened = async (): Promise<pg.Pool> => {
    const schema = await postgresSchema();
    const pool = schema.pool(CONNECTIONS);
    schemas.push({ schema, pool });
    for (const statement of taskTable("postgres")) await schema.admin.query(statement);
    return pool;
  };
  return {
    clients: [await byHand(await opened()), await byPlugins(await opened())],
    schemas,
  };
}

async function byHand(pool: pg.Pool): Promise<Client> {
  await taskExecutor(pgDialect({ pool }));
  const { tenantId } = CALLER.auth;
  const visible = "deleted_at is null and org_id = $1";
  const byId = named(pool, `select * from tasks where ${visible} and id = $2`, true);
  const list = named(pool, `select * from tasks where ${visible} order by id limit 20`, true);
  const { update, create } = postgresByHand(pool, true);
  return {
    findById: (id) => byId([tenantId, id]),
    list: () => list([tenantId]),
    update: (id, name) => update(name, id),
    create,
  };
}

async function byPlugins(pool: pg.Pool): Promise<Client> {
  const executor = await taskExecutor(pgDialect({ pool, preparedStatements: PREPARED }));
  const tasks = createRepository(executor, { tableName: "tasks" });
  return {
    findById: (id) => tasks.findById(id),
    list: () => tasks.findAll({ orderBy: "id", limit: 20 }),
    update: (id, name) => tasks.update(id, { name }),
    create: (name) => tasks.create({ name }),
  };
}

/** On PostgreSQL, statements prepared on both sides. */
export const loadGroups: readonly Group[] = [
  group<World>({
    name: "load",
    title: `${CLIENTS} clients on a pool of ${CONNECTIONS}, four plugins, PostgreSQL`,
    sides: ["driver by hand", "plugins"],
    needs: "postgres",
    rows: {
      // The throughput is at least 0.85 of that by hand.
      "time-per-operation": row(1 / 0.85, ({ total }) => total / (CLIENTS * EACH)),
      "p99": row(1.3, ({ each }) => percentile(each, 0.99)),
    },
    open,
    async close({ schemas }) {
      for (const { schema, pool } of schemas) {
        await pool.end();
        await schema.drop();
      }
    },
  }),
];
