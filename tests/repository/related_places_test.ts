/** Relations in schemas, with keys of every type, and in changes of the table that they lead to. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createContext, createSchemaContext } from "@kysera/dal";
import { bindContext, createExecutor } from "@kysera/executor";
import { bigint, createRepository, defineRelations } from "@kysera/repository";
import { defineRLSSchema, filter, related, rlsPlugin } from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, inRelations, plain, relations } from "./_relations_world.ts";

onEveryDialect("relations", (dialect) => {
  it("lead back to the table that is changed", async () => {
    await inRelations(dialect, async ({ executor }) => {
      const users = createRepository(executor, { tableName: "users", relations });
      const changed = await users.updateWhere({ manager: { is: { name: "Ada" } } }, { name: "x" });
      assert.equal(changed, 2);
      const posts = createRepository(executor, { tableName: "posts", relations });
      const where = { author: { is: { posts: { some: { title: "Games" } } } } } as const;
      assert.equal(await posts.updateWhere(where, { score: 0 }), 2);
      assert.equal(await posts.deleteWhere({ ...where, tags: { none: {} } }), 1);
    });
  });

  it("are found by bytes, uuids, dates and encoded keys", async () => {
    interface Keys {
      boxes: { id: unknown; at: Date | string; uid: string; raw: Uint8Array };
      items: { n: number; box: unknown; at: Date | string; uid: string; raw: Uint8Array };
    }
    const columnsOf = (column: "at" | "uid" | "raw" | "id") => ({
      items: {
        type: "hasMany",
        table: "items",
        columns: column === "id" ? { id: "box" } : { [column]: column },
      },
    });
    const { db, close } = await dialect.open() as { db: Kysely<Keys>; close(): Promise<void> };
    try {
      const isPostgres = dialect.dialect === "postgres";
      const [at, uid, raw] = [
        sql.raw(isPostgres ? "timestamptz" : "datetime(6)"),
        sql.raw(isPostgres ? "uuid" : "varchar(36)"),
        sql.raw(isPostgres ? "bytea" : "varbinary(16)"),
      ];
      await sql`create table boxes (id bigint primary key, at ${at}, uid ${uid}, raw ${raw})`
        .execute(db);
      await sql`create table items (n integer primary key, box bigint, at ${at}, uid ${uid},
        raw ${raw})`.execute(db);
      const uids = [1, 2].map((n) => `0000000a-0000-4000-8000-00000000000${n}`);
      for (const n of [1, 2]) {
        // Microseconds, which a Date does not have
        const time = sql.raw(`'2026-01-31 10:00:0${n}.123456'`);
        const bytes = new Uint8Array([0, 255, n]);
        await sql`insert into boxes values (${n}, ${time}, ${uids[n - 1]}, ${bytes})`.execute(db);
        await sql`insert into items values (${n}, ${n}, ${time}, ${uids[n - 1]}, ${bytes})`
          .execute(db);
      }
      for (const column of ["at", "uid", "raw", "id"] as const) {
        const own = defineRelations<any>()({ boxes: columnsOf(column) } as any) as any;
        const boxes: any = createRepository<any, any>(db, { tableName: "boxes", relations: own });
        for (const limit of [undefined, 3]) {
          const include = {
            items: limit === undefined ? true : { limit },
            _count: { items: true },
          };
          const found = await boxes.find({ orderBy: "uid", include });
          assert.deepEqual(
            found.map(({ items, _count }: any) => [items.map(({ n }: any) => n), _count.items]),
            [[[1], 1], [[2], 1]],
            column,
          );
          const rows = await boxes.find({ orderBy: "uid" });
          const loaded = await boxes.load(rows, include);
          assert.deepEqual(loaded.map(({ items }: any) => items[0]?.n), [1, 2], column);
        }
      }
      if (dialect.dialect !== "sqlite") {
        // To the program it is the same date.
        await sql`insert into boxes (id, at) values (3, '2026-01-31 10:00:01.123999')`.execute(db);
        const own = defineRelations<any>()({ boxes: columnsOf("at") } as any) as any;
        const boxes: any = createRepository<any, any>(db, { tableName: "boxes", relations: own });
        await assert.rejects(
          boxes.find({ include: { items: true } }),
          /the same "at" to the milli/,
        );
      }
      const codecs = { boxes: { id: bigint() }, items: { box: bigint() } };
      const coded = defineRelations<Keys>()({
        boxes: { items: { type: "hasMany", table: "items", columns: { id: "box" } } },
        items: { within: { type: "belongsTo", table: "boxes", columns: { box: "id" } } },
      }, { codecs });
      const boxes = createRepository(db, {
        tableName: "boxes",
        relations: coded,
        codecs: codecs.boxes,
      });
      const found = await boxes.find({
        where: { items: { some: { box: 2n } } },
        include: { items: { include: { within: { select: ["id"] } } } },
      });
      assert.deepEqual(found.map(({ id, items }) => [id, items[0]?.box, items[0]?.within?.id]), [
        [2n, 2n, 2n],
      ]);
      const [loaded] = await boxes.load(await boxes.find({ where: { id: 1n } }), "items");
      assert.equal(loaded?.items[0]?.box, 1n);
    } finally {
      await close();
    }
  });

  it("serve the policies of row-level security as well", async () => {
    await inRelations(dialect, async ({ db }) => {
      const declared = relations.relations;
      const schema = defineRLSSchema<Database>({
        users: {
          policies: [filter("read", ({ auth }) => ({ id: auth.attributes!["ids"] as number[] }))],
        },
        posts: {
          relations: { author: declared.posts.author },
          policies: [filter("read", related("author"))],
        },
      });
      assert.throws(
        () =>
          defineRLSSchema<Database>({
            posts: { relations: { tags: declared.posts.tags as any }, policies: [] },
          }),
        /through a table between/,
      );
      const executor = await createExecutor(db, [rlsPlugin({ schema })]);
      const caller = (ids: number[]) =>
        bindContext(executor, { auth: { userId: 0, roles: [], attributes: { ids } } });
      const seen = async (ids: number[]) => {
        const tags = createRepository(caller(ids), { tableName: "tags", relations });
        const found = await tags.find({ orderBy: "id", include: { posts: { orderBy: "id" } } });
        return found.map(({ posts }) => posts.map(({ id }) => id));
      };
      assert.deepEqual(await seen([1]), [[1, 2], [3], [1, 4]]);
      assert.deepEqual(await seen([2]), [[5], [5], [5]]);
      const unbound = createRepository(executor, { tableName: "tags", relations });
      await assert.rejects(unbound.find({ include: { posts: true } }), { name: "RLSContextError" });
    });
  });

  it("are those of the schema that an instance is set to", {
    skip: dialect.dialect !== "postgres" && "There is one schema",
  }, async () => {
    await inRelations(dialect, async ({ db, executor }) => {
      await sql`create schema kysera_other`.execute(db);
      try {
        await sql`create table kysera_other.users (id integer primary key, name text,
          manager_id integer, deleted_at text)`.execute(db);
        await sql`create table kysera_other.posts (id integer primary key, author_id integer,
          editor_id integer, title text, score integer, deleted_at text)`.execute(db);
        await sql`insert into kysera_other.users values (1, 'Zed', null, null)`.execute(db);
        await sql`insert into kysera_other.posts values (9, 1, null, 'There', null, null),
          (10, 1, null, 'Gone', null, 'x')`.execute(db);
        const users = createRepository(executor, {
          tableName: "users",
          relations,
          schema: "kysera_other",
        });
        const options = {
          where: { posts: { some: { title: "There" } }, manager: { is: null } },
          include: { posts: { limit: 3, select: ["id"] }, _count: { posts: true }, manager: true },
        } as const;
        const [zed] = await users.find(options);
        assert.deepEqual(plain(zed!.posts), [{ id: 9 }]);
        assert.equal(zed!._count.posts, 1);
        const context = createSchemaContext(createContext<Database>(executor), "kysera_other");
        const [loaded] = await relations.load(context, "users", [{ id: 1 }], { posts: true });
        assert.deepEqual(loaded!.posts.map(({ title }) => title), ["There"]);
        // A table that is named with its schema
        const far = defineRelations<
          Pick<Database, "users"> & { "kysera_other.posts": Database["posts"] }
        >()({
          users: {
            far: {
              type: "hasMany",
              table: "kysera_other.posts",
              columns: { id: "author_id" },
            },
          },
          "kysera_other.posts": {
            writer: { type: "belongsTo", table: "users", columns: { author_id: "id" } },
          },
        });
        const near = createRepository(executor as unknown as Kysely<any>, {
          tableName: "users",
          relations: far as any,
        }) as any;
        for (const limit of [undefined, 5]) {
          const found = await near.find({
            where: { far: { some: { writer: { is: { name: "Ada" } } } } },
            include: { far: { ...limit && { limit }, include: { writer: true } } },
          });
          // Soft delete is told of tables in the schema that names find.
          const ids = found.map(({ far }: any) => far.map(({ id }: any) => id).sort());
          assert.ok(ids[0].includes(9));
          assert.equal(found[0].far[0].writer.name, "Ada");
        }
        // The one that it is not set to
        const here = createRepository(executor, { tableName: "users", relations });
        assert.deepEqual(await here.find(options), []);
      } finally {
        await sql`drop schema kysera_other cascade`.execute(db);
      }
    });
  });
});
