import { and, asc, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import { integer as pgInteger, pgTable, text as pgText } from "drizzle-orm/pg-core";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { IDS, newUsers, type Work } from "./_work.ts";

/** Tables and databases of two dialects, which have the same methods and no type in common. */
type Any = any;

interface Tables {
  readonly users: Any;
  readonly posts: Any;
  readonly tags: Any;
}

/** The tables, for SQLite. */
export const sqliteTables: Tables = {
  users: sqliteTable("users", {
    id: integer().primaryKey(),
    name: text().notNull(),
    org_id: integer().notNull(),
    deleted_at: text(),
  }),
  posts: sqliteTable("posts", {
    id: integer().primaryKey(),
    user_id: integer().notNull(),
    title: text().notNull(),
    deleted_at: text(),
  }),
  tags: sqliteTable("tags", {
    id: integer().primaryKey(),
    post_id: integer().notNull(),
    label: text().notNull(),
  }),
};

/** The tables, for PostgreSQL. */
export const postgresTables: Tables = {
  users: pgTable("users", {
    id: pgInteger().primaryKey().generatedByDefaultAsIdentity(),
    name: pgText().notNull(),
    org_id: pgInteger().notNull(),
    deleted_at: pgText(),
  }),
  posts: pgTable("posts", {
    id: pgInteger().primaryKey(),
    user_id: pgInteger().notNull(),
    title: pgText().notNull(),
    deleted_at: pgText(),
  }),
  tags: pgTable("tags", {
    id: pgInteger().primaryKey(),
    post_id: pgInteger().notNull(),
    label: pgText().notNull(),
  }),
};

function queries(db: Any, { users, posts, tags }: Tables) {
  const visible = isNull(users.deleted_at);
  return {
    findById: (id: unknown) => db.select().from(users).where(and(eq(users.id, id), visible)),
    find: (org: unknown, after: unknown) =>
      db.select().from(users).where(and(eq(users.org_id, org), gt(users.id, after), visible)),
    findAll: () => db.select().from(users).where(visible).orderBy(asc(users.id)).limit(100),
    insert: (rows: unknown) => db.insert(users).values(rows).returning(),
    update: (id: unknown, name: unknown) =>
      db.update(users).set({ name }).where(and(eq(users.id, id), visible)).returning(),
    join: (ids: unknown) =>
      db.select({ id: users.id, title: posts.title, label: tags.label }).from(users)
        .innerJoin(posts, eq(posts.user_id, users.id)).innerJoin(tags, eq(tags.post_id, posts.id))
        .where(and(inArray(users.id, ids as number[]), visible, isNull(posts.deleted_at)))
        .orderBy(asc(users.id)),
  };
}

/** Drizzle, which builds a query for each call. */
export function drizzleWork(db: Any, tables: Tables): Work {
  const query = queries(db, tables);
  return {
    findById: async (id) => (await query.findById(id))[0],
    find: async (org, after) => await query.find(org, after),
    findAll: async () => await query.findAll(),
    create: async (row) => (await query.insert(row))[0],
    update: async (id, name) => (await query.update(id, name))[0],
    bulkCreate: async (rows) => await query.insert(rows),
    join: async (ids) => await query.join(ids),
  };
}

/** Drizzle, prepared: a statement has the length of its lists. */
export function preparedDrizzleWork(db: Any, tables: Tables): Work {
  const query = queries(db, tables);
  const at = (name: string): Any => sql.placeholder(name);
  const prepared = (name: string, built: Any) => built.prepare(name);
  const row = (i: number) => ({
    name: at(`name${i}`),
    org_id: at(`org${i}`),
    deleted_at: at(`deleted${i}`),
  });
  const byId = prepared("by_id", query.findById(at("id")));
  const some = prepared("some", query.find(at("org"), at("after")));
  const all = prepared("every", query.findAll());
  const one = prepared("insert_one", query.insert(row(0)));
  const thousand = prepared("insert_many", query.insert(newUsers(1_000).map((_, i) => row(i))));
  const update = prepared("update_one", query.update(at("id"), at("name")));
  const join = prepared("joined", query.join(IDS.map((_, i) => at(`id${i}`))));
  const values = (rows: readonly Any[]) =>
    Object.fromEntries(
      rows.flatMap(({ name, org_id, deleted_at }, i) => [
        [`name${i}`, name],
        [`org${i}`, org_id],
        [`deleted${i}`, deleted_at],
      ]),
    );
  return {
    isFixedLength: true,
    findById: async (id) => (await byId.execute({ id }))[0],
    find: async (org, after) => await some.execute({ org, after }),
    findAll: async () => await all.execute(),
    create: async (row) => (await one.execute(values([row])))[0],
    update: async (id, name) => (await update.execute({ id, name }))[0],
    bulkCreate: async (rows) => await thousand.execute(values(rows)),
    join: async (ids) => await join.execute(Object.fromEntries(ids.map((id, i) => [`id${i}`, id]))),
  };
}
