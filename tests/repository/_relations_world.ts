/** Tables with relations of every sort, and rows that soft delete and a tenant's filter hide. */
import { bindContext, createExecutor, type KyseraExecutor, type Plugin } from "@kysera/executor";
import { defineRelations, type Relations } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type CompiledQuery, type Kysely, sql } from "kysely";
import type { TestDialect, TestOpenOptions } from "../support/matrix.ts";

export interface Database {
  users: { id: number; name: string; manager_id: number | null; deleted_at: string | null };
  profiles: { id: number; user_id: number; bio: string };
  posts: {
    id: number;
    author_id: number;
    editor_id: number | null;
    title: string;
    score: number | null;
    deleted_at: string | null;
  };
  tags: { id: number; label: string };
  post_tags: { post_id: number; tag_id: number };
  halls: { site: string; number: number; name: string };
  seats: { id: number; site: string | null; hall: number | null; row: string };
}

const DECLARED = {
  users: {
    posts: { type: "hasMany", table: "posts", columns: { id: "author_id" } },
    edited: { type: "hasMany", table: "posts", columns: { id: "editor_id" } },
    // Columns of the foreign key.
    profile: { type: "hasOne", table: "profiles" },
    latest: { type: "hasOne", table: "posts", columns: { id: "author_id" } },
    manager: { type: "belongsTo", table: "users", columns: { manager_id: "id" } },
    reports: { type: "hasMany", table: "users", columns: { id: "manager_id" } },
  },
  profiles: { user: { type: "belongsTo", table: "users" } },
  posts: {
    author: { type: "belongsTo", table: "users", columns: { author_id: "id" } },
    editor: { type: "belongsTo", table: "users", columns: { editor_id: "id" } },
    tags: {
      type: "manyToMany",
      table: "tags",
      through: { table: "post_tags", from: { id: "post_id" }, to: { tag_id: "id" } },
    },
  },
  // Columns of the foreign keys.
  tags: { posts: { type: "manyToMany", table: "posts", through: { table: "post_tags" } } },
  halls: { seats: { type: "hasMany", table: "seats", columns: { site: "site", number: "hall" } } },
  seats: { place: { type: "belongsTo", table: "halls" } },
} as const;

export const relations: Relations<Database, typeof DECLARED> = defineRelations<Database>()(
  DECLARED,
);

export interface World {
  /** Without plugins. */
  readonly db: Kysely<Database>;
  /** Hides deleted users and posts, and tags of other labels than the caller's. */
  readonly executor: KyseraExecutor<Database>;
  /** What was sent to the database since the last call. */
  sent(): CompiledQuery[];
}

/** Hides tags whose label does not begin with what is bound. */
const byLabel: Plugin = {
  name: "by-label",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => name === "tags",
  filter: (reference, { eb, value }) =>
    eb(reference.column("label"), "like", value((context) => `${context?.["label"] ?? ""}%`)),
};

export async function inRelations(
  dialect: TestDialect,
  body: (world: World) => Promise<void>,
  options?: TestOpenOptions,
): Promise<void> {
  const sent: CompiledQuery[] = [];
  const { db, close } = await dialect.open(options) as {
    db: Kysely<Database>;
    close(): Promise<void>;
  };
  try {
    await createTables(db, dialect.dialect);
    const watch: Plugin = {
      name: "watch",
      version: "1.0.0",
      aroundQuery: (query, next) => {
        sent.push(query);
        return next(query);
      },
    };
    const executor = await createExecutor(db, [
      softDeletePlugin({ tables: ["users", "posts"] }),
      byLabel,
      watch,
    ]);
    await body({
      db,
      executor: bindContext(executor, { label: "" }) as unknown as KyseraExecutor<Database>,
      sent: () => sent.splice(0),
    });
  } finally {
    await close();
  }
}

/** Rows of any driver as they are written here. */
export function plain<T>(rows: T): T {
  return JSON.parse(JSON.stringify(rows));
}

async function createTables(db: Kysely<Database>, dialect: string): Promise<void> {
  const text = sql.raw(dialect === "mysql" ? "varchar(60)" : "text");
  const statements = [
    sql`create table users (id integer primary key, name ${text} not null,
      manager_id integer references users (id), deleted_at ${text})`,
    sql`create table profiles (id integer primary key, user_id integer not null, bio ${text} not null,
      foreign key (user_id) references users (id))`,
    sql`create table posts (id integer primary key, author_id integer not null, editor_id integer,
      title ${text} not null, score integer, deleted_at ${text},
      foreign key (author_id) references users (id), foreign key (editor_id) references users (id))`,
    sql`create table tags (id integer primary key, label ${text} not null)`,
    sql`create table post_tags (post_id integer not null, tag_id integer not null,
      primary key (post_id, tag_id), foreign key (post_id) references posts (id),
      foreign key (tag_id) references tags (id))`,
    sql`create table halls (site ${text} not null, ${sql.ref("number")} integer not null,
      name ${text} not null, primary key (site, ${sql.ref("number")}))`,
    sql`create table seats (id integer primary key, site ${text}, hall integer,
      ${sql.ref("row")} ${text} not null,
      foreign key (site, hall) references halls (site, ${sql.ref("number")}))`,
  ];
  for (const statement of statements) await statement.execute(db);
  const gone = "2026-01-31";
  await db.insertInto("users").values([
    { id: 1, name: "Ada", manager_id: null, deleted_at: null },
    { id: 2, name: "Alan", manager_id: 1, deleted_at: null },
    { id: 3, name: "Grace", manager_id: 1, deleted_at: null },
    { id: 4, name: "Gone", manager_id: 1, deleted_at: gone },
    { id: 5, name: "Kurt", manager_id: 4, deleted_at: null },
  ]).execute();
  await db.insertInto("profiles").values([
    { id: 1, user_id: 1, bio: "engines" },
    { id: 2, user_id: 4, bio: "hidden" },
  ]).execute();
  const post = (
    id: number,
    author_id: number,
    editor_id: number | null,
    title: string,
    score: number | null,
    deleted_at: string | null = null,
  ) => ({ id, author_id, editor_id, title, score, deleted_at });
  await db.insertInto("posts").values([
    post(1, 1, 2, "Notes", 5),
    post(2, 1, null, "Sketch", 9),
    post(3, 1, 3, "Letters", null),
    post(4, 1, 2, "Burnt", 7, gone),
    post(5, 2, 1, "Machines", 9),
    post(6, 2, null, "Games", 2),
    post(7, 4, 1, "Orphan", 1),
    post(8, 5, 4, "Proofs", 3),
  ]).execute();
  await db.insertInto("tags").values([
    { id: 1, label: "math" },
    { id: 2, label: "mail" },
    { id: 3, label: "code" },
  ]).execute();
  await db.insertInto("post_tags").values([
    { post_id: 1, tag_id: 1 },
    { post_id: 1, tag_id: 3 },
    { post_id: 2, tag_id: 1 },
    { post_id: 3, tag_id: 2 },
    { post_id: 4, tag_id: 3 },
    { post_id: 5, tag_id: 1 },
    { post_id: 5, tag_id: 2 },
    { post_id: 5, tag_id: 3 },
  ]).execute();
  await db.insertInto("halls").values([
    { site: "N", number: 1, name: "north one" },
    { site: "N", number: 2, name: "north two" },
    { site: "S", number: 1, name: "south one" },
  ]).execute();
  await db.insertInto("seats").values([
    { id: 1, site: "N", hall: 1, row: "A" },
    { id: 2, site: "N", hall: 1, row: "B" },
    { id: 3, site: "S", hall: 1, row: "A" },
    { id: 4, site: "S", hall: null, row: "A" },
    { id: 5, site: null, hall: 1, row: "A" },
  ]).execute();
}
