import {
  BadRequestError,
  CheckConstraintError,
  DatabaseError,
  ForeignKeyConstraintError,
  NotNullError,
  SqlSyntaxError,
  UniqueConstraintError,
} from "@kysera/core";
import { createExecutor } from "@kysera/executor";
import { createRepository, json, upsert } from "@kysera/repository";
import { timestampsPlugin } from "@kysera/timestamps";
import {
  CamelCasePlugin,
  type DatabaseConnection,
  type Dialect,
  type Kysely,
  type KyselyPlugin,
  sql,
} from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Watched {
  readonly db: Kysely<any>;
  /** The statements on the table "people" that were run since it was asked last. */
  ran(): string[];
  /** How often the catalog was asked since then. */
  asked(): number;
}

async function withPeople(
  dialect: TestDialect,
  body: (watched: Watched) => Promise<void>,
  plugins: KyselyPlugin[] = [],
): Promise<void> {
  const ran: string[] = [];
  const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open({
    plugins,
    wrap: (inner) => watched(inner, (text) => ran.push(text)),
  });
  try {
    await sql`create table teams (id int primary key)`.execute(db);
    const id = {
      sqlite: "integer primary key",
      postgres: "serial primary key",
      mysql: "int auto_increment primary key",
    }[dialect.dialect];
    await sql`create table people (id ${sql.raw(id)}, email varchar(20) not null, full_name
      varchar(20) not null, age int default 7 not null, team int, born varchar(10),
      constraint people_email unique (email), constraint people_age check (age < 200),
      constraint people_team foreign key (team) references teams (id))`.execute(db);
    if (dialect.dialect === "sqlite") await sql`pragma foreign_keys = on`.execute(db);
    ran.length = 0;
    await body({
      db,
      ran: () => ran.splice(0).filter((text) => /["`]people["`]/.test(text)),
      asked: () =>
        ran.splice(0).filter((text) => /information_schema|pg_class|pragma/.test(text)).length,
    });
  } finally {
    await close();
  }
}

/** A dialect that tells what its connections run. */
function watched(dialect: Dialect, tell: (sql: string) => void): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver() {
      const driver = dialect.createDriver();
      const connections = new WeakMap<DatabaseConnection, DatabaseConnection>();
      const acquire = driver.acquireConnection.bind(driver);
      driver.acquireConnection = async (...parameters) => {
        const connection = await acquire(...parameters);
        if (connections.has(connection)) return connection;
        connections.set(connection, connection);
        const execute = connection.executeQuery.bind(connection);
        connection.executeQuery = (query, ...rest) => {
          tell(query.sql);
          return execute(query, ...rest as []);
        };
        return connection;
      };
      return driver;
    },
  };
}

const good = { email: "ada@x.org", full_name: "Ada" };

onEveryDialect("what a table does not have", (dialect) => {
  it("is refused before SQL, with the table and what may have been meant", () =>
    withPeople(dialect, async ({ db, ran }) => {
      const executor = await createExecutor(db, []);
      for (const target of dialect.name === "sqlite" ? [db, executor] : [executor]) {
        const people: any = createRepository<any, any>(target, { tableName: "people" });
        const refused = async (work: Promise<unknown>, name = "full_name"): Promise<void> => {
          await assert.rejects(work, (error) => {
            assert.ok(error instanceof BadRequestError, String(error));
            assert.match(error.message, /"people" has no column/);
            assert.ok(error.message.includes(`(did you mean "${name}"?)`), error.message);
            assert.equal(error.table, "people");
            return true;
          });
          assert.deepEqual(ran(), []);
        };
        await refused(people.create({ email: "a", ful_name: "x" }));
        await refused(people.bulkCreate([good, { email: "a", ful_name: "x" }]));
        await refused(people.upsert({ ...good, agee: 1 }, { conflictColumns: ["email"] }), "age");
        await refused(
          people.upsertMany([good, { ...good, agee: 1 }], {
            conflictColumns: ["email"],
          }),
          "age",
        );
        await refused(
          upsert(db, "people", { ...good, agee: 1 }, { conflictColumns: ["email"] }),
          "age",
        );
        await refused(people.update(1, { fullname: "x" }));
        await refused(people.bulkUpdate([{ id: 1, data: { fullname: "x" } }]));
        await refused(people.updateWhere({ id: 1 }, { fullname: "x" }));
        await refused(people.updateWhere({ emial: "x" }, { age: 1 }), "email");
        await refused(people.deleteWhere({ emial: "x" }), "email");
        for (
          const options of [
            { where: { emial: "x" } },
            { where: { or: [{ id: 1 }, { not: { emial: { isNull: true } } }] } },
          ]
        ) {
          await refused(people.find(options), "email");
          await refused(people.findOne(options), "email");
          await refused(people.findAndCount(options), "email");
          await refused(people.count(options), "email");
          await refused(people.exists(options), "email");
          await refused(people.paginate(options), "email");
          await refused(people.paginateCursor(options), "email");
          await refused(people.iterate(options).next(), "email");
          await refused(people.one(options.where), "email");
        }
        await refused(people.find({ orderBy: "emial" }), "email");
        await refused(people.paginate({ orderBy: [{ column: "emial" }] }), "email");
        await refused(people.find({ select: ["id", "emial"] }), "email");
        await refused(people.findAll({ select: ["emial"] }), "email");
      }
    }));

  it("is refused in the configuration as well", () =>
    withPeople(dialect, async ({ db, ran }) => {
      const wrong = { tableName: "people", versionColumn: "agee" } as const;
      const people: any = createRepository<any, any>(db, wrong);
      await assert.rejects(
        people.create(good),
        /"people" has no column "agee" \(did you mean "age"/,
      );
      const coded: any = createRepository<any, any>(db, {
        tableName: "people",
        codecs: { brn: json() },
      });
      await assert.rejects(coded.find({ where: { id: 1 } }), /"brn" \(did you mean "born"/);
      assert.deepEqual(ran(), []);
    }));

  it("is asked for once, and again before a column is refused", () =>
    withPeople(dialect, async ({ db, asked }) => {
      const people: any = createRepository<any, any>(db, { tableName: "people" });
      await people.create(good);
      assert.ok(asked() > 0);
      await people.find({ where: { email: "x", age: { gt: 1 } }, orderBy: "full_name" });
      await people.update(1, { age: 2 });
      await people.count({ where: { team: null } });
      assert.equal((await people.find({ where: { age: 2 }, select: ["id"] })).length, 1);
      assert.equal(asked(), 0);
      // A migration in another process
      await sql`alter table people add column nick varchar(9)`.execute(db);
      assert.equal((await people.update(1, { nick: "A" })).nick, "A");
      assert.equal((await people.find({ where: { nick: "A" } })).length, 1);
      // One that is dropped is told by the database once, and then by name.
      await sql`alter table people drop column nick`.execute(db);
      const gone = (): Promise<unknown> => people.find({ where: { nick: "A" } });
      await assert.rejects(gone(), SqlSyntaxError);
      await assert.rejects(gone(), /"people" has no column "nick"/);
      if (dialect.dialect === "sqlite") {
        assert.equal((await people.find({ where: { rowid: 1 } })).length, 1);
      }
      if (dialect.dialect === "postgres") {
        assert.equal((await people.find({ where: { ctid: { isNotNull: true } } })).length, 1);
      }
    }));

  it("is told by the names that programs have", () =>
    withPeople(dialect, async ({ db }) => {
      const people: any = createRepository<any, any>(db, { tableName: "people" });
      assert.equal((await people.create({ email: "a", fullName: "Ada" })).fullName, "Ada");
      assert.equal((await people.find({ where: { fullName: "Ada" } })).length, 1);
      await assert.rejects(people.find({ where: { fulName: "x" } }), /did you mean "fullName"/);
      await assert.rejects(
        people.create({ email: "b" }),
        /column "fullName" of table "people" must not be null/,
      );
    }, [new CamelCasePlugin()]));
});

onEveryDialect("a column that a new row must have", (dialect) => {
  it("is asked for before SQL", () =>
    withPeople(dialect, async ({ db, ran }) => {
      const people: any = createRepository<any, any>(db, { tableName: "people" });
      const lacks = async (work: Promise<unknown>, columns: string[]): Promise<void> => {
        await assert.rejects(work, (error) => {
          assert.ok(error instanceof NotNullError, String(error));
          assert.deepEqual([error.table, error.columns], ["people", columns]);
          for (const name of ["people", ...columns]) assert.ok(error.message.includes(`"${name}"`));
          return true;
        });
        assert.deepEqual(ran(), []);
      };
      await lacks(people.create({ age: 1 }), ["email", "full_name"]);
      await lacks(people.create({ email: "x", full_name: undefined }), ["full_name"]);
      await lacks(people.bulkCreate([good, { email: "b" }]), ["full_name"]);
      if (dialect.dialect !== "mysql") {
        await lacks(people.upsert({ email: "b" }, { conflictColumns: ["email"] }), ["full_name"]);
      }
      assert.equal((await people.create(good)).age, 7);
      ran();
      await lacks(people.create({ email: "x" }), ["full_name"]);
    }));

  it("may be given by a plugin, a trigger, or a database that is not strict", () =>
    withPeople(dialect, async ({ db }) => {
      await sql`create table notes (id int primary key, created_at varchar(40) not null,
        updated_at varchar(40) not null, body varchar(9) not null)`.execute(db);
      const executor = await createExecutor(db, [timestampsPlugin({ tables: ["notes"] })]);
      const notes: any = createRepository<any, any>(executor, { tableName: "notes" });
      assert.ok((await notes.create({ id: 1, body: "x" })).created_at);
      assert.equal(
        (await notes.bulkCreate([{ id: 2, body: "x" }, { id: 3, body: "y" }])).length,
        2,
      );
      await assert.rejects(notes.create({ id: 4 }), /column "body" of table "notes"/);
      const plain: any = createRepository<any, any>(db, { tableName: "notes" });
      await assert.rejects(plain.create({ id: 4, body: "x" }), /"created_at", "updated_at"/);
      if (dialect.dialect === "sqlite") return;
      await sql`create table filled (id int primary key, body varchar(9) not null)`.execute(db);
      if (dialect.dialect === "mysql") {
        await sql`create trigger fill before insert on filled for each row set new.body = 'x'`
          .execute(db);
      } else {
        await sql`create function fill() returns trigger language plpgsql as
          'begin new.body := ''x''; return new; end'`.execute(db);
        await sql`create trigger fill before insert on filled for each row execute function fill()`
          .execute(db);
      }
      const filled: any = createRepository<any, any>(db, { tableName: "filled" });
      assert.equal((await filled.create({ id: 1 })).body, "x");
      if (dialect.dialect !== "mysql") return;
      await db.connection().execute(async (one) => {
        await sql`set sql_mode = ''`.execute(one);
        const loose: any = createRepository<any, any>(one, { tableName: "notes" });
        assert.equal((await loose.create({ id: 9 })).body, "");
      });
    }));
});

onEveryDialect("what the database refuses", (dialect) => {
  it("is an error of the core, with the table and the columns", () =>
    withPeople(dialect, async ({ db }) => {
      const people: any = createRepository<any, any>(db, { tableName: "people" });
      const ada = await people.create(good);
      const told = async (
        work: Promise<unknown>,
        type: new (...parameters: any[]) => DatabaseError,
        columns: string[] | undefined,
      ): Promise<void> => {
        await assert.rejects(work, (error) => {
          assert.ok(error instanceof type, String(error));
          assert.equal(error.table, "people");
          assert.ok(error.message.includes('"people"'), error.message);
          if (columns !== undefined) assert.deepEqual(error.columns, columns);
          assert.ok(error.cause instanceof Error);
          assert.doesNotMatch(JSON.stringify(error), /ada@x/);
          return true;
        });
      };
      const bob = await people.create({ email: "bob", full_name: "Bob" });
      await told(people.create(good), UniqueConstraintError, ["email"]);
      await told(people.bulkCreate([{ ...good, email: "c" }, good]), UniqueConstraintError, [
        "email",
      ]);
      await told(people.update(bob.id, { email: good.email }), UniqueConstraintError, ["email"]);
      await told(people.updateWhere({ id: bob.id }, { email: good.email }), UniqueConstraintError, [
        "email",
      ]);
      await told(people.create({ ...good, id: ada.id, email: "d" }), UniqueConstraintError, ["id"]);
      await told(people.update(ada.id, { email: null }), NotNullError, ["email"]);
      await told(people.create({ ...good, email: null }), NotNullError, ["email"]);
      await told(people.create({ ...good, email: "d", age: 300 }), CheckConstraintError, undefined);
      await told(
        people.create({ ...good, email: "d", team: 9 }),
        ForeignKeyConstraintError,
        dialect.dialect === "sqlite" ? undefined : ["team"],
      );
      if (dialect.dialect !== "sqlite") {
        await told(people.create({ ...good, email: "x".repeat(30) }), DatabaseError, undefined);
      }
      // What is not the database's is not made its error.
      const reason = new Error("stop");
      await assert.rejects(
        people.find({ signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      );
    }));
});
