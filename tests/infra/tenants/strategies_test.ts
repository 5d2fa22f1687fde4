/** Tenants as rows, schemas and databases: the same program, and nobody sees another's rows. */
import { getAuditLogs } from "@kysera/audit";
import { BadRequestError } from "@kysera/core";
import {
  createTenantRouter,
  ForeignSchemaError,
  TenantLeaseError,
  type TenantRouter,
  type TenantStrategy,
  TenantUnavailableError,
  UnknownTenantError,
} from "@kysera/infra/tenants";
import { createRepository } from "@kysera/repository";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { matrix, onEveryDialect, type TestDialect } from "../../support/matrix.ts";
import { type Database, makeTables, World } from "./_tenants.ts";

async function withWorld(
  dialect: TestDialect,
  body: (world: World) => Promise<void>,
): Promise<void> {
  const world = new World(dialect);
  try {
    await body(world);
  } finally {
    await world.close();
  }
}

async function withTenants(
  dialect: TestDialect,
  strategy: TenantStrategy,
  body: (router: TenantRouter<Database>, world: World) => Promise<void>,
): Promise<void> {
  await withWorld(dialect, async (world) => {
    if (strategy === "schema") await world.makeTemplate();
    const router = world.router({
      strategy,
      ...strategy === "schema" ? {} : { template: undefined },
      dropDatabase: () => {},
      open: async (name) => {
        const db = await world.open(name);
        if (strategy === "row") await makeTables(db);
        return db;
      },
    });
    try {
      for (const tenant of ["acme", "initech"]) {
        await router.provision(tenant, {
          ...strategy === "schema" ? { schema: world.schema() } : {},
          ...strategy === "database" ? { database: tenant } : {},
        });
      }
      await body(router, world);
    } finally {
      await router.destroy();
    }
  });
}

const add = (router: TenantRouter<Database>, tenant: string, id: number) =>
  router.run(
    tenant,
    (db) =>
      db.insertInto("projects").values({ id, tenant_id: tenant, name: `${tenant} ${id}` } as never)
        .execute(),
  );

const names = (router: TenantRouter<Database>, tenant: string) =>
  router.run(tenant, async (db) => {
    const rows = await db.selectFrom("projects").select("name").orderBy("id").execute();
    return rows.map(({ name }) => name);
  });

const STRATEGIES: readonly TenantStrategy[] = ["row", "schema", "database"];

onEveryDialect("createTenantRouter()", (dialect) => {
  for (const strategy of STRATEGIES) {
    if (strategy === "schema" && dialect.name === "sqlite") continue;

    it(`keeps tenants apart as ${strategy}s, with plugins, repositories and transactions`, () =>
      withTenants(dialect, strategy, async (router) => {
        await add(router, "acme", 1);
        await add(router, "initech", 2);
        assert.deepEqual(await names(router, "acme"), ["acme 1"]);
        assert.deepEqual(await names(router, "initech"), ["initech 2"]);
        await router.run("acme", async (db) => {
          await db.transaction().execute(async (trx) => {
            await trx.updateTable("projects").set({ name: "renamed" }).execute();
          });
          const repository: any = createRepository(db as unknown as Kysely<Database>, {
            tableName: "projects",
          });
          assert.equal((await repository.findById(1)).name, "renamed");
          await repository.softDelete(1);
          const log = await getAuditLogs(db as any, { table: "projects", key: 1 });
          assert.equal(log.length, 3);
        });
        assert.deepEqual(await names(router, "acme"), []);
        assert.deepEqual(await names(router, "initech"), ["initech 2"]);
        await router.run("initech", async (db) => {
          const log = await getAuditLogs(db as any, { table: "projects", key: 2 });
          assert.equal(log.length, 1);
        });
      }));

    it(`drops ${strategy}s of a tenant, and refuses it from then on`, () =>
      withTenants(dialect, strategy, async (router, world) => {
        await add(router, "acme", 1);
        await add(router, "initech", 2);
        const lease = await router.acquire("acme");
        const { home } = lease;
        await router.drop("acme");
        await assert.rejects(
          lease.executor.selectFrom("projects").selectAll().execute(),
          TenantLeaseError,
        );
        lease.release();
        await assert.rejects(names(router, "acme"), UnknownTenantError);
        await assert.rejects(router.drop("acme"), UnknownTenantError);
        assert.deepEqual(await names(router, "initech"), ["initech 2"]);
        if (strategy === "row") {
          const { rows } = await sql<{ tenant_id: string }>`select tenant_id from projects`
            .execute(world.opened("main"));
          assert.deepEqual(rows.map(({ tenant_id }) => tenant_id), ["initech"]);
        }
        if (strategy === "schema") {
          const { rows } = await sql`select table_name from information_schema.tables
            where table_schema = ${home.schema}`.execute(world.opened("main"));
          assert.deepEqual(rows, []);
        }
      }));
  }

  it("serves tenants of all kinds at once, and tells how each does", () =>
    withWorld(dialect, async (world) => {
      const hasSchemas = dialect.name !== "sqlite";
      if (hasSchemas) await world.makeTemplate();
      const router = world.router({
        strategy: "row",
        ...hasSchemas ? {} : { template: undefined },
        open: async (name) => {
          const db = await world.open(name);
          if (name === "main") await makeTables(db);
          return db;
        },
      });
      try {
        await router.provision("small");
        await router.provision("large", { strategy: "database", database: "large" });
        const tenants = ["small", "large"];
        if (hasSchemas) {
          await router.provision("middle", { strategy: "schema", schema: world.schema() });
          tenants.push("middle");
        }
        for (const tenant of tenants) {
          await add(router, tenant, 1);
          assert.deepEqual(await names(router, tenant), [`${tenant} 1`]);
          assert.notEqual((await router.health(tenant)).status, "unhealthy");
        }
        world.places.set("small", { state: "suspended" });
        await assert.rejects(names(router, "small"), TenantUnavailableError);
        const { status, checks } = await router.health("small");
        assert.equal(status, "unhealthy");
        assert.match(checks[0]!.message, /TenantUnavailableError/);
        assert.match((await router.health("hooli")).checks[0]!.message, /UnknownTenantError/);
        for (const tenant of ["hooli", "", undefined, null, "__proto__", {}]) {
          await assert.rejects(names(router, tenant as string), UnknownTenantError);
        }
      } finally {
        await router.destroy();
      }
    }));
});

onEveryDialect("tenants with schemas", (dialect) => {
  it("name no other schema, however a query is written", () =>
    withTenants(dialect, "schema", async (router, world) => {
      await add(router, "initech", 1);
      const { home: { schema: other }, ...lease } = await router.acquire("initech");
      lease.release();
      await router.run("acme", async (db: any) => {
        const queries = [
          db.selectFrom(`${other}.projects`).selectAll(),
          db.selectFrom(`${world.template}.projects`).selectAll(),
          db.withSchema(other).selectFrom("projects").selectAll(),
          db.withoutPlugins().selectFrom("projects").selectAll(),
          db.selectFrom("projects as a").innerJoin(`${other}.projects as b`, "a.id", "b.id")
            .select("b.name"),
          db.selectFrom("projects").selectAll().where(
            "id",
            "in",
            (eb: any) => eb.selectFrom(`${other}.projects`).select("id"),
          ),
          db.insertInto(`${other}.projects`).values({ id: 9, tenant_id: "acme", name: "x" }),
          db.updateTable(`${other}.projects`).set({ name: "x" }),
          db.deleteFrom(`${other}.projects`),
          db.with("all", (eb: any) => eb.selectFrom(`${other}.projects`).selectAll())
            .selectFrom("all").selectAll(),
        ];
        for (const query of queries) await assert.rejects(query.execute(), ForeignSchemaError);
        await assert.rejects(sql`select * from ${sql.id(other!, "projects")}`.execute(db), {
          name: "RawSqlError",
        });
      });
      assert.deepEqual(await names(router, "initech"), ["initech 1"]);
    }));

  it("have the catalog read of the template alone, once", () =>
    withTenants(dialect, "schema", async (router, world) => {
      await names(router, "acme");
      const ofTemplate = world.catalogReads.filter((read) => read.includes(world.template));
      assert.ok(ofTemplate.length > 0);
      world.catalogReads.length = 0;
      await add(router, "initech", 1);
      await names(router, "initech");
      const { schema } = world.places.get("initech")!;
      // What the audit log asks of its own table names the schema of the tenant.
      const others = world.catalogReads.filter((read) => !read.includes(schema!));
      assert.deepEqual(others, []);
    }));

  it("are refused where the template has no tables, as plugins would find none", () =>
    withWorld(dialect, async (world) => {
      const router = world.router({});
      try {
        world.places.set("acme", { schema: world.schema() });
        await assert.rejects(names(router, "acme"), /template without tables; migrate it first/);
      } finally {
        await router.destroy();
      }
    }));

  it("have nothing left where a step of provisioning fails", () =>
    withWorld(dialect, async (world) => {
      await world.makeTemplate();
      let fails = true;
      const router = world.router({
        migrate: async ({ db }) => {
          await makeTables(db);
          if (fails) throw new RangeError("no");
        },
      });
      try {
        const schema = world.schema();
        await assert.rejects(router.provision("acme", { schema }), RangeError);
        assert.equal(world.places.has("acme"), false);
        fails = false;
        await router.provision("acme", { schema });
        await assert.rejects(router.provision("acme", { schema }), /it is there already/);
        // A schema that is somebody's is not dropped because another tenant cannot have it.
        await assert.rejects(router.provision("initech", { schema }));
        assert.deepEqual(await names(router, "acme"), []);
      } finally {
        await router.destroy();
      }
    }));
}, ["pglite", "postgres", "mysql"]);

const [sqlite] = matrix;

it("createTenantRouter() refuses options and places that cannot be", () =>
  withWorld(sqlite!, async (world) => {
    const base = { strategy: "row", resolve: () => ({}), open: world.open } as const;
    const refused: [object, RegExp][] = [
      [{ ...base }, /give plugins that tell them apart/],
      [{ ...base, strategy: "schema" }, /give the one that has their tables as "template"/],
      [{ ...base, strategy: "tenant" }, /"strategy" is "tenant"; give "row" or "schema"/],
      [{ ...base, plugins: () => [], pool: {} }, /there is no option "pool"/],
      [{ ...base, plugins: () => [], pools: { max: 0 } }, /"max" is 0/],
      [{ strategy: "database", open: world.open }, /option "resolve" is missing/],
    ];
    for (const [options, message] of refused) {
      assert.throws(() => createTenantRouter(options as never), { message });
    }
    const places: [object, RegExp][] = [
      [{ strategy: "schema" }, /its strategy is "schema", and it names none/],
      [{ strategy: "schema", schema: "x".repeat(64) }, /longer than 63 bytes/],
      [{ strategy: "schema", schema: "a" }, /SQLite has no schemas/],
      [{ strategy: "database" }, /its strategy is "database", and it names none/],
      [{ schema: "a" }, /its strategy is "row", and it names a schema/],
      [{ strategy: "rows" }, /"strategy" is none of/],
      [{}, /there are no plugins that do/],
    ];
    for (const [place, message] of places) {
      const router = createTenantRouter<any>({
        ...base,
        resolve: () => place,
        plugins: () => [],
        template: "t",
      });
      await assert.rejects(router.acquire("acme"), { message });
      await assert.rejects(router.provision("acme"), BadRequestError);
      await router.destroy();
    }
  }));
