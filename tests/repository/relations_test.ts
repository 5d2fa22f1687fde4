import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { withTransaction } from "@kysera/dal";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, inRelations, plain, relations } from "./_relations_world.ts";

onEveryDialect("relations", (dialect) => {
  it("are read with rows, one query for each and level, without what is hidden", async () => {
    await inRelations(dialect, async ({ executor, sent }) => {
      const users = createRepository(executor, { tableName: "users", relations });
      const options = {
        orderBy: "id",
        select: ["id", "name"],
        include: {
          posts: {
            select: ["id"],
            orderBy: "id",
            include: { tags: { select: ["label"], orderBy: "id" }, editor: { select: ["name"] } },
          },
          profile: { select: ["bio"] },
          manager: { select: ["id"], include: { profile: true } },
        },
      } as const;
      await users.find(options);
      sent();
      const found = await users.find(options);
      assert.equal(sent().length, 7);
      const bio = { bio: "engines" };
      const profile = { id: 1, user_id: 1, bio: "engines" };
      assert.deepEqual(plain(found), [
        {
          id: 1,
          name: "Ada",
          posts: [
            { id: 1, tags: [{ label: "math" }, { label: "code" }], editor: { name: "Alan" } },
            { id: 2, tags: [{ label: "math" }], editor: null },
            { id: 3, tags: [{ label: "mail" }], editor: { name: "Grace" } },
          ],
          profile: bio,
          manager: null,
        },
        {
          id: 2,
          name: "Alan",
          posts: [
            {
              id: 5,
              tags: [{ label: "math" }, { label: "mail" }, { label: "code" }],
              editor: { name: "Ada" },
            },
            { id: 6, tags: [], editor: null },
          ],
          profile: null,
          manager: { id: 1, profile },
        },
        { id: 3, name: "Grace", posts: [], profile: null, manager: { id: 1, profile } },
        // The editor is deleted, and so is the manager.
        {
          id: 5,
          name: "Kurt",
          posts: [{ id: 8, tags: [], editor: null }],
          profile: null,
          manager: null,
        },
      ]);
      const caller = bindContext(executor, { label: "ma" });
      const tags = createRepository(caller, { tableName: "posts", relations });
      const one = await tags.findById(1, { include: { tags: true, _count: { tags: true } } });
      assert.deepEqual(plain(one?.tags), [{ id: 1, label: "math" }]);
      assert.equal(one?._count.tags, 1);
    });
  });

  it("are limited for each row, in an order, with a condition, and counted", async () => {
    await inRelations(dialect, async ({ executor, db, sent }) => {
      const users = createRepository(executor, { tableName: "users", relations });
      const ask = () =>
        users.find({
          orderBy: "id",
          include: {
            posts: {
              where: { score: { gte: 1 } },
              orderBy: [{ column: "score", direction: "desc" }],
              limit: 1,
              include: { tags: { orderBy: [{ column: "label", direction: "desc" }], limit: 2 } },
            },
            latest: { orderBy: "id", orderDirection: "desc" },
            _count: { posts: true, edited: { where: { tags: { some: {} } } } },
          },
        });
      await ask();
      sent();
      const found = await ask();
      assert.equal(sent().length, 6);
      const shown = found.map(({ name, posts, latest, _count }) => [
        name,
        posts.map(({ title, tags }) => `${title}: ${tags.map(({ label }) => label).join()}`).join(),
        latest?.title,
        _count.posts,
        _count.edited,
      ]);
      assert.deepEqual(shown, [
        ["Ada", "Sketch: math", "Letters", 3, 1],
        ["Alan", "Machines: math,mail", "Games", 2, 1],
        ["Grace", "", undefined, 0, 1],
        ["Kurt", "Proofs: ", "Proofs", 1, 0],
      ]);
      // No trace of what was read beside the columns.
      assert.deepEqual(Object.keys(found[0]!.posts[0]!).sort(), [
        "author_id",
        "deleted_at",
        "editor_id",
        "id",
        "score",
        "tags",
        "title",
      ]);
      assert.deepEqual(Object.keys(found[1]!.posts[0]!.tags[0]!).sort(), ["id", "label"]);
      // Without an order the first are those by the key; nulls go where they are told.
      const tags = createRepository(db, { tableName: "users", relations });
      const nulls = await tags.find({
        where: { id: 1 },
        include: {
          posts: { orderBy: [{ column: "score", nulls: "first" }], limit: 2, select: ["id"] },
          edited: { limit: 1, select: ["id"] },
        },
      });
      assert.deepEqual(plain(nulls.map(({ posts, edited }) => [posts, edited])), [
        [[{ id: 3 }, { id: 1 }], [{ id: 5 }]],
      ]);
    });
  });

  it("filter rows: some, every, none, is and isNot, nested and in changes", async () => {
    await inRelations(dialect, async ({ executor }) => {
      const users = createRepository(executor, { tableName: "users", relations });
      const posts = createRepository(executor, { tableName: "posts", relations });
      const names = async (where: Parameters<typeof users.one>[0]) =>
        (await users.find({ where, orderBy: "id" })).map(({ name }) => name).join();
      assert.equal(await names({ posts: { some: {} } }), "Ada,Alan,Kurt");
      assert.equal(await names({ posts: { none: {} } }), "Grace");
      assert.equal(await names({ posts: { some: { title: "Burnt" } } }), "");
      assert.equal(await names({ posts: { every: { score: { gt: 2 } } } }), "Grace,Kurt");
      // A score of NULL is not above 0.
      assert.equal(await names({ posts: { every: { score: { gt: 0 } } } }), "Alan,Grace,Kurt");
      assert.equal(await names({ manager: { is: { name: "Ada" } } }), "Alan,Grace");
      assert.equal(await names({ manager: { is: null } }), "Ada,Kurt");
      assert.equal(await names({ manager: { isNot: null } }), "Alan,Grace");
      assert.equal(await names({ manager: { isNot: { name: "Ada" } } }), "Ada,Kurt");
      assert.equal(
        await names({ posts: { some: { tags: { some: { label: "code" } } } } }),
        "Ada,Alan",
      );
      assert.equal(
        await names({
          or: [{ reports: { some: { name: "Alan" } } }, { not: { posts: { some: {} } } }],
          edited: { some: {}, none: { author: { is: { name: "Alan" } } } },
        }),
        "Grace",
      );
      assert.equal(await users.count({ where: { profile: { is: {} } } }), 1);
      assert.equal(await users.exists({ where: { posts: { some: { title: "x" } } } }), false);
      assert.equal((await users.one({ profile: { is: { bio: "engines" } } })).name, "Ada");
      const page = await users.paginate({
        where: { posts: { some: {} } },
        limit: 2,
        include: { _count: { posts: true } },
      });
      assert.deepEqual(page.data.map(({ _count }) => _count.posts), [3, 2]);
      const next = await users.paginateCursor({
        where: { posts: { some: {} } },
        limit: 2,
        include: { posts: { select: ["id"] } },
      });
      assert.deepEqual(next.data.map(({ posts }) => posts.length), [3, 2]);
      const changed = await posts.updateWhere({ author: { is: { name: "Alan" } } }, { score: 4 });
      assert.equal(changed, 2);
      assert.equal(await posts.deleteWhere({ tags: { none: {} }, author: { is: { id: 2 } } }), 1);
      // It would hold for every row.
      await assert.rejects(posts.deleteWhere({ tags: { every: {} } }), /every row/);
    });
  });

  it("go by several columns, and are loaded for rows that were read before", async () => {
    await inRelations(dialect, async ({ executor, sent }) => {
      const halls = createRepository(executor, {
        tableName: "halls",
        primaryKey: ["site", "number"],
        relations,
      });
      const found = await halls.find({
        orderBy: [{ column: "site" }, { column: "number" }],
        include: { seats: { orderBy: "id", limit: 5 }, _count: { seats: true } },
      });
      assert.deepEqual(
        found.map(({ seats, _count }) => [seats.map(({ id }) => id).join(), _count.seats]),
        [["1,2", 2], ["", 0], ["3", 1]],
      );
      const seats = createRepository(executor, { tableName: "seats", relations });
      const rows = await seats.find({ orderBy: "id" });
      await seats.load(rows, "place");
      sent();
      const loaded = await seats.load(rows, "place");
      assert.equal(sent().length, 1);
      assert.deepEqual(loaded.map(({ place }) => place?.name), [
        "north one",
        "north one",
        "south one",
        undefined,
        undefined,
      ]);
      // The rows are copies.
      assert.equal("place" in rows[0]!, false);
      assert.deepEqual(await seats.load([], "place"), []);
      assert.equal(await seats.count({ where: { place: { is: { name: "north one" } } } }), 2);
      const inside = await seats.transaction((_, within) => within.load(rows, { place: true }));
      assert.equal(inside[2]?.place?.name, "south one");
    });
  });

  it("are read with the queries of a context", async () => {
    await inRelations(dialect, async ({ executor }) => {
      const context = { db: executor };
      const rows = await executor.selectFrom("users").select(["id", "name"])
        .where(await relations.where(context.db, "users", { posts: { some: { score: 9 } } }))
        .orderBy("id").execute();
      const loaded = await relations.load(executor, "users", rows, {
        posts: { where: { score: 9 }, select: ["title"] },
      });
      assert.deepEqual(loaded.map(({ name, posts }) => [name, posts[0]?.title]), [
        ["Ada", "Sketch"],
        ["Alan", "Machines"],
      ]);
      const aliased = await executor.selectFrom("users as u").select("u.id")
        .where(await relations.where(executor, "users", { profile: { is: {} } }, { as: "u" }))
        .execute();
      assert.deepEqual(plain(aliased), [{ id: 1 }]);
      const step = relations.include("users", { profile: true });
      await withTransaction(executor, async (tx) => {
        const one = await step(tx, { id: 1 });
        assert.equal(one.profile?.bio, "engines");
        const all = await step(tx, [{ id: 1 }, { id: 2 }]);
        assert.deepEqual(all.map(({ profile }) => profile === null), [false, true]);
        assert.equal(await step(tx, undefined), undefined);
      });
    });
  });

  it("refuse what is none before any query is sent", async () => {
    await inRelations(dialect, async ({ executor, sent }) => {
      const users = createRepository(executor, { tableName: "users", relations });
      await users.find({ include: { posts: { include: { tags: true } } } });
      sent();
      // Types refuse most of these as well.
      const wrong: [options: object, message: RegExp][] = [
        [{ include: { post: true } }, /no relation "post"; it has .* \(did you mean "posts"/],
        [{ include: { posts: { include: { tag: true } } } }, /"posts" has no relation "tag"/],
        [{ include: { posts: { limit: 0 } } }, /limit is 0; give a whole number from 1/],
        [{ include: { posts: { limit: 1.5 } } }, /limit is 1.5/],
        [{ include: { manager: { limit: 1 } } }, /there is no option "limit"/],
        [{ include: { posts: { wher: {} } } }, /no option "wher".*did you mean "where"/],
        [
          { include: { posts: { where: { titel: "x" } } } },
          /"posts" has no column or relation "titel" \(did you mean "title"/,
        ],
        [{ include: { posts: { orderBy: "titel" } } }, /"posts" has no column "titel"/],
        [{ include: { posts: { select: ["titel"] } } }, /"posts" has no column "titel"/],
        [{ include: { posts: "x" } }, /give true, or an object of options/],
        [{ include: ["posts"] }, /include takes an object/],
        [{ include: { _count: { post: true } } }, /no relation "post"/],
        [{ include: { _count: true } }, /_count takes an object/],
        [{ where: { post: { some: {} } } }, /no column or relation "post" \(did you mean "posts"/],
        [{ where: { posts: { any: {} } } }, /"any" is not a condition of the relation "posts"/],
        [{ where: { posts: { is: {} } } }, /"is" is not a condition/],
        [{ where: { posts: "x" } }, /takes an object of "some", "every", "none"/],
        [{ where: { posts: { some: { titel: 1 } } } }, /"posts" has no column or relation "titel"/],
        [{ where: { posts: { some: undefined } } }, /is undefined/],
      ];
      for (const [options, message] of wrong) {
        await assert.rejects(users.find(options as any), message);
      }
      await assert.rejects(users.load([{ name: "x" }] as any, "posts"), /a row has no "id"/);
      await assert.rejects(users.findById(1, { includ: {} } as any), /did you mean "include"/);
      assert.deepEqual(sent(), []);
      const bare = createRepository<Database, "users">(executor, { tableName: "users" });
      await assert.rejects(bare.find({ where: { posts: { some: {} } } as any }), /no relations/);
    });
  });
});
