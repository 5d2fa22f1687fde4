/** An ORM for one caller, and the executor that an ORM is made of. */
import { createContext, withTransaction } from "@kysera/dal";
import { bindContext, createExecutor, getRawDb, isKyseraExecutor } from "@kysera/executor";
import { createORM, createRepository } from "@kysera/repository";
import { testInTransaction } from "@kysera/testing";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { inWorld, softly } from "./_world.ts";

const people = { tableName: "people" } as const;

onEveryDialect("an ORM for one caller", (dialect) => {
  it("is on the executor that it is given", async () => {
    await inWorld(dialect, async ({ executor, db }) => {
      const orm = await createORM(executor, []);
      assert.equal(orm.executor, executor);
      assert.equal((await createORM(executor)).executor, executor);
      assert.notEqual((await createORM(executor, [softly])).executor, executor);
      assert.notEqual((await createORM(db, [])).executor, db);
      await assert.rejects(createORM(executor, {} as never), /plugins/);
    });
  });

  it("takes a caller as bindContext() does, an instance, or a context", async () => {
    await inWorld(dialect, async ({ executor }) => {
      const orm = await createORM(executor, []);
      const repository = orm.createRepository(people);
      const own = await repository.count();
      const others = await repository.on(bindContext(executor, { tenant: 2 })).count();
      assert.notEqual(own, others);

      const byCaller = orm.on({ tenant: 2 });
      assert.equal(await byCaller.createRepository(people).count(), others);
      assert.equal(await byCaller.createRepository({ tableName: "people" }).count(), others);
      assert.equal(
        await byCaller.createRepository((one) => createRepository(one, people)).count(),
        others,
      );
      const bound = bindContext(executor, { tenant: 2 });
      assert.equal(await orm.on(bound).createRepository(people).count(), others);
      assert.equal(await orm.on(createContext(bound)).createRepository(people).count(), others);
      assert.equal(await orm.createRepository(people).count(), own);
      assert.equal(await byCaller.on({ tenant: 1 }).createRepository(people).count(), own);
    });
  });

  it("holds for its transactions", async () => {
    await inWorld(dialect, async ({ executor }) => {
      const orm = (await createORM(executor, [])).on({ tenant: 2 });
      const repository = orm.createRepository(people);
      const before = await repository.count();
      await assert.rejects(
        orm.transaction(async (context, inside) => {
          const created = await inside.createRepository(people).create({
            email: "new@example.org",
            name: null,
            tenant: 2,
            deleted_at: null,
          });
          assert.equal(await inside.createRepository(people).count(), before + 1);
          assert.equal(await orm.on(context).createRepository(people).count(), before + 1);
          assert.equal(
            await inside.on({ tenant: 1 }).createRepository(people).findById(created.id),
            null,
          );
          throw new Error("undo");
        }),
        /undo/,
      );
      assert.equal(await repository.count(), before);
      await withTransaction(executor, (tx) => {
        assert.ok(orm.on(tx).executor.isTransaction);
      });
    });
  });

  it("refuses an instance of another executor, and what is not a caller", async () => {
    await inWorld(dialect, async ({ executor, db }) => {
      const orm = await createORM(executor, []);
      assert.throws(() => orm.on(db), /another executor/);
      const other = await createExecutor(db, [softly]);
      assert.throws(() => orm.on(other), /another executor/);
      assert.throws(() => orm.on(5 as never), /context/);
    });
  });

  it("stands for the executor in a test, whose rows are gone with it", async () => {
    await inWorld(dialect, async ({ executor, people: state }) => {
      const before = await state();
      await testInTransaction(executor, async (_trx, test) => {
        assert.ok(isKyseraExecutor(test.db));
        assert.equal(test.db.__kysera, true);
        assert.equal(test.db.__plugins, executor.__plugins);
        const orm = await createORM(test.db, []);
        const [first] = await orm.createRepository(people).findAll({ limit: 1 });
        await orm.createRepository(people).softDelete(first!.id);
        assert.equal(await orm.createRepository(people).findById(first!.id), null);
        // What goes past the plugins, and executors above, are in the transaction of the test, too.
        const raw = getRawDb(test.db).updateTable("people").set({ name: "gone" }).execute();
        await raw;
        const above = await createExecutor(test.db, [softly]);
        await getRawDb(above).updateTable("people").set({ name: "gone" }).execute();
      });
      assert.equal(await state(), before);
    });
  });
});
