/**
 * What the types of relations promise. `deno task check` is the test: a line under
 * `@ts-expect-error` that compiles is an error. None of the code but the end of the file runs.
 */
import { bindContext, createExecutor, type KyseraExecutor, type Plugin } from "@kysera/executor";
import { compose, createQuery, type DbContext } from "@kysera/dal";
import {
  createORM,
  createRepository,
  createRepositoryFactory,
  defineRelations,
  json,
} from "@kysera/repository";
import type { Generated, Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";

interface Database {
  users: { id: Generated<number>; name: string; boss_id: number | null };
  profiles: { id: number; user_id: number; settings: string };
  posts: { id: number; author_id: number; title: string; at: Date };
  tags: { id: number; label: string };
  post_tags: { post_id: number; tag_id: number };
  halls: { site: string; number: number };
  seats: { id: number; site: string; hall: number };
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
type Shape<T> = T extends Date ? T
  : T extends readonly (infer Item)[] ? Shape<Item>[]
  : T extends object ? { [K in keyof T]: Shape<T[K]> }
  : T;

/** Whether a value is of a type, whatever it is an intersection of. */
function is<Wanted>() {
  return <Given>(_: Given, ..._same: Same<Shape<Given>, Wanted> extends true ? [] : [never]) => {};
}

type User = { id: number; name: string; boss_id: number | null };
type Post = { id: number; author_id: number; title: string; at: Date };

const DECLARED = {
  users: {
    posts: { type: "hasMany", table: "posts", columns: { id: "author_id" } },
    profile: { type: "hasOne", table: "profiles" },
    boss: { type: "belongsTo", table: "users", columns: { boss_id: "id" } },
    team: { type: "hasMany", table: "users", columns: { id: "boss_id" } },
  },
  posts: {
    author: { type: "belongsTo", table: "users", columns: { author_id: "id" } },
    tags: {
      type: "manyToMany",
      table: "tags",
      through: { table: "post_tags", from: { id: "post_id" }, to: { tag_id: "id" } },
    },
  },
  halls: { seats: { type: "hasMany", table: "seats", columns: { site: "site", number: "hall" } } },
} as const;

export async function reads(db: Kysely<Database>): Promise<void> {
  const relations = defineRelations<Database>()(DECLARED);
  const users = createRepository(db, { tableName: "users", relations });

  const rows = await users.find({ where: { posts: { some: { tags: { none: {} } } } } });
  is<User[]>()(rows);
  const [user] = await users.find({
    include: {
      posts: {
        where: { title: { contains: "x" }, author: { is: { name: "Ada" } } },
        orderBy: [{ column: "at", direction: "desc" }],
        limit: 3,
        include: { tags: { select: ["label"] }, author: { include: { boss: true } } },
      },
      profile: { select: ["settings"] },
      boss: true,
      team: false,
      _count: { posts: true, team: { where: { name: "Ada" } } },
    },
  });
  is<
    & User
    & {
      posts:
        (Post & { tags: { label: string }[]; author: (User & { boss: User | null }) | null })[];
      profile: { settings: string } | null;
      boss: User | null;
      _count: { posts: number; team: number };
    } extends infer T ? Shape<T> : never
  >()(user!);
  is<{ name: string; posts: Post[] } | null>()(
    await users.findOne({ select: ["name"], include: { posts: true } }),
  );
  is<(User & { boss: User | null } extends infer T ? Shape<T> : never) | null>()(
    await users.findById(1, { include: { boss: true } }),
  );
  is<User | null>()(await users.findById(1));
  is<{ id: number; extra: string; posts: Post[] }[]>()(
    await users.load([{ id: 1, extra: "x" }], "posts"),
  );
  is<{ id: number; boss_id: null; posts: Post[]; boss: User | null }[]>()(
    await users.load([{ id: 1, boss_id: null }], ["posts", "boss"]),
  );
  is<{ id: number; posts: { title: string }[]; _count: { team: number } }[]>()(
    await users.load([{ id: 1 }], { posts: { select: ["title"] }, _count: { team: true } }),
  );
  const page = await users.paginate({ include: { posts: true } });
  is<Post[]>()(page.data[0]!.posts);

  // @ts-expect-error there is no such relation
  await users.find({ include: { post: true } });
  // @ts-expect-error there is no such relation, beside one that there is
  await users.find({ include: { posts: true, post: true } });
  // @ts-expect-error nor one level down
  await users.find({ include: { posts: { include: { tag: true } } } });
  // @ts-expect-error there is no such option
  await users.find({ include: { posts: { take: 3 } } });
  // @ts-expect-error one row has no limit
  await users.find({ include: { boss: { limit: 3 } } });
  // @ts-expect-error there is no such column
  await users.find({ include: { posts: { where: { titel: "x" } } } });
  // @ts-expect-error nor beside one that there is
  await users.find({ include: { posts: { where: { title: "x", titel: "x" } } } });
  // @ts-expect-error the column holds text
  await users.find({ include: { posts: { where: { title: 1 } } } });
  // @ts-expect-error there is no such column
  await users.find({ include: { posts: { orderBy: "titel" } } });
  // @ts-expect-error there is no such column
  await users.find({ include: { posts: { select: ["titel"] } } });
  // @ts-expect-error there is no such relation
  await users.find({ include: { _count: { post: true } } });
  // @ts-expect-error there is no such relation
  await users.find({ where: { post: { some: {} } } });
  // @ts-expect-error there is no such column
  await users.find({ where: { posts: { some: { titel: "x" } } } });
  // @ts-expect-error of several rows there is no "is"
  await users.find({ where: { posts: { is: {} } } });
  // @ts-expect-error the rows have no key
  await users.load([{ name: "x" }], "posts");
  // @ts-expect-error there is no such relation
  await users.load([{ id: 1 }], "post");
  // @ts-expect-error it was not included
  void rows[0]!.posts;
  const bare = createRepository(db, { tableName: "users" });
  // @ts-expect-error the repository has no relations
  await bare.find({ include: { posts: true } });
  // @ts-expect-error the repository has no relations
  void bare.load;
}

export async function elsewhere(db: Kysely<Database>, plugin: Plugin): Promise<void> {
  const relations = defineRelations<Database>()(DECLARED, {
    codecs: { profiles: { settings: json<{ dark: boolean }>() } },
  });
  const executor: KyseraExecutor<Database, readonly [Plugin]> = await createExecutor(db, [plugin]);
  const orm = await createORM(executor, []);
  for (
    const users of [
      orm.createRepository({ tableName: "users", relations }),
      createRepositoryFactory(executor).create({ tableName: "users", relations }),
      createRepository(bindContext(executor, { a: 1 }), { tableName: "users", relations }),
    ]
  ) {
    const [user] = await users.find({ include: { profile: true } });
    is<{ dark: boolean } | undefined>()(user?.profile?.settings);
    await users.transaction(async (_, inside) => {
      const [user] = await inside.find({ include: { boss: true } });
      is<User | null | undefined>()(user?.boss);
    });
    await db.transaction().execute(async (trx) => {
      const [user] = await users.withTransaction(trx).find({ include: { posts: true } });
      is<Post[] | undefined>()(user?.posts);
    });
  }
  const mapped = createRepository(db, {
    tableName: "users",
    relations,
    mapRow: ({ name }) => ({ label: name }),
  });
  is<{ label: string; posts: Post[] }[]>()(await mapped.find({ include: { posts: true } }));

  const getUser = createQuery((ctx: DbContext<Database>, id: number) =>
    ctx.db.selectFrom("users").select("id").where("id", "=", id).executeTakeFirst()
  );
  const withPosts = compose(getUser, relations.include("users", { posts: { select: ["id"] } }));
  is<{ id: number; posts: { id: number }[] } | undefined>()(await withPosts(db, 1));
  const loaded = await relations.load(db, "users", [{ id: 1 }], { profile: true });
  is<{ dark: boolean } | undefined>()(loaded[0]!.profile?.settings);
  await db.selectFrom("users").selectAll()
    .where(await relations.where(db, "users", { posts: { every: { title: "x" } } })).execute();
  // @ts-expect-error there is no such relation
  await relations.load(db, "users", [{ id: 1 }], { post: true });
  // @ts-expect-error the rows have no key
  await relations.load(db, "users", [{ name: "x" }], { posts: true });
  // @ts-expect-error there is no such column
  await relations.where(db, "users", { posts: { every: { titel: "x" } } });
}

export async function untyped(db: Kysely<any>): Promise<void> {
  const relations = defineRelations<any>()({
    users: { posts: { type: "hasMany", table: "posts", columns: { id: "author_id" } } },
    posts: { author: { type: "belongsTo", table: "users" } },
  });
  const users = createRepository(db, { tableName: "users", relations });
  const [user] = await users.find({
    where: { posts: { some: { title: "x" } }, name: "Ada" },
    include: { posts: { where: { title: "x" }, orderBy: "at", include: { author: true } } },
  });
  void user!.posts[0]!.title;
  void user!.posts[0]!.author?.name;
  void (await users.load([{ id: 1 }], "posts"))[0]!.posts.length;
  void (await relations.load(db, "users", [{ id: 1 }], { posts: true }))[0]!.posts[0]!.title;
  // @ts-expect-error there is no such relation
  await users.find({ include: { post: true } });
}

export function declared(): void {
  const define = defineRelations<Database>();
  // @ts-expect-error there is no such table
  define({ user: {} });
  // @ts-expect-error there is no such table
  define({ users: { posts: { type: "hasMany", table: "post" } } });
  // @ts-expect-error there is no such column
  define({ users: { posts: { type: "hasMany", table: "posts", columns: { uid: "author_id" } } } });
  // @ts-expect-error there is no such column of the other table
  define({ users: { posts: { type: "hasMany", table: "posts", columns: { id: "user_id" } } } });
  // @ts-expect-error there is no such sort
  define({ users: { posts: { type: "many", table: "posts" } } });
  // @ts-expect-error it is a column
  define({ users: { name: { type: "hasMany", table: "posts" } } });
  // @ts-expect-error there is no table between
  define({ posts: { tags: { type: "manyToMany", table: "tags" } } });
  define({
    posts: {
      tags: {
        type: "manyToMany",
        table: "tags",
        // @ts-expect-error there is no such column of the table between
        through: { table: "post_tags", from: { id: "posts_id" } },
      },
    },
  });
}

it("the types of relations compile", () => {
  assert.equal(typeof reads, "function");
});
