/**
 * Reads under soft delete, timestamps, audit and row-level security together, against bare Kysely
 * with the same conditions written by hand, on the same dialect with the same settings.
 *
 * @module
 */
import { type Params, prepareQuery } from "@kysera/dal";
import { nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createRepository } from "@kysera/repository";
import { Kysely } from "kysely";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Group, group, type GroupOptions, type Row, timed } from "../_row.ts";
import { postgresSchema } from "../_servers.ts";
import { MINE, type TaskDatabase, taskExecutor, taskTable } from "./_tasks.ts";

/** How many statements a connection of PostgreSQL keeps prepared, on both sides alike. */
const PREPARED = 100;

type Db = Kysely<TaskDatabase>;
type Read = () => Promise<unknown>;

interface World {
  readonly hand: Db;
  readonly ours: Db;
  close(): Promise<void>;
}

/** Reads by hand and by the plugins; what they take is made once. */
const READS: Readonly<
  Record<string, { readonly budget: number; make(hand: Db, ours: Db): [Read, Read] }>
> = {
  "find-by-id": {
    budget: 0.9,
    make(hand, ours) {
      const repository = createRepository(ours, { tableName: "tasks" });
      return [() => mine(hand, MINE), () => repository.findById(MINE)];
    },
  },
  "by-id-prepared": {
    budget: 0.9,
    make(hand, ours) {
      const byId = prepareQuery(
        ours,
        (db, p: Params<{ id: number }>) =>
          db.selectFrom("tasks").selectAll().where("id", "=", p.id),
      );
      return [() => mine(hand, MINE), () => byId.executeTakeFirst({ id: MINE })];
    },
  },
  "by-id-built": {
    budget: 1.3,
    make: (hand, ours) => [
      () => mine(hand, MINE),
      () => ours.selectFrom("tasks").selectAll().where("id", "=", MINE).executeTakeFirst(),
    ],
  },
  "find-100": {
    budget: 0.95,
    make(hand, ours) {
      const repository = createRepository(ours, { tableName: "tasks" });
      return [
        () =>
          hand.selectFrom("tasks").selectAll().where("name", "like", "task%")
            .where("deleted_at", "is", null).where("org_id", "=", 3).orderBy("id").limit(100)
            .execute(),
        () => repository.find({ where: { name: { like: "task%" } }, orderBy: "id", limit: 100 }),
      ];
    },
  },
};

const mine = (db: Db, id: number) =>
  db.selectFrom("tasks").selectAll().where("id", "=", id).where("deleted_at", "is", null)
    .where("org_id", "=", 3).executeTakeFirst();

const options: Omit<GroupOptions<World>, "name" | "title" | "open"> = {
  sides: ["Kysely", "plugins"],
  mixed: true,
  rows: Object.fromEntries(
    Object.entries(READS).map(([name, { budget, make }]): [string, Row<World>] => [name, {
      budget,
      async sides({ hand, ours }, form) {
        const [byHand, byPlugins] = make(hand, ours);
        assert.deepEqual(await byPlugins(), await byHand(), "results differ");
        return await timed([byHand, byPlugins], form);
      },
    }]),
  ),
  close: (world) => world.close(),
};

/** On SQLite, and on PostgreSQL with and without statements that the server keeps. */
export const pluginGroups: readonly Group[] = [
  group<World>({
    ...options,
    name: "plugins-sqlite",
    title: "Reads under four plugins on in-memory SQLite",
    async open() {
      const database = new DatabaseSync(":memory:");
      for (const statement of taskTable("sqlite")) database.exec(statement);
      const hand = new Kysely<TaskDatabase>({ dialect: nodeSqliteDialect({ database }) });
      const ours = await taskExecutor(nodeSqliteDialect({ database }));
      return { hand, ours, close: () => hand.destroy() };
    },
  }),
  ...[PREPARED, 0].map((preparedStatements) =>
    group<World>({
      ...options,
      name: preparedStatements === 0 ? "plugins-postgres" : "plugins-postgres-prepared",
      title: `Reads under four plugins on PostgreSQL, statements ${
        preparedStatements === 0 ? "parsed each time" : "prepared on the server"
      }`,
      needs: "postgres",
      async open() {
        const schema = await postgresSchema();
        for (const statement of taskTable("postgres")) await schema.admin.query(statement);
        const dialect = () => pgDialect({ pool: schema.pool(), preparedStatements });
        const hand = new Kysely<TaskDatabase>({ dialect: dialect() });
        const ours = await taskExecutor(dialect());
        return {
          hand,
          ours,
          async close() {
            await hand.destroy();
            await ours.destroy();
            await schema.drop();
          },
        };
      },
    })
  ),
];
