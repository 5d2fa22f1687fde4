/**
 * Writes under soft delete, timestamps and row-level security, without a log: the checks of policies
 * need nothing but the values, so they are answered before the statement. Against bare Kysely with
 * the same values and conditions written by hand, on the same dialect with the same settings.
 *
 * @module
 */
import { nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createRepository } from "@kysera/repository";
import { type Dialect, Kysely } from "kysely";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Group, group, type GroupOptions, type Row, timed } from "../_row.ts";
import { postgresSchema } from "../_servers.ts";
import {
  CALLER,
  comparable,
  MINE,
  newTasks,
  type TaskDatabase,
  taskExecutor,
  taskTable,
} from "./_tasks.ts";

type Db = Kysely<TaskDatabase>;
type Write = () => Promise<unknown>;

interface World {
  readonly hand: Db;
  readonly ours: Db;
  clean(): unknown;
  close(): Promise<void>;
}

const PREPARED = 100;
const thousand = newTasks(1_000);
const REMOVE = "delete from tasks where id > 1000";

/** What every row has that is written by hand. */
function assigned() {
  const now = new Date().toISOString();
  return { org_id: CALLER.auth.tenantId, created_at: now, updated_at: now };
}

const WRITES: Readonly<
  Record<string, { readonly budget: number; make(hand: Db, ours: Db): [Write, Write] }>
> = {
  "create": {
    budget: 1.15,
    make(hand, ours) {
      const tasks = createRepository(ours, { tableName: "tasks" });
      return [
        () =>
          hand.insertInto("tasks").values({ name: "new", ...assigned() }).returningAll()
            .executeTakeFirst(),
        () => tasks.create({ name: "new" }),
      ];
    },
  },
  "update": {
    budget: 1.15,
    make(hand, ours) {
      const tasks = createRepository(ours, { tableName: "tasks" });
      return [
        () =>
          hand.updateTable("tasks").set({ name: "x", updated_at: assigned().updated_at })
            .where("id", "=", MINE).where("deleted_at", "is", null)
            .where("org_id", "=", CALLER.auth.tenantId).returningAll().executeTakeFirst(),
        () => tasks.update(MINE, { name: "x" }),
      ];
    },
  },
  "bulk-1000": {
    budget: 1.15,
    make(hand, ours) {
      const tasks = createRepository(ours, { tableName: "tasks" });
      return [
        () => {
          const common = assigned();
          return hand.insertInto("tasks").values(thousand.map((row) => ({ ...row, ...common })))
            .returningAll().execute();
        },
        () => tasks.bulkCreate(thousand),
      ];
    },
  },
};

const options: Omit<GroupOptions<World>, "name" | "title" | "open"> = {
  sides: ["Kysely", "plugins"],
  mixed: true,
  rows: Object.fromEntries(
    Object.entries(WRITES).map(([name, { budget, make }]): [string, Row<World>] => [name, {
      budget,
      async sides({ hand, ours, clean }, form) {
        const [byHand, byPlugins] = make(hand, ours);
        assert.deepEqual(comparable(await byPlugins()), comparable(await byHand()));
        return await timed([byHand, byPlugins], form, clean);
      },
    }]),
  ),
  close: (world) => world.close(),
};

async function open(dialect: () => Dialect): Promise<Pick<World, "hand" | "ours">> {
  return {
    hand: new Kysely<TaskDatabase>({ dialect: dialect() }),
    ours: await taskExecutor(dialect(), { audit: false }),
  };
}

/** On SQLite and PostgreSQL. */
export const writeGroups: readonly Group[] = [
  group<World>({
    ...options,
    name: "writes-sqlite",
    title: "Writes under three plugins on in-memory SQLite",
    async open() {
      const database = new DatabaseSync(":memory:");
      for (const statement of taskTable("sqlite")) database.exec(statement);
      const { hand, ours } = await open(() => nodeSqliteDialect({ database }));
      return {
        hand,
        ours,
        clean: () => database.exec(REMOVE),
        close: () => hand.destroy(),
      };
    },
  }),
  group<World>({
    ...options,
    name: "writes-postgres-prepared",
    title: "Writes under three plugins on PostgreSQL, statements prepared on the server",
    needs: "postgres",
    async open() {
      const schema = await postgresSchema();
      for (const statement of taskTable("postgres")) await schema.admin.query(statement);
      const { hand, ours } = await open(() =>
        pgDialect({ pool: schema.pool(), preparedStatements: PREPARED })
      );
      return {
        hand,
        ours,
        clean: () => schema.admin.query(REMOVE),
        async close() {
          await hand.destroy();
          await ours.destroy();
          await schema.drop();
        },
      };
    },
  }),
];
