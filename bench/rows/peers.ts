/**
 * The same work by other libraries, on in-memory SQLite by `better-sqlite3`. Their packages are
 * loaded from npm when this runs, and needed by nothing else.
 *
 * @module
 */
import { betterSqlite3Dialect } from "@kysera/dialects";
import Sqlite from "better-sqlite3";
import { Kysely } from "kysely";
import { type Group, group } from "../_row.ts";
import { type Database, SCHEMA } from "./_database.ts";
import { formerKysera, knexPeer, mikroPeer, type Peer, typeormPeer } from "./_peers.ts";
import type { Worker } from "./_work.ts";
import { type SideBySide, sideBySide } from "./side_by_side.ts";
import { NAMES, sqliteWorkers, together } from "./side_by_side_sqlite.ts";

const PEERS = ["Knex", "TypeORM", "MikroORM", "Kysera 0.8.8"] as const;

async function peers(): Promise<Worker[]> {
  const side = async (
    name: typeof PEERS[number],
    make: (database: Sqlite.Database) => Promise<Peer>,
  ): Promise<Worker> => {
    const database = new Sqlite(":memory:");
    database.exec(SCHEMA);
    const { work, close } = await make(database);
    return {
      name,
      work,
      clean: () => database.exec("delete from users where id > 1000"),
      async close() {
        await close?.();
        database.close();
      },
    };
  };
  const mikro = await mikroPeer(SCHEMA);
  return [
    await side("Knex", knexPeer),
    await side("TypeORM", typeormPeer),
    {
      name: "MikroORM",
      work: mikro.work,
      clean: mikro.clean,
      close: async () => void await mikro.close?.(),
    },
    await side(
      "Kysera 0.8.8",
      (database) =>
        formerKysera(new Kysely<Database>({ dialect: betterSqlite3Dialect({ database }) })),
    ),
  ];
}

/** Told, without budgets. */
export const peerGroups: readonly Group[] = [
  group<SideBySide>({
    name: "peers",
    title: "Other libraries on in-memory SQLite, soft-deleted tables",
    sides: [...NAMES, ...PEERS],
    mixed: true,
    rows: Object.fromEntries(
      Object.entries(sideBySide(1)).filter(([name]) => name !== "bulk-800-to-1200")
        .map(([name, { sides }]) => [name, { sides, turns: 10 }]),
    ),
    open: async () => together([...await sqliteWorkers(), ...await peers()]),
    close: (world) => world.close(),
  }),
];
