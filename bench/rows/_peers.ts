import type Sqlite from "better-sqlite3";
import type { Kysely } from "kysely";
import type { Database } from "./_database.ts";
import type { NewUser, Work } from "./_work.ts";

/** Other libraries have types of their own; what is timed is what they do. */
type Any = any;

/** What is loaded when the peers are measured, and by nothing else: no package needs it. */
export const PACKAGES = {
  knex: "npm:knex@3.3.0",
  knexSqlite: "npm:knex@3.3.0/lib/dialects/better-sqlite3/index.js",
  typeorm: "npm:typeorm@1.1.1",
  mikro: "npm:@mikro-orm/sqlite@7.2.2",
  kyseraExecutor: "npm:@kysera/executor@0.8.8",
  kyseraSoftDelete: "npm:@kysera/soft-delete@0.8.8",
} as const;

/** Loads a package by its specifier, which the lock file does not know. */
async function load(name: keyof typeof PACKAGES): Promise<Any> {
  const specifier: string = PACKAGES[name];
  return await import(specifier);
}

/** A library at work, and how it is left. */
export interface Peer {
  readonly work: Work;
  close?(): Promise<unknown>;
}

/** Knex, on the connection that is given. */
export async function knexPeer(database: Sqlite.Database): Promise<Peer> {
  const { default: knex } = await load("knex");
  const { default: Client } = await load("knexSqlite");
  class OneDatabase extends Client {
    _driver() {
      return {};
    }
    acquireRawConnection() {
      return database;
    }
    destroyRawConnection() {}
  }
  const db = knex({
    client: OneDatabase,
    connection: { filename: ":memory:" },
    useNullAsDefault: true,
  });
  const visible = () => db("users").whereNull("deleted_at");
  return {
    close: () => db.destroy(),
    work: {
      findById: (id) => visible().where({ id }).first(),
      find: (org_id, after) => visible().where({ org_id }).where("id", ">", after),
      findAll: () => visible().orderBy("id").limit(100),
      create: async (row) => (await db("users").insert(row).returning("*"))[0],
      update: async (id, name) =>
        (await visible().where({ id }).update({ name }).returning("*"))[0],
      // One statement takes 500 rows at the most: SQLite has no longer compound SELECT.
      bulkCreate: (rows) => db.batchInsert("users", rows, 500).returning("*"),
      join: (ids) =>
        db("users as u").join("posts as p", "p.user_id", "u.id")
          .join("tags as g", "g.post_id", "p.id").select("u.id", "p.title", "g.label")
          .whereIn("u.id", ids).whereNull("u.deleted_at").whereNull("p.deleted_at").orderBy("u.id"),
    },
  };
}

/** TypeORM, with entities that are declared without decorators. */
export async function typeormPeer(database: Sqlite.Database): Promise<Peer> {
  const { DataSource, EntitySchema, In, IsNull, MoreThan } = await load("typeorm");
  const key = { type: "integer", primary: true, generated: true };
  const Users = new EntitySchema({
    name: "users",
    columns: {
      id: key,
      name: { type: "text" },
      org_id: { type: "integer" },
      deleted_at: { type: "text", nullable: true },
    },
  });
  const source = await new DataSource({
    type: "better-sqlite3",
    database: ":memory:",
    // It opens what it is given by a constructor.
    driver: function () {
      return database;
    },
    entities: [Users],
  }).initialize();
  const users = source.getRepository(Users);
  const deleted_at = IsNull();
  return {
    close: () => source.destroy(),
    work: {
      findById: (id) => users.findOneBy({ id, deleted_at }),
      find: (org_id, after) => users.findBy({ org_id, id: MoreThan(after), deleted_at }),
      findAll: () => users.find({ where: { deleted_at }, order: { id: "asc" }, take: 100 }),
      create: (row) => users.save({ ...row }),
      update: async (id, name) => {
        const row = await users.findOneBy({ id, deleted_at });
        return await users.save(Object.assign(row, { name }));
      },
      bulkCreate: (rows) => users.save(rows.map((row) => ({ ...row }))),
      join: (ids) =>
        users.createQueryBuilder("u").innerJoin("posts", "p", "p.user_id = u.id")
          .innerJoin("tags", "g", "g.post_id = p.id")
          .select(["u.id as id", "p.title as title", "g.label as label"])
          .where({ id: In([...ids]), deleted_at }).andWhere("p.deleted_at is null")
          .orderBy("u.id").getRawMany(),
    },
  };
}

/** MikroORM, which opens a database of its own; each request has a fork of its entity manager. */
export async function mikroPeer(schema: string): Promise<Peer & { clean(): Promise<unknown> }> {
  const { EntitySchema, MikroORM } = await load("mikro");
  const Users = new EntitySchema({
    name: "User",
    tableName: "users",
    properties: {
      id: { type: "integer", primary: true },
      name: { type: "text" },
      org_id: { type: "integer", fieldName: "org_id" },
      deleted_at: { type: "text", nullable: true, fieldName: "deleted_at" },
    },
  });
  const orm = await MikroORM.init({ entities: [Users], dbName: ":memory:", debug: false });
  const connection = orm.em.getConnection();
  for (const statement of schema.split(";")) {
    if (statement.trim()) await connection.execute(statement);
  }
  const plain = ({ id, name, org_id, deleted_at }: Any) => ({ id, name, org_id, deleted_at });
  const added = (em: Any, row: NewUser) => em.create(Users, { ...row });
  return {
    clean: () => connection.execute("delete from users where id > 1000"),
    close: () => orm.close(),
    work: {
      async findById(id) {
        return plain(await orm.em.fork().findOne(Users, { id, deleted_at: null }));
      },
      async find(org_id, after) {
        const where = { org_id, id: { $gt: after }, deleted_at: null };
        return (await orm.em.fork().find(Users, where)).map(plain);
      },
      async findAll() {
        const options = { orderBy: { id: "asc" }, limit: 100 };
        return (await orm.em.fork().find(Users, { deleted_at: null }, options)).map(plain);
      },
      async create(row) {
        const em = orm.em.fork();
        const user = added(em, row);
        await em.persist(user).flush();
        return plain(user);
      },
      async update(id, name) {
        const em = orm.em.fork();
        const user = await em.findOne(Users, { id, deleted_at: null });
        user.name = name;
        await em.flush();
        return plain(user);
      },
      async bulkCreate(rows) {
        const em = orm.em.fork();
        const users = rows.map((row) => added(em, row));
        for (const user of users) em.persist(user);
        await em.flush();
        return users.map(plain);
      },
    },
  };
}

/** The last version with the former design: an executor with soft delete. */
export async function formerKysera(db: Kysely<Database>): Promise<Peer> {
  const { createExecutor } = await load("kyseraExecutor");
  const { softDeletePlugin } = await load("kyseraSoftDelete");
  const executor: Kysely<Database> = await createExecutor(db, [
    softDeletePlugin({ tables: ["users", "posts"] }),
  ]);
  const users = () => executor.selectFrom("users").selectAll();
  return {
    work: {
      findById: (id) => users().where("id", "=", id).executeTakeFirst(),
      find: (org, after) => users().where("org_id", "=", org).where("id", ">", after).execute(),
      findAll: () => users().orderBy("id").limit(100).execute(),
      create: (row) =>
        executor.insertInto("users").values(row).returningAll().executeTakeFirstOrThrow(),
      update: (id, name) =>
        executor.updateTable("users").set({ name }).where("id", "=", id).returningAll()
          .executeTakeFirstOrThrow(),
      bulkCreate: (rows) => executor.insertInto("users").values(rows).returningAll().execute(),
    },
  };
}
