import { type Params, prepareQuery } from "@kysera/dal";
import { createRepository } from "@kysera/repository";
import type { Kysely } from "kysely";
import type { Database } from "./_database.ts";
import type { Work } from "./_work.ts";

/** What one writes by hand. */
export function kyselyWork(db: Kysely<Database>): Work {
  const visible = () => db.selectFrom("users").selectAll().where("deleted_at", "is", null);
  return {
    findById: (id) => visible().where("id", "=", id).executeTakeFirst(),
    find: (org, after) => visible().where("org_id", "=", org).where("id", ">", after).execute(),
    findAll: () => visible().orderBy("id").limit(100).execute(),
    create: (row) => db.insertInto("users").values(row).returningAll().executeTakeFirstOrThrow(),
    update: (id, name) =>
      db.updateTable("users").set({ name }).where("id", "=", id).where("deleted_at", "is", null)
        .returningAll().executeTakeFirstOrThrow(),
    bulkCreate: (rows) => db.insertInto("users").values(rows).returningAll().execute(),
    join: (ids) =>
      db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
        .innerJoin("tags as g", "g.post_id", "p.id").select(["u.id", "p.title", "g.label"])
        .where("u.id", "in", ids).where("u.deleted_at", "is", null)
        .where("p.deleted_at", "is", null).orderBy("u.id").execute(),
  };
}

/** A repository, and a prepared query, on an executor with soft delete. */
export function kyseraWork(executor: Kysely<Database>): Work {
  const users = createRepository(executor, { tableName: "users" });
  const joined = prepareQuery(
    executor,
    (db: Kysely<Database>, { ids }: Params<{ ids: readonly number[] }>) =>
      db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
        .innerJoin("tags as g", "g.post_id", "p.id").select(["u.id", "p.title", "g.label"])
        .where("u.id", "in", ids).orderBy("u.id"),
  );
  return {
    findById: (id) => users.findById(id),
    find: (org_id, after) => users.find({ where: { org_id, id: { gt: after } } }),
    findAll: () => users.findAll({ orderBy: "id", limit: 100 }),
    create: (row) => users.create(row),
    update: (id, name) => users.update(id, { name }),
    bulkCreate: (rows) => users.bulkCreate(rows),
    join: (ids) => joined.execute({ ids }),
  };
}
