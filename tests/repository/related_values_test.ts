/** Treatment of values, keys and names on the way through relations. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createExecutor, type Plugin } from "@kysera/executor";
import { createORM, createRepository, defineRelations, json } from "@kysera/repository";
import { CamelCasePlugin, type Generated, type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { inRelations, plain, relations } from "./_relations_world.ts";

interface Values {
  owners: { id: string | number | bigint; code: string };
  things: {
    id: number;
    owner_id: string | number | bigint | null;
    owner_code: string | null;
    price: string | number;
    at: Date | string;
    body: Uint8Array;
    doc: unknown;
  };
}

async function inValues(
  dialect: TestDialect,
  body: (db: Kysely<Values>) => Promise<void>,
): Promise<void> {
  const { db, close } = await dialect.open();
  try {
    const isPostgres = dialect.dialect === "postgres";
    await sql`create table owners (id bigint primary key, code varchar(20) not null unique)`
      .execute(db);
    await sql`create table things (id integer primary key, owner_id bigint, owner_code varchar(20),
      price decimal(20, 4), at ${sql.raw(isPostgres ? "timestamptz" : "datetime")},
      body ${sql.raw(isPostgres ? "bytea" : "blob")}, doc ${sql.raw(isPostgres ? "jsonb" : "json")},
      foreign key (owner_id) references owners (id))`.execute(db);
    await body(db);
  } finally {
    await close();
  }
}

const valueRelations = defineRelations<Values>()({
  owners: {
    things: { type: "hasMany", table: "things" },
    coded: { type: "hasMany", table: "things", columns: { code: "owner_code" } },
  },
  things: {
    owner: { type: "belongsTo", table: "owners" },
    coder: { type: "belongsTo", table: "owners", columns: { owner_code: "code" } },
  },
});

onEveryDialect("related rows", (dialect) => {
  it("have the values that a plain select gives, and large keys find their own rows", async () => {
    await inValues(dialect, async (db) => {
      const ids = [9007199254740993n, 9007199254740992n, 7n];
      for (const [i, id] of ids.entries()) {
        await sql`insert into owners values (${id}, ${`c${i}`})`.execute(db);
      }
      const at = dialect.dialect === "sqlite" ? "2026-01-31 10:00:00" : new Date(1769853600000);
      for (const [i, id] of [...ids, ids[0]!].entries()) {
        await sql`insert into things values (${i}, ${id}, null, ${"12345678901234.5000"}, ${at},
          ${new Uint8Array([0, i, 255])}, ${JSON.stringify({ a: [i, null], big: "1" })})`.execute(
          db,
        );
      }
      const owners = createRepository(db, { tableName: "owners", relations: valueRelations });
      const rows = await db.selectFrom("things").selectAll().orderBy("id").execute();
      // A driver that rounds keys would show the rows of another one.
      const isRounded = typeof (await owners.find({ orderBy: "id" }))[2]!.id === "number";
      if (isRounded) {
        await assert.rejects(owners.find({ include: { things: true } }), /the driver has rounded/);
        await db.deleteFrom("things").where("owner_id", "!=", 7n).execute();
        await db.deleteFrom("owners").where("id", "!=", 7n).execute();
      }
      for (const limit of [undefined, 5]) {
        const found = await owners.find({
          orderBy: "id",
          include: { things: { orderBy: "id", ...limit === undefined ? {} : { limit } } },
        });
        const wanted = isRounded ? [[rows[2]]] : [[rows[2]], [rows[1]], [rows[0], rows[3]]];
        assert.deepEqual(found.map(({ things }) => things), wanted);
      }
    });
  });

  it("are found by keys as the database compares them", async () => {
    await inValues(dialect, async (db) => {
      // Keys whose columns are of different types, and texts of other letter case.
      const sees = dialect.dialect === "mysql";
      await sql`insert into owners values (1, 'Ada'), (2, 'Bob ')`.execute(db);
      await sql`insert into things (id, owner_id, owner_code) values (1, 1, 'ada'), (2, 1, 'Ada'),
        (3, 2, 'Bob'), (4, null, null)`.execute(db);
      const owners = createRepository(db, { tableName: "owners", relations: valueRelations });
      const things = createRepository(db, { tableName: "things", relations: valueRelations });
      const byHand = async (id: number) =>
        (await db.selectFrom("owners").innerJoin("things", "things.owner_code", "owners.code")
          .select("things.id").where("owners.id", "=", id).orderBy("things.id").execute())
          .map(({ id }) => id);
      const wanted = [await byHand(1), await byHand(2)];
      assert.deepEqual(wanted[0], sees ? [1, 2] : [2]);
      for (const limit of [undefined, 9]) {
        const found = await owners.find({
          orderBy: "id",
          include: {
            coded: { orderBy: "id", select: ["id"], ...limit === undefined ? {} : { limit } },
            _count: { coded: true },
          },
        });
        assert.deepEqual(found.map(({ coded }) => coded.map(({ id }) => id)), wanted);
        assert.deepEqual(found.map(({ _count }) => _count.coded), wanted.map((ids) => ids.length));
      }
      const back = await things.find({ orderBy: "id", include: { coder: { select: ["id"] } } });
      const owned = (id: number) => wanted.findIndex((ids) => ids.includes(id));
      assert.deepEqual(
        back.map(({ coder }) => coder === null ? -1 : Number(coder.id) - 1),
        [1, 2, 3, 4].map(owned),
      );
      // As a client may have them, from JSON
      const loaded = await owners.load([{ id: "1", code: "Ada" }], { things: { select: ["id"] } });
      assert.deepEqual(plain(loaded[0]!.things.map(({ id }) => id).sort()), [1, 2]);
    });
  });

  it("are as codecs make them, and the row is as its repository makes it", async () => {
    await inValues(dialect, async (db) => {
      const codecs = { things: { doc: json<{ a: number }>() } };
      const coded = defineRelations<Values>()({
        owners: { things: { type: "hasMany", table: "things" } },
        things: { owner: { type: "belongsTo", table: "owners" } },
      }, { codecs });
      await sql`insert into owners values (1, 'Ada')`.execute(db);
      const things = createRepository(db, {
        tableName: "things",
        relations: coded,
        codecs: codecs.things,
      });
      await db.insertInto("things").values({ id: 1, owner_id: 1 } as any).execute();
      await things.update(1, { doc: { a: 5 } });
      class Owner {
        readonly #code: string;
        constructor(code: string) {
          this.#code = code;
        }
        get label(): string {
          return `<${this.#code}>`;
        }
      }
      const owners = createRepository(db, {
        tableName: "owners",
        relations: coded,
        mapRow: ({ code }) => new Owner(code),
      });
      const [owner] = await owners.find({ include: { things: true } });
      assert.equal(owner?.label, "<Ada>");
      assert.deepEqual(owner.things[0]?.doc, { a: 5 });
      const [frozen] = await createRepository(db, { tableName: "owners", relations: coded })
        .find({ include: { things: { select: ["doc"], include: { owner: true } } } });
      assert.deepEqual(
        plain(frozen?.things),
        [{ doc: { a: 5 }, owner: { id: frozen!.id, code: "Ada" } }].map(plain),
      );
      const text = createRepository(db, {
        tableName: "owners",
        relations: coded,
        mapRow: ({ code }) => code,
      });
      assert.deepEqual(await text.find({}), ["Ada"]);
      await assert.rejects(text.find({ include: { things: true } }), /mapRow/);
    });
  });

  it("are found with names that a plugin of Kysely changes, and columns of foreign keys", async () => {
    interface Camel {
      users: { id: number; name: string };
      posts: { id: number; authorId: number; title: string };
      postTags: { postId: number; tagId: number };
      tags: { id: number; label: string };
    }
    const camel = defineRelations<Camel>()({
      users: { posts: { type: "hasMany", table: "posts" } },
      posts: { tags: { type: "manyToMany", table: "tags", through: { table: "postTags" } } },
      tags: { posts: { type: "manyToMany", table: "posts", through: { table: "postTags" } } },
    });
    await inRelations(dialect, async ({ db }) => {
      // Two foreign keys lead from posts to users.
      const users = createRepository(
        (await createExecutor(db as unknown as Kysely<Camel>, [])).withPlugin(
          new CamelCasePlugin(),
        ),
        { tableName: "users", relations: camel },
      );
      await assert.rejects(
        users.find({ include: { posts: true } }),
        /several foreign keys to "users": "authorId"; "editorId".*declare its columns/,
      );
      const posts = createRepository(users.executor, { tableName: "posts", relations: camel });
      const found = await posts.find({
        where: { tags: { some: { label: "code" } }, authorId: 1 },
        orderBy: "id",
        include: { tags: { orderBy: "id", limit: 5, select: ["label"] }, _count: { tags: true } },
      });
      assert.deepEqual(
        plain(found.map(({ tags, _count }) => [tags, _count.tags])),
        [[[{ label: "math" }, { label: "code" }], 2], [[{ label: "code" }], 1]],
      );
      await assert.rejects(
        posts.find({ where: { authorI: 1 } as any }),
        /no column or relation "authorI" \(did you mean "authorId"/,
      );
    });
  });

  it("are read in parts where there are more keys than a statement takes", async () => {
    await inRelations(dialect, async ({ db, executor, sent }) => {
      const many = Array.from({ length: 9_000 }, (_, i) => ({ id: 100 + i, name: `u${i}` }));
      for (let i = 0; i < many.length; i += 3_000) {
        await db.insertInto("users")
          .values(
            many.slice(i, i + 3_000).map((user) => ({ ...user, manager_id: 1, deleted_at: null })),
          )
          .execute();
      }
      const users = createRepository(executor, { tableName: "users", relations });
      const rows = await users.find({ where: { id: { gte: 100 } }, orderBy: "id" });
      await users.load([{ id: 1 }], "posts");
      sent();
      for (let again = 0; again < 2; again++) {
        const loaded = await users.load(rows, { posts: { limit: 2 }, _count: { posts: true } });
        assert.equal(loaded.length, 9_000);
        assert.ok(loaded.every(({ posts, _count }) => posts.length === 0 && _count.posts === 0));
        assert.equal(sent().length, 4);
      }
      // One row for all of them
      const managed = await users.load(rows, { manager: { include: { reports: { limit: 1 } } } });
      assert.equal(sent().length, 2);
      assert.ok(managed.every(({ manager }) => manager === managed[0]!.manager));
      assert.equal(managed[0]!.manager?.reports[0]?.id, 2);
    });
  });

  it("are given up where the signal is aborted", async () => {
    await inRelations(dialect, async ({ executor }) => {
      const users = createRepository(executor, { tableName: "users", relations });
      const controller = new AbortController();
      const asked = users.find({ include: { posts: true }, signal: controller.signal });
      controller.abort(new Error("gone"));
      await assert.rejects(asked, /gone/);
      await assert.rejects(users.load([{ id: 1 }], "posts", { signal: AbortSignal.abort() }), {
        name: "AbortError",
      });
    });
  });
});

onEveryDialect("a relation of one row", (dialect) => {
  it("refuses several, unless an order says which", async () => {
    await inRelations(dialect, async ({ executor }) => {
      const users = createRepository(executor, { tableName: "users", relations });
      await assert.rejects(users.find({ include: { latest: true } }), {
        name: "MultipleRowsError",
      });
      const [ada] = await users.find({
        where: { id: 1 },
        include: { latest: { orderBy: "title" } },
      });
      assert.equal(ada?.latest?.title, "Letters");
    });
  });

  it("finds columns that were added since", async () => {
    interface Old {
      users: { id: number; name: string; manager_id: number | null };
      posts: { id: number; author_id: Generated<number>; extra: number | null };
    }
    const old = defineRelations<Old>()({
      users: { posts: { type: "hasMany", table: "posts", columns: { id: "author_id" } } },
    });
    await inRelations(dialect, async ({ db }) => {
      const watch: Plugin = { name: "watch", version: "1.0.0", aroundQuery: (q, next) => next(q) };
      const orm = await createORM(db as unknown as Kysely<Old>, [watch]);
      const users = orm.createRepository({ tableName: "users", relations: old });
      const ask = () => users.find({ include: { posts: { where: { extra: null } } } });
      await assert.rejects(ask(), /"posts" has no column or relation "extra"/);
      await sql`alter table posts add column extra integer`.execute(db);
      assert.equal((await ask())[0]!.posts.length, 4);
    });
  });
});
