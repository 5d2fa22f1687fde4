import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import {
  bindContext,
  createExecutor,
  createExecutorSync,
  QueryRefusedError,
} from "@kysera/executor";
import {
  allow,
  can,
  check,
  defineRelations,
  defineRLSSchema,
  deny,
  filter,
  mergeRLSSchemas,
  PolicyRegistry,
  related,
  type RLSAuth,
  rlsPlugin,
  RLSPolicyEvaluationError,
  RLSPolicyViolation,
  type RLSSchema,
  RLSSchemaError,
  withForeignKeys,
} from "@kysera/rls";
import { toPostgres } from "@kysera/rls/native";
import {
  CamelCasePlugin,
  DummyDriver,
  Kysely,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";

interface Database {
  rel_orgs: { id: number; tenant: number };
  rel_projects: { id: number; org_id: number; owner: number; status: string };
  rel_tasks: { id: number; project_id: number; parent_id: number | null; owner: number };
}

const { relations, related: follows, check: checks } = defineRelations<Database>()({
  rel_projects: { org: { table: "rel_orgs", columns: { org_id: "id" } } },
  rel_tasks: {
    project: { table: "rel_projects", columns: { project_id: "id" } },
    parent: { table: "rel_tasks", columns: { parent_id: "id" } },
  },
});

const schema = defineRLSSchema<Database>({
  rel_orgs: { policies: [filter("read", (ctx) => ({ tenant: ctx.auth.tenantId }))] },
  rel_projects: {
    relations: relations.rel_projects,
    policies: [
      allow("read", checks("org")),
      allow(["update", "delete"], (ctx) => ({ owner: ctx.auth.userId })),
    ],
    skipFor: ["operator"],
  },
  rel_tasks: {
    relations: relations.rel_tasks,
    policies: [
      allow(
        "read",
        (ctx, { eb, column, related }) =>
          eb.or([
            eb(column("owner"), "=", Number(ctx.auth.userId)),
            related("project", { status: "open" }),
          ]),
      ),
      allow(["create", "update"], checks("project", "update")),
      allow("delete", follows("parent", { owner: 1 })),
    ],
  },
});

async function tables(db: Kysely<any>): Promise<void> {
  await sql`create table rel_orgs (id integer primary key, tenant integer)`.execute(db);
  await sql`create table rel_projects (id integer primary key, org_id integer, owner integer,
    status varchar(20), foreign key (org_id) references rel_orgs (id))`.execute(db);
  await sql`create table rel_tasks (id integer primary key, project_id integer, parent_id integer,
    owner integer, foreign key (project_id) references rel_projects (id),
    foreign key (parent_id) references rel_tasks (id))`.execute(db);
  await db.insertInto("rel_orgs").values([{ id: 1, tenant: 1 }, { id: 2, tenant: 2 }]).execute();
  await db.insertInto("rel_projects").values([
    { id: 1, org_id: 1, owner: 1, status: "open" },
    { id: 2, org_id: 1, owner: 9, status: "closed" },
    { id: 3, org_id: 2, owner: 1, status: "open" },
  ]).execute();
  await db.insertInto("rel_tasks").values([
    { id: 10, project_id: 1, parent_id: null, owner: 1 },
    { id: 20, project_id: 1, parent_id: 10, owner: 9 },
    { id: 30, project_id: 2, parent_id: 10, owner: 9 },
    { id: 40, project_id: 3, parent_id: 10, owner: 9 },
  ]).execute();
}

const ids = async (db: Kysely<any>): Promise<number[]> =>
  (await db.selectFrom("rel_tasks").select("id").orderBy("id").execute()).map(({ id }) => id);

onEveryDialect("policies that follow relations", (dialect) => {
  const within = async (
    run: (
      as: (auth?: Partial<RLSAuth>) => Kysely<any>,
      db: Kysely<any>,
    ) => Promise<void>,
    policies: RLSSchema<any> = schema,
  ): Promise<void> => {
    const { db, close }: TestDatabase = await dialect.open({ connections: 1 });
    try {
      await tables(db);
      const executor = await createExecutor(db as Kysely<any>, [rlsPlugin({ schema: policies })]);
      const as = (auth: Partial<RLSAuth> = {}): Kysely<any> =>
        bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 1, ...auth } });
      await run(as, db);
    } finally {
      await close();
    }
  };

  it("show rows whose related rows are visible, each caller his own", () =>
    within(async (as) => {
      assert.deepEqual(await ids(as()), [10, 20]);
      assert.deepEqual(await ids(as({ tenantId: 2 })), [10, 40]);
      assert.deepEqual(await ids(as({ userId: 9 })), [10, 20, 30, 40]);
      // Of a role that the policies of the related table are not for, all of its rows count.
      assert.deepEqual(await ids(as({ roles: ["operator"] })), [10, 20, 40]);
      const joined = await as().selectFrom("rel_projects as p")
        .innerJoin("rel_tasks as kysera_related1", "kysera_related1.project_id", "p.id")
        .select("kysera_related1.id as task").orderBy("task").execute();
      assert.deepEqual(joined.map(({ task }) => task), [10, 20]);
    }));

  it("let rows be changed and moved as the related rows may be", () =>
    within(async (as, db) => {
      const me = as();
      await me.updateTable("rel_tasks").set({ owner: 1 }).execute();
      const owners = await db.selectFrom("rel_tasks").select("owner").orderBy("id").execute();
      assert.deepEqual(owners.map(({ owner }) => owner), [1, 1, 9, 9]);
      for (const project_id of [2, 3]) {
        await assert.rejects(
          me.updateTable("rel_tasks").set({ project_id }).where("id", "=", 10).execute(),
          RLSPolicyViolation,
        );
        const row = { id: 50, project_id, parent_id: null, owner: 1 };
        await assert.rejects(me.insertInto("rel_tasks").values(row).execute(), RLSPolicyViolation);
      }
      await me.insertInto("rel_tasks").values({ id: 50, project_id: 1, parent_id: null, owner: 1 })
        .execute();
      await assert.rejects(
        me.insertInto("rel_tasks").columns(["id", "project_id", "owner"]).expression((eb) =>
          eb.selectFrom("rel_projects").select((
            eb,
          ) => [eb.lit(60).as("id"), "id as p", eb.lit(1).as("o")])
            .where("id", "=", 2)
        ).execute(),
        RLSPolicyViolation,
      );
      await me.deleteFrom("rel_tasks").where("id", "=", 20).execute();
      assert.deepEqual(await ids(db), [10, 30, 40, 50]);
    }));

  it("follow foreign keys where no relation is declared", () => {
    const undeclared = defineRLSSchema<any>({
      rel_orgs: { policies: [filter("read", (ctx) => ({ tenant: ctx.auth.tenantId }))] },
      rel_projects: {
        policies: [allow("read", true), allow("update", related("rel_tasks", { owner: 1 }))],
      },
      rel_tasks: {
        policies: [
          allow("read", true),
          allow("update", related("project", related("org", { tenant: [1, 3] }))),
        ],
      },
    });
    return within(async (as, db) => {
      const projects = await as().updateTable("rel_projects").set({ status: "new" })
        .executeTakeFirst();
      assert.equal(projects.numUpdatedRows, 1n);
      const tasks = await as().updateTable("rel_tasks").set({ owner: 9 }).executeTakeFirst();
      assert.equal(tasks.numUpdatedRows, 3n);
      const known = await withForeignKeys(db, undeclared);
      assert.deepEqual(known["rel_projects"]!.relations, {
        org: { table: "rel_orgs", columns: { org_id: "id" } },
        rel_tasks: { table: "rel_tasks", columns: { id: "project_id" } },
      });
      assert.throws(
        () => createExecutorSync(db, [rlsPlugin({ schema: undeclared })]),
        /there is no relation "rel_tasks" .* make the executor with createExecutor\(\)/,
      );
      createExecutorSync(db, [rlsPlugin({ schema: known })]);
    }, undeclared);
  });

  it("are checked against the catalog by their names", () =>
    within(async (_, db) => {
      const wrong = (config: object): RLSSchema<any> => ({
        ...schema,
        rel_tasks: { ...schema.rel_tasks!, ...config } as any,
      });
      const project = (columns: object): object => ({ table: "rel_projects", columns });
      for (
        const config of [
          { relations: { ...relations.rel_tasks, project: project({ project_id: "idd" }) } },
          { policies: [allow("read", related("project", { statuss: "open" }))] },
          { policies: [allow("read", related("project", related("org", { tenantt: 1 })))] },
        ]
      ) {
        await assert.rejects(
          createExecutor(db, [rlsPlugin({ schema: wrong(config) })]),
          /idd|statuss|tenantt/,
        );
      }
    }));

  it("tell can() only what needs no related row", () =>
    within(async (as) => {
      await Promise.resolve();
      const row = { id: 20, project_id: 1, parent_id: 10, owner: 1 };
      assert.equal(can(as(), "read", "rel_tasks", row), true);
      // A task without a project has none that is open.
      const alone = { ...row, owner: 9, project_id: null };
      assert.equal(can(as(), "read", "rel_tasks", alone), false);
      assert.equal(can(as(), "create", "rel_tasks", alone), false);
      assert.throws(
        () => can(as(), "read", "rel_tasks", { ...row, owner: 9 }),
        (error) =>
          error instanceof RLSPolicyEvaluationError && /without the database/.test(error.message),
      );
    }));

  it("hold for masks, parts of WITH and streams", () => {
    const masked = defineRLSSchema<any>({
      ...schema,
      rel_tasks: {
        relations: relations.rel_tasks,
        policies: [allow("all", true)],
        columns: { owner: { read: related("project", { owner: 1 }) } },
      },
    });
    return within(async (as) => {
      const rows = await as().selectFrom("rel_tasks").select(["id", "owner"]).orderBy("id")
        .execute();
      assert.deepEqual(rows.map(({ owner }) => owner), [1, 9, null, null]);
      const part = await as().with("t", (db) => db.selectFrom("rel_tasks").selectAll())
        .selectFrom("t").select("owner").orderBy("id").execute();
      assert.deepEqual(part.map(({ owner }) => owner), [1, 9, null, null]);
      // PGlite has no cursors.
      if (dialect.name === "pglite") return;
      const streamed: unknown[] = [];
      for await (
        const { owner } of as().selectFrom("rel_tasks").selectAll().orderBy("id").stream()
      ) {
        streamed.push(owner);
      }
      assert.deepEqual(streamed, [1, 9, null, null]);
    }, masked);
  });

  it("are written by the names that plugins of Kysely give to columns", async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await tables(db);
      const camel = (db as Kysely<any>).withPlugin(new CamelCasePlugin());
      const policies = defineRLSSchema<any>({
        relProjects: { policies: [allow("read", true)] },
        relTasks: {
          relations: { project: { table: "relProjects", columns: { projectId: "id" } } },
          policies: [allow("read", related("project", { orgId: 1, status: "open" }))],
        },
      });
      const executor = bindContext(
        await createExecutor(camel, [rlsPlugin({ schema: policies })]),
        { auth: { userId: 1, roles: [] } },
      );
      const found = await executor.selectFrom("relTasks").select("id").orderBy("id").execute();
      assert.deepEqual(found.map(({ id }) => id), [10, 20]);
      const physical = await executor.withoutPlugins().selectFrom("rel_tasks").select("id")
        .orderBy("id").execute();
      assert.deepEqual(physical.map(({ id }) => id), [10, 20]);
    } finally {
      await close();
    }
  });
});

onEveryDialect("policies that follow relations, and the log", (dialect) => {
  it("show entries of rows whose related rows are visible", async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await tables(db);
      const executor = await createExecutor(db as Kysely<any>, [
        rlsPlugin({ schema }),
        auditPlugin({ createTable: true }),
      ]);
      const system = bindContext(executor, { auth: { userId: 0, roles: [], isSystem: true } });
      await system.updateTable("rel_tasks").set({ owner: 8 }).execute();
      const me = bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 2 } });
      const entries = await getAuditLogs(me, { table: "rel_tasks" });
      // The task of one's own before, and that of a project that is open.
      assert.deepEqual(entries.map(({ entity_id }) => entity_id).sort(), ["10", "40"]);
    } finally {
      await close();
    }
  });
}, ["sqlite", "postgres", "pglite"]);

onEveryDialect("a check that comes back to its own table", (dialect) => {
  it("is not shown the new row", async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await sql`create table rel_teams (id integer primary key)`.execute(db);
      await sql`create table rel_members (id integer primary key, team_id integer, user_id integer)`
        .execute(db);
      await sql`insert into rel_teams values (1)`.execute(db);
      const policies = defineRLSSchema<any>({
        rel_teams: {
          relations: { members: { table: "rel_members", columns: { id: "team_id" } } },
          policies: [
            allow("read", related("members", (ctx: any) => ({ user_id: ctx.auth.userId }))),
          ],
        },
        rel_members: {
          relations: { team: { table: "rel_teams", columns: { team_id: "id" } } },
          policies: [allow("read", true), allow("create", related("team"))],
        },
      });
      const executor = await createExecutor(db as Kysely<any>, [rlsPlugin({ schema: policies })]);
      const me = bindContext(executor, { auth: { userId: 7, roles: [] } });
      // Who becomes a member would see the team, and only because of that might become one.
      await assert.rejects(
        me.insertInto("rel_members").values({ id: 1, team_id: 1, user_id: 7 }).execute(),
        (error) =>
          dialect.name === "sqlite"
            ? error instanceof QueryRefusedError && error.reason === "UNCHECKABLE" &&
              /reads "rel_members" itself/.test(error.message)
            : error instanceof RLSPolicyViolation,
      );
      assert.deepEqual(await db.selectFrom("rel_members" as never).selectAll().execute(), []);
    } finally {
      await close();
    }
  });
});

onEveryDialect("an EXISTS of a relation", (dialect) => {
  it("is answered by the index of the related columns", async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await tables(db);
      const executor = bindContext(
        await createExecutor(db as Kysely<any>, [rlsPlugin({ schema })]),
        { auth: { userId: 1, roles: [], tenantId: 1 } },
      );
      const { sql: text, parameters } = executor.selectFrom("rel_tasks").select("id").compile();
      const plan = await db.executeQuery<{ detail: string }>({
        sql: `explain query plan ${text}`,
        parameters,
        query: sql`x`.toOperationNode() as never,
        queryId: { queryId: "plan" },
      });
      const steps = plan.rows.map(({ detail }) => detail);
      const searches = steps.filter((step) => /kysera_related/.test(step));
      assert.equal(searches.length, 2, steps.join("\n"));
      for (const step of searches) assert.match(step, /SEARCH .* USING INTEGER PRIMARY KEY/);
    } finally {
      await close();
    }
  });
}, ["sqlite"]);

describe("relations", () => {
  const dummy = new Kysely<any>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  const made = (policies: RLSSchema<any>): string => {
    try {
      new PolicyRegistry(policies);
      createExecutorSync(dummy, [rlsPlugin({ schema: policies, check: "off" })]);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const to = (table: string, columns: Record<string, string>): any => ({ table, columns });

  it("that lead back to where they began are refused by the names of the policies", () => {
    const message = made({
      posts: {
        relations: { author: to("users", { author_id: "id" }) },
        policies: [allow("read", related("author"), { name: "authors" })],
      },
      users: {
        relations: { posts: to("posts", { id: "author_id" }) },
        policies: [allow("read", related("posts", { public: true }), { name: "published" })],
      },
    });
    assert.match(message, /policy "authors" of "posts" looks at "users" \(relation "author"\)/);
    assert.match(message, /policy "published" of "users" looks at "posts" \(relation "posts"\)/);
    assert.match(message, /compare columns with values of the context/);
  });

  it("that lead back for another command are not, unless PostgreSQL is to follow them", () => {
    const policies = defineRLSSchema<any>({
      tasks: {
        relations: { parent: to("tasks", { parent_id: "id" }) },
        policies: [allow("read", true), allow("delete", related("parent", { open: true }))],
      },
    });
    assert.equal(made(policies), "");
    assert.throws(
      () => toPostgres(policies),
      /policy "allow\(delete\)" of "tasks" looks at "tasks"/,
    );
  });

  it("are not followed without end", () => {
    const tables = Object.fromEntries(
      Array.from({ length: 11 }, (_, i) => [`t${i}`, {
        relations: i === 0 ? {} : { up: to(`t${i - 1}`, { up_id: "id" }) },
        policies: [allow("read", i === 0 ? true : related("up"))],
      }]),
    );
    assert.match(made(tables), /follow more than 8 relations/);
    const few = Object.fromEntries(Object.entries(tables).slice(0, 9));
    assert.equal(made(few), "");
  });

  it("that nobody knows, or whose table has no policies to check, are refused", () => {
    assert.match(
      made({ a: { policies: [allow("read", related("b"))] } }),
      /there is no relation "b" \(it has none\); declare it/,
    );
    assert.match(
      made({
        a: {
          relations: { b: to("b", { b_id: "id" }) },
          policies: [allow("read", related("b", related("c")))],
        },
      }),
      /follows its relation "c", and the schema does not have the table/,
    );
    assert.match(
      made({
        a: {
          relations: { b: to("b", { b_id: "id" }) },
          policies: [allow("read", check("b", "update"))],
        },
      }),
      /leaves "b" to the policies of table "b", which has none in the schema/,
    );
    assert.throws(
      () => toPostgres({ a: { policies: [allow("read", related("b"))] } }),
      /await withForeignKeys\(db, schema\)/,
    );
  });

  it("are declared by a table and columns, and merged where they are the same", () => {
    const anything = (value: unknown): any => value;
    for (
      const wrong of [
        1,
        { b: 1 },
        { b: { table: "b" } },
        { b: { table: "b", columns: {} } },
        { b: { table: "b.c.d", columns: { x: "y" } } },
        { b: { table: "b", columns: { x: 1 } } },
        { b: { table: "b", columns: { "a.x": "y" } } },
        { b: { table: "b", columns: { x: "y" }, many: true } },
      ]
    ) {
      assert.throws(
        () => defineRLSSchema({ a: { policies: [], relations: anything(wrong) } }),
        RLSSchemaError,
      );
    }
    assert.throws(() => related(""), RLSSchemaError);
    assert.throws(() => related("b", anything(1)), RLSSchemaError);
    // deno-lint-ignore require-await
    assert.throws(() => related("b", anything(async () => true)), RLSSchemaError);
    assert.throws(() => check("b", anything("create")), RLSSchemaError);
    const part = (columns: Record<string, string>): RLSSchema<any> => ({
      a: { policies: [], relations: { b: to("b", columns) } },
    });
    mergeRLSSchemas(part({ x: "y" }), part({ x: "y" }));
    assert.throws(() => mergeRLSSchemas(part({ x: "y" }), part({ x: "z" })), RLSSchemaError);
  });

  it("know the names of a database's type", () => {
    defineRLSSchema<Database>({
      rel_tasks: {
        policies: [deny("delete", follows("project", { status: "open" }))],
        // @ts-expect-error there is no such column
        relations: { project: { table: "rel_projects", columns: { project: "id" } } },
      },
    });
    // @ts-expect-error there is no such column
    follows("project", { state: "open" });
    // @ts-expect-error there is no such relation
    checks("owner");
    defineRelations<Database>()({
      // @ts-expect-error there is no such table
      rel_task: { project: { table: "rel_projects", columns: { project_id: "id" } } },
    });
  });
});
