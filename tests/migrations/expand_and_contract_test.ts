import { createExecutor } from "@kysera/executor";
import {
  createMigrationRunner,
  type ExpandAndContract,
  expandAndContract,
  type ReplaceColumnOptions,
} from "@kysera/migrations";
import { softDeletePlugin } from "@kysera/soft-delete";
import { CamelCasePlugin, type Kysely, type RawBuilder, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";
import { Writers } from "./_writers.ts";

async function withDb(dialect: TestDialect, body: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await body(db);
  } finally {
    await close();
  }
}

/** A generator of numbers below 1, the same each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9 | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

async function createUsers(db: Kysely<any>, rows: number): Promise<Map<number, string>> {
  await db.schema.createTable("users")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(50)")
    .addColumn("visits", "integer", (column) => column.notNull().defaultTo(0)).execute();
  const values = new Map(Array.from({ length: rows }, (_, index) => [index + 1, `user ${index}`]));
  const all = [...values].map(([id, name]) => ({ id, name, visits: 0 }));
  for (let at = 0; at < all.length; at += 200) {
    await db.insertInto("users").values(all.slice(at, at + 200)).execute();
  }
  return values;
}

const RENAME: ReplaceColumnOptions = {
  table: "users",
  key: "id",
  from: { name: "name", type: "varchar(50)" },
  to: { name: "full_name", type: "varchar(50)" },
  size: 50,
};

const stepsOf = ({ expand, backfill, switchOver, contract }: ExpandAndContract) =>
  [expand, backfill, switchOver, contract] as const;

/** The columns of a table that has rows. */
async function columnsOf(db: Kysely<any>, table: string): Promise<string[]> {
  return Object.keys(await db.selectFrom(table).selectAll().limit(1).executeTakeFirstOrThrow());
}

onEveryDialect("a column that is renamed under load", (dialect) => {
  it("loses nothing that programs of the old and the new version write", () =>
    withDb(dialect, async (db) => {
      const rows = fuzzRuns(3000, 20);
      const writers = new Writers(db, randomFrom(fuzzSeed().seed), await createUsers(db, rows));
      const [expand, backfill, switchOver, contract] = stepsOf(
        expandAndContract({ ...RENAME, throttle: 1 }),
      );
      const upTo = (...steps: readonly (typeof expand)[]) => createMigrationRunner(db, steps).up();
      try {
        writers.start("name", 3);
        await writers.pass(10);
        await upTo(expand);
        await writers.pass(10);
        await upTo(expand, backfill);
        await upTo(expand, backfill, switchOver);
        // The new version is deployed, program by program.
        writers.start("full_name", 2);
        await writers.pass(60);
        await writers.stop("name");
        const both = await db.selectFrom("users").select(["id", "name", "full_name"]).execute();
        assert.deepEqual(both.filter((row) => row["name"] !== row["full_name"]), []);
        await upTo(expand, backfill, switchOver, contract);
        await writers.pass(20);
      } finally {
        await writers.stop();
      }
      const found = await db.selectFrom("users").select(["id", "full_name"]).orderBy("id")
        .execute();
      const expected = [...writers.expected].sort(([a], [b]) => a - b)
        .map(([id, full_name]) => ({ id, full_name }));
      assert.deepEqual(found, expected);
      assert.deepEqual(await columnsOf(db, "users"), ["id", "visits", "full_name"]);
      assert.ok(writers.writes.name > 20 && writers.writes.full_name > 10);
    }));
});

onEveryDialect("a column that takes the place of another", (dialect) => {
  const [text, integer] = dialect.dialect === "mysql"
    ? [sql`char`, sql`signed`]
    : [sql`text`, sql`integer`];
  const retyped: ReplaceColumnOptions = {
    table: "items",
    key: ["shop", "id"],
    from: { name: "amount", type: "varchar(20)" },
    to: { name: "quantity", type: "integer" },
    forward: (value) => sql`cast(${value} as ${integer})`,
    backward: (value) => sql`cast(${value} as ${text})`,
    size: 2,
  };
  const items = async (db: Kysely<any>) =>
    await db.selectFrom("items").select(["id", "amount", "quantity"]).orderBy("id").execute();
  const createItems = async (db: Kysely<any>) => {
    await db.schema.createTable("items").addColumn("shop", "integer").addColumn("id", "integer")
      .addColumn("amount", "varchar(20)")
      .addPrimaryKeyConstraint("items_pk", ["shop", "id"]).execute();
    await db.insertInto("items").values([
      { shop: 1, id: 1, amount: "007" },
      { shop: 1, id: 2, amount: null },
      { shop: 2, id: 3, amount: "12" },
    ]).execute();
  };

  it("may be of another type, and only what is written is written again", () =>
    withDb(dialect, async (db) => {
      await createItems(db);
      const steps = stepsOf(expandAndContract(retyped));
      const runner = createMigrationRunner(db, steps);
      await runner.upTo("items_quantity_3_switch");
      // The text of the old column stays as it was written.
      assert.deepEqual(await items(db), [
        { id: 1, amount: "007", quantity: 7 },
        { id: 2, amount: null, quantity: null },
        { id: 3, amount: "12", quantity: 12 },
      ]);
      await db.updateTable("items").set({ quantity: 8 }).where("id", "=", 1).execute();
      await db.updateTable("items").set({ amount: "0013" }).where("id", "=", 3).execute();
      await db.insertInto("items").values({ shop: 3, id: 4, amount: "0004" }).execute();
      await db.insertInto("items").values({ shop: 3, id: 5, quantity: 5 }).execute();
      await db.insertInto("items").values({ shop: 3, id: 6 }).execute();
      assert.deepEqual(await items(db), [
        { id: 1, amount: "8", quantity: 8 },
        { id: 2, amount: null, quantity: null },
        { id: 3, amount: "0013", quantity: 13 },
        { id: 4, amount: "0004", quantity: 4 },
        { id: 5, amount: "5", quantity: 5 },
        { id: 6, amount: null, quantity: null },
      ]);
      await db.updateTable("items").set({ amount: null }).where("id", "=", 1).execute();
      await db.updateTable("items").set({ quantity: null }).where("id", "=", 3).execute();
      await db.updateTable("items").set({ amount: "9", quantity: 10 }).where("id", "=", 4)
        .execute();
      assert.deepEqual((await items(db)).filter(({ id }) => [1, 3, 4].includes(id)), [
        { id: 1, amount: null, quantity: null },
        { id: 3, amount: null, quantity: null },
        { id: 4, amount: "10", quantity: 10 },
      ]);
      await runner.up();
      assert.deepEqual(await columnsOf(db, "items"), ["shop", "id", "quantity"]);
      // And back: the old column, in sync with the new one.
      assert.deepEqual((await runner.down()).executed, ["items_quantity_4_contract"]);
      await db.updateTable("items").set({ amount: "11" }).where("id", "=", 4).execute();
      assert.deepEqual((await items(db)).filter(({ id }) => id > 3), [
        { id: 4, amount: "11", quantity: 11 },
        { id: 5, amount: "5", quantity: 5 },
        { id: 6, amount: null, quantity: null },
      ]);
      await runner.reset();
      assert.deepEqual(await columnsOf(db, "items"), ["shop", "id", "amount"]);
      assert.equal((await runner.up()).executed.length, 4);
    }));

  it("takes what the other column refuses: NULL, and rows without it", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("users")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("name", "varchar(50)", (column) => column.notNull()).execute();
      await db.insertInto("users").values({ id: 1, name: "Ada" }).execute();
      const from = { name: "name", type: "varchar(50)" as const, notNull: true };
      const to = { name: "full_name", type: "varchar(50)" as const, notNull: true };
      const runner = createMigrationRunner(db, stepsOf(expandAndContract({ ...RENAME, from, to })));
      if (dialect.dialect === "sqlite") {
        await assert.rejects(runner.up(), /SQLite cannot have .* refuse NULL: leave out "notNull"/);
        const without = expandAndContract({ ...RENAME, from: "name" });
        await assert.rejects(
          createMigrationRunner(db, [without.expand]).up(),
          /"name" of "users" is NOT NULL without a default/,
        );
        return;
      }
      if (dialect.dialect === "mysql") {
        const untold = expandAndContract({ ...RENAME, from: "name" });
        await assert.rejects(
          createMigrationRunner(db, [untold.expand]).up(),
          /is NOT NULL, .* give \{ name: "name", type: .., notNull: true \}/,
        );
      }
      await runner.upTo("users_full_name_3_switch");
      await db.insertInto("users").values({ id: 2, full_name: "Grace" }).execute();
      await db.insertInto("users").values({ id: 3, name: "Edsger" }).execute();
      await runner.up();
      await assert.rejects(db.insertInto("users").values({ id: 4 }).execute());
      await runner.reset();
      assert.deepEqual(await db.selectFrom("users").selectAll().orderBy("id").execute(), [
        { id: 1, name: "Ada" },
        { id: 2, name: "Grace" },
        { id: 3, name: "Edsger" },
      ]);
      await assert.rejects(db.insertInto("users").values({ id: 4 }).execute());
    }));

  it("is not switched to where rows differ, and is planned without anything being changed", () =>
    withDb(dialect, async (db) => {
      await createUsers(db, 3);
      const { expand, switchOver, contract } = expandAndContract({ ...RENAME, from: "name" });
      await assert.rejects(async () => await contract.down!(db), /the type of "name" is not known/);
      const runner = createMigrationRunner(db, [expand, switchOver]);
      const { plan } = await createMigrationRunner(db, [expand], { dryRun: true }).up();
      assert.equal(plan![0]!.endsBecause, undefined);
      assert.match(plan![0]!.statements.map((each) => each.sql).join("\n"), /create trigger/);
      assert.deepEqual(await columnsOf(db, "users"), ["id", "name", "visits"]);
      const nowhere = expandAndContract({ ...RENAME, from: "nothing" });
      await assert.rejects(createMigrationRunner(db, [nowhere.expand]).up(), /nothing/);
      await assert.rejects(runner.up(), /"name" and "full_name" of "users" do not agree in 3 rows/);
      await runner.reset();
    }));

  it("goes on after a step that failed halfway", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("users")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("name", "varchar(50)", (column) => column.notNull().defaultTo("x")).execute();
      await db.insertInto("users").values({ id: 1, name: "Ada" }).execute();
      const from = { name: "name", type: "varchar(50)" as const, notNull: true };
      const steps = stepsOf(expandAndContract({ ...RENAME, from }));
      const runner = createMigrationRunner(db, steps);
      // It is in the way of the last statement.
      const [create, drop] = {
        postgres: [
          sql`create function users_full_name_sync() returns trigger language plpgsql as 'begin end'`,
          sql`drop function users_full_name_sync()`,
        ],
        mysql: [
          sql`create trigger users_full_name_sync_insert after insert on users for each row begin end`,
          sql`drop trigger users_full_name_sync_insert`,
        ],
        sqlite: [
          sql`create trigger users_full_name_sync_followed after insert on users
            begin select 1; end`,
          sql`drop trigger users_full_name_sync_followed`,
        ],
      }[dialect.dialect] as [RawBuilder<unknown>, RawBuilder<unknown>];
      await create.execute(db);
      await assert.rejects(runner.up(), /"users_full_name_1_expand" up: statement \d failed/);
      await drop.execute(db);
      if (dialect.dialect === "mysql") {
        assert.deepEqual((await runner.resume()).executed, ["users_full_name_1_expand"]);
      }
      await runner.upTo("users_full_name_3_switch");
      await db.updateTable("users").set({ full_name: "Ada Lovelace" }).execute();
      // The old version may leave it out, as before.
      await db.insertInto("users").values({ id: 2 }).execute();
      assert.deepEqual(await db.selectFrom("users").selectAll().orderBy("id").execute(), [
        { id: 1, name: "Ada Lovelace", full_name: "Ada Lovelace" },
        { id: 2, name: "x", full_name: "x" },
      ]);
      await runner.reset();
      await db.insertInto("users").values({ id: 3 }).execute();
      const last = await db.selectFrom("users").selectAll().where("id", "=", 3).execute();
      assert.deepEqual(last, [{ id: 3, name: "x" }]);
    }));

  it("waits for a lock no longer than it may", () =>
    withDb(dialect, async (db) => {
      // With one connection nobody else can hold a lock.
      if (dialect.name === "sqlite" || dialect.name === "pglite") return;
      await createUsers(db, 1);
      const { expand } = expandAndContract({ ...RENAME, lockTimeout: 1000 });
      const runner = createMigrationRunner(db, [expand], { tableLockRetries: 0 });
      const reader = await db.startTransaction().execute();
      try {
        await reader.selectFrom("users").selectAll().execute();
        await assert.rejects(runner.up(), /lock timeout|[Ll]ock wait timeout/);
      } finally {
        await reader.rollback().execute();
      }
      assert.deepEqual((await runner.up()).executed, ["users_full_name_1_expand"]);
      if (dialect.dialect === "mysql") {
        const { rows } = await sql<{ same: number }>`
          select @@session.lock_wait_timeout = @@global.lock_wait_timeout as same`.execute(db);
        assert.equal(Number(rows[0]!.same), 1);
      }
    }));

  it("is filled in rows that plugins hide, and by the names that the database has", () =>
    withDb(dialect, async (db) => {
      await createUsers(db, 3);
      await db.schema.alterTable("users").addColumn("deleted_at", "varchar(50)").execute();
      await db.updateTable("users").set({ deleted_at: "now" }).where("id", "in", [1, 3]).execute();
      const executor = await createExecutor(db.withPlugin(new CamelCasePlugin()), [
        softDeletePlugin({ tables: ["users"] }),
      ]);
      const { expand, backfill, switchOver, contract } = expandAndContract({
        ...RENAME,
        to: { name: "fullName", type: "varchar(50)" },
      });
      const steps = [expand, backfill, switchOver, contract];
      const runner = createMigrationRunner(executor, steps);
      assert.equal((await runner.up()).executed.length, 4);
      const rows = await db.selectFrom("users").select(["id", "full_name"]).orderBy("id").execute();
      assert.deepEqual(rows.map((row) => row["full_name"]), ["user 0", "user 1", "user 2"]);
      assert.equal((await runner.reset()).executed.length, 4);
      const back = await db.selectFrom("users").select(["id", "name"]).orderBy("id").execute();
      assert.deepEqual(back.map((row) => row["name"]), ["user 0", "user 1", "user 2"]);
    }));

  it("is in the schema that builders mean", () =>
    withDb(dialect, async (db) => {
      if (dialect.dialect !== "postgres") return;
      const { rows: [current] } = await sql<{ name: string }>`select current_schema() as name`
        .execute(db);
      await createUsers(db, 3);
      const other = `${current!.name}_t`;
      await db.schema.createSchema(other).execute();
      try {
        const tenant = db.withSchema(other);
        await createUsers(tenant, 2);
        await createMigrationRunner(tenant, stepsOf(expandAndContract(RENAME)), { schema: other })
          .up();
        assert.deepEqual(
          await columnsOf(db.withSchema(current!.name), "users"),
          [
            "id",
            "name",
            "visits",
          ].slice(0, 3),
        );
        const names = await tenant.selectFrom("users").select("full_name").orderBy("id").execute();
        assert.deepEqual(names.map((row) => row["full_name"]), ["user 0", "user 1"]);
        assert.equal((await db.selectFrom("users").select("name").execute()).length, 3);
      } finally {
        await db.schema.dropSchema(other).cascade().execute();
      }
    }));
});

describe("expandAndContract()", () => {
  const wrong: [string, object, RegExp][] = [
    ["no table", { table: "" }, /"table" has to be a name/],
    ["no key", { key: [] }, /"key" has to be a name/],
    ["one name for both", { to: { name: "name", type: "text" } }, /needs another name than "name"/],
    ["no type", { to: { name: "x" } }, /"to.type"/],
    ["no columns", { from: undefined }, /"from" has to be a name/],
    ["no function", { forward: "upper" }, /"forward" and "backward" have to be functions/],
    ["a long name", { name: "x".repeat(60) }, /more than 51 bytes; give the option "name"/],
    ["no time", { lockTimeout: 0 }, /"lockTimeout" has to be a whole number of milliseconds/],
    ["other options", { form: "x" }, /no option "form"/],
  ];
  for (const [what, options, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(() => expandAndContract({ ...RENAME, ...options } as any), message);
    });
  }
});

onEveryDialect("expandAndContract()", (dialect) => {
  it("refuses parameters in what becomes a trigger", () =>
    withDb(dialect, async (db) => {
      await createUsers(db, 1);
      const { expand } = expandAndContract({
        ...RENAME,
        forward: (value) => sql`coalesce(${value}, ${"nobody"})`,
      });
      await assert.rejects(createMigrationRunner(db, [expand]).up(), /sql[.]lit\(\)/);
      const literal = expandAndContract({
        ...RENAME,
        name: "second",
        to: { name: "title", type: "varchar(50)" },
        forward: (value) => sql`coalesce(${value}, ${sql.lit("it's")})`,
      });
      if (dialect.dialect === "mysql") await createMigrationRunner(db, [expand]).repair();
      await createMigrationRunner(db, [literal.expand]).up();
      await db.insertInto("users").values({ id: 2, visits: 0, name: "x" }).execute();
      await db.updateTable("users").set({ name: null }).where("id", "=", 2).execute();
      const { title } = await db.selectFrom("users").select("title").where("id", "=", 2)
        .executeTakeFirstOrThrow();
      assert.equal(title, "it's");
    }));
});
