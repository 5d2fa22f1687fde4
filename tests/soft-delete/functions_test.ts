import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import {
  hardDelete,
  onlyDeleted,
  restore,
  softDelete,
  SoftDeleteError,
  softDeletePlugin,
  withDeleted,
} from "@kysera/soft-delete";
import type { Generated, Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { BEFORE, iso, NOW, openWorld, timeType, type World } from "./_world.ts";

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof SoftDeleteError && error.code === code;
}

onEveryDialect("softDelete(), restore() and hardDelete()", (dialect) => {
  let world: World;
  beforeEach(async () => world = await openWorld(dialect));
  afterEach(() => world.close());

  const times = async (): Promise<(string | null)[]> => {
    const rows = await world.db.selectFrom("sd_users").select("deleted_at").orderBy("id").execute();
    return rows.map(({ deleted_at }) => iso(deleted_at));
  };

  it("change one row by its key, and say so", async () => {
    const { executor } = world;
    assert.equal(await softDelete(executor, "sd_users", 1), 1);
    assert.deepEqual(await times(), [NOW.toISOString(), BEFORE.toISOString(), null]);
    assert.equal(await restore(executor, "sd_users", 1), 1);
    assert.equal(await world.users(), "1 (2) 3");
    assert.equal(await hardDelete(executor, "sd_users", 1), 1);
    assert.equal(await world.users(), "(2) 3");
    assert.equal(await softDelete(executor, "sd_users", 99), 0);
  });

  it("change several rows by their keys, or by a condition", async () => {
    const { executor } = world;
    assert.equal(await softDelete(executor, "sd_posts", [10, { id: 11 }, 12, 99]), 2);
    assert.equal(await world.posts(), "(10) (11) (12) 13 14");
    assert.equal(await restore(executor, "sd_posts", (eb) => eb("user_id", "=", 1)), 3);
    assert.equal(await world.posts(), "10 11 12 13 14");
    assert.equal(await softDelete(executor, "sd_posts", (eb) => eb("user_id", "in", [1, 2])), 4);
    assert.equal(await hardDelete(executor, "sd_posts", [10, 14]), 2);
    assert.equal(await world.posts(), "(11) (12) (13)");
    assert.equal(await softDelete(executor, "sd_posts", []), 0);
  });

  it("read in a condition what the handle shows, and change what they are for", async () => {
    const { executor } = world;
    // The author of post 13 is deleted: the condition does not find it.
    assert.equal(
      await softDelete(
        executor,
        "sd_posts",
        (eb) => eb("user_id", "in", eb.selectFrom("sd_users").select("id")),
      ),
      3,
    );
    assert.equal(await world.posts(), "(10) (11) (12) 13 (14)");
    assert.equal(
      await restore(
        executor,
        "sd_posts",
        (eb) => eb("user_id", "in", eb.selectFrom("sd_users").select("id").where("id", "<", 3)),
      ),
      3,
    );
    assert.equal(await world.posts(), "10 11 12 13 (14)");
    assert.equal(
      await hardDelete(
        withDeleted(executor),
        "sd_posts",
        (eb) => eb("user_id", "in", eb.selectFrom("sd_users").select("id").where("id", "=", 2)),
      ),
      1,
    );
    assert.equal(await world.posts(), "10 11 12 (14)");
  });

  it("leave alone what is already as they would make it", async () => {
    const { executor } = world;
    assert.equal(await softDelete(executor, "sd_users", 2), 0);
    assert.equal(await softDelete(withDeleted(executor), "sd_users", 2), 0);
    assert.deepEqual(await times(), [null, BEFORE.toISOString(), null]);
    assert.equal(await restore(executor, "sd_users", 1), 0);
    assert.equal(await restore(withDeleted(executor), "sd_users", [1, 3]), 0);
    assert.equal(await hardDelete(onlyDeleted(executor), "sd_users", [1, 2]), 1);
    assert.equal(await world.users(), "1 3");
  });

  it("run in the transaction they are given, and are rolled back with it", async () => {
    const { executor } = world;
    await assert.rejects(
      executor.transaction().execute(async (trx) => {
        assert.equal(await softDelete(trx, "sd_users", 1), 1);
        assert.equal(await restore(trx, "sd_users", 2), 1);
        assert.equal(await hardDelete(trx, "sd_users", 3), 1);
        const shown = await trx.selectFrom("sd_users").select("id").execute();
        assert.deepEqual(shown, [{ id: 2 }]);
        throw new Error("enough");
      }),
      /enough/,
    );
    assert.equal(await world.users(), "1 (2) 3");
  });

  it("change more rows than go into one statement, all or none", async () => {
    const { db, executor } = world;
    const ids = Array.from({ length: 1_203 }, (_, i) => 1_000 + i);
    for (let i = 0; i < ids.length; i += 100) {
      await db.insertInto("sd_posts").values(
        ids.slice(i, i + 100).map((id) => ({ id, user_id: 7, title: "t", deleted_at: null })),
      ).execute();
    }
    assert.equal(await softDelete(executor, "sd_posts", [...ids, ...ids]), ids.length);
    await executor.transaction().execute(async (trx) =>
      assert.equal(await restore(trx, "sd_posts", ids), ids.length)
    );
    const inTransaction: boolean[] = [];
    const failing: Plugin = {
      name: "failing",
      version: "1.0.0",
      aroundQuery(query, next, scope) {
        inTransaction.push(scope.inTransaction);
        if (inTransaction.length === 3) throw new Error("no more");
        return next(query);
      },
    };
    const watched = await createExecutor(executor, [failing]);
    await assert.rejects(hardDelete(watched, "sd_posts", ids), /no more/);
    assert.deepEqual(inTransaction, [true, true, true]);
    const { count } = await db.selectFrom("sd_posts").where("user_id", "=", 7)
      .select((eb) => eb.fn.countAll().as("count")).executeTakeFirstOrThrow();
    assert.equal(Number(count), ids.length);
  });

  it("respect the other plugins of the executor", async () => {
    const seen: string[] = [];
    const ownRows: Plugin = {
      name: "own-rows",
      version: "1.0.0",
      appliesTo: ({ name }) => name === "sd_posts",
      filter: (posts, { context, eb }) =>
        eb(posts.column("user_id"), "=", context?.["user"] as number),
      async aroundQuery(query, next) {
        const result = await next(query);
        seen.push(`${query.query.kind} ${result.numAffectedRows}`);
        return result;
      },
    };
    const executor = await createExecutor(world.executor, [ownRows]);
    const ada = bindContext(executor, { user: 1 });
    assert.equal(await softDelete(ada, "sd_posts", [10, 14]), 1);
    assert.equal(await restore(ada, "sd_posts", [10, 12, 14]), 2);
    assert.equal(await hardDelete(ada, "sd_posts", [11, 13]), 1);
    await ada.transaction().execute(async (trx) => {
      assert.equal(await softDelete(trx, "sd_posts", [12, 14]), 1);
    });
    assert.equal(await world.posts(), "10 (12) 13 14");
    assert.deepEqual(seen, [
      "UpdateQueryNode 1",
      "UpdateQueryNode 2",
      "DeleteQueryNode 1",
      "UpdateQueryNode 1",
    ]);
  });

  it("refuse a table that is not soft-deleted, and change nothing", async () => {
    const { db, executor } = world;
    for (const change of [softDelete, restore, hardDelete]) {
      await assert.rejects(change(executor, "sd_labels", 1), hasCode("NOT_A_SOFT_DELETED_TABLE"));
      await assert.rejects(change(db, "sd_users", 1), hasCode("NO_SOFT_DELETE_PLUGIN"));
    }
    assert.equal((await db.selectFrom("sd_labels").selectAll().execute()).length, 2);
    assert.equal(await world.users(), "1 (2) 3");
  });

  it("refuse what is not a key, and change nothing", async () => {
    const { executor } = world;
    const anything = executor as unknown as Kysely<any>;
    for (
      const key of [
        undefined,
        null,
        NaN,
        [1, null],
        [[1]],
        {},
        { name: "Ada" },
        { id: undefined },
        {
          id: 1,
          name: "Ada",
        },
      ]
    ) {
      for (const change of [softDelete, restore, hardDelete]) {
        await assert.rejects(change(anything, "sd_users", key), hasCode("INVALID_KEY"));
      }
    }
    assert.equal(await world.users(), "1 (2) 3");
  });

  it("find rows by the key that the options name, composite ones too", async () => {
    const { db } = world;
    await db.schema.createTable("sd_members")
      .addColumn("team", "integer").addColumn("person", "integer")
      .addColumn("deleted_at", timeType(dialect)).execute();
    await db.schema.createTable("sd_codes")
      .addColumn("code", "varchar(10)").addColumn("deleted_at", timeType(dialect)).execute();
    interface More {
      sd_users: { id: number; deleted_at: unknown };
      sd_members: { team: number; person: number; deleted_at: Generated<Date | null> };
      sd_codes: { code: string; deleted_at: Generated<Date | null> };
    }
    const executor = await createExecutor(db as unknown as Kysely<More>, [
      softDeletePlugin({
        tables: ["sd_users", "sd_members", "sd_codes"],
        primaryKeyColumn: { sd_members: ["team", "person"], sd_codes: "code" },
      }),
    ]);
    await executor.insertInto("sd_members").values(
      [1, 2].flatMap((team) => [1, 2, 3].map((person) => ({ team, person }))),
    ).execute();
    await executor.insertInto("sd_codes").values([{ code: "a" }, { code: "b" }]).execute();
    const members = async (): Promise<string> => {
      const rows = await executor.selectFrom("sd_members").select(["team", "person"])
        .orderBy("team").orderBy("person").execute();
      return rows.map(({ team, person }) => `${team}${person}`).join(" ");
    };

    assert.equal(await softDelete(executor, "sd_members", { team: 1, person: 2 }), 1);
    assert.equal(
      await softDelete(executor, "sd_members", [{ person: 3, team: 1 }, { team: 2, person: 1 }]),
      2,
    );
    assert.equal(await members(), "11 22 23");
    assert.equal(await restore(executor, "sd_members", { team: 2, person: 1 }), 1);
    assert.equal(await members(), "11 21 22 23");
    await assert.rejects(softDelete(executor, "sd_members", { team: 2 }), hasCode("INVALID_KEY"));
    await assert.rejects(softDelete(executor, "sd_members", 2), hasCode("INVALID_KEY"));
    assert.equal(await softDelete(executor, "sd_codes", "a"), 1);
    assert.equal(await hardDelete(executor, "sd_codes", { code: "b" }), 1);
    assert.equal(await softDelete(executor, "sd_users", 1), 1);
  });
});
