import { auditMigration, auditPlugin, getAuditLogs } from "@kysera/audit";
import { createExecutor } from "@kysera/executor";
import { createMigrationRunner, defineMigrations, type Migration } from "@kysera/migrations";
import { allow, defineRLSSchema, filter, type RLSSchema, RLSSchemaError } from "@kysera/rls";
import { rlsMigration } from "@kysera/rls/native";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

const users: Migration = {
  name: "001_users",
  async up(db) {
    await db.schema.createTable("users")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("name", "varchar(50)").execute();
  },
  async down(db) {
    await db.schema.dropTable("users").execute();
  },
};

async function withDb(dialect: TestDialect, body: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await body(db);
  } finally {
    await close();
  }
}

const isThere = (db: Kysely<any>, table: string): Promise<boolean> =>
  db.selectFrom(table).selectAll().limit(1).execute().then(() => true, () => false);

onEveryDialect("auditMigration()", (dialect) => {
  it("creates the table, and the plugin starts with createTable: false", () =>
    withDb(dialect, async (db) => {
      const list = defineMigrations({
        "001_users": users,
        "002_audit": auditMigration({ triggers: { tables: ["users"] } }),
      });
      const runner = createMigrationRunner(db, list);
      await runner.upTo("001_users");
      const open = () =>
        createExecutor(db, [auditPlugin({ tables: ["users"], createTable: false })]);
      await assert.rejects(open(), /"audit_logs": it is missing; add to a migration/);
      assert.deepEqual((await runner.up()).executed, ["002_audit"]);
      const executor = await open();
      await executor.insertInto("users").values({ id: 1, name: "Ada" }).execute();
      await sql`update users set name = 'Grace'`.execute(db);
      const operations = (await getAuditLogs(executor, { table: "users" }))
        .map(({ operation }) => operation);
      assert.deepEqual(operations, ["UPDATE", "INSERT"]);
      assert.deepEqual((await runner.down()).executed, ["002_audit"]);
      assert.equal(await isThere(db, "audit_logs"), false);
      await sql`update users set name = 'Ada'`.execute(db);
      assert.deepEqual((await runner.redo(1)).executed, ["001_users"]);
    }));

  it("leaves a table that the plugin has created, and its chain", () =>
    withDb(dialect, async (db) => {
      const options = { auditTable: "log", hashChain: true };
      await createMigrationRunner(db, [users]).up();
      const before = await createExecutor(db, [auditPlugin({ tables: ["users"], ...options })]);
      await before.insertInto("users").values({ id: 1, name: "Ada" }).execute();
      const list = [users, auditMigration({ name: "002_audit", ...options })];
      assert.deepEqual((await createMigrationRunner(db, list).up()).executed, ["002_audit"]);
      const after = await createExecutor(db, [
        auditPlugin({ tables: ["users"], createTable: false, ...options }),
      ]);
      await after.insertInto("users").values({ id: 2, name: "Grace" }).execute();
      const chain = await db.selectFrom("log_chain").selectAll().execute();
      assert.deepEqual(chain.map((row) => [Number(row["id"]), Number(row["entries"])]), [[1, 2]]);
      assert.equal((await db.selectFrom("log").selectAll().execute()).length, 2);
    }));

  it("is planned whole, and changes nothing then, through an executor, too", () =>
    withDb(dialect, async (db) => {
      await createMigrationRunner(db, [users]).up();
      const executor = await createExecutor(db, [auditPlugin({ tables: ["users"] })]);
      const options = { auditTable: "log", hashChain: true, triggers: { tables: ["users"] } };
      for (const database of [db, executor]) {
        const list = [users, auditMigration({ name: "002_audit", ...options })];
        const { plan } = await createMigrationRunner(database, list, { dryRun: true }).up();
        assert.equal(await isThere(db, "log"), false);
        const [planned] = plan!;
        assert.match(planned!.statements[0]!.sql, /create table .*log/);
        const text = planned!.statements.map(({ sql }) => sql).join("\n");
        assert.match(text, /insert into .log_chain. /);
        if (planned!.endsBecause === undefined) assert.match(text, /create .*trigger/i);
        else assert.match(planned!.endsBecause, /reads "|reads what is not there/);
      }
    }));

  it("is taken by Kysely's Migrator", () =>
    withDb(dialect, async (db) => {
      const migrator = await migratorOf(db, { "001_users": users, "002_audit": auditMigration() });
      assert.equal((await migrator.migrateToLatest()).error, undefined);
      assert.equal(await isThere(db, "audit_logs"), true);
      assert.equal((await migrator.migrateDown()).error, undefined);
      assert.equal(await isThere(db, "audit_logs"), false);
    }));

  it("notices that its options have changed", () =>
    withDb(dialect, async (db) => {
      const of = (auditTable: string) =>
        createMigrationRunner(db, [auditMigration({ name: "001_audit", auditTable })]);
      await of("log").up();
      assert.deepEqual(await of("log").verify(), []);
      assert.deepEqual((await of("other").verify()).map(({ kind }) => kind), ["changed"]);
      assert.throws(() => auditMigration({ table: "x" } as object), /no option "table"/);
    }));
});

const readable: RLSSchema<any> = defineRLSSchema<any>({
  users: { policies: [allow("read", true)] },
});
const filtered: RLSSchema<any> = defineRLSSchema<any>({
  users: { policies: [filter("all", (ctx) => ({ name: ctx.auth.tenantId })), allow("all", true)] },
});

onEveryDialect("rlsMigration()", (dialect) => {
  it("creates the policies, and drops them", () =>
    withDb(dialect, async (db) => {
      const { schemaName, policies } = await policiesOf(db);
      const runner = createMigrationRunner(db, [
        users,
        rlsMigration(readable, { name: "002_policies", schemaName }),
      ]);
      const { plan } = await createMigrationRunner(db, [
        users,
        rlsMigration(readable, { name: "002_policies", schemaName }),
      ], { dryRun: true }).up();
      assert.equal(plan![1]!.endsBecause, undefined);
      assert.deepEqual((await runner.up()).executed, ["001_users", "002_policies"]);
      assert.equal((await policies()).length, 1);
      assert.deepEqual((await runner.down()).executed, ["002_policies"]);
      assert.deepEqual(await policies(), []);
      assert.deepEqual((await runner.reset()).executed, ["001_users"]);
    }));

  it("runs again as a repeatable one when the policies have changed", () =>
    withDb(dialect, async (db) => {
      const { schemaName, policies } = await policiesOf(db);
      const of = (schema: RLSSchema<any>) =>
        createMigrationRunner(db, [
          users,
          rlsMigration(schema, { name: "policies", repeatable: true, schemaName }),
        ]);
      assert.deepEqual((await of(readable).up()).executed, ["001_users", "policies"]);
      assert.deepEqual((await of(readable).up()).executed, []);
      assert.deepEqual((await of(filtered).up()).executed, ["policies"]);
      const all = await policies();
      assert.ok(all.length > 1 && all.some(({ permissive }) => permissive === "RESTRICTIVE"));
      assert.deepEqual((await of(readable).up()).executed, ["policies"]);
      assert.equal((await policies()).length, 1);
    }));
}, ["pglite", "postgres"]);

onEveryDialect("rlsMigration()", (dialect) => {
  it("is refused where the database has no policies", () =>
    withDb(dialect, async (db) => {
      const runner = createMigrationRunner(db, [
        users,
        rlsMigration(readable, { name: "002_rls" }),
      ]);
      const error = await runner.up().then(() => undefined, (error) => error);
      assert.match(error.message, /"002_rls" up: .* only PostgreSQL has policies .*rlsPlugin/);
      assert.ok(error.cause instanceof RLSSchemaError);
      assert.deepEqual((await runner.status()).pending, ["002_rls"]);
      assert.throws(() => rlsMigration(readable, { repeatable: 1 as any }), RLSSchemaError);
      assert.throws(() => rlsMigration(readable, { name: "" }), RLSSchemaError);
      assert.throws(() => rlsMigration(readable, { forced: true } as object), /"forced"/);
    }));
}, ["sqlite", "mysql"]);

/** Returns the schema of a database, and what lists its policies. */
async function policiesOf(db: Kysely<any>) {
  const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db);
  const schemaName = rows[0]!.name;
  const policies = async () =>
    (await sql<{ permissive: string }>`
      select policyname, permissive from pg_policies where schemaname = ${schemaName}`.execute(db))
      .rows;
  return { schemaName, policies };
}

/** Kysely's Migrator, which has a module of its own since 0.29. */
interface Migrator {
  migrateToLatest(): Promise<{ readonly error?: unknown }>;
  migrateDown(): Promise<{ readonly error?: unknown }>;
}

async function migratorOf(db: Kysely<any>, migrations: object): Promise<Migrator> {
  const specifier = "kysely/migration";
  const module = await import(specifier).catch(() => import("kysely")) as unknown as {
    readonly Migrator: new (options: unknown) => Migrator;
  };
  return new module.Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  });
}
