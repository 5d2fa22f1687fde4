import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import {
  cleanDatabase,
  composeSeeders,
  countRows,
  createTestDatabase,
  seedDatabase,
  type TestServer,
} from "@kysera/testing";
import { type Kysely, MysqlDialect, PostgresDialect, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import process from "node:process";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { add, alice, bob, type Database, openUsers } from "./_world.ts";

onEveryDialect("cleanDatabase()", (dialect) => {
  for (const strategy of ["transaction", "delete", "truncate"] as const) {
    it(`empties tables that refer to each other, by ${strategy}`, async () => {
      const { db, close } = await openUsers(dialect, { connections: 1 });
      try {
        if (dialect.dialect === "sqlite") await sql`pragma foreign_keys = on`.execute(db);
        const any = db as Kysely<any>;
        await sql`create table posts (id integer primary key, author_id integer not null,
          foreign key (author_id) references users (id))`.execute(db);
        await add(db, { ...alice, deleted_at: "2026-01-01" });
        await any.insertInto("posts").values({ id: 1, author_id: 1 }).execute();
        const executor = await createExecutor(db, [softDeletePlugin({ tables: ["users"] })]);
        await cleanDatabase(executor, strategy);
        assert.equal(await countRows(db, "users"), 0);
        assert.equal(await countRows(any, "posts"), 0);
        await add(db, alice);
        await assert.rejects(
          any.insertInto("posts").values({ id: 1, author_id: 9 }).execute(),
          "foreign keys hold again",
        );
      } finally {
        await close();
      }
    });
  }

  it("empties the tables that it is told, or all but some", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await sql`create table tags (name varchar(10))`.execute(db);
      await sql`insert into tags values ('a')`.execute(db);
      await add(db, alice);
      await cleanDatabase(db, "delete", { except: ["tags"] });
      assert.equal(await countRows(db as Kysely<any>, "tags"), 1);
      assert.equal(await countRows(db, "users"), 0);
      await cleanDatabase(db, "truncate", ["tags"]);
      assert.equal(await countRows(db as Kysely<any>, "tags"), 0);
    } finally {
      await close();
    }
  });

  it("empties tables whose names are not identifiers", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const any = db as Kysely<any>;
      const names = ["a.b", "tbl-with-dash", "таблица", 'quo"te', "select", "two words"];
      for (const strategy of ["transaction", "delete", "truncate"] as const) {
        for (const name of names) {
          await sql`create table if not exists ${sql.id(name)} (id int)`.execute(any);
          await sql`insert into ${sql.id(name)} values (1)`.execute(any);
        }
        const counts = async (): Promise<number[]> => {
          const all = names.map(async (name) => {
            const { rows } = await sql<{ n: unknown }>`select count(*) as n from ${sql.id(name)}`
              .execute(any);
            return Number(rows[0]!.n);
          });
          return await Promise.all(all);
        };
        await cleanDatabase(db, strategy, { except: ["tbl-with-dash", "users"] });
        assert.deepEqual(await counts(), [0, 1, 0, 0, 0, 0]);
        await cleanDatabase(db, strategy, ["tbl-with-dash"]);
        assert.deepEqual(await counts(), [0, 0, 0, 0, 0, 0]);
      }
    } finally {
      await close();
    }
  });

  it("refuses a name that is not an identifier, and an unknown strategy", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await add(db, alice);
      await assert.rejects(cleanDatabase(db, "delete", ['users"; drop table users; --']), {
        name: "BadRequestError",
      });
      await assert.rejects(cleanDatabase(db, "drop" as "delete"), /"drop" is not a strategy/);
      assert.equal(await countRows(db, "users"), 1);
    } finally {
      await close();
    }
  });
});

onEveryDialect("seedDatabase()", (dialect) => {
  it("runs a seed once, where it has a name", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const seeder = composeSeeders<Database>([(trx) => add(trx, alice), (trx) => add(trx, bob)]);
      assert.equal(await seedDatabase(db, seeder, { once: "users" }), true);
      assert.equal(await seedDatabase(db, seeder, { once: "users" }), false);
      assert.equal(await countRows(db, "users"), 2);
    } finally {
      await close();
    }
  });

  it("leaves nothing of a seed that fails, and runs it again", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      let fails = true;
      const seeder = async (trx: Kysely<Database>) => {
        await add(trx, alice);
        if (fails) throw new Error("no");
      };
      await assert.rejects(seedDatabase(db, seeder, { once: "users" }), { message: "no" });
      assert.equal(await countRows(db, "users"), 0);
      fails = false;
      assert.equal(await seedDatabase(db, seeder, { once: "users" }), true);
      assert.equal(await countRows(db, "users"), 1);
    } finally {
      await close();
    }
  });
});

const migrate = (db: Kysely<any>) =>
  db.schema.createTable("users").addColumn("id", "integer").execute();

onEveryDialect("createTestDatabase() on a server", (dialect) => {
  it("makes databases of their own, and removes them", async () => {
    const server = await serverOf(dialect);
    const open = () => createTestDatabase<any>({ server, migrate });
    const [one, other] = await Promise.all([open(), open()]);
    await one.db.insertInto("users").values({ id: 1 }).execute();
    assert.equal(await countRows(one.db, "users"), 1);
    assert.equal(await countRows(other.db, "users"), 0);
    await Promise.all([one.destroy(), other.destroy()]);
    await one.destroy();
    await assert.rejects(
      createTestDatabase<any>({ server: { ...server, maintenance: one.name! } }),
      "the database is gone",
    );
  });

  it("removes the database where a migration fails", async () => {
    const server = await serverOf(dialect);
    let name: string | undefined;
    const connect = (database: string) => {
      if (database !== server.maintenance) name = database;
      return server.connect(database);
    };
    await assert.rejects(
      createTestDatabase<any>({
        server: { ...server, connect },
        migrate: () => {
          throw new Error("no");
        },
      }),
      { message: "no" },
    );
    await assert.rejects(createTestDatabase<any>({ server: { ...server, maintenance: name! } }));
  });
}, ["postgres", "mysql"]);

onEveryDialect("createTestDatabase() from a template", (dialect) => {
  it("migrates once, also where several processes begin at once", async () => {
    const server = await serverOf(dialect);
    const template = `kysera_template_${Math.random().toString(36).slice(2, 10)}`;
    let migrations = 0;
    const open = () =>
      createTestDatabase<any>({
        server,
        template,
        migrate: async (db) => {
          migrations++;
          await migrate(db);
        },
      });
    const databases = await Promise.all([open(), open(), open()]);
    assert.equal(migrations, 1);
    for (const { db } of databases) assert.equal(await countRows(db, "users"), 0);
    await Promise.all(databases.map((database) => database.destroy()));
    const admin = await createTestDatabase<any>({ server });
    await sql`drop database ${sql.id(template)}`.execute(admin.db);
    await admin.destroy();
  });
}, ["postgres"]);

describe("createTestDatabase()", () => {
  it("refuses to guess where the database is to be", async () => {
    await assert.rejects(createTestDatabase({}), /give either dialect or server/);
    await assert.rejects(createTestDatabase({ dialct: 1 } as object), /no option "dialct"/);
  });
});

async function serverOf({ name }: TestDialect): Promise<TestServer> {
  if (name === "postgres") {
    const { default: pg } = await import("pg");
    const url = new URL(process.env["KYSERA_TEST_POSTGRES_URL"]!);
    return {
      maintenance: url.pathname.slice(1),
      connect(database) {
        url.pathname = `/${database}`;
        return new PostgresDialect({ pool: new pg.Pool({ connectionString: url.href, max: 2 }) });
      },
    };
  }
  const { default: mysql } = await import("mysql2");
  const url = new URL(process.env["KYSERA_TEST_MYSQL_URL"]!);
  return {
    maintenance: url.pathname.slice(1),
    connect(database) {
      url.pathname = `/${database}`;
      return new MysqlDialect({ pool: mysql.createPool({ uri: url.href, connectionLimit: 2 }) });
    },
  };
}
