/** Tenants that move between strategies: nothing is lost, or nothing has happened. */
import {
  TenantCopyError,
  type TenantPlace,
  type TenantRouter,
  type TenantTarget,
  TenantUnavailableError,
} from "@kysera/infra/tenants";
import { TimeoutError } from "@kysera/infra";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../../support/matrix.ts";
import { type Database, makeTables, World } from "./_tenants.ts";

/** A table with what drivers are known to change on the way. */
async function makeValues(db: Kysely<any>, { dialect }: TestDialect): Promise<void> {
  const types = {
    postgres: ["timestamptz", "numeric(40, 20)", "bytea", "jsonb", "bigint", "double precision"],
    mysql: ["datetime(6)", "decimal(40, 20)", "blob", "json", "bigint", "double"],
    sqlite: ["text", "text", "blob", "text", "integer", "real"],
  }[dialect];
  let create = db.schema.createTable("samples")
    .addColumn("tenant_id", "varchar(40)", (column) => column.notNull())
    .addColumn("id", "bigint", (column) => column.notNull());
  for (const [i, type] of types.entries()) {
    create = create.addColumn(`v${i}`, sql`${sql.raw(type)}`);
  }
  await create.addPrimaryKeyConstraint("samples_key", ["tenant_id", "id"]).execute();
  await db.schema.createTable("numbered")
    .addColumn(
      "id",
      dialect === "postgres" ? sql`integer generated always as identity` : "integer",
      (column) => dialect === "mysql" ? column.primaryKey().autoIncrement() : column.primaryKey(),
    )
    .addColumn("tenant_id", "varchar(40)", (column) => column.notNull()).execute();
}

/** More rows than are carried at once. */
const COUNT = 603;

async function fill(db: Kysely<any>, { dialect }: TestDialect, tenant: string): Promise<void> {
  const time = dialect === "postgres"
    ? "2026-01-02T03:04:05.678901Z"
    : "2026-01-02 03:04:05.678901";
  const rows = Array.from({ length: COUNT }, (_, i) => ({
    tenant_id: tenant,
    id: BigInt(i) + (i % 2 === 0 ? 9_000_000_000_000_000_001n : 0n),
    v0: i % 7 === 0 ? null : time,
    v1: "12345678901234567890.01234567890123456789",
    v2: new Uint8Array([0, 255, i % 256]),
    v3: JSON.stringify({ text: 'it\'s "quoted" \\ ü', list: [1, 2], i }),
    v4: i % 3 === 0 ? 9_007_199_254_740_993n : BigInt(-i),
    v5: i % 5 === 0 ? 0.1 + 0.2 : -i / 3,
  }));
  for (let i = 0; i < rows.length; i += 100) {
    await db.insertInto("samples").values(
      rows.slice(i, i + 100).map((row) => ({
        ...row,
        // Drivers take big integers as text.
        ...dialect === "sqlite" ? {} : { id: String(row.id), v4: String(row.v4) },
        ...dialect === "mysql" ? { v2: Buffer.from(row.v2) } : {},
      })),
    ).execute();
  }
  for (let i = 0; i < 3; i++) {
    await db.insertInto("numbered").values({ tenant_id: tenant } as never).execute();
  }
}

async function withMovable(
  dialect: TestDialect,
  body: (router: TenantRouter<Database>, world: World, tools: { tables: Tables }) => Promise<void>,
): Promise<void> {
  const world = new World(dialect);
  const hasSchemas = dialect.name !== "sqlite";
  const tables: Tables = {
    make: async (db) => {
      await makeTables(db);
      await makeValues(db, dialect);
    },
  };
  try {
    if (hasSchemas) {
      await world.makeTemplate(tables.make);
    }
    const router = world.router({
      strategy: "row",
      ...hasSchemas ? {} : { template: undefined },
      plugins: (home) => world.plugins(home),
      open: async (name) => {
        const db = await world.open(name);
        if (name === "main") await tables.make(db);
        return db;
      },
      migrate: ({ db }: TenantTarget) => tables.make(db),
      dropDatabase: () => {},
      tables: ["projects", "samples", "numbered"],
    });
    try {
      await body(router, world, { tables });
    } finally {
      await router.destroy();
    }
  } finally {
    await world.close();
  }
}

interface Tables {
  make(db: Kysely<any>): Promise<void>;
}

onEveryDialect("moving a tenant", (dialect) => {
  it("carries every value between rows, schemas and databases, and back", () =>
    withMovable(dialect, async (router, world) => {
      await router.provision("acme");
      await router.provision("initech");
      const write = (tenant: string) =>
        router.run(tenant, (db) => fill(db as never, dialect, tenant));
      await write("acme");
      await write("initech");
      const places: TenantPlace[] = dialect.name === "sqlite"
        ? [{ strategy: "database", database: "one" }, { strategy: "database", database: "two" }, {}]
        : [
          { strategy: "schema", schema: world.schema() },
          { strategy: "database", database: "one" },
          { strategy: "schema", schema: world.schema() },
          {},
        ];
      const digests = new Set<string>();
      for (const place of places) {
        const { tables } = await router.move("acme", place);
        assert.deepEqual(tables.map(({ table, rows }) => [table, rows]), [
          ["projects", 0],
          ["samples", COUNT],
          ["numbered", 3],
        ]);
        digests.add(tables[1]!.digest);
        await router.run("acme", async (db: any) => {
          const { n } = await db.selectFrom("samples").select((eb: any) => eb.fn.countAll().as("n"))
            .where("tenant_id", "=", "acme").executeTakeFirstOrThrow();
          assert.equal(Number(n), COUNT);
          // The numbers go on behind those that were carried.
          const before = await db.selectFrom("numbered").select("id").execute();
          await db.insertInto("numbered").values({ tenant_id: "acme" }).execute();
          const after = await db.selectFrom("numbered").select("id").execute();
          assert.equal(after.length, before.length + 1);
          const [added] = after.filter(({ id }: any) =>
            !before.some((each: any) => each.id === id)
          );
          assert.ok(before.every(({ id }: any) => id < added.id));
          await db.deleteFrom("numbered").where("id", "=", added.id).execute();
        });
      }
      assert.equal(digests.size, 1);
      const { rows } = await sql<{ tenant_id: string; n: unknown }>`
        select tenant_id, count(*) as n from samples group by tenant_id order by tenant_id`
        .execute(world.opened("main"));
      assert.deepEqual(rows.map(({ tenant_id, n }) => [tenant_id, Number(n)]), [
        ["acme", COUNT],
        ["initech", COUNT],
      ]);
    }));

  it("lets reads go on, refuses writes, and waits for those that have begun", () =>
    withMovable(dialect, async (router, world) => {
      await router.provision("acme");
      const insert = (db: any, id: number) =>
        db.insertInto("projects").values({ id, tenant_id: "acme", name: `${id}` }).execute();
      let finish!: () => void;
      const finished = new Promise<void>((resolve) => finish = resolve);
      let begin!: () => void;
      const begun = new Promise<void>((resolve) => begin = resolve);
      const open = router.run("acme", (db: any) =>
        db.transaction().execute(async (trx: any) => {
          await insert(trx, 1);
          begin();
          await finished;
          await insert(trx, 2);
        }));
      await begun;
      const lease = await router.acquire("acme");
      const moved = router.move("acme", { strategy: "database", database: "one" });
      // The place is recorded as moving before anything else.
      while (world.places.get("acme")?.state !== "moving") {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await assert.rejects(insert(lease.executor, 3), TenantUnavailableError);
      await assert.rejects(
        lease.executor.transaction().execute((trx) => insert(trx, 3)),
        TenantUnavailableError,
      );
      await assert.rejects(
        router.run("acme", (db) => insert(db, 3)),
        { name: "TenantUnavailableError", retryable: true },
      );
      if (dialect.name !== "sqlite") {
        assert.deepEqual(await lease.executor.selectFrom("projects").select("id").execute(), []);
      }
      finish();
      await open;
      const { tables } = await moved;
      assert.equal(tables[0]!.rows, 2);
      await assert.rejects(
        lease.executor.selectFrom("projects").select("id").execute(),
        { name: "TenantLeaseError", retryable: true },
      );
      lease.release();
      await router.run("acme", async (db) => {
        await insert(db, 3);
        assert.equal((await db.selectFrom("projects").select("id").execute()).length, 3);
      });
    }));

  it("leaves everything as it was when the copy cannot be made, or is another one", () =>
    withMovable(dialect, async (router, world, { tables }) => {
      await router.provision("acme");
      await router.run(
        "acme",
        (db: any) =>
          db.insertInto("projects").values({ id: 1, tenant_id: "acme", name: "kept" }).execute(),
      );
      const make = tables.make;
      const read = () =>
        router.run("acme", async (db) => {
          assert.deepEqual(await db.selectFrom("projects").select("name").execute(), [
            { name: "kept" },
          ]);
          await db.updateTable("projects").set({ name: "kept" }).execute();
        });
      const place = { strategy: "database", database: "one" } as const;

      tables.make = () => Promise.reject(new RangeError("no"));
      await assert.rejects(router.move("acme", place), RangeError);
      await read();

      // A table that changes what is stored.
      tables.make = async (db) => {
        await make(db);
        await world.changeRowsOf(db);
      };
      await assert.rejects(router.move("acme", place), {
        name: "TenantCopyError",
        message: 'Cannot move the tenant: table "projects" is another one after it was copied',
      });
      await read();
      assert.deepEqual(world.places.get("acme"), {});

      tables.make = make;
      await router.move("acme", place, { keepOld: true });
      await read();
      await assert.rejects(router.clear("acme", place), /the tenant is there/);
      // What is still there is in the way.
      await assert.rejects(router.move("acme", {}), TenantCopyError);
      await router.clear("acme", {});
      await router.move("acme", {});
      await read();
    }));

  it("gives up where a write does not end", () =>
    withMovable(dialect, async (router) => {
      await router.provision("acme");
      let finish!: () => void;
      const finished = new Promise<void>((resolve) => finish = resolve);
      let begin!: () => void;
      const begun = new Promise<void>((resolve) => begin = resolve);
      const open = router.run("acme", (db) =>
        db.transaction().execute(() => {
          begin();
          return finished;
        }));
      await begun;
      const place = { strategy: "database", database: "one" } as const;
      await assert.rejects(router.move("acme", place, { drain: 5 }), TimeoutError);
      finish();
      await open;
      await router.move("acme", place);
    }));
  // The databases that tests open on PGlite are one session, which the transaction of a copy holds.
}, ["sqlite", "postgres", "mysql"]);
