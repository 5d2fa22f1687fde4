import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { ExecutorError, QueryRefusedError, withMetadata } from "@kysera/executor";
import {
  hardDelete,
  onlyDeleted,
  softDelete,
  SoftDeleteError,
  withDeleted,
} from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { BEFORE, type Database, iso, NOW, openWorld, type World } from "./_world.ts";

onEveryDialect("deleteFrom()", (dialect) => {
  let world: World;
  afterEach(() => world.close());
  const mysql = dialect.dialect === "mysql";
  const postgres = dialect.dialect === "postgres";

  it("removes visible rows under onDelete hard, the default", async () => {
    world = await openWorld(dialect);
    const { numDeletedRows } = await world.executor.deleteFrom("sd_users")
      .where("id", "in", [1, 2]).executeTakeFirst();
    assert.equal(numDeletedRows, 1n);
    assert.equal(await world.users(), "(2) 3");
  });

  it("marks visible rows with the time under onDelete soft", async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    const { numDeletedRows } = await world.executor.deleteFrom("sd_users")
      .where("id", "in", [1, 2]).executeTakeFirst();
    assert.equal(numDeletedRows, 1n);
    assert.equal(await world.users(), "(1) (2) 3");
    const rows = await world.db.selectFrom("sd_users").select("deleted_at").orderBy("id").execute();
    assert.deepEqual(
      rows.map(({ deleted_at }) => iso(deleted_at)),
      [NOW.toISOString(), BEFORE.toISOString(), null],
    );
  });

  it("marks all visible rows where there is no condition", async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    assert.equal(
      (await world.executor.deleteFrom("sd_posts").executeTakeFirst()).numDeletedRows,
      4n,
    );
    assert.equal(await world.posts(), "(10) (11) (12) (13) (14)");
  });

  it("keeps a raw OR together when it marks rows", async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    await world.executor.deleteFrom("sd_users").where(sql<boolean>`id = 2 or id = 3`).execute();
    const { deleted_at } = await world.db.selectFrom("sd_users").select("deleted_at")
      .where("id", "=", 2).executeTakeFirstOrThrow();
    assert.equal(iso(deleted_at), BEFORE.toISOString());
    assert.equal(await world.users(), "1 (2) (3)");
  });

  it("is refused under onDelete deny, wherever it stands", async () => {
    world = await openWorld(dialect, { onDelete: "deny" });
    const { executor } = world;
    const denied = (error: unknown): boolean =>
      error instanceof QueryRefusedError && error.reason === "DELETE_DENIED";
    await assert.rejects(executor.deleteFrom("sd_users").where("id", "=", 1).execute(), denied);
    await assert.rejects(
      executor.transaction().execute((trx) => trx.deleteFrom("sd_posts").execute()),
      denied,
    );
    if (postgres) {
      await assert.rejects(
        executor.with("gone", (db) => db.deleteFrom("sd_users").returning("id"))
          .selectFrom("gone").selectAll().execute(),
        denied,
      );
    }
    await executor.deleteFrom("sd_labels").execute();
    assert.equal(await world.users(), "1 (2) 3");
    assert.equal(await world.posts(), "10 11 (12) 13 14");
  });

  it("does what the flag onDelete of a handle says", async () => {
    world = await openWorld(dialect, { onDelete: "deny" });
    const { executor } = world;
    await withMetadata(executor, { onDelete: "soft" }).deleteFrom("sd_users")
      .where("id", "=", 1).execute();
    await withMetadata(executor, { onDelete: "hard" }).deleteFrom("sd_users")
      .where("id", "in", [2, 3]).execute();
    assert.equal(await world.users(), "(1) (2)");
  });

  it("returns the rows it marks, as they are then", {
    skip: mysql && "MySQL does not return the rows of an update",
  }, async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    const rows = await world.executor.deleteFrom("sd_users").returning(["id", "deleted_at"])
      .execute();
    assert.deepEqual(
      rows.map(({ id, deleted_at }) => [id, iso(deleted_at)]).sort(),
      [[1, NOW.toISOString()], [3, NOW.toISOString()]],
    );
  });

  it("returns the rows it removes, never a hidden one", {
    skip: mysql && "MySQL does not return the rows of an update",
  }, async () => {
    world = await openWorld(dialect);
    const rows = await world.executor.deleteFrom("sd_users").returning("id").execute();
    assert.deepEqual(rows.map(({ id }) => id).sort(), [1, 3]);
    assert.equal(await world.users(), "(2)");
  });

  it("does not run where the database cannot return what it marks", {
    skip: !mysql && "only MySQL has this form or limit",
  }, async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    await assert.rejects(world.executor.deleteFrom("sd_users").returning("id").execute());
    assert.equal(await world.users(), "1 (2) 3");
  });

  it("marks rows in a common table expression", {
    skip: !postgres && "only PostgreSQL writes in a CTE",
  }, async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    const rows = await world.executor
      .with("gone", (db) => db.deleteFrom("sd_users").where("id", "<", 3).returning("id"))
      .selectFrom("gone").select("id").execute();
    assert.deepEqual(rows, [{ id: 1 }]);
    assert.equal(await world.users(), "(1) (2) 3");
  });

  it("never removes rows by accident where other tables are joined", async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    const { executor } = world;
    const joined = mysql
      ? executor.deleteFrom("sd_posts").using("sd_posts")
        .innerJoin("sd_users as u", "u.id", "sd_posts.user_id").where("u.name", "=", "Ada")
      : executor.deleteFrom("sd_posts").using("sd_users as u")
        .whereRef("u.id", "=", "sd_posts.user_id").where("u.name", "=", "Ada");
    if (postgres) {
      assert.equal((await joined.executeTakeFirst()).numDeletedRows, 2n);
      assert.equal(await world.posts(), "(10) (11) (12) 13 14");
    } else {
      await assert.rejects(
        joined.execute(),
        (error) => error instanceof QueryRefusedError && error.reason === "DELETE_NOT_REWRITABLE",
      );
      assert.equal(await world.posts(), "10 11 (12) 13 14");
    }
    await executor.deleteFrom("sd_posts")
      .where("user_id", "in", executor.selectFrom("sd_users").select("id").where("id", "=", 3))
      .execute();
    assert.match(await world.posts(), /\(14\)$/);
  });

  it("joined to a hidden row removes nothing", {
    skip: dialect.dialect === "sqlite" && "SQLite has no joined delete",
  }, async () => {
    world = await openWorld(dialect);
    const { executor } = world;
    await (mysql
      ? executor.deleteFrom("sd_posts").using("sd_posts")
        .innerJoin("sd_users as u", "u.id", "sd_posts.user_id")
      : executor.deleteFrom("sd_posts").using("sd_users as u")
        .whereRef("u.id", "=", "sd_posts.user_id")).execute();
    assert.equal(await world.posts(), "(12) 13");
  });

  it("of several tables is refused under onDelete soft", {
    skip: !mysql && "only MySQL has this form or limit",
  }, async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    await assert.rejects(
      world.executor.deleteFrom(["sd_posts", "sd_users"]).using("sd_users")
        .innerJoin("sd_posts", "sd_posts.user_id", "sd_users.id").execute(),
      QueryRefusedError,
    );
    assert.equal(await world.posts(), "10 11 (12) 13 14");
    assert.equal(await world.users(), "1 (2) 3");
  });

  it("with a limit counts visible rows only", {
    skip: !mysql && "only MySQL has this form or limit",
  }, async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    await world.executor.deleteFrom("sd_users").orderBy("id").limit(2).execute();
    assert.equal(await world.users(), "(1) (2) (3)");
  });

  it("through a handle that shows deleted rows marks none of them again", async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    await withDeleted(world.executor).deleteFrom("sd_users").where("id", "<", 3).execute();
    const rows = await world.db.selectFrom("sd_users").select("deleted_at").where("id", "<", 3)
      .orderBy("id").execute();
    assert.deepEqual(
      rows.map(({ deleted_at }) => iso(deleted_at)),
      [NOW.toISOString(), BEFORE.toISOString()],
    );
  });

  it("through onlyDeleted() is refused under onDelete soft, and purges under hard", async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    const bin = onlyDeleted(world.executor);
    const already = (error: unknown): boolean =>
      error instanceof SoftDeleteError && error instanceof ExecutorError &&
      error.code === "ALREADY_DELETED";
    await assert.rejects(bin.deleteFrom("sd_users").execute(), already);
    await assert.rejects(softDelete(bin, "sd_users", 1), already);
    assert.equal(await world.users(), "1 (2) 3");
    await withMetadata(bin, { onDelete: "hard" }).deleteFrom("sd_users").execute();
    assert.equal(await world.users(), "1 3");
  });

  it("that is rolled back leaves no mark", async () => {
    world = await openWorld(dialect, { onDelete: "soft" });
    await assert.rejects(
      world.executor.transaction().execute(async (trx) => {
        await trx.deleteFrom("sd_users").execute();
        throw new Error("enough");
      }),
      /enough/,
    );
    assert.equal(await world.users(), "1 (2) 3");
  });

  it("removes for good by hardDelete() whatever onDelete says", async () => {
    for (const onDelete of ["hard", "soft", "deny"] as const) {
      world = await openWorld(dialect, { onDelete });
      const db: Kysely<Database> = world.executor;
      assert.equal(await hardDelete(db, "sd_users", [1, 2]), 2);
      assert.equal(await world.users(), "3");
      if (onDelete !== "deny") await world.close();
    }
  });
});
