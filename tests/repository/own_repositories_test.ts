/** Repositories of one's own: as a class, and over operations. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { BadRequestError, NotFoundError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import {
  type BaseRepository,
  ContextAwareRepository,
  createBaseRepository,
  createTableOperations,
  ValidationError,
} from "@kysera/repository";
import type { Kysely } from "kysely";
import * as z from "zod";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, inWorld } from "./_world.ts";

const START = "1:Ada (2:Bob) 3:Cyd 4:D_n 5:null";

class People extends ContextAwareRepository<Database, "people"> {
  readonly #made = "here";

  constructor(executor: Kysely<Database>) {
    super(executor, "people");
  }

  get made(): string {
    return this.#made;
  }

  byEmail(email: string): Promise<{ id: number } | null> {
    return this.findOneBy({ email });
  }

  async visible(): Promise<number[]> {
    return (await this.findManyBy({ score: { gt: 0 } })).map(({ id }) => id).sort();
  }

  async rename(id: number, name: string): Promise<void> {
    await this.db.updateTable("people").set({ name }).where("id", "=", id).execute();
  }
}

onEveryDialect("repositories of one's own", (dialect) => {
  it("a class keeps the plugins of its executor, and can be had in a transaction", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = new People(executor);
      assert.equal((await people.byEmail("ada@x.org"))?.id, 1);
      assert.equal(await people.byEmail("bob@x.org"), null);
      assert.deepEqual(await people.visible(), [1, 4, 5]);
      await assert.rejects(
        withTransaction(executor, async ({ db }) => {
          const inside = people.withExecutor(db);
          assert.ok(inside instanceof People);
          assert.equal(inside.made, "here");
          await inside.rename(1, "x");
          await inside.rename(3, "x");
          assert.deepEqual(await inside.visible(), [1, 4, 5]);
          throw new Error("undo");
        }),
        /undo/,
      );
      assert.equal(await all(), START);
      assert.throws(() => new People({} as never), BadRequestError);
    }));

  it("operations read and write rows, with the plugins", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const rows = createTableOperations(executor, "people", "id", dialect.dialect);
      assert.deepEqual((await rows.selectAll()).map(({ id }) => id).sort(), [1, 4, 5]);
      assert.equal((await rows.selectById(1))?.["name"], "Ada");
      assert.equal(await rows.selectById(2), null);
      assert.deepEqual((await rows.selectByIds([4, 3, 1])).map(({ id }) => id), [4, 1]);
      assert.equal((await rows.selectOneWhere({ email: "ada@x.org" }))?.["id"], 1);
      assert.equal((await rows.selectWhere({ score: { gt: 5 } }, { limit: 2 })).length, 2);
      assert.equal(await rows.count(), 3);
      assert.equal(await rows.count({ name: null }), 1);
      assert.equal((await rows.updateById(1, { name: "A" }))?.["name"], "A");
      assert.equal(await rows.updateById(3, { name: "A" }), null);
      assert.equal(await rows.deleteById(3), false);
      const [fay] = await rows.insertMany([{ email: "f@x.org", name: "Fay", deleted_at: null }]);
      assert.equal(await rows.deleteByIds([fay!["id"], 3]), 1);
      assert.equal((await rows.paginate({ limit: 2 })).total, 3);
      assert.equal((await rows.paginateCursor({ limit: 2 })).hasMore, true);
      assert.equal(await all(), START.replace("Ada", "A"));
      const seats = createTableOperations(executor, "seats", { columns: ["hall", "seat"] });
      await seats.insert({ hall: 1, seat: "a", guest: null });
      assert.equal((await seats.selectById({ hall: 1, seat: "a" }))?.["guest"], null);
      const other = dialect.dialect === "mysql" ? "sqlite" : "mysql";
      assert.throws(() => createTableOperations(executor, "people", "id", other));
    }));

  it("a base repository validates, maps, and leaves the rest to its operations", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const operations = createTableOperations(executor, "people");
      const inserted: unknown[] = [];
      const people: BaseRepository<string | null> = createBaseRepository(
        {
          ...operations,
          insert: (row) => {
            inserted.push(row["name"]);
            return operations.insert(row);
          },
        },
        {
          mapRow: (row: { name: string | null }) => row.name,
          schemas: {
            create: z.object({ email: z.email(), name: z.string() }),
            update: z.object({ name: z.string().min(2) }),
          },
        },
        executor,
      );
      assert.equal(await people.create({ email: "fay@x.org", name: "Fay" }), "Fay");
      assert.deepEqual(inserted, ["Fay"]);
      await assert.rejects(people.create({ email: "fay", name: "Fay" }), ValidationError);
      assert.equal(await people.findById(1), "Ada");
      assert.equal(await people.findById(2), null);
      assert.deepEqual(await people.findByIds([4, 1, 3]), ["D_n", "Ada"]);
      assert.deepEqual((await people.findAll()).length, 4);
      assert.deepEqual(await people.find({ where: { name: "Ada" } }), ["Ada"]);
      assert.equal(await people.findOne({ where: { id: 3 } }), null);
      assert.equal(await people.count({ where: { name: null } }), 1);
      assert.equal(await people.exists({ where: { id: 3 } }), false);
      assert.equal(await people.update(1, { name: "Ada L." }), "Ada L.");
      await assert.rejects(people.update(1, { name: "" }), ValidationError);
      await assert.rejects(people.update(3, { name: "Cyd X." }), NotFoundError);
      assert.deepEqual(
        await people.bulkCreate([{ email: "g@x.org", name: "Gil" }, {
          email: "h@x.org",
          name: "H",
        }]),
        ["Gil", "H"],
      );
      await assert.rejects(
        people.bulkUpdate([{ id: 1, data: { name: "no" } }, { id: 3, data: { name: "no" } }]),
        NotFoundError,
      );
      assert.deepEqual(await people.bulkUpdate([{ id: 4, data: { name: "Dan" } }]), ["Dan"]);
      assert.equal(await people.delete(3), false);
      assert.equal(await people.bulkDelete([5, 3]), 1);
      const page = await people.paginate({ limit: 2, orderBy: "id" });
      assert.deepEqual(page.items, ["Ada L.", "Dan"]);
      assert.equal(page.total, 5);
      assert.equal((await people.paginateCursor({ limit: 2 })).items.length, 2);
      await assert.rejects(
        people.transaction(async (trx, inside) => {
          assert.equal(await inside.update(1, { name: "xx" }), "xx");
          assert.equal(await people.withTransaction(trx).delete(4), true);
          throw new Error("undo");
        }),
        /undo/,
      );
      assert.match(await all(), /^1:Ada L\. \(2:Bob\) 3:Cyd 4:Dan/);
      assert.throws(() => people.withTransaction(executor), BadRequestError);
      assert.throws(
        () => createBaseRepository(operations, { mapper: 1 } as never, executor),
        BadRequestError,
      );
    }));
}, ["sqlite", "postgres", "mysql"]);
