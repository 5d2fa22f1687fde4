import { BadRequestError } from "@kysera/core";
import {
  createContext,
  createQuery,
  type DbContext,
  type Params,
  prepareQuery,
  withTransaction,
} from "@kysera/dal";
import {
  bindContext,
  CheckRefusedError,
  createExecutor,
  ForeignQueryError,
  getRawDb,
  type Plugin,
  withMetadata,
} from "@kysera/executor";
import {
  CamelCasePlugin,
  DeleteResult,
  InsertResult,
  type Kysely,
  sql,
  UpdateResult,
} from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Database, hideDeleted, inWorld, type World } from "../executor/world.ts";
import { onEveryDialect } from "../support/matrix.ts";

const idsOf = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id);

/** Shows a caller only the users of the ids that are bound, read when the query runs. */
const ownRows = (how: "value" | "context" | "unstable", built: { count: number }): Plugin => ({
  name: "own-rows",
  version: "1.0.0",
  stable: how !== "unstable",
  appliesTo: ({ name }) => name === "users",
  filter(reference, hook) {
    built.count++;
    const read = (context: unknown): number => (context as { own?: number })?.own ?? -1;
    return hook.eb(
      reference.column("id"),
      "=",
      how === "value" ? hook.value(read) : hook.eb.val(read(hook.context)),
    );
  },
});

let calls = 0;
const counting: Plugin = {
  name: "counting",
  version: "1.0.0",
  interceptQuery(qb) {
    calls++;
    return qb;
  },
};

onEveryDialect("prepareQuery()", (dialect) => {
  const test = (
    name: string,
    body: (world: World) => Promise<void>,
    options: Parameters<typeof inWorld>[2] = {},
  ): void => {
    it(name, () => inWorld(dialect, body, options));
  };
  const returns = dialect.dialect !== "mysql";

  test("binds its values to a query that is built once, with the plugins in it", async (world) => {
    let built = 0;
    const byId = prepareQuery(world.executor, (db, params: Params<{ id: number }>) => {
      built++;
      return db.selectFrom("users").select(["id", "name"]).where("id", "=", params.id);
    });
    assert.deepEqual(await byId.execute({ id: 1 }), [{ id: 1, name: "Ada" }]);
    assert.deepEqual(await byId.executeTakeFirst({ id: 2 }), { id: 2, name: "Bob" });
    assert.equal(await byId.executeTakeFirst({ id: 3 }), undefined);
    assert.deepEqual(await byId.executeTakeFirstOrThrow({ id: 4 }), { id: 4, name: "Dan" });
    await assert.rejects(byId.executeTakeFirstOrThrow({ id: 3 }), /no result/);
    assert.equal(built, 1);
  });

  test("takes a parameter anywhere, also twice", async ({ executor }) => {
    const query = prepareQuery(
      executor,
      (db, p: Params<{ n: number; name: string; least: number; limit: number; offset: number }>) =>
        db.selectFrom("posts as p").innerJoin("users as u", "u.id", "p.user_id")
          .select((eb) => [
            "u.id",
            eb.case().when("u.name", "=", p.name).then(sql<string>`'it'`).else("other").end()
              .as("is"),
          ])
          .where(
            "u.id",
            "in",
            (eb) =>
              eb.selectFrom("users").select("id").where("id", ">=", p.n).where("id", ">=", p.n),
          )
          .groupBy(["u.id", "u.name"])
          .having((eb) => eb.fn.countAll(), ">=", p.least)
          .orderBy("u.id").limit(p.limit).offset(p.offset),
    );
    const values = { n: 1, name: "Dan", least: 1, limit: 5, offset: 0 };
    assert.deepEqual(await query.execute(values), [{ id: 1, is: "other" }, { id: 4, is: "it" }]);
    assert.deepEqual(await query.execute({ ...values, offset: 1 }), [{ id: 4, is: "it" }]);
    assert.deepEqual(await query.execute({ ...values, n: 2, limit: 1, name: "Ada" }), [
      { id: 4, is: "other" },
    ]);
    assert.deepEqual(await query.execute({ ...values, least: 2 }), []);
  });

  test("has a plan for each length of a list, and refuses an empty one", async ({ executor }) => {
    let built = 0;
    const byIds = prepareQuery(executor, (db, p: Params<{ ids: number[]; least: number }>) => {
      built++;
      return db.selectFrom("users").select("id").where("id", "in", p.ids).where("id", ">=", p.least)
        .where("id", "in", p.ids).orderBy("id");
    });
    assert.deepEqual(idsOf(await byIds.execute({ ids: [1, 2, 3], least: 1 })), [1, 2]);
    assert.deepEqual(idsOf(await byIds.execute({ ids: [4, 2, 1], least: 2 })), [2, 4]);
    assert.deepEqual(idsOf(await byIds.execute({ ids: [1], least: 1 })), [1]);
    assert.deepEqual(idsOf(await byIds.execute({ least: 1, ids: [1] })), [1]);
    assert.equal(built, 2);
    await assert.rejects(byIds.execute({ ids: [], least: 1 }), /list "ids" is empty/);
  });

  test("keeps no more plans than it may", ({ executor }) => {
    let built = 0;
    const byIds = prepareQuery(executor, (db, p: Params<{ ids: number[] }>) => {
      built++;
      return db.selectFrom("users").select("id").where("id", "in", p.ids);
    });
    const ids = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    for (let n = 1; n <= 100; n++) byIds.compile({ ids: ids(n) });
    assert.equal(built, 100);
    byIds.compile({ ids: ids(100) });
    assert.equal(built, 100);
    byIds.compile({ ids: ids(1) });
    assert.equal(built, 101);
    return Promise.resolve();
  });

  test("refuses values that are missing, unknown or none", async ({ executor }) => {
    const byId = prepareQuery(
      executor,
      (db, p: Params<{ id: number }>) => db.selectFrom("users").select("id").where("id", "=", p.id),
    );
    const run = (values: unknown): Promise<unknown> => byId.execute(values as { id: number });
    for (
      const values of [
        {},
        { id: undefined },
        { id: 1, name: "a" },
        { ids: 1 },
        undefined,
        null,
        5,
        Object.create({ id: 1 }),
      ]
    ) await assert.rejects(run(values), BadRequestError);
    assert.deepEqual(await run({ id: null }), []);
    const named = prepareQuery(
      executor,
      (db, p: Params<{ constructor: string }>) =>
        db.selectFrom("users").select("id").where("name", "=", p.constructor as never),
    );
    await assert.rejects(named.execute({} as never), /"constructor" has no value/);
  });

  test("writes, and gives what Kysely's builders give", async ({ executor, db }) => {
    const insert = prepareQuery(
      executor,
      (db, p: Params<{ id: number; label: string }>) =>
        db.insertInto("tags").values({ id: p.id, label: p.label }),
    );
    const update = prepareQuery(
      executor,
      (db, p: Params<{ id: number; label: string }>) =>
        db.updateTable("tags").set({ label: p.label }).where("id", "=", p.id),
    );
    const remove = prepareQuery(
      executor,
      (db, p: Params<{ least: number }>) => db.deleteFrom("tags").where("id", ">=", p.least),
    );

    const [inserted] = await insert.execute({ id: 10, label: "a" });
    assert.ok(inserted instanceof InsertResult);
    assert.equal(inserted.numInsertedOrUpdatedRows, 1n);
    await insert.execute({ id: 11, label: "b" });
    const updated = await update.executeTakeFirst({ id: 10, label: "c" });
    assert.ok(updated instanceof UpdateResult);
    assert.equal(updated.numUpdatedRows, 1n);
    assert.equal((await update.executeTakeFirst({ id: 99, label: "c" }))?.numUpdatedRows, 0n);
    const removed = await remove.executeTakeFirstOrThrow({ least: 10 });
    assert.ok(removed instanceof DeleteResult);
    assert.equal(removed.numDeletedRows, 2n);
    assert.deepEqual(await db.selectFrom("tags").select("id").where("id", ">=", 10).execute(), []);
  });

  if (returns) {
    test("gives the rows of RETURNING", async ({ executor }) => {
      const insert = prepareQuery(
        executor,
        (db, p: Params<{ id: number }>) =>
          db.insertInto("tags").values({ id: p.id, label: "x" }).returningAll(),
      );
      const remove = prepareQuery(
        executor,
        (db, p: Params<{ id: number }>) =>
          db.deleteFrom("tags").where("id", "=", p.id).returning("id"),
      );
      assert.deepEqual(await insert.execute({ id: 10 }), [{ id: 10, label: "x" }]);
      assert.deepEqual(await remove.execute({ id: 10 }), [{ id: 10 }]);
      assert.deepEqual(await remove.execute({ id: 10 }), []);
    });
  }

  const softly: Plugin = {
    ...hideDeleted,
    rewriteDelete: (_reference, { eb }) => ({ set: { deleted_at: eb.val("2025-01-01") } }),
  };
  test("gives a DeleteResult where a plugin makes an UPDATE of a DELETE", async (world) => {
    const remove = prepareQuery(
      world.executor,
      (db, p: Params<{ id: number }>) => db.deleteFrom("users").where("id", "=", p.id),
    );
    for (const deleted of [1n, 0n]) {
      const [result] = await remove.execute({ id: 1 });
      assert.ok(result instanceof DeleteResult);
      assert.equal(result.numDeletedRows, deleted);
    }
    const { n } = await world.db.selectFrom("users").select((eb) => eb.fn.countAll().as("n"))
      .executeTakeFirstOrThrow();
    assert.equal(Number(n), 4);
  }, { with: [softly] });

  for (const how of ["value", "context", "unstable"] as const) {
    const built = { count: 0 };
    test(`never gives one caller another's rows: ${how}`, async ({ executor }) => {
      const all = prepareQuery(
        executor,
        (db, p: Params<{ least: number }>) =>
          db.selectFrom("users").select("id").where("id", ">=", p.least),
      );
      const seen = (own: number): Promise<{ id: number }[]> =>
        all.on(bindContext(executor, { own })).execute({ least: 0 });
      await seen(1);
      built.count = 0;
      for (let round = 0; round < 3; round++) {
        for (const own of [1, 2, 3]) assert.deepEqual(idsOf(await seen(own)), [own]);
      }
      const together = await Promise.all([1, 2, 3, 4, 1, 2].map(seen));
      assert.deepEqual(together.map(idsOf), [[1], [2], [3], [4], [1], [2]]);
      assert.deepEqual(await all.execute({ least: 0 }), []);
      if (how === "value") assert.equal(built.count, 0);
      else assert.ok(built.count >= 15);
    }, { with: [ownRows(how, built)] });
  }

  const byRole: Plugin = {
    name: "by-role",
    version: "1.0.0",
    stable: true,
    appliesTo: ({ name }) => name === "users",
    filter: (reference, { eb, cached }) => {
      const role = cached((context) => context?.["role"]);
      return role === "admin"
        ? undefined
        : eb(reference.column("id"), role === "guest" ? "<" : ">", 2);
    },
  };
  test("has a plan for each form of a plugin's answer", async ({ executor }) => {
    let built = 0;
    const all = prepareQuery(executor, (db, p: Params<{ least: number }>) => {
      built++;
      return db.selectFrom("users").select("id").where("id", ">=", p.least).orderBy("id");
    });
    for (let round = 0; round < 3; round++) {
      for (const [role, ids] of [["admin", [1, 2, 3, 4]], ["guest", [1]], ["x", [3, 4]]] as const) {
        const own = all.on(bindContext(executor, { role }));
        assert.deepEqual(idsOf(await own.execute({ least: 1 })), ids);
      }
    }
    assert.equal(built, 3);
  }, { with: [byRole] });

  test("is built anew each time where a plugin intercepts query blocks", async ({ executor }) => {
    const all = prepareQuery(
      executor,
      (db, _p: Params<object>) => db.selectFrom("tags").select("id"),
    );
    await all.execute({});
    calls = 0;
    // Once a call, and not once for a plan that is then thrown away.
    await all.execute({});
    assert.equal(calls, 1);
    await all.execute({});
    assert.equal(calls, 2);
  }, { with: [counting] });

  const oddNames: Plugin = {
    ...hideDeleted,
    check: ({ table }) =>
      table === "users"
        ? { columns: ["name"], satisfied: ({ name }) => name !== "odd", says: "no odd names" }
        : undefined,
  };
  test("writes to a table whose rows a plugin checks", async ({ executor, db }) => {
    const insert = prepareQuery(
      executor,
      (db, p: Params<{ id: number; name: string }>) =>
        db.insertInto("users").values({ id: p.id, name: p.name, active: sql`1 = 1` }),
    );
    const rename = prepareQuery(
      executor,
      (db, p: Params<{ ids: number[]; name: string }>) =>
        db.updateTable("users").set({ name: p.name }).where("id", "in", p.ids),
    );
    const [inserted] = await insert.execute({ id: 10, name: "Joe" });
    assert.ok(inserted instanceof InsertResult);
    assert.equal(
      (await insert.executeTakeFirst({ id: 11, name: "Kim" }))
        ?.numInsertedOrUpdatedRows,
      1n,
    );
    await assert.rejects(insert.execute({ id: 12, name: "odd" }), CheckRefusedError);
    const [renamed] = await rename.execute({ ids: [10, 99, 3], name: "Jo" });
    assert.ok(renamed instanceof UpdateResult);
    assert.equal(renamed.numUpdatedRows, 1n);
    await assert.rejects(rename.execute({ ids: [10], name: "odd" }), CheckRefusedError);
    await assert.rejects(rename.execute({ ids: [], name: "x" }), /"ids" is empty/);
    await assert.rejects(rename.execute({ ids: [1] } as never), /"name" has no value/);
    await assert.rejects(
      rename.execute({ ids: [1], name: "x", more: 1 } as never),
      /no parameter "more"/,
    );
    const names = await db.selectFrom("users").select("name").where("id", ">=", 10).execute();
    assert.deepEqual(names.map(({ name }) => name).sort(), ["Jo", "Kim"]);
  }, { with: [oddNames] });

  test("is not run where the signal of the context is aborted", async ({ executor, db }) => {
    const controller = new AbortController();
    const context = createContext(executor, { signal: controller.signal });
    const remove = prepareQuery(
      context,
      (db, p: Params<{ id: number }>) => db.deleteFrom("tags").where("id", "=", p.id),
    );
    await remove.execute({ id: 3 });
    controller.abort(new Error("Cannot wait"));
    await assert.rejects(remove.execute({ id: 1 }), /Cannot wait/);
    assert.deepEqual(await db.selectFrom("tags").select("id").execute(), [{ id: 1 }]);
    const [removed] = await remove.on(executor).execute({ id: 1 });
    assert.equal((removed as DeleteResult).numDeletedRows, 1n);
  });

  if (dialect.dialect === "mysql") {
    test("refuses a value that the driver would make SQL of", async ({ executor }) => {
      const byId = prepareQuery(
        executor,
        (db, p: Params<{ id: number }>) =>
          db.selectFrom("users").select("id").where("id", "=", p.id),
      );
      await assert.rejects(byId.execute({ id: { id: 1 } as never }), /would make SQL/);
      assert.deepEqual(await byId.execute({ id: 1 }), [{ id: 1 }]);
    });
  }

  test("is what a named query may use inside", async ({ executor }) => {
    let built = 0;
    const byId = prepareQuery(executor, (db, p: Params<{ id: number }>) => {
      built++;
      return db.selectFrom("users").select(["id", "name"]).where("id", "=", p.id);
    });
    const getUser = createQuery(
      "getUser",
      (ctx: DbContext<Database>, id: number) => byId.on(ctx).executeTakeFirst({ id }),
    );
    assert.equal((await getUser(executor, 1))?.name, "Ada");
    assert.equal((await withTransaction(executor, (tx) => getUser(tx, 2)))?.name, "Bob");
    assert.equal(await getUser(executor, 3), undefined);
    assert.equal(built, 1);
  });

  test("runs in the transaction that on() is given", async ({ executor, db }) => {
    const insert = prepareQuery(
      executor,
      (db, p: Params<{ id: number }>) => db.insertInto("tags").values({ id: p.id, label: "x" }),
    );
    await assert.rejects(withTransaction(executor, async (tx) => {
      await insert.on(tx).execute({ id: 10 });
      await withTransaction(tx, (nested) => insert.on(nested).execute({ id: 11 }));
      assert.equal(
        (await tx.db.selectFrom("tags").select("id").where("id", ">=", 10).execute())
          .length,
        2,
      );
      throw new Error("no");
    }));
    assert.deepEqual(await db.selectFrom("tags").select("id").where("id", ">=", 10).execute(), []);
  });

  test("sees by the flags of the handle that it runs on", async ({ executor }) => {
    const all = prepareQuery(
      executor,
      (db, p: Params<{ least: number }>) =>
        db.selectFrom("users").select("id").where("id", ">=", p.least).orderBy("id"),
    );
    const withDeleted = withMetadata(executor, { includeDeleted: true });
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(idsOf(await all.execute({ least: 1 })), [1, 2, 4]);
      assert.deepEqual(idsOf(await all.on(withDeleted).execute({ least: 1 })), [1, 2, 3, 4]);
    }
  });

  test("refuses another executor, another database, and a handle without the plugins", async (world) => {
    const build = (db: Kysely<Database>, p: Params<{ id: number }>) =>
      db.selectFrom("users").select("id").where("id", "=", p.id);
    const guarded = prepareQuery(world.executor, build);
    const plain = prepareQuery(world.db, build);
    const other = await createExecutor(world.db, [hideDeleted]);
    await inWorld(dialect, (elsewhere) => {
      for (const handle of [getRawDb(world.executor), world.db, other, elsewhere.executor]) {
        assert.throws(() => guarded.on(handle), ForeignQueryError);
      }
      for (const handle of [world.executor, elsewhere.db]) {
        assert.throws(() => plain.on(handle), ForeignQueryError);
      }
      return Promise.resolve();
    });
    assert.deepEqual(idsOf(await plain.execute({ id: 3 })), [3]);
    await world.db.transaction().execute(async (trx) => {
      assert.deepEqual(idsOf(await plain.on(trx).execute({ id: 3 })), [3]);
    });
  });

  test("applies Kysely's own plugins to the query and its rows", async ({ executor }) => {
    const query = prepareQuery(
      // The names are those that the plugin makes of the tables' own.
      executor as unknown as Kysely<{ posts: { id: number; userId: number } }>,
      (db, p: Params<{ user: number }>) =>
        db.selectFrom("posts").select(["id", "userId"]).where("userId", "=", p.user),
    );
    assert.deepEqual(await query.execute({ user: 1 }), [{ id: 1, userId: 1 }]);
    assert.deepEqual(await query.execute({ user: 4 }), [{ id: 4, userId: 4 }]);
  }, { plugins: [new CamelCasePlugin()] });

  test("runs many times at once", async ({ executor }) => {
    const byId = prepareQuery(
      createContext(executor),
      (db, p: Params<{ id: number }>) => db.selectFrom("users").select("id").where("id", "=", p.id),
    );
    const ids = Array.from({ length: 50 }, (_, i) => [1, 2, 4][i % 3]!);
    const rows = await Promise.all(ids.map((id) => byId.executeTakeFirst({ id })));
    assert.deepEqual(rows.map((row) => row?.id), ids);
  });

  if (dialect.dialect === "postgres") {
    test("has a plan of its own for another schema", async ({ executor, db }) => {
      const all = prepareQuery(
        executor,
        (db, p: Params<{ least: number }>) =>
          db.selectFrom("users").select("id").where("id", ">=", p.least),
      );
      const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db);
      const own = executor.withSchema(rows[0]!.name);
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(idsOf(await all.on(own).execute({ least: 4 })), [4]);
        assert.match(
          all.on(own).compile({ least: 4 }).sql,
          new RegExp(`"${rows[0]!.name}"."users"`),
        );
        assert.doesNotMatch(all.compile({ least: 4 }).sql, new RegExp(rows[0]!.name));
        assert.match(all.on(executor.withSchema("no")).compile({ least: 4 }).sql, /"no"."users"/);
      }
    });
  }
});
