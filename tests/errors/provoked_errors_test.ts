import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import {
  CheckConstraintError,
  type DatabaseError,
  DeadlockError,
  ForeignKeyConstraintError,
  LockTimeoutError,
  NotNullError,
  parseDatabaseError,
  SerializationError,
  SqlSyntaxError,
  StatementTimeoutError,
  UniqueConstraintError,
} from "@kysera/core";
import { type Kysely, sql, type Transaction } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";

const secret = "s3cret";

onEveryDialect("parseDatabaseError() of provoked errors", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await dialect.open();
    db = database.db;
    await db.schema.createTable("users")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("email", "varchar(40)", (column) => column.notNull())
      .addColumn("tenant", "integer")
      .addColumn("name", "varchar(40)")
      .addColumn("age", "integer")
      .addUniqueConstraint("users_email_key", ["email"])
      .addUniqueConstraint("users_tenant_name_key", ["tenant", "name"])
      .addCheckConstraint("users_age_check", sql`age >= 0`)
      .execute();
    await db.schema.createTable("posts")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("user_id", "integer", (column) => column.notNull())
      .addForeignKeyConstraint("posts_user_id_fkey", ["user_id"], "users", ["id"])
      .execute();
    if (dialect.dialect === "sqlite") await sql`pragma foreign_keys = on`.execute(db);
    await db.insertInto("users").values([
      { id: 1, email: secret, tenant: 1, name: secret, age: 1 },
      { id: 2, email: "two", tenant: 1, name: "two", age: 1 },
    ]).execute();
    await db.insertInto("posts").values({ id: 1, user_id: 1 }).execute();
  });

  after(() => database.close());

  async function provoke(action: Promise<unknown>): Promise<DatabaseError> {
    let thrown: unknown;
    await action.catch((error: unknown) => thrown = error);
    assert.ok(thrown !== undefined, "nothing was thrown");
    const error = parseDatabaseError(thrown, dialect.dialect);
    assert.equal(error.cause, thrown);
    assert.doesNotMatch(error.message + JSON.stringify(error), new RegExp(secret));
    return error;
  }

  const insert = (row: object) => db.insertInto("users").values(row).execute();

  it("knows a repeated key and the constraint or its columns", async () => {
    const error = await provoke(insert({ id: 3, email: secret }));
    assert.ok(error instanceof UniqueConstraintError);
    if (dialect.dialect !== "sqlite") assert.equal(error.constraint, "users_email_key");
    if (dialect.dialect !== "mysql") assert.deepEqual(error.columns, ["email"]);
    if (dialect.dialect !== "mysql") assert.equal(error.table, "users");
  });

  it("knows a repeated key of several columns", async () => {
    const error = await provoke(insert({ id: 3, email: "x", tenant: 1, name: secret }));
    assert.ok(error instanceof UniqueConstraintError);
    if (dialect.dialect !== "mysql") assert.deepEqual(error.columns, ["tenant", "name"]);
  });

  it("knows a repeated primary key", async () => {
    assert.ok(await provoke(insert({ id: 1, email: "x" })) instanceof UniqueConstraintError);
  });

  it("knows a reference to a row that does not exist", async () => {
    const error = await provoke(db.insertInto("posts").values({ id: 2, user_id: 99 }).execute());
    assert.ok(error instanceof ForeignKeyConstraintError);
    if (dialect.dialect === "sqlite") return;
    assert.equal(error.constraint, "posts_user_id_fkey");
    assert.equal(error.table, "posts");
    assert.equal(error.referencedTable, "users");
  });

  it("knows the deletion of a row that others refer to", async () => {
    const error = await provoke(db.deleteFrom("users").where("id", "=", 1).execute());
    assert.ok(error instanceof ForeignKeyConstraintError);
    if (dialect.dialect !== "sqlite") assert.equal(error.referencedTable, "users");
  });

  it("knows a missing value and its column", async () => {
    const error = await provoke(insert({ id: 3, email: null, name: secret }));
    assert.ok(error instanceof NotNullError);
    assert.equal(error.column, "email");
  });

  it("knows a failed check and its constraint", async () => {
    const error = await provoke(insert({ id: 3, email: "x", name: secret, age: -1 }));
    assert.ok(error instanceof CheckConstraintError);
    assert.equal(error.constraint, "users_age_check");
  });

  it("knows a statement that the database does not understand", async () => {
    assert.ok(await provoke(sql`selec ${secret}`.execute(db)) instanceof SqlSyntaxError);
    const nowhere = db.selectFrom("nowhere").selectAll().execute();
    assert.ok(await provoke(nowhere) instanceof SqlSyntaxError);
  });
});

onEveryDialect("parseDatabaseError() of errors between transactions", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await dialect.open();
    db = database.db;
    await db.schema.createTable("users")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("age", "integer")
      .execute();
    await db.insertInto("users").values([{ id: 1, age: 1 }, { id: 2, age: 1 }]).execute();
  });

  after(() => database.close());

  const age = (trx: Transaction<any>, id: number) =>
    trx.updateTable("users").set({ age: sql`age + 1` }).where("id", "=", id).execute();

  /** Runs both in transactions of their own, and gives what either threw. */
  async function race(
    first: (trx: Transaction<any>, meet: () => Promise<void>) => Promise<unknown>,
    second: (trx: Transaction<any>, meet: () => Promise<void>) => Promise<unknown>,
    isolation: "read committed" | "serializable" = "read committed",
  ): Promise<DatabaseError> {
    let waiting = 2;
    let open: () => void;
    const gate = new Promise<void>((resolve) => open = resolve);
    const meet = () => {
      if (--waiting === 0) open();
      return gate;
    };
    const results = await Promise.allSettled(
      [first, second].map((run) =>
        db.transaction().setIsolationLevel(isolation).execute((trx) => run(trx, meet))
      ),
    );
    const failed = results.find((result) => result.status === "rejected");
    assert.ok(failed, "both transactions succeeded");
    return parseDatabaseError(failed.reason, dialect.dialect);
  }

  it("knows a deadlock", async () => {
    const error = await race(
      async (trx, meet) => {
        await age(trx, 1);
        await meet();
        await age(trx, 2);
      },
      async (trx, meet) => {
        await age(trx, 2);
        await meet();
        await age(trx, 1);
      },
    );
    assert.ok(error instanceof DeadlockError);
    assert.equal(error.retryable, true);
  });

  it("knows a lock that does not become free in time", async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => release = resolve);
    const error = await race(
      async (trx, meet) => {
        await age(trx, 1);
        await meet();
        await released;
      },
      async (trx, meet) => {
        await meet();
        if (dialect.dialect === "mysql") await sql`set innodb_lock_wait_timeout = 1`.execute(trx);
        else await sql`set local lock_timeout = 20`.execute(trx);
        await age(trx, 1).finally(release);
      },
    );
    assert.ok(error instanceof LockTimeoutError);
    assert.equal(error.retryable, true);
  });

  it("knows a statement that was stopped", async () => {
    const error = await db.transaction().execute(async (trx) => {
      if (dialect.dialect === "mysql") {
        await sql`set statement max_statement_time = 0.02 for select sleep(2) from users`
          .execute(trx);
      } else {
        await sql`set local statement_timeout = 20`.execute(trx);
        await sql`select pg_sleep(2)`.execute(trx);
      }
    }).catch((thrown: unknown) => parseDatabaseError(thrown, dialect.dialect));
    assert.ok(error instanceof StatementTimeoutError);
  });

  it("knows transactions that cannot both take effect", {
    skip: dialect.dialect === "mysql" && "MySQL locks instead",
  }, async () => {
    const total = (trx: Transaction<any>) => trx.selectFrom("users").selectAll().execute();
    const error = await race(
      async (trx, meet) => {
        await total(trx);
        await meet();
        await age(trx, 1);
      },
      async (trx, meet) => {
        await total(trx);
        await meet();
        await age(trx, 2);
      },
      "serializable",
    );
    assert.ok(error instanceof SerializationError);
    assert.equal(error.retryable, true);
  });
}, ["postgres", "mysql"]);
