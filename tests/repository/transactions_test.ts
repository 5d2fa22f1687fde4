import assert from "node:assert/strict";
import { it } from "node:test";
import { BadRequestError } from "@kysera/core";
import { createContext, withTransaction } from "@kysera/dal";
import { bindContext, createExecutor, getContext, getRawDb, withMetadata } from "@kysera/executor";
import {
  createORM,
  createRepositoriesFactory,
  createRepository,
  createRepositoryFactory,
} from "@kysera/repository";
import type { Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, inWorld } from "./_world.ts";

const START = "1:Ada (2:Bob) 3:Cyd 4:D_n 5:null";
const row = (name: string) => ({ email: name, name, deleted_at: null });

class Undo extends Error {}

const undone = (work: Promise<unknown>): Promise<void> => assert.rejects(work, Undo);

onEveryDialect("repository: transactions", (dialect) => {
  it("transaction() gives a repository that is in it", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      await undone(people.transaction(async (trx, inside) => {
        await inside.create(row("Fay"));
        await inside.bulkCreate([row("Gil"), row("Hal")]);
        await inside.update(1, { name: "x" });
        await inside.softDelete(4);
        assert.equal(await inside.count(), 5);
        assert.equal(trx.isTransaction, true);
        throw new Undo();
      }));
      assert.equal(await all(), START);
      assert.equal(await people.transaction((_, inside) => inside.count()), 3);
    }));

  it("withTransaction() joins whichever transaction, with plugins, context and extensions", () =>
    inWorld(dialect, async ({ db, executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      const inside = async (
        handle: Parameters<typeof people.withTransaction>[0],
      ): Promise<void> => {
        const joined = people.withTransaction(handle);
        assert.deepEqual(getContext(joined.executor), { tenant: 1 });
        assert.equal(joined.executor.isTransaction, true);
        assert.equal(await joined.count(), 3);
        assert.equal(await joined.findById(3), null);
        assert.equal(await joined.delete(3), false);
        await joined.create(row("Fay"));
        assert.equal(await joined.softDelete(1), true);
        assert.equal((await joined.findWithDeleted(1))?.name, "Ada");
        assert.equal(await joined.count(), 3);
        throw new Undo();
      };
      await undone(db.transaction().execute(inside));
      await undone(executor.transaction().execute(inside));
      const unbound = await createExecutor(getRawDb<Database>(executor), []);
      await undone(unbound.transaction().execute(inside));
      await undone(withTransaction(executor, inside));
      await undone(withTransaction(createContext(db), inside));
      await undone(withTransaction(executor, (outer) => withTransaction(outer, inside)));
      assert.equal(await all(), START);
      for (const handle of [db, executor, createContext(db), undefined, {}]) {
        assert.throws(() => people.withTransaction(handle as never), BadRequestError);
      }
      // A repository without plugins stays one.
      const plain = createRepository(db, { tableName: "people" });
      await undone(
        db.transaction().execute(async (trx) => {
          assert.equal(await plain.withTransaction(trx).count(), 5);
          throw new Undo();
        }),
      );
    }));

  it("the repository's own context and flags hold in the transaction of another caller", () =>
    inWorld(dialect, async ({ executor }) => {
      const other = bindContext(executor, { tenant: 2 });
      const flagged = createRepository(withMetadata(executor, { includeDeleted: true }), {
        tableName: "people",
      });
      await other.transaction().execute(async (trx) => {
        assert.equal(await flagged.withTransaction(trx).count(), 4);
        assert.equal(await createRepository(trx, { tableName: "people" }).count(), 1);
      });
    }));

  it("on() takes handles of the same executor only", () =>
    inWorld(dialect, async ({ db, executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      assert.equal(await people.on(bindContext(executor, { tenant: 2 })).count(), 1);
      assert.equal(await people.on(withMetadata(executor, { includeDeleted: true })).count(), 4);
      const other = await createExecutor(db, []);
      for (const handle of [db, other, undefined]) {
        assert.throws(() => people.on(handle as never), BadRequestError);
      }
    }));

  it("orm.transaction() gives an ORM whose repositories are in it", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const orm = await createORM(executor, []);
      const makePeople = (db: Kysely<Database>) => createRepository(db, { tableName: "people" });
      const all3 = createRepositoriesFactory({ people: makePeople });
      await undone(orm.transaction(async (context, inside) => {
        await inside.createRepository({ tableName: "people" }).create(row("Fay"));
        await inside.createRepository(makePeople).create(row("Gil"));
        await all3(context.db).people.create(row("Hal"));
        await orm.createRepository({ tableName: "people" }).withTransaction(context).delete(1);
        assert.equal(await inside.createRepository({ tableName: "people" }).count(), 5);
        await undone(inside.transaction(async (_, nested) => {
          await nested.createRepository({ tableName: "people" }).delete(4);
          throw new Undo();
        }));
        assert.equal(await inside.createRepository({ tableName: "people" }).count(), 5);
        throw new Undo();
      }));
      assert.equal(await all(), START);
      assert.throws(() => orm.createRepository(1 as never), BadRequestError);
    }));

  it("a bulk write that fails inside a transaction leaves what came before it", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      // PostgreSQL runs nothing more after a failed statement, except one in a savepoint.
      await people.transaction(async (_, inside) => {
        await inside.update(1, { name: "first" });
        const taken = [row("Fay"), { ...row("Gil"), score: 1 }, {
          ...row("x"),
          email: "ada@x.org",
        }];
        await assert.rejects(inside.bulkCreate(taken));
        await assert.rejects(inside.bulkUpdate([
          { id: 4, data: { name: "no" } },
          { id: 99, data: { name: "no" } },
        ]));
      });
      assert.equal(await all(), START.replace("Ada", "first"));
    }));

  it("a loader asks once a tick, in order, and for its own caller", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const loader = people.loader();
      const names = await Promise.all([5, 1, 3, 4, 1, 99].map((id) => loader.load(id)));
      assert.deepEqual(names.map((found) => found?.id), [5, 1, undefined, 4, 1, undefined]);
      const [a, none] = await loader.loadMany([1, 2]);
      assert.equal(a?.name, "Ada");
      assert.equal(none, null);
      await people.update(1, { name: "x" });
      assert.equal((await loader.load(1))?.name, "Ada");
      loader.clear(1);
      assert.equal((await loader.load(1))?.name, "x");
      const other = people.on(bindContext(executor, { tenant: 2 })).loader();
      assert.deepEqual((await other.loadMany([1, 3])).map((found) => found?.id), [undefined, 3]);
      const seats = createRepository(executor, {
        tableName: "seats",
        primaryKey: ["hall", "seat"],
      });
      await seats.create({ hall: 1, seat: "a", guest: "A" });
      const guests = await seats.loader().loadMany([{ hall: 1, seat: "b" }, {
        hall: 1,
        seat: "a",
      }]);
      assert.deepEqual(guests.map((found) => found?.guest), [undefined, "A"]);
    }));

  it("whichever way a repository is made of a transaction's context, it is in it", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const orm = await createORM(executor, []);
      const people = { tableName: "people" } as const;
      const factory = (db: Kysely<Database>) => createRepository(db, people);
      type Inside = Parameters<Parameters<typeof orm.transaction>[0]>;
      const ways: ((...inside: Inside) => unknown)[] = [
        async ({ db }) => (await createORM(db, [])).createRepository(people),
        ({ db }) => createRepository(db, people),
        ({ db }) => createRepositoryFactory(db).create(people),
        ({ db }) => createRepositoriesFactory({ people: factory })(db).people,
        (context) => orm.createRepository(people).withTransaction(context),
        ({ db }) => orm.createRepository(people).withTransaction(db),
        (_context, inside) => inside.createRepository(people),
        (_context, inside) => inside.createRepository(factory),
      ];
      for (const [i, make] of ways.entries()) {
        await undone(orm.transaction(async (...inside) => {
          const made = await make(...inside) as ReturnType<typeof factory> & {
            softDelete(id: number): Promise<boolean>;
          };
          await made.create(row(`n${i}`));
          assert.equal(await made.count(), 4);
          assert.equal(await made.findById(3), null);
          assert.equal(await made.softDelete(1), true);
          assert.equal(await made.count(), 3);
          throw new Undo();
        }));
        assert.equal(await all(), START);
      }
    }));
});
