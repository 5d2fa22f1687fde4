/**
 * Reads and writes of two callers, through the executor, the DAL and repositories, and what each of
 * them gave.
 */
import { createContext, createQuery, type Params, prepareQuery } from "@kysera/dal";
import { bindContext } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { hardDelete, onlyDeleted, restore, softDelete, withDeleted } from "@kysera/soft-delete";
import { touch, withoutTimestamps } from "@kysera/timestamps";
import type { Kysely } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import { ALICE, BOB, type Database, plain } from "./_world.ts";

/** What a step gave: a value, or the name of an error. */
export type Outcome = readonly [step: string, result: unknown];

/** Runs the script. */
export async function run(dialect: TestDialect, executor: Kysely<Database>): Promise<Outcome[]> {
  const out: Outcome[] = [];
  const step = async (name: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      out.push([name, plain(await act())]);
    } catch (error) {
      const { name: kind, message } = error as Error;
      out.push([name, dialect.dialect === "mysql" && /^ER_/.test(message) ? "refused" : kind]);
    }
  };
  const alice = bindContext(executor, ALICE);
  const bob = bindContext(executor, BOB);
  const callers = [["alice", alice], ["bob", bob]] as const;
  await reads(step, callers);
  await writes(dialect, step, alice, bob);
  await throughTheDal(step, alice, bob);
  await throughRepositories(dialect, step, alice, bob);
  await reads(step, callers);
  return out;
}

type Step = (name: string, act: () => Promise<unknown>) => Promise<void>;

async function reads(
  step: Step,
  callers: readonly (readonly [string, Kysely<Database>])[],
): Promise<void> {
  for (const [who, db] of callers) {
    await step(`${who} reads`, () => db.selectFrom("tp_tasks").selectAll().orderBy("id").execute());
    await step(
      `${who} joins`,
      () =>
        db.selectFrom("tp_labels as l").leftJoin("tp_tasks as t", "t.id", "l.task_id")
          .select(["l.name", "t.title"]).orderBy("l.id").execute(),
    );
    await step(
      `${who} counts`,
      () => db.selectFrom("tp_tasks").select((eb) => eb.fn.countAll<number>().as("n")).execute(),
    );
    await step(
      `${who} reads a subquery`,
      () =>
        db.selectFrom("tp_labels").select("name").orderBy("id")
          .where((eb) =>
            eb.exists(
              eb.selectFrom("tp_tasks as t").select("t.id").whereRef(
                "t.id",
                "=",
                "tp_labels.task_id",
              ),
            )
          ).execute(),
    );
    await step(
      `${who} reads a common table expression`,
      () =>
        db.with("mine", (db) => db.selectFrom("tp_tasks").select(["id", "points"]))
          .selectFrom("mine").select((eb) => eb.fn.sum<number>("points").as("n")).execute()
          .then((rows) => Number(rows[0]!.n)),
    );
    await step(
      `${who} reads what is deleted`,
      () => onlyDeleted(db).selectFrom("tp_tasks").select("id").orderBy("id").execute(),
    );
    await step(
      `${who} reads all`,
      () => withDeleted(db).selectFrom("tp_tasks").select("id").orderBy("id").execute(),
    );
  }
}

async function writes(
  dialect: TestDialect,
  step: Step,
  alice: Kysely<Database>,
  bob: Kysely<Database>,
): Promise<void> {
  const count = async (query: { execute(): Promise<any[]> }): Promise<unknown> => {
    const [result] = await query.execute();
    return result.numUpdatedRows ?? result.numDeletedRows ?? result.numInsertedOrUpdatedRows;
  };
  await step("alice inserts", () =>
    count(
      alice.insertInto("tp_tasks").values([
        { id: 10, title: "ten", points: 1 },
        { id: 11, title: "eleven", points: 2 },
      ]),
    ));
  await step(
    "alice inserts for another tenant",
    () => count(alice.insertInto("tp_tasks").values({ id: 12, tenant_id: 2, title: "twelve" })),
  );
  await step(
    "alice inserts what is not valid",
    () => count(alice.insertInto("tp_tasks").values({ id: 13, title: "thirteen", points: -1 })),
  );
  await step("alice inserts from a select", () =>
    count(
      alice.insertInto("tp_tasks").columns(["id", "title", "points"]).expression((eb) =>
        eb.selectFrom("tp_tasks").where("id", "<", 10)
          .select((eb) => [eb("id", "+", 20).as("id"), "title", "points"])
      ),
    ));
  await step("alice updates", () => count(alice.updateTable("tp_tasks").set({ points: 50 })));
  await step(
    "alice updates what is not hers",
    () => count(alice.updateTable("tp_tasks").set({ points: 51 }).where("id", "=", 4)),
  );
  await step(
    "alice updates what is deleted",
    () => count(alice.updateTable("tp_tasks").set({ points: 52 }).where("id", "=", 3)),
  );
  await step(
    "alice moves a row to another tenant",
    () => count(alice.updateTable("tp_tasks").set({ tenant_id: 2 }).where("id", "=", 1)),
  );
  await step("bob deletes what he can", () => count(bob.deleteFrom("tp_tasks")));
  await step("alice deletes", () => count(alice.deleteFrom("tp_tasks").where("id", "=", 2)));
  await step("bob restores", () => restore(bob, "tp_tasks", [1, 2, 4]));
  await step("bob touches", () => touch(bob, "tp_tasks", [1, 4]));
  await step("alice removes for good", () => hardDelete(alice, "tp_tasks", [2, 4, 11]));
  await step("alice soft-deletes", () => softDelete(alice, "tp_tasks", [10, 4]));
  await step(
    "alice updates without stamps",
    () =>
      count(
        withoutTimestamps(alice).updateTable("tp_tasks").set({ points: 7 }).where("id", "=", 21),
      ),
  );
  await step("alice undoes", () =>
    alice.transaction().execute(async (trx) => {
      await trx.updateTable("tp_tasks").set({ points: 99 }).execute();
      await trx.deleteFrom("tp_tasks").execute();
      throw new RangeError("undo");
    }));
  await step("bob does two things at once", () =>
    bob.transaction().execute(async (trx) => {
      await trx.insertInto("tp_tasks").values({ id: 30, title: "thirty" }).execute();
      await trx.updateTable("tp_tasks").set({ title: "thirty!" }).where("id", "=", 30).execute();
      return await trx.selectFrom("tp_tasks").select("title").orderBy("id").execute();
    }));
  if (dialect.dialect === "mysql") {
    await step("alice upserts", () =>
      count(
        alice.insertInto("tp_tasks").values({ id: 1, title: "one" })
          .onDuplicateKeyUpdate({ title: "one" }),
      ));
    return;
  }
  for (const id of [1, 3, 4]) {
    await step(
      `alice upserts ${id}`,
      () =>
        alice.insertInto("tp_tasks").values({ id, title: "upserted" })
          .onConflict((oc) => oc.column("id").doUpdateSet({ title: "upserted" })).execute()
          .then(([result]) => result!.numInsertedOrUpdatedRows),
    );
  }
  await step(
    "alice updates, and returns",
    () =>
      alice.updateTable("tp_tasks").set({ points: 8 }).where("id", "in", [1, 4])
        .returning(["id", "points", "updated_at"]).execute(),
  );
}

async function throughTheDal(
  step: Step,
  alice: Kysely<Database>,
  bob: Kysely<Database>,
): Promise<void> {
  const titles = createQuery((ctx: { db: Kysely<Database> }, least: number) =>
    ctx.db.selectFrom("tp_tasks").select("title").where("id", ">=", least).orderBy("id").execute()
  );
  const rename = prepareQuery(
    alice,
    (db, p: Params<{ id: number; title: string }>) =>
      db.updateTable("tp_tasks").set({ title: p.title }).where("id", "=", p.id),
  );
  const byId = prepareQuery(
    alice,
    (db, p: Params<{ id: number }>) => db.selectFrom("tp_tasks").selectAll().where("id", "=", p.id),
  );
  for (const [who, db] of [["alice", alice], ["bob", bob]] as const) {
    await step(`${who} asks the DAL`, () => titles(createContext(db), 2));
    for (const id of [1, 4]) {
      await step(
        `${who} renames ${id}, prepared`,
        () =>
          rename.on(db).execute({ id, title: `by ${who}` })
            .then(([result]) => result!.numUpdatedRows),
      );
      await step(`${who} reads ${id}, prepared`, () => byId.on(db).execute({ id }));
    }
  }
}

async function throughRepositories(
  dialect: TestDialect,
  step: Step,
  alice: Kysely<Database>,
  bob: Kysely<Database>,
): Promise<void> {
  for (const [who, db, id] of [["alice", alice, 100], ["bob", bob, 200]] as const) {
    // The plugins' methods are there at run time; their types follow the order of the plugins.
    const tasks: any = createRepository(db, { tableName: "tp_tasks" });
    const say = (what: string, act: () => Promise<unknown>): Promise<void> =>
      step(`${who}'s repository: ${what}`, act);
    await say("create", () => tasks.create({ id, title: "made", points: 3 }));
    await say(
      "create what is not valid",
      () => tasks.create({ id: id + 1, title: "x", points: -1 }),
    );
    await say(
      "bulkCreate",
      () =>
        tasks.bulkCreate([{ id: id + 2, title: "two" }, { id: id + 3, title: "three", points: 2 }]),
    );
    await say("createMany", () => tasks.createMany([{ id: id + 4, title: "four" }]));
    await say("update", () => tasks.update(id, { title: "changed" }));
    await say(
      "update what is not there",
      () => tasks.update(who === "alice" ? 4 : 1, { title: "x" }),
    );
    await say(
      "bulkUpdate",
      () =>
        tasks.bulkUpdate([{ id: id + 2, data: { points: 5 } }, {
          id: id + 3,
          data: { points: 6 },
        }]),
    );
    await say("updateMany", () => tasks.updateMany([id + 2, id + 3], { title: "many" }));
    await say(
      "updateMany of what is not there",
      () => tasks.updateMany([id, 3], { title: "none" }),
    );
    await say("updateWhere", () => tasks.updateWhere({ points: { gte: 5 } }, { points: 9 }));
    await say("softDelete", () => tasks.softDelete(id + 2));
    await say("softDeleteMany", () => tasks.softDeleteMany([id + 3, 1, 4]));
    await say("restore", () => tasks.restore(id + 3));
    await say("restoreMany", () => tasks.restoreMany([1, 3, 4, 5]));
    await say("hardDelete", () => tasks.hardDelete(who === "alice" ? 5 : 3));
    await say("delete", () => tasks.delete(id + 4));
    await say("touch", () => tasks.touch(id));
    await say("touchMany", () => tasks.touchMany([id, 1, 4]));
    await say("upsert", () => tasks.upsert({ id, title: "upserted" }, { conflictColumns: ["id"] }));
    await say(
      "upsert of what is not there",
      () => tasks.upsert({ id: who === "alice" ? 4 : 1, title: "x" }, { conflictColumns: ["id"] }),
    );
    await say(
      "createWithoutTimestamps",
      () => tasks.createWithoutTimestamps({ id: id + 6, title: "bare" }),
    );
    await say("updateWithoutTimestamp", () => tasks.updateWithoutTimestamp(id, { points: 4 }));
    await say("findById", () => Promise.all([1, 2, 3, 4, 5].map((id) => tasks.findById(id))));
    await say("findByIds", () => tasks.findByIds([5, 4, 3, 2, 1, id]));
    await say("find", () => tasks.find({ where: { points: { gt: 1 } }, orderBy: "id" }));
    await say("findDeleted", () => tasks.findDeleted().then(ids));
    await say("findAllWithDeleted", () => tasks.findAllWithDeleted().then(ids));
    await say("findCreatedAfter", () => tasks.findCreatedAfter(new Date(0)).then(ids));
    await say("findRecentlyUpdated", () => tasks.findRecentlyUpdated(3));
    await say("count", () => tasks.count());
    await say("exists", () => tasks.exists({ where: { id: 4 } }));
    await say("paginate", () => tasks.paginate({ page: 1, limit: 2, orderBy: "id" }));
    await say(
      "history",
      () =>
        tasks.getAuditHistory(id).then((entries: any[]) => entries.map((entry) => entry.operation)),
    );
    await say(
      "history of what is not there",
      () =>
        tasks.getAuditHistory(who === "alice" ? 200 : 100).then((entries: any[]) => entries.length),
    );
  }
  void dialect;
}

function ids(rows: readonly { id: number }[]): number[] {
  return rows.map((row) => row.id).sort((a, b) => a - b);
}
