/**
 * What making an executor costs where there are many tables, against the introspection of the
 * database, which reads them all.
 *
 * @module
 */
import { nodeSqliteDialect } from "@kysera/dialects";
import { auditPlugin, createAuditTable } from "@kysera/audit";
import { createExecutor, destroyExecutor, type Plugin } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";
import { type Form, type Group, group, type Row, timed } from "../_row.ts";

interface World {
  readonly databases: Map<number, Kysely<any>>;
}

const AT_MOST = 1.3;
const COUNTS = [100, 1_000, 5_000] as const;

/** A database of so many tables; in short, of a fifth of them where there are thousands. */
async function databaseOf({ databases }: World, count: number): Promise<Kysely<any>> {
  const known = databases.get(count);
  if (known !== undefined) return known;
  const database = new DatabaseSync(":memory:");
  for (let i = 0; i < count; i++) {
    database.exec(`create table table_${i} (id integer primary key, name text,
      created_at text, updated_at text, deleted_at text)`);
  }
  const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
  await createAuditTable(db);
  databases.set(count, db);
  return db;
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `table_${i}`);

const PLUGINS: Readonly<Record<string, (count: number) => Plugin[]>> = {
  "found": () => [softDeletePlugin()],
  "listed": (count) => [softDeletePlugin({ tables: names(count) })],
  "three-plugins": (count) => [
    softDeletePlugin({ tables: names(count) }),
    timestampsPlugin({ tables: names(count) }),
    auditPlugin({ tables: names(count) }),
  ],
};

function row(count: number, make: (count: number) => Plugin[]): Row<World> {
  return {
    budget: AT_MOST,
    turns: 5,
    async sides(world, form: Form) {
      const tables = form.full || count < 1_000 ? count : count / 5;
      const db = await databaseOf(world, tables);
      const introspect = () => db.introspection.getTables();
      const create = async () => {
        await destroyExecutor(await createExecutor(db, make(tables)));
      };
      return await timed([introspect, create], form);
    },
  };
}

/** On SQLite. */
export const scaleGroups: readonly Group[] = [
  group<World>({
    name: "tables",
    title: "Making an executor, in-memory SQLite, against introspection",
    sides: ["introspection", "createExecutor"],
    rows: Object.fromEntries(
      Object.entries(PLUGINS).flatMap(([name, make]) =>
        COUNTS.map((count) => [`${name}-${count}`, row(count, make)])
      ),
    ),
    open: () => ({ databases: new Map() }),
    close: async ({ databases }) => {
      for (const db of databases.values()) await db.destroy();
    },
  }),
];
