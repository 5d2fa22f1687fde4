import { nodeSqliteDialect } from "@kysera/dialects";
import {
  bigint,
  createORM,
  createRepository,
  createRepositoryFactory,
  findCodecs,
  json,
} from "@kysera/repository";
import { type ColumnType, type Generated, type JSONColumnType, Kysely, sql } from "kysely";
import { BadRequestError } from "@kysera/core";
import { onEveryDialect } from "../support/matrix.ts";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

interface Settings {
  theme: string;
}

interface Database {
  posts: {
    id: Generated<number>;
    settings: JSONColumnType<Settings>;
    tags: ColumnType<string[], string, string>;
    big: number | null;
  };
}

const TABLE =
  "create table posts (id integer primary key, settings text not null, tags text not null, big int)";

// What must not compile is marked; `deno check` fails where it does.
describe("the types of codecs", () => {
  it("are those of inputs, conditions and entities", async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(":memory:");
    database.exec(TABLE);
    const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
    try {
      const codecs = { settings: json(), tags: json<string[]>(), big: bigint() };
      const posts = createRepository(db, { tableName: "posts", codecs });
      const row = { settings: { theme: "dark" }, tags: ["a"] };
      const post = await posts.create({ ...row, big: 5n });
      const theme: string = post.settings.theme;
      const tags: string[] = post.tags;
      const big: bigint | null = post.big;
      assert.deepEqual([theme, tags, big], ["dark", ["a"], 5n]);
      assert.equal((await posts.update(post.id, { big: null })).big, null);
      assert.equal(await posts.count({ where: { big: { lt: 9n } } }), 0);
      assert.equal(await posts.count({ where: { settings: { path: ["theme"], eq: "dark" } } }), 1);
      assert.equal(await posts.count({ where: { tags: { arrayContains: "a" } } }), 1);
      // @ts-expect-error: a number has no path
      await assert.rejects(posts.count({ where: { id: { path: ["a"], eq: 1 } } }));
      const [some] = await posts.find({ select: ["settings"], orderBy: "id" });
      assert.equal(some?.settings.theme, "dark");
      // @ts-expect-error: a text is what is stored, not what is given
      await posts.create({ settings: '{"theme":"x"}', tags: [] });
      // @ts-expect-error: it is a bigint
      await posts.update(post.id, { big: 6 });
      // @ts-expect-error: there is no such column
      createRepository(db, { tableName: "posts", codecs: { setings: json() } });

      const own = createRepository(db, {
        tableName: "posts",
        codecs: {
          settings: {
            encode: (value: Settings) => JSON.stringify(value),
            decode: (text: string) => JSON.parse(text),
          },
        },
        mapRow: (row) => ({ id: row.id, theme: row.settings.theme }),
      });
      const made: { id: number; theme: string } = await own.create({ ...row, tags: "[]" });
      assert.equal(made.theme, "dark");
      const orm = await createORM(db, []);
      for (
        const repository of [
          orm.createRepository({ tableName: "posts", codecs }),
          createRepositoryFactory(db).create({ tableName: "posts", codecs }),
        ]
      ) {
        await repository.create(row);
        assert.equal(
          (await repository.updateWhere({ big: { isNull: true } }, { big: 1n })) > 0,
          true,
        );
      }
    } finally {
      await db.destroy();
    }
  });
});

interface Typed {
  typed: {
    id: bigint;
    doc: JSONColumnType<{ list: number[] } | null>;
    at: Date | null;
    title: string;
    moods: Generated<string[] | null>;
  };
}

onEveryDialect("findCodecs()", (dialect) => {
  it("chooses codecs by the types of the catalog", async () => {
    const { db, close }: { db: Kysely<Typed>; close(): Promise<void> } = await dialect.open();
    try {
      const isPostgres = dialect.dialect === "postgres";
      if (isPostgres) await sql`create type mood as enum ('ok', 'so, so')`.execute(db);
      const at = { sqlite: "datetime", postgres: "timestamptz", mysql: "datetime(3)" };
      await sql`create table typed (id bigint primary key, doc json, at ${
        sql.raw(at[dialect.dialect])
      }, title varchar(20), moods ${sql.raw(isPostgres ? "mood[]" : "varchar(9)")})`.execute(db);
      const codecs = await findCodecs(db, "typed");
      assert.deepEqual(
        Object.keys(codecs),
        isPostgres ? ["id", "doc", "at", "moods"] : ["id", "doc", "at"],
      );
      const typed = createRepository(db, { tableName: "typed", codecs });
      const row = {
        id: 9007199254740991n,
        doc: { list: [1, 2] },
        at: new Date("2026-03-01T12:34:56.789Z"),
        title: "x",
        moods: isPostgres ? ["so, so", "ok"] : null,
      };
      assert.deepEqual(await typed.create(row), row);
      assert.deepEqual(await typed.findById(row.id), row);
      assert.deepEqual(await typed.find({ where: { at: row.at } }), [row]);
      assert.equal(await typed.count({ where: { doc: { path: ["list", 1], eq: 2 } } }), 1);
      // @ts-expect-error: a document is given, not its text
      await typed.update(row.id, { doc: "{}" });
      assert.deepEqual(Object.keys(await findCodecs(db, "typed", { kinds: ["bigint"] })), ["id"]);
      await assert.rejects(findCodecs(db, "typde" as "typed"), /does not tell of such a table/);
      await assert.rejects(
        findCodecs(db, "typed", { kinds: ["jsonn" as "json"] }),
        BadRequestError,
      );
    } finally {
      await close();
    }
  });
});
