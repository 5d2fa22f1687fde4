/** Rows that belong to rows: what softDelete() and restore() do with them, and what is refused. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import {
  bindContext,
  createExecutor,
  createExecutorSync,
  PluginValidationError,
} from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import {
  hardDelete,
  onlyDeleted,
  restore,
  softDelete,
  SoftDeleteError,
  type SoftDeleteOptions,
  softDeletePlugin,
  type SoftDeleteRelation,
  withDeleted,
} from "@kysera/soft-delete";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { timeType } from "./_world.ts";

const CASCADE: readonly SoftDeleteRelation[] = [
  { table: "sdr_posts", columns: "user_id", references: "sdr_users", onDelete: "cascade" },
  { table: "sdr_notes", columns: "post_id", references: "sdr_posts", onDelete: "cascade" },
];
const RESTRICT: readonly SoftDeleteRelation[] = [
  { table: "sdr_posts", columns: "user_id", references: "sdr_users", onDelete: "restrict" },
];

const code = (wanted: string, says: RegExp = /./) => (error: unknown): boolean =>
  error instanceof SoftDeleteError && error.code === wanted && says.test(error.message);

// Other tests may be running on the same server: no other uses these names.
onEveryDialect("The relations of softDeletePlugin()", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  beforeEach(async () => {
    database = await dialect.open();
    db = database.db;
    const create = (table: string, column: string) =>
      db.schema.createTable(table)
        .addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn(column, "integer")
        .addColumn("tenant", "integer", (c) => c.notNull().defaultTo(1))
        .addColumn("deleted_at", timeType(dialect))
        .addColumn("deletion_id", "varchar(36)")
        .execute();
    await create("sdr_users", "chief");
    await create("sdr_posts", "user_id");
    await create("sdr_notes", "post_id");
    await db.schema.createTable("sdr_bare").addColumn("id", "integer")
      .addColumn("user_id", "integer").execute();
    await db.insertInto("sdr_users").values([{ id: 1, chief: null }, { id: 2, chief: 1 }])
      .execute();
    await db.insertInto("sdr_posts")
      .values([{ id: 10, user_id: 1 }, { id: 11, user_id: 1 }, { id: 12, user_id: 2 }]).execute();
    await db.insertInto("sdr_notes")
      .values([{ id: 100, post_id: 10 }, { id: 101, post_id: 10 }, { id: 102, post_id: 12 }])
      .execute();
  });
  afterEach(() => database.close());

  const executorWith = (
    relations: readonly SoftDeleteRelation[],
    options: SoftDeleteOptions = {},
  ): Promise<Kysely<any>> => createExecutor(db, [softDeletePlugin({ relations, ...options })]);

  /** The ids of all tables, the deleted ones in parentheses. */
  async function state(): Promise<string> {
    const all: string[] = [];
    for (const table of ["sdr_users", "sdr_posts", "sdr_notes"]) {
      const rows = await db.selectFrom(table).select(["id", "deleted_at"]).orderBy("id").execute();
      all.push(rows.map(({ id, deleted_at }) => deleted_at === null ? id : `(${id})`).join(" "));
    }
    return all.join(" | ");
  }

  it("cascade: a tree is deleted with one id and one time, and restored as it was deleted", async () => {
    const executor = await executorWith(CASCADE);
    assert.equal(await softDelete(executor, "sdr_notes", 101), 1);
    assert.equal(await softDelete(executor, "sdr_users", 1), 1);
    assert.equal(await state(), "(1) 2 | (10) (11) 12 | (100) (101) 102");
    const marks = await db.selectFrom("sdr_users").select(["deletion_id", "deleted_at"])
      .where("id", "=", 1)
      .unionAll(
        db.selectFrom("sdr_posts").select(["deletion_id", "deleted_at"]).where("user_id", "=", 1),
      )
      .unionAll(
        db.selectFrom("sdr_notes").select(["deletion_id", "deleted_at"]).where("id", "=", 100),
      )
      .execute();
    assert.equal(new Set(marks.map(({ deletion_id }) => deletion_id)).size, 1);
    assert.equal(new Set(marks.map(({ deleted_at }) => String(deleted_at))).size, 1);
    assert.match(marks[0]!.deletion_id, /^[0-9a-f-]{36}$/);
    assert.equal(await restore(executor, "sdr_users", 1), 1);
    assert.equal(await state(), "1 2 | 10 11 12 | 100 (101) 102");
    assert.equal(await restore(executor, "sdr_users", 1), 0);
    assert.equal(await restore(executor, "sdr_notes", 101), 1);
    assert.equal(await state(), "1 2 | 10 11 12 | 100 101 102");
  });

  it("cascade: of rows that were deleted together each is restored with its own", async () => {
    const executor = await executorWith(CASCADE);
    assert.equal(await softDelete(executor, "sdr_users", [1, 2]), 2);
    assert.equal(await state(), "(1) (2) | (10) (11) (12) | (100) (101) (102)");
    assert.equal(await restore(executor, "sdr_users", 2), 1);
    assert.equal(await state(), "(1) 2 | (10) (11) 12 | (100) (101) 102");
    // A part of a tree, which is then no part of it any more.
    assert.equal(await restore(executor, "sdr_posts", 10), 1);
    assert.equal(await softDelete(executor, "sdr_posts", 10), 1);
    assert.equal(await restore(executor, "sdr_users", 1), 1);
    assert.equal(await state(), "1 2 | (10) 11 12 | (100) (101) 102");
    assert.equal(await softDelete(executor, "sdr_users", (eb: any) => eb("id", ">", 0)), 2);
    assert.equal(await restore(executor, "sdr_users", [1, 2]), 2);
    assert.equal(await state(), "1 2 | (10) 11 12 | (100) (101) 102");
  });

  it("cascade: rows that belong to rows of their table", async () => {
    const executor = await executorWith([
      { table: "sdr_users", columns: "chief", references: "sdr_users", onDelete: "cascade" },
      ...CASCADE,
    ]);
    assert.equal(await softDelete(executor, "sdr_users", 1), 1);
    assert.equal(await state(), "(1) (2) | (10) (11) (12) | (100) (101) (102)");
    assert.equal(await restore(executor, "sdr_users", 1), 1);
    assert.equal(await state(), "1 2 | 10 11 12 | 100 101 102");
  });

  it("restrict: refuses while live rows belong to one, all or none", async () => {
    const executor = await executorWith(RESTRICT);
    await assert.rejects(
      softDelete(executor, "sdr_users", [1, 2]),
      code("RESTRICTED", /rows of "sdr_posts" that are not deleted belong to them \("user_id"\)/),
    );
    assert.equal(await softDelete(executor, "sdr_posts", 12), 1);
    await assert.rejects(softDelete(executor, "sdr_users", [1, 2]), code("RESTRICTED"));
    assert.equal(await state(), "1 2 | 10 11 (12) | 100 101 102");
    assert.equal(await softDelete(executor, "sdr_users", 2), 1);
    assert.equal(await restore(executor, "sdr_users", 2), 1);
    // Of its own table, and of one that is not soft-deleted.
    const others = await executorWith([
      { table: "sdr_users", columns: "chief", references: "sdr_users", onDelete: "restrict" },
      { table: "sdr_bare", columns: "user_id", references: "sdr_users", onDelete: "restrict" },
    ]);
    await assert.rejects(softDelete(others, "sdr_users", 1), code("RESTRICTED", /"chief"/));
    await db.insertInto("sdr_bare").values({ id: 1, user_id: 2 }).execute();
    await assert.rejects(softDelete(others, "sdr_users", 2), code("RESTRICTED", /"sdr_bare"/));
    await db.deleteFrom("sdr_bare").execute();
    assert.equal(await softDelete(others, "sdr_users", 2), 1);
    assert.equal(await softDelete(others, "sdr_users", 1), 1);
  });

  it("restrict: looks in the statement that marks the rows", async () => {
    const executor = await executorWith(RESTRICT);
    const marks: string[] = [];
    const told = await createExecutor(executor, [{
      name: "told",
      version: "1.0.0",
      aroundQuery: (query, next) => {
        if (/^update/i.test(query.sql)) marks.push(query.sql);
        return next(query);
      },
    }]);
    await softDelete(told as Kysely<any>, "sdr_posts", [10, 11]);
    await softDelete(told as Kysely<any>, "sdr_users", 1);
    assert.match(marks.at(-1)!, /sdr_users.*not exists \(select .*sdr_posts/);
  });

  it("restrict: below a tree that is deleted undoes all of it, in a transaction as well", async () => {
    const executor = await executorWith([
      CASCADE[0]!,
      { table: "sdr_notes", columns: "post_id", references: "sdr_posts", onDelete: "restrict" },
    ]);
    await assert.rejects(
      softDelete(executor, "sdr_users", 1),
      code("RESTRICTED", /rows of "sdr_notes" .* belong to rows of "sdr_posts"/),
    );
    await executor.transaction().execute(async (trx) => {
      await assert.rejects(softDelete(trx, "sdr_users", 1), code("RESTRICTED"));
      assert.equal(await softDelete(trx, "sdr_notes", 102), 1);
      assert.equal(await softDelete(trx, "sdr_users", 2), 1);
    });
    assert.equal(await state(), "1 (2) | 10 11 (12) | 100 101 (102)");
  });

  it("leave what policies hide, and write each row down in the audit log", async () => {
    await db.updateTable("sdr_notes").set({ tenant: 2 }).where("id", "=", 101).execute();
    const policies = [filter("all", (ctx) => ({ tenant: ctx.auth.tenantId }))];
    const executor = await createExecutor(db, [
      rlsPlugin({
        schema: defineRLSSchema<any>({
          sdr_users: { policies },
          sdr_posts: { policies },
          sdr_notes: { policies },
        }),
      }),
      softDeletePlugin({ relations: CASCADE }),
      auditPlugin(),
    ]);
    const as = (tenantId: number): Kysely<any> =>
      bindContext(executor, { auth: { userId: tenantId, roles: [], tenantId } });
    assert.equal(await softDelete(as(1), "sdr_users", 1), 1);
    assert.equal(await state(), "(1) 2 | (10) (11) 12 | (100) 101 102");
    assert.equal(await softDelete(as(2), "sdr_users", 2), 0);
    // Deleted by its own caller, and with the id of the deletion of others.
    const { deletion_id } = await db.selectFrom("sdr_users").select("deletion_id")
      .where("id", "=", 1).executeTakeFirstOrThrow();
    assert.equal(await softDelete(as(2), "sdr_notes", 101), 1);
    await db.updateTable("sdr_notes").set({ deletion_id }).where("id", "=", 101).execute();
    assert.equal(await restore(as(2), "sdr_users", 1), 0);
    assert.equal(await restore(as(1), "sdr_users", 1), 1);
    assert.equal(await state(), "1 2 | 10 11 12 | 100 (101) 102");
    const logs = await getAuditLogs(as(1), { table: "sdr_posts" });
    assert.deepEqual(
      logs.map(({ operation, entity_id }) => `${operation} ${entity_id}`).sort(),
      ["RESTORE 10", "RESTORE 11", "SOFT_DELETE 10", "SOFT_DELETE 11"],
    );
    // Whom a relation restricts is told of the rows only that he may see.
    const restricting = await createExecutor(db, [
      rlsPlugin({ schema: defineRLSSchema<any>({ sdr_posts: { policies } }) }),
      softDeletePlugin({ relations: RESTRICT }),
    ]);
    const other = bindContext(restricting, { auth: { userId: 2, roles: [], tenantId: 2 } });
    assert.equal(await softDelete(other as Kysely<any>, "sdr_users", 2), 1);
  });

  it("are followed by repositories, and not by a DELETE, which is refused", async () => {
    const executor = await executorWith(CASCADE, { onDelete: "soft" });
    const users = createRepository(executor, { tableName: "sdr_users" }) as any;
    assert.equal(await users.softDelete(1), true);
    assert.equal(await state(), "(1) 2 | (10) (11) 12 | (100) (101) 102");
    assert.equal(await users.restoreMany([1, 2]), 1);
    assert.equal(await state(), "1 2 | 10 11 12 | 100 101 102");
    await assert.rejects(
      async () => await executor.deleteFrom("sdr_users").where("id", "=", 1).execute(),
      code("CASCADE_REFUSED", /use softDelete\(executor, table, rows\)/),
    );
    await executor.deleteFrom("sdr_notes").where("id", "=", 100).execute();
    assert.equal(await users.softDelete(1), true);
    assert.equal(await users.restore(1), true);
    assert.equal(await state(), "1 2 | 10 11 12 | (100) 101 102");
    await assert.rejects(
      softDelete(onlyDeleted(executor), "sdr_users", 1),
      code("ALREADY_DELETED"),
    );
    assert.equal(await softDelete(withDeleted(executor), "sdr_users", 1), 1);
    assert.equal(await hardDelete(executor, "sdr_users", 1), 1);
  });

  it("have the names that Kysely plugins make of them, and any column for the id", async () => {
    await db.schema.alterTable("sdr_users").renameColumn("deletion_id", "batch_no").execute();
    await db.schema.alterTable("sdr_posts").renameColumn("deletion_id", "batch_no").execute();
    const executor: Kysely<any> = await createExecutor(db.withPlugin(new CamelCasePlugin()), [
      softDeletePlugin({
        relations: [
          { table: "sdrPosts", columns: "userId", references: "sdrUsers", onDelete: "cascade" },
        ],
        deletedAtColumn: "deletedAt",
        deletionColumn: "batchNo",
      }),
    ]);
    assert.equal(await softDelete(executor, "sdrUsers", 1), 1);
    assert.equal(await state(), "(1) 2 | (10) (11) 12 | 100 101 102");
    assert.equal(await restore(executor, "sdrUsers", 1), 1);
    assert.equal(await state(), "1 2 | 10 11 12 | 100 101 102");
  });

  it("are those of the foreign keys, where that is said", async () => {
    const text = dialect.dialect === "sqlite" ? sql`text` : timeType(dialect);
    const marks = sql`deleted_at ${text}, deletion_id varchar(36)`;
    for (
      const statement of [
        sql`create table sdf_teams (a integer not null, b integer not null, ${marks}, primary key (a, b))`,
        sql`create table sdf_people (id integer primary key, a integer, b integer, chief integer,
          ${marks},
          foreign key (a, b) references sdf_teams (a, b) on delete cascade,
          foreign key (chief) references sdf_people (id) on delete cascade)`,
        sql`create table sdf_cars (id integer primary key, owner integer, driver integer, ${marks},
          foreign key (owner) references sdf_people (id),
          foreign key (driver) references sdf_people (id) on delete set null)`,
        sql`create table sdf_logs (id integer primary key, person integer,
          foreign key (person) references sdf_people (id) on delete cascade)`,
      ]
    ) await statement.execute(db);
    await db.insertInto("sdf_teams").values([{ a: 1, b: 1 }, { a: 1, b: 2 }]).execute();
    await db.insertInto("sdf_people").values([
      { id: 1, a: 1, b: 1, chief: null },
      { id: 2, a: 1, b: 2, chief: 1 },
      { id: 3, a: 1, b: 2, chief: null },
    ]).execute();
    await db.insertInto("sdf_cars").values([{ id: 1, owner: 3, driver: 1 }]).execute();
    await db.insertInto("sdf_logs").values([{ id: 1, person: 1 }]).execute();
    const executor: Kysely<any> = await createExecutor(db, [
      softDeletePlugin({ relations: "foreign-keys" }),
    ]);
    const people = async (): Promise<number[]> =>
      (await executor.selectFrom("sdf_people").select("id").orderBy("id").execute())
        .map(({ id }) => id);
    assert.equal(await softDelete(executor, "sdf_teams", { a: 1, b: 1 }), 1);
    assert.deepEqual(await people(), [3]);
    // What a key sets to null stays, and so does what is not soft-deleted.
    assert.equal((await executor.selectFrom("sdf_cars").select("id").execute()).length, 1);
    assert.equal((await executor.selectFrom("sdf_logs").select("id").execute()).length, 1);
    await assert.rejects(
      softDelete(executor, "sdf_teams", { a: 1, b: 2 }),
      code("RESTRICTED", /rows of "sdf_cars" .* belong to rows of "sdf_people" \("owner"\)/),
    );
    assert.equal(await restore(executor, "sdf_teams", { a: 1, b: 1 }), 1);
    assert.deepEqual(await people(), [1, 2, 3]);
    assert.throws(
      () =>
        createExecutorSync(db, [
          softDeletePlugin({ tables: ["sdf_teams"], relations: "foreign-keys" }),
        ]),
      /it has to ask the database/,
    );
    await db.schema.alterTable("sdf_people").dropColumn("deletion_id").execute();
    await assert.rejects(
      createExecutor(db, [softDeletePlugin({ relations: "foreign-keys" })]),
      /"deletionColumn" names column "deletion_id", and table "sdf_people" has no such column/,
    );
  });

  it("are refused where they make no sense, by name", async () => {
    const refusal = async (options: object): Promise<string> => {
      try {
        await createExecutor(db, [softDeletePlugin(options)]);
      } catch (error) {
        assert.ok(error instanceof PluginValidationError);
        return error.message;
      }
      assert.fail(JSON.stringify(options));
    };
    const cycle = [
      ...CASCADE,
      { table: "sdr_users", columns: "chief", references: "sdr_notes", onDelete: "cascade" },
    ];
    assert.match(
      await refusal({ relations: cycle }),
      /form a cycle \(sdr_users -> sdr_posts -> sdr_notes -> sdr_users\); have one of them "restrict"/,
    );
    await createExecutor(db, [
      softDeletePlugin({
        relations: cycle.with(-1, { ...cycle[2]!, onDelete: "restrict" }) as SoftDeleteRelation[],
      }),
    ]);
    const [posts] = CASCADE as [SoftDeleteRelation];
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [
        { ...posts, table: "sdr_bare" },
        /names table "sdr_bare", to which the plugin does not apply/,
      ],
      [{ ...posts, references: "sdr_bare" }, /names table "sdr_bare", to which/],
      [
        { ...posts, columns: "user_i" },
        /"relations\[0\]" names column "user_i" \(did you mean "user_id"/,
      ],
      [{ ...posts, columns: [] }, /"relations\[0\]" has no columns in "columns"/],
      [{ ...posts, table: 5 }, /"relations\[0\]" has no table in "table"/],
      [{ ...posts, onDelete: "set null" }, /"onDelete" .* must be "cascade" or "restrict"/],
      [{ ...posts, refers: "x" }, /"relations\[0\]" has no option "refers"/],
      [{ ...posts, referencedColumns: ["a", "b"] }, /1 columns that refer to 2/],
      [5, /options are not an object/],
    ];
    for (const [relation, says] of cases) {
      assert.match(await refusal({ relations: [relation] }), says);
    }
    assert.match(await refusal({ relations: {} }), /"relations" must be a list/);
    assert.match(
      await refusal({ relations: CASCADE, deletionColumn: "deletionid" }),
      /"deletionColumn" names column "deletionid" \(did you mean "deletion_id"/,
    );
    const wrong = await executorWith([{ ...posts, columns: ["user_id", "tenant"] }]);
    await assert.rejects(
      softDelete(wrong, "sdr_users", 1),
      code("INVALID_KEY", /referencedColumns/),
    );
  });
});
