/** The names of tables and columns in the options of plugins are those of the database. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { type AuditOptions, auditPlugin } from "@kysera/audit";
import {
  bindContext,
  createExecutor,
  createExecutorSync,
  type ExecutorConfig,
  getRawDb,
  type Plugin,
  PluginValidationError,
  wrapTransaction,
} from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  filter,
  type RLSOptions,
  rlsPlugin,
  type TableRLSConfig,
  validate,
} from "@kysera/rls";
import { type SoftDeleteOptions, softDeletePlugin } from "@kysera/soft-delete";
import { type TimestampsOptions, timestampsPlugin } from "@kysera/timestamps";
import { CamelCasePlugin, type Kysely } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";

const AUTH = { auth: { userId: 1, roles: [], tenantId: 1 } };

function policies(config: Partial<TableRLSConfig<any>>, more: Partial<RLSOptions> = {}): Plugin {
  const own: TableRLSConfig<any> = { policies: [allow("all", true)], ...config };
  return rlsPlugin({ schema: defineRLSSchema<any>({ nm_posts: own }), ...more });
}

/** Each with a name that the database does not have, and what is told of it. */
const WRONG: readonly (readonly [what: string, plugin: () => Plugin, says: RegExp])[] = [
  ["rls: a table", () =>
    rlsPlugin({
      schema: defineRLSSchema<any>({ nm_post: { policies: [allow("all", true)] } }),
    }), /"schema" names table "nm_post", .*did you mean "nm_posts"/],
  [
    "rls: skipTables",
    () => policies({}, { skipTables: ["nm_logz"] }),
    /"skipTables" names table "nm_logz", .*did you mean "nm_logs"/,
  ],
  [
    "rls: stamp",
    () => policies({ stamp: { tennant: 1 } }),
    /"schema\.nm_posts\.stamp" names column "tennant" \(did you mean "tenant"\?\)/,
  ],
  [
    "rls: columns",
    () => policies({ columns: { titel: { read: true } } }),
    /"schema\.nm_posts\.columns" names column "titel" \(did you mean "title"\?\)/,
  ],
  [
    "rls: a column's rule",
    () => policies({ columns: { title: { read: { tenat: 1 } } } }),
    /"schema\.nm_posts\.columns\.title\.read" names column "tenat"/,
  ],
  [
    "rls: primaryKey",
    () => policies({ primaryKey: "idd" }),
    /"schema\.nm_posts\.primaryKey" names column "idd" \(did you mean "id"/,
  ],
  [
    "rls: a condition",
    () => policies({ policies: [filter("all", { tenat: 1 }, { name: "own" })] }),
    /policies "own"" names column "tenat" \(did you mean "tenant"\?\)/,
  ],
  ["rls: a check", () =>
    policies({
      policies: [allow("all", true, { check: { tenat: 1 } }), validate("create", { tenant: 1 })],
    }), /names column "tenat"/],
  ["rls: a hint", () =>
    policies({
      policies: [filter("all", { tenant: 1 }, { hints: { indexColumns: ["tenat"] } })],
    }), /names column "tenat"/],
  ...([
    ["tables", { tables: ["nm_post"] }, /"nm_post" \(did you mean "nm_posts"/],
    ["excludeTables", { excludeTables: ["nm_post"] }, /"nm_post" \(did you mean "nm_posts"/],
    ["primaryKeyColumn", { primaryKeyColumn: "uuidd" }, /names column "uuidd", which no table has/],
    ["primaryKeyColumn of a table", { primaryKeyColumn: { nm_posts: "idd" } }, /primaryKeyColumn/],
    [
      "deletedAtColumn",
      { deletedAtColumn: "deleted_a" },
      /"deleted_a" \(did you mean "deleted_at"/,
    ],
    [
      "deletedAtColumn of a table",
      { tables: ["nm_posts"], deletedAtColumn: "deleted_a" },
      /"deleted_a" \(did you mean "deleted_at"/,
    ],
  ] as const satisfies readonly (readonly [string, SoftDeleteOptions, RegExp])[]).map(
    ([what, options, says]) =>
      [`soft delete: ${what}`, () => softDeletePlugin(options), says] as const,
  ),
  ...([
    ["tables", { tables: ["nm_post"] }, /"nm_post" \(did you mean "nm_posts"/],
    ["excludeTables", { excludeTables: ["nm_post"] }, /"nm_post" \(did you mean "nm_posts"/],
    [
      "createdByColumn",
      { createdByColumn: "creatd_by" },
      /"creatd_by" \(did you mean "created_by"/,
    ],
    [
      "updatedByColumn",
      { updatedByColumn: "updatd_by" },
      /"updatd_by" \(did you mean "updated_by"/,
    ],
    ["updatedAtColumn", { updatedAtColumn: "updated" }, /"updatedAtColumn" names column "updated"/],
    ["primaryKeyColumn", { primaryKeyColumn: "uuidd" }, /names column "uuidd"/],
  ] as const satisfies readonly (readonly [string, TimestampsOptions, RegExp])[]).map(
    ([what, options, says]) =>
      [`timestamps: ${what}`, () => timestampsPlugin(options), says] as const,
  ),
  ...([
    ["tables", { tables: ["nm_post"] }, /"tables" names table "nm_post", .*"nm_posts"/],
    ["excludeTables", { excludeTables: ["nm_post"] }, /"excludeTables" names table "nm_post"/],
    ["allowColumns", { allowColumns: ["titl"] }, /"allowColumns" names column "titl" \(did you/],
    ["denyColumns", { denyColumns: ["passwrd"] }, /"denyColumns" names column "passwrd" \(did you/],
    [
      "denyColumns of a table",
      { denyColumns: ["nm_posts.passwrd"] },
      /table "nm_posts" has no such/,
    ],
    ["maskColumns", { maskColumns: ["passwrd"] }, /"maskColumns" names column "passwrd" \(did you/],
    ["maskColumns of a table", { maskColumns: ["nm_post.password"] }, /no table "nm_post" \(did/],
    ["deletedAtColumn", { deletedAtColumn: "deleted_a" }, /names column "deleted_a" \(did you/],
    ["primaryKeyColumn", { primaryKeyColumn: "uuidd" }, /names column "uuidd"/],
    ["primaryKeyColumn of a table", { primaryKeyColumn: { nm_post: "id" } }, /"nm_post" \(did/],
  ] as const satisfies readonly (readonly [string, AuditOptions, RegExp])[]).map(
    ([what, options, says]) => [`audit: ${what}`, () => auditPlugin(options), says] as const,
  ),
];

/** Those that createExecutorSync() takes. */
const AT_ONCE: readonly (readonly [what: string, plugin: () => Plugin, says: RegExp])[] = [
  ["rls", () => policies({ policies: [filter("all", { tenat: 1 })] }), /"tenat" \(did you mean/],
  [
    "soft delete: a table",
    () => softDeletePlugin({ tables: ["nm_posts", "nm_log"] }),
    /there is no table "nm_log" \(did you mean "nm_logs"/,
  ],
  [
    "soft delete: a column",
    () => softDeletePlugin({ tables: ["nm_posts", "nm_logs"] }),
    /"deletedAtColumn" names column "deleted_at", and table "nm_logs" has no such column/,
  ],
  [
    "timestamps",
    () => timestampsPlugin({ tables: ["nm_posts", "nm_logs"] }),
    /names column "created_at".* or "updated_at".*, and table "nm_logs" has no such column/,
  ],
  [
    "audit",
    () => auditPlugin({ maskColumns: ["passwrd"] }),
    /"maskColumns" names column "passwrd"/,
  ],
];

// Other tests may be running on the same server: no other uses these names.
onEveryDialect("The names in the options of plugins", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  beforeEach(async () => {
    database = await dialect.open();
    db = database.db;
    await db.schema.createTable("nm_posts")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("tenant", "integer")
      .addColumn("title", "varchar(20)")
      .addColumn("password", "varchar(20)")
      .addColumn("deleted_at", "varchar(30)")
      .addColumn("created_at", "varchar(30)")
      .addColumn("updated_at", "varchar(30)")
      .addColumn("created_by", "integer")
      .addColumn("updated_by", "integer")
      .execute();
    await db.schema.createTable("nm_logs").addColumn("id", "integer").execute();
    await db.insertInto("nm_posts").values({ id: 1, tenant: 1 }).execute();
  });
  afterEach(() => database.close());

  async function refusal(plugin: Plugin, config?: ExecutorConfig): Promise<PluginValidationError> {
    try {
      await createExecutor(db, [plugin], config);
    } catch (error) {
      assert.ok(error instanceof PluginValidationError, String(error));
      assert.equal(error.details.pluginName, plugin.name);
      assert.equal(error.type, "INITIALIZATION_FAILED");
      return error;
    }
    assert.fail(`the executor was made: ${plugin.name}`);
  }

  it("are compared with the catalog when the executor is made", async () => {
    for (const [what, plugin, says] of WRONG) {
      assert.match((await refusal(plugin())).message, says, what);
    }
  });

  it("are taken where they are right, whatever kind they are of", async () => {
    const executor = await createExecutor(db, [
      policies({
        policies: [filter("all", { tenant: 1 }, { hints: { indexColumns: ["tenant"] } })],
        stamp: { tenant: 1 },
        columns: { password: { read: { tenant: 1 } } },
        primaryKey: "id",
      }, { skipTables: ["nm_logs", "audit_logs"] }),
      softDeletePlugin({
        tables: ["nm_posts"],
        excludeTables: ["nm_logs"],
        primaryKeyColumn: { nm_posts: "id" },
      }),
      timestampsPlugin({
        tables: ["nm_posts"],
        createdByColumn: "created_by",
        updatedByColumn: "updated_by",
        primaryKeyColumn: "id",
      }),
      auditPlugin({
        tables: ["nm_posts"],
        denyColumns: ["password"],
        maskColumns: ["nm_posts.title"],
        primaryKeyColumn: { nm_posts: "id" },
        deletedAtColumn: "deleted_at",
      }),
    ]);
    const rows = await bindContext(executor, AUTH).selectFrom("nm_posts").select("id").execute();
    assert.deepEqual(rows, [{ id: 1 }]);
  });

  it("are checked by createExecutorSync() before its first query, each time until they are right", async () => {
    for (const [what, plugin, says] of AT_ONCE) {
      const executor: Kysely<any> = bindContext(createExecutorSync(db, [plugin()]), AUTH);
      const select = executor.selectFrom("nm_posts").select("id");
      await assert.rejects(select.execute(), says, what);
      await assert.rejects(async () => {
        for await (const row of select.stream()) assert.fail(JSON.stringify(row));
      }, says);
      await assert.rejects(executor.insertInto("nm_posts").values({ id: 2 }).execute(), says);
      await assert.rejects(
        executor.transaction().execute((trx) => trx.deleteFrom("nm_posts").execute()),
        PluginValidationError,
      );
      await assert.rejects(createExecutor(createExecutorSync(db, [plugin()]), []), says);
      const above: Kysely<any> = createExecutorSync(createExecutorSync(db, [plugin()]), []);
      await assert.rejects(
        bindContext(above, AUTH).selectFrom("nm_posts").select("id").execute(),
        says,
      );
    }
    assert.equal((await db.selectFrom("nm_posts").select("id").execute()).length, 1);
  });

  it("are checked in a transaction that plugins are put into, which goes on", async () => {
    await db.transaction().execute(async (trx) => {
      const wrong = wrapTransaction(trx, [softDeletePlugin({ tables: ["nm_post"] })]);
      await assert.rejects(
        wrong.selectFrom("nm_posts").select("id").execute(),
        /there is no table "nm_post" \(did you mean "nm_posts"/,
      );
      const right = wrapTransaction(trx, [softDeletePlugin({ tables: ["nm_posts"] })]);
      assert.equal((await right.selectFrom("nm_posts").select("id").execute()).length, 1);
    });
  });

  it("are right as soon as the table is there", async () => {
    const executor: Kysely<any> = createExecutorSync(db, [
      softDeletePlugin({ tables: ["nm_new"] }),
    ]);
    await assert.rejects(executor.selectFrom("nm_logs").select("id").execute(), /"nm_new"/);
    await executor.schema.createTable("nm_new").addColumn("deleted_at", "varchar(30)").execute();
    assert.deepEqual(await executor.selectFrom("nm_new").select("deleted_at").execute(), []);
  });

  it("may be made by plugins that come later", async () => {
    const maker: Plugin = {
      name: "maker",
      version: "1.0.0",
      async onInit(executor) {
        await getRawDb(executor).schema.createTable("nm_made").addColumn("id", "integer").execute();
      },
    };
    await createExecutor(db, [
      policies({}, { skipTables: ["nm_made", "audit_logs"] }),
      auditPlugin(),
      maker,
    ]);
  });

  it("are not compared where nobody wants it, or the database is empty", async () => {
    for (const [what, plugin] of AT_ONCE) {
      // The database is told of this column.
      if (what === "soft delete: a column") continue;
      const executor: Kysely<any> = createExecutorSync(db, [plugin()], { check: "off" });
      const rows = await bindContext(executor, AUTH).selectFrom("nm_logs").select("id").execute();
      assert.deepEqual(rows, []);
    }
    const off = { check: "off" } as const;
    const plugins = [
      rlsPlugin({
        schema: defineRLSSchema<any>({ nm_post: { policies: [filter("all", { a: 1 })] } }),
        skipTables: ["nm_log"],
        ...off,
      }),
      softDeletePlugin({ tables: ["nm_post"], excludeTables: ["nm_log"], ...off }),
      timestampsPlugin({ tables: ["nm_post"], createdByColumn: "nobody", ...off }),
      auditPlugin({ tables: ["nm_post"], denyColumns: ["passwrd"], ...off }),
    ];
    const executor: Kysely<any> = await createExecutor(db, plugins);
    const rows = await bindContext(executor, AUTH).selectFrom("nm_logs").select("id").execute();
    assert.deepEqual(rows, []);
    await assert.rejects(
      createExecutor(db, [], { check: "on" as "off" }),
      /option "check" must be "catalog" or "off"/,
    );
    assert.throws(() => auditPlugin({ check: true as never }), /"check" is "true"/);

    const empty = await dialect.open();
    try {
      await createExecutor(empty.db, [policies({}), auditPlugin({ denyColumns: ["passwrd"] })]);
    } finally {
      await empty.close();
    }
  });

  it("are checked where a function of a policy answers with columns", async () => {
    const wrong = [
      filter("all", (ctx) => ({ tenat: ctx.auth.tenantId }), { name: "own" }),
      filter("all", (_, { eb, column }) => eb(column("tenat"), "=", 1) as never, { name: "own" }),
    ];
    for (const policy of wrong) {
      const executor: Kysely<any> = await createExecutor(db, [policies({ policies: [policy] })]);
      const bound = bindContext(executor, AUTH);
      const says =
        /policy "own".* names column "tenat", which the table does not have \(did you mean "tenant"\?\)/;
      await assert.rejects(
        async () => await bound.selectFrom("nm_posts").selectAll().execute(),
        says,
      );
      await assert.rejects(
        async () => await bound.insertInto("nm_posts").values({ id: 5 }).execute(),
        says,
      );
    }
    const rowId = dialect.dialect === "sqlite" ? "rowid" : "id";
    const right: Kysely<any> = await createExecutor(db, [policies({
      policies: [
        filter("all", (_, { eb, column }) => eb(column(rowId), ">", 0) as never),
      ],
    })]);
    assert.equal(
      (await bindContext(right, AUTH).selectFrom("nm_posts").select("id").execute()).length,
      1,
    );
  });

  it("are those that Kysely plugins make of them", async () => {
    const camel = db.withPlugin(new CamelCasePlugin());
    await createExecutor(camel, [
      rlsPlugin({
        schema: defineRLSSchema<any>({
          nmPosts: {
            policies: [filter("all", { tenant: 1 })],
            columns: { createdBy: { read: true } },
          },
        }),
        skipTables: ["nm_logs"],
      }),
      softDeletePlugin({ tables: ["nmPosts"], deletedAtColumn: "deletedAt" }),
      timestampsPlugin({
        createdByColumn: "createdBy",
        createdAtColumn: "createdAt",
        updatedAtColumn: null,
      }),
    ]);
  });
});
