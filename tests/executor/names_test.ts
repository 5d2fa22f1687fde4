import { createExecutor, createExecutorSync } from "@kysera/executor";
import type { Plugin, TableReference } from "@kysera/executor";
import { CamelCasePlugin, type Kysely, type KyselyPlugin, OperationNodeTransformer } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { dummy } from "./dummy.ts";
import { schemaOf } from "./world.ts";

/** Hides the rows of one table, which it knows by this name. */
const hide = (table: string, column = "deleted_at"): Plugin => ({
  name: "hide",
  version: "1.0.0",
  appliesTo: ({ name }) => name === table,
  filter: (reference, { eb }) => eb(reference.column(column), "is", null),
});

/** Writes a prefix before every table (and every alias: those it could not tell apart). */
class PrefixPlugin implements KyselyPlugin {
  readonly #transformer = new (class extends OperationNodeTransformer {
    protected override transformSchemableIdentifier(node: any, queryId: any): any {
      const out = super.transformSchemableIdentifier(node, queryId);
      return { ...out, identifier: { ...out.identifier, name: `app_${out.identifier.name}` } };
    }
  })();
  transformQuery({ node, queryId }: any): any {
    return this.#transformer.transformNode(node, queryId);
  }
  transformResult({ result }: any): Promise<any> {
    return Promise.resolve(result);
  }
}

async function inAccounts(
  dialect: TestDialect,
  plugins: KyselyPlugin[],
  body: (db: Kysely<any>) => Promise<void>,
): Promise<void> {
  const { db, close } = await dialect.open({ plugins });
  try {
    const bare = db.withoutPlugins();
    await bare.schema.createTable("user_accounts")
      .addColumn("account_id", "integer")
      .addColumn("deleted_at", "varchar(20)")
      .execute();
    await bare.insertInto("user_accounts").values([
      { account_id: 1, deleted_at: null },
      { account_id: 2, deleted_at: "2024-01-01" },
    ]).execute();
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("names under CamelCasePlugin", (dialect) => {
  for (const column of ["deletedAt", "deleted_at"]) {
    it(`are found however they are written, by a plugin that knows the database's, and ${column}`, () =>
      inAccounts(dialect, [new CamelCasePlugin()], async (db) => {
        const executor = await createExecutor(db, [hide("user_accounts", column)]);
        for (const written of ["userAccounts", "user_accounts", "userAccounts as userA"]) {
          const rows = await executor.selectFrom(written).selectAll().execute();
          assert.deepEqual(rows, [{ accountId: 1, deletedAt: null }], written);
        }
        const joined = await executor.selectFrom("userAccounts as leftOne")
          .rightJoin("userAccounts as rightOne", "rightOne.accountId", "leftOne.accountId")
          .select(["leftOne.accountId as l", "rightOne.accountId as r"]).execute();
        assert.deepEqual(joined, [{ l: 1, r: 1 }]);
        const bare = executor.withoutPlugins().selectFrom("user_accounts").selectAll().execute();
        if (column === "deletedAt") await assert.rejects(bare);
        else assert.deepEqual(await bare, [{ account_id: 1, deleted_at: null }]);
      }));
  }

  it("are found as the query writes them, by a plugin that knows those", () =>
    inAccounts(dialect, [new CamelCasePlugin()], async (db) => {
      const executor = await createExecutor(db, [hide("userAccounts")]);
      const rows = await executor.selectFrom("userAccounts as u").selectAll().execute();
      assert.deepEqual(rows, [{ accountId: 1, deletedAt: null }]);
    }));

  it("are found where the plugin comes to a handle of the executor", () =>
    inAccounts(dialect, [], async (db) => {
      const executor = await createExecutor(db, [hide("user_accounts")]);
      const camel = executor.withPlugin(new CamelCasePlugin());
      const rows = await camel.selectFrom("userAccounts").selectAll().execute();
      assert.deepEqual(rows, [{ accountId: 1, deletedAt: null }]);
      await executor.transaction().execute(async (trx) => {
        const inside = trx.withPlugin(new CamelCasePlugin()).selectFrom("userAccounts");
        assert.equal((await inside.selectAll().execute()).length, 1);
      });
    }));

  it("take a common table expression for one, in whichever case it is written", () =>
    inAccounts(dialect, [new CamelCasePlugin()], async (db) => {
      const executor = await createExecutor(db, [hide("user_accounts")]);
      const body = (qc: any) =>
        qc.selectFrom("userAccounts as a").select(["a.accountId", "a.accountId as deletedAt"]);
      // PostgreSQL has the body read the table, and so has MariaDB; SQLite refuses the circle.
      if (dialect.dialect === "sqlite") return;
      for (const read of ["userAccounts", "user_accounts"]) {
        const rows = await executor.with("userAccounts", body).selectFrom(read).selectAll()
          .execute();
        assert.deepEqual(rows, [{ accountId: 1, deletedAt: 1 }], read);
      }
    }));
});

onEveryDialect("a subquery of a handle with other Kysely plugins", (dialect) => {
  it("is guarded by the names that its own handle has", () =>
    inAccounts(dialect, [], async (db) => {
      await db.schema.createTable("notes").addColumn("account", "integer").execute();
      await db.insertInto("notes").values([{ account: 1 }, { account: 2 }]).execute();
      const executor = await createExecutor(db, [hide("user_accounts")]);
      const camel = executor.withPlugin(new CamelCasePlugin());
      const inner = () => camel.selectFrom("userAccounts").select("accountId");
      const outer = executor.selectFrom("notes").select("account");
      const queries: Record<string, { execute(): Promise<any[]> }> = {
        "IN": outer.where("account", "in", inner()),
        "a derived table": executor.selectFrom(inner().as("x")).selectAll(),
        "a union": outer.where("account", "<", 0).unionAll(inner() as any),
        "a common table expression": executor.with("c", () => inner()).selectFrom("c").selectAll(),
        "the select list": executor.selectFrom("notes").select(inner().limit(1).as("x"))
          .where("account", "=", 2),
        "IN, under withSchema()": executor.withSchema(await schemaOf(db, dialect))
          .selectFrom("notes").select("account").where("account", "in", inner()),
        "the other way round": camel.selectFrom("notes").select("account").where(
          "account",
          "in",
          executor.selectFrom("user_accounts").select("account_id"),
        ),
      };
      for (const [what, query] of Object.entries(queries)) {
        const rows = await query.execute();
        assert.deepEqual(rows.map((row) => Object.values(row)), [[1]], what);
      }
    }));
});

onEveryDialect("names under a plugin that writes a prefix", (dialect) => {
  it("are found by the name the query writes, and by the database's", async () => {
    const { db, close } = await dialect.open({ plugins: [new PrefixPlugin()] });
    try {
      const bare = db.withoutPlugins();
      await bare.schema.createTable("app_users").addColumn("deleted_at", "integer").execute();
      await bare.insertInto("app_users").values([{ deleted_at: 1 }, { deleted_at: null }])
        .execute();
      for (const table of ["users", "app_users"]) {
        const executor = await createExecutor(db, [hide(table)]);
        const rows = await executor.selectFrom("users").selectAll().execute();
        assert.deepEqual(rows, [{ deleted_at: null }]);
      }
    } finally {
      await close();
    }
  });
});

describe("letter case", () => {
  const sql = (name: "sqlite" | "mysql" | "postgres" | "mssql", table: string): string =>
    createExecutorSync(dummy(name), [hide("users")]).selectFrom(table).selectAll().compile().sql;

  it("is not seen by SQLite, MySQL and SQL Server, whose tables are found in any", () => {
    for (const name of ["sqlite", "mysql", "mssql"] as const) {
      for (const table of ["users", "USERS", "Users", "main.Users"]) {
        assert.match(sql(name, table), /deleted_at. is null/, `${name} ${table}`);
      }
    }
  });

  it("counts in PostgreSQL, where another case is another table", () => {
    assert.match(sql("postgres", "users"), /deleted_at/);
    assert.doesNotMatch(sql("postgres", "Users"), /deleted_at/);
  });

  it("is asked of a plugin as written and in lower case", () => {
    const asked = new Set<string>();
    const executor = createExecutorSync(dummy("sqlite"), [{
      ...hide("users"),
      appliesTo: ({ name }) => {
        asked.add(name);
        return false;
      },
    }]);
    executor.selectFrom("Users").selectAll().compile();
    assert.deepEqual([...asked].sort(), ["Users", "users"]);
  });
});

onEveryDialect("a table written in capitals", (dialect) => {
  it("is guarded, or is not a table", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("users").addColumn("deleted_at", "integer").execute();
      await db.insertInto("users").values([{ deleted_at: 1 }, { deleted_at: null }]).execute();
      const executor = await createExecutor(db, [hide("users")]);
      const read = executor.selectFrom("USERS").selectAll().execute();
      if (dialect.dialect === "sqlite") assert.deepEqual(await read, [{ deleted_at: null }]);
      else await assert.rejects(read);
    } finally {
      await close();
    }
  });
});

describe("a table reference, as hooks see it", () => {
  function referencesOf(
    build: (db: Kysely<any>) => { compile(): unknown },
    plugins: KyselyPlugin[] = [],
  ): TableReference[] {
    const seen: TableReference[] = [];
    const executor = createExecutorSync(dummy("sqlite", plugins), [{
      name: "spy",
      version: "1.0.0",
      filter: (reference) => void seen.push(reference) as undefined,
    }]);
    build(executor).compile();
    return seen;
  }

  it("has the table, the schema and the alias as the query wrote them", () => {
    const [users, posts] = referencesOf((db) =>
      db.selectFrom("crm.Users as u").innerJoin("posts", "posts.id", "u.id").selectAll()
    );
    assert.equal(users!.table, "Users");
    assert.equal(users!.schema, "crm");
    assert.equal(users!.alias, "u");
    assert.equal(posts!.table, "posts");
    assert.equal(posts!.schema, undefined);
    assert.equal(posts!.alias, "posts");
  });

  it("has the name that the database knows the table by", () => {
    const [users] = referencesOf(
      (db) => db.selectFrom("userAccounts as u").selectAll(),
      [new CamelCasePlugin()],
    );
    assert.equal(users!.table, "userAccounts");
    assert.equal(users!.physicalName, "user_accounts");
  });

  it("says what is done with it", () => {
    const what = (build: (db: Kysely<any>) => { compile(): unknown }): string[] =>
      referencesOf(build).map(({ operation, role, table }) => `${operation} ${role} ${table}`);
    assert.deepEqual(what((db) => db.selectFrom("a").selectAll()), ["select source a"]);
    assert.deepEqual(
      what((db) => db.updateTable("a").from("b").set({ n: 1 })),
      ["update target a", "select source b"],
    );
    assert.deepEqual(
      what((db) => db.deleteFrom("a").where("id", "in", db.selectFrom("b").select("id"))).slice(-2),
      ["select source b", "delete target a"],
    );
  });

  it("gives columns under the alias, and none of the schema's name but where it is the table's", () => {
    const executor = createExecutorSync(dummy("postgres"), [hide("users")]);
    const { sql: aliased } = executor.selectFrom("crm.users as u").selectAll().compile();
    assert.equal(aliased, `select * from "crm"."users" as "u" where "u"."deleted_at" is null`);
    const { sql: bare } = executor.selectFrom("crm.users").selectAll().compile();
    assert.equal(bare, `select * from "crm"."users" where "crm"."users"."deleted_at" is null`);
  });

  it("is one of the database's own only in the schemas that its dialect has for them", () => {
    const everywhere: Plugin = {
      name: "everywhere",
      version: "1.0.0",
      filter: (reference, { eb }) => eb(reference.column("deleted_at"), "is", null),
    };
    const isFiltered = (name: "sqlite" | "mysql" | "postgres" | "mssql", table: string): boolean =>
      createExecutorSync(dummy(name), [everywhere]).selectFrom(`${table} as t`).selectAll()
        .compile().sql.includes("deleted_at");
    const own: Record<string, readonly string[]> = {
      postgres: ["pg_catalog.pg_class", "information_schema.tables"],
      mysql: [
        "information_schema.tables",
        "INFORMATION_SCHEMA.tables",
        "mysql.user",
        "sys.version",
      ],
      mssql: ["sys.tables", "INFORMATION_SCHEMA.TABLES"],
      sqlite: ["sqlite_master", "sqlite_schema", "main.sqlite_master"],
    };
    const users: Record<string, readonly string[]> = {
      postgres: [
        "sys.users",
        "mysql.users",
        "performance_schema.users",
        "INFORMATION_SCHEMA.users",
        "sqlite_master",
        "pg_class",
      ],
      mysql: ["pg_catalog.users", "sqlite_master", "tables"],
      mssql: ["mysql.users", "pg_catalog.users", "performance_schema.users"],
      sqlite: ["sys.users", "information_schema.users", "pg_catalog.users", "sqlite_masters"],
    };
    for (const name of ["sqlite", "mysql", "postgres", "mssql"] as const) {
      for (const table of own[name]!) assert.equal(isFiltered(name, table), false, table);
      for (const table of users[name]!) assert.equal(isFiltered(name, table), true, table);
    }
  });

  it("has its schema shared by the subqueries that hooks bring under withSchema()", () => {
    const members: Plugin = {
      name: "members",
      version: "1.0.0",
      appliesTo: ({ name }) => name === "docs",
      filter: (docs, { eb }) =>
        eb.exists(
          eb.selectFrom("members").select("members.id")
            .whereRef("members.doc", "=", docs.column("id") as any),
        ),
    };
    const tags: Plugin = {
      name: "tags",
      version: "1.0.0",
      interceptQuery: (qb, { table, ref }) =>
        table === "notes"
          ? qb.where((eb) => eb(ref!("tag"), "in", eb.selectFrom("tags").select("tags.id")))
          : qb,
    };
    const executor = createExecutorSync(dummy("postgres"), [members, tags]).withSchema("crm");
    assert.equal(
      executor.selectFrom("docs as d").selectAll().compile().sql,
      `select * from "crm"."docs" as "d" where exists (select "crm"."members"."id" ` +
        `from "crm"."members" where "crm"."members"."doc" = "d"."id")`,
    );
    assert.equal(
      executor.selectFrom("notes as n").selectAll().compile().sql,
      `select * from "crm"."notes" as "n" where "n"."tag" in ` +
        `(select "crm"."tags"."id" from "crm"."tags")`,
    );
  });

  it("lets a plugin tell tables of one name in two schemas apart", () => {
    const executor = createExecutorSync(dummy("postgres"), [{
      ...hide("users"),
      appliesTo: ({ name, schema }) => name === "users" && schema === "crm",
    }]);
    const { sql: text } = executor.selectFrom(["crm.users as a", "hr.users as b", "users as c"])
      .selectAll().compile();
    assert.match(text, /where "a"\."deleted_at" is null$/);
    const { sql: handle } = executor.withSchema("crm").selectFrom("users").selectAll().compile();
    assert.match(handle, /where "crm"\."users"\."deleted_at" is null$/);
  });
});
