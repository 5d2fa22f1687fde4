/**
 * Many tenants: a thousand schemas, two hundred databases. What is held for them is bounded, in the
 * program and in the server.
 */
import { nodeSqliteDialect } from "@kysera/dialects";
import { createTenantRouter } from "@kysera/infra/tenants";
import { migrateEach } from "@kysera/migrations";
import { createMigration } from "@kysera/migrations";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { it } from "node:test";
import { matrix, onEveryDialect, postgresVersion } from "../../support/matrix.ts";
import { runsAll } from "../../support/random.ts";
import { contextOf, type Database, makeTables, pluginsOf, World } from "./_tenants.ts";

const SCHEMAS = runsAll() ? 1_000 : 30;
const DATABASES = runsAll() ? 200 : 40;
const MEBIBYTE = 1024 * 1024;
/** How much more the program may hold at the end than in the middle, in MiB. */
const MOST_GROWTH = 100;
/** How much one process of the server may hold, in MiB: of 10,000 tables it keeps 150. */
const MOST_OF_BACKEND = 40;

async function inTurns<T>(items: readonly T[], at: number, work: (item: T) => Promise<void>) {
  const rest = [...items];
  await Promise.all(Array.from({ length: at }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  }));
}

const touch = async (db: any, tenant: string): Promise<void> => {
  await db.insertInto("projects").values({ id: 1, tenant_id: tenant, name: tenant }).execute();
  await db.updateTable("projects").set({ name: `${tenant}!` }).execute();
  assert.deepEqual(await db.selectFrom("projects").select("name").execute(), [
    { name: `${tenant}!` },
  ]);
};

onEveryDialect(`${SCHEMAS} tenants with schemas`, (dialect) => {
  it("are provisioned, migrated and served by one pool, with bounds on what is held", async () => {
    const world = new World(dialect);
    try {
      await world.makeTemplate();
      const router = world.router({
        pools: { schemas: 100 },
        executors: 50,
        migrate: ({ db }) => makeTables(db),
      });
      try {
        const tenants = Array.from({ length: SCHEMAS }, (_, i) => `tenant-${i}`);
        await inTurns(tenants, 4, (tenant) => router.provision(tenant, { schema: world.schema() }));
        world.catalogReads.length = 0;
        let middle = 0;
        let most = 0;
        await inTurns([...tenants, ...tenants.slice(0, 10)], 4, async (tenant) => {
          await router.run(tenant, async (db) => {
            if (Number(tenant.split("-")[1]) >= 10) await touch(db, tenant);
            else await db.selectFrom("projects").select("name").execute();
            if (postgresVersion >= 14 && tenant.endsWith("7")) {
              const { rows: [row] } = await sql<{ bytes: string }>`
                select sum(total_bytes) as bytes from pg_backend_memory_contexts`
                .execute(world.opened("main"));
              most = Math.max(most, Number(row!.bytes));
            }
          });
          const [pool, ...others] = router.getPools();
          assert.ok(pool!.executors <= 54, `${pool!.executors} executors`);
          assert.ok(others.length <= 1, `${others.length} pools are being replaced`);
          if (tenant === `tenant-${SCHEMAS / 2}`) middle = process.memoryUsage().rss;
        });
        const growth = (process.memoryUsage().rss - middle) / MEBIBYTE;
        assert.ok(growth < MOST_GROWTH, `the program has grown by ${growth} MiB`);
        const held = most / MEBIBYTE;
        assert.ok(held > 0.1 && held < MOST_OF_BACKEND, `a server process holds ${held} MiB`);
        // No statement reads the catalog of all schemas, or of the template more than once for each pool.
        const ofAll = world.catalogReads.filter((read) => /nspname not in/.test(read));
        assert.deepEqual(ofAll, []);
        const ofTemplate = world.catalogReads.filter((read) => read.includes(world.template));
        const pools = Math.ceil(SCHEMAS / 100) + 1;
        assert.ok(ofTemplate.length <= 8 * pools, `${ofTemplate.length} reads of the template`);

        const column = createMigration("001_color", async (db) => {
          await db.schema.alterTable("projects").addColumn("color", "varchar(9)").execute();
        });
        const targets = await router.targets(tenants.slice(0, 20));
        const results = await migrateEach(targets, [column], { concurrency: 4 });
        assert.deepEqual([...new Set(results.map(({ state }) => state))], ["migrated"]);
        await router.run("tenant-19", async (db: any) => {
          await db.selectFrom("projects").select("color").execute();
        });
      } finally {
        await router.destroy();
      }
    } finally {
      await world.close();
    }
  });
}, ["postgres"]);

const [sqlite] = matrix;

it(
  `${DATABASES} tenants with SQLite files are served by ten open ones`,
  { skip: sqlite!.skip ?? false },
  async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const folder = mkdtempSync(join(tmpdir(), "kysera-tenants-"));
    let open = 0;
    let mostOpen = 0;
    const router = createTenantRouter<Database>({
      strategy: "database",
      resolve: (tenant) => ({ database: tenant }),
      open(name) {
        mostOpen = Math.max(mostOpen, ++open);
        const database = new DatabaseSync(join(folder, `${name}.sqlite`));
        database.exec("pragma synchronous = off");
        const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
        const destroy = db.destroy.bind(db);
        db.destroy = async () => {
          await destroy();
          open--;
        };
        return db;
      },
      plugins: pluginsOf,
      context: contextOf,
      pools: { max: 10 },
    });
    try {
      const tenants = Array.from({ length: DATABASES }, (_, i) => `tenant-${i}`);
      const targets = await router.targets(tenants);
      const tables = createMigration("001_tables", makeTables);
      const results = await migrateEach(targets, [tables], { concurrency: 2 });
      assert.deepEqual([...new Set(results.map(({ state }) => state))], ["migrated"]);
      assert.equal(open, 0);
      mostOpen = 0;
      let middle = 0;
      await inTurns([...tenants, ...tenants.slice(0, 10)], 20, async (tenant) => {
        await router.run(tenant, async (db) => {
          if (Number(tenant.split("-")[1]) >= 10) await touch(db, tenant);
          else await db.selectFrom("projects").select("name").execute();
        });
        assert.ok(router.getPools().length <= 10);
        if (tenant === `tenant-${DATABASES / 2}`) middle = process.memoryUsage().rss;
      });
      const growth = (process.memoryUsage().rss - middle) / MEBIBYTE;
      assert.ok(growth < MOST_GROWTH, `the program has grown by ${growth} MiB`);
      assert.equal(mostOpen, 10);
    } finally {
      await router.destroy();
      rmSync(folder, { recursive: true, force: true });
    }
    assert.equal(open, 0);
  },
);
