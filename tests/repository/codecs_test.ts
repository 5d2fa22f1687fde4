import { nodeSqliteDialect } from "@kysera/dialects";
import {
  bigint,
  createORM,
  createRepository,
  createRepositoryFactory,
  json,
} from "@kysera/repository";
import { type ColumnType, type Generated, type JSONColumnType, Kysely } from "kysely";
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
