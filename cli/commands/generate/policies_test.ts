import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import { assertCompiles, runTests } from "../../_testing/generated.ts";
import { withProject } from "../../_testing/program.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";
import { runsAll } from "../../../tests/support/random.ts";

/** Tables of tenants, of owners, of both, of neither, and what refers to them. */
const SCRIPT = `
  create table tenants (id integer primary key, name varchar(20) not null);
  create table users (
    id integer primary key, tenant_id integer not null, name varchar(20) not null,
    foreign key (tenant_id) references tenants (id)
  );
  create table orders (
    id integer primary key, tenant_id integer not null, owner_id integer not null,
    item varchar(20) not null, foreign key (tenant_id) references tenants (id),
    foreign key (owner_id) references users (id)
  );
  create table order_items (
    id integer primary key, order_id integer not null, name varchar(20) not null,
    foreign key (order_id) references orders (id)
  );
  create table item_notes (
    id integer primary key, order_item_id integer not null,
    foreign key (order_item_id) references order_items (id)
  );
  create table countries (code varchar(2) primary key);
  create table drafts (id integer primary key, userId integer);
  create table settings (id integer primary key, org_id integer not null, theme varchar(20));
  create view open_orders as select id, tenant_id, item from orders;
  create view all_orders as select id, item from orders;`;

/** Two tenants, whose rows the policies have to keep apart. */
const TEST = `import { bindContext, createExecutor } from "@kysera/executor";
import { rlsPlugin } from "@kysera/rls";
import assert from "node:assert/strict";
import { it } from "node:test";
import { policies } from "../src/policies.ts";
import { openTestDatabase } from "./_database.ts";

it("keeps tenants apart", async () => {
  const db: any = await openTestDatabase();
  try {
    await db.insertInto("tenants").values([{ id: 1, name: "a" }, { id: 2, name: "b" }]).execute();
    await db.insertInto("users").values([
      { id: 1, tenant_id: 1, name: "Ada" },
      { id: 2, tenant_id: 1, name: "Bea" },
      { id: 3, tenant_id: 2, name: "Cid" },
    ]).execute();
    await db.insertInto("orders").values([
      { id: 1, tenant_id: 1, owner_id: 1, item: "mine" },
      { id: 2, tenant_id: 1, owner_id: 2, item: "ours" },
      { id: 3, tenant_id: 2, owner_id: 3, item: "theirs" },
    ]).execute();
    await db.insertInto("order_items").values([
      { id: 1, order_id: 1, name: "a" },
      { id: 2, order_id: 2, name: "b" },
      { id: 3, order_id: 3, name: "c" },
    ]).execute();
    await db.insertInto("item_notes").values([
      { id: 1, order_item_id: 1 },
      { id: 3, order_item_id: 3 },
    ]).execute();
    await db.insertInto("settings").values([
      { id: 1, org_id: 7, theme: "a" },
      { id: 2, org_id: 8, theme: "b" },
    ]).execute();
    const userId = Object.keys(policies.drafts!.stamp!)[0]!;
    await db.insertInto("drafts").values([{ id: 1, [userId]: 1 }, { id: 2, [userId]: 2 }]).execute();

    const plugin = rlsPlugin({ schema: policies, unlistedTables: "deny" });
    const executor: any = await createExecutor(db, [plugin]);
    const auth = { userId: 1, roles: [], tenantId: 1, organizationIds: [7, 9] };
    const ada: any = bindContext(executor, { auth });
    const ids = async (table: string) =>
      (await ada.selectFrom(table).select("id").orderBy("id").execute()).map((row: any) => row.id);
    assert.deepEqual(await ids("tenants"), [1]);
    assert.deepEqual(await ids("users"), [1, 2]);
    assert.deepEqual(await ids("orders"), [1, 2]);
    assert.deepEqual(await ids("open_orders"), [1, 2]);
    assert.deepEqual(await ids("order_items"), [1, 2]);
    assert.deepEqual(await ids("item_notes"), [1]);
    assert.deepEqual(await ids("drafts"), [1]);
    assert.deepEqual(await ids("settings"), [1]);

    // She changes what is hers, and what belongs to that.
    const changed = async (table: string, values: object) =>
      Number((await ada.updateTable(table).set(values).executeTakeFirst()).numUpdatedRows);
    assert.equal(await changed("orders", { item: "x" }), 1);
    assert.equal(await changed("order_items", { name: "x" }), 1);
    assert.equal(await changed("users", { name: "x" }), 1);
    await ada.insertInto("orders").values({ id: 4, item: "more" }).execute();
    const { tenant_id, owner_id } = await db.selectFrom("orders").selectAll().where("id", "=", 4)
      .executeTakeFirstOrThrow();
    assert.deepEqual([tenant_id, owner_id], [1, 1]);
    const violation = { name: "RLSPolicyViolation" };
    const foreign = { id: 5, tenant_id: 2, owner_id: 1, item: "x" };
    await assert.rejects(ada.insertInto("orders").values(foreign).execute(), violation);
    await assert.rejects(ada.updateTable("tenants").set({ name: "x" }).execute(), violation);
    const item = { id: 4, order_id: 2, name: "x" };
    await assert.rejects(ada.insertInto("order_items").values(item).execute());

    // What has no policies is refused.
    await assert.rejects(ada.selectFrom("countries").selectAll().execute());
    await assert.rejects(ada.selectFrom("all_orders").selectAll().execute());
  } finally {
    await db.destroy();
  }
});
`;

onEveryDialect("kysera generate policies", (dialect) => {
  it("writes a schema that keeps tenants apart", async () => {
    await withDatabase(dialect, async ({ project, url }) => {
      await project.write("migrations/001_a.sql", SCRIPT);
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      const written = await project.json(["generate", "policies", "--follow-keys"]);
      assert.equal(written.code, 0, written.error?.message);
      assert.deepEqual(written.data.unlisted, ["all_orders", "countries"]);
      assert.deepEqual(
        written.data.tables.find(({ table }: { table: string }) => table === "orders"),
        { table: "orders", by: ["tenant_id", "owner_id"] },
      );
      await project.json(["generate", "repository", "tenants", "--no-with-validation"]);
      // The types are the same on every dialect.
      if (dialect.name === "sqlite" && runsAll()) await assertCompiles(project, "src/");
      await project.write("test/policies_test.ts", TEST);
      await runTests(project, dialect.name === "sqlite" ? {} : { DATABASE_URL: url });
    });
  });
}, ["sqlite", "postgres", "mysql"]);

describe("kysera generate policies", () => {
  it("lists tables without such columns, and takes the names of others", async () => {
    await withProject(async (project) => {
      await project.write(
        "kysera.config.json",
        '{ "database": { "connection": "sqlite:app.db" } }',
      );
      await project.write("migrations/001_a.sql", SCRIPT);
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      const { code, stderr } = await project.kysera(["generate", "policies"]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /"countries" gets no policies/);
      const text = await project.read("src/policies.ts");
      assert.match(
        text,
        /^\/\/ - all_orders \(a view\)\n\/\/ - countries\n\/\/ - item_notes\n\/\/ - order_items: order_id refers to orders; see --follow-keys$/m,
      );
      assert.match(text, /unlistedTables: "deny"/);
      assert.match(text, /`kysera generate types --filled owner_id,tenant_id,userId`/);
      assert.doesNotMatch(text, /\bcheck\b/);

      const named = await project.json([
        ...["generate", "policies", "--output", "p.ts", "--tenant-column", "name"],
        ...["--owner-column", "code", "--organization-column", "none"],
      ]);
      assert.deepEqual(
        named.data.tables.map(({ table, by }: { table: string; by: string[] }) => [table, ...by]),
        [["countries", "code"], ["order_items", "name"], ["tenants", "name"], ["users", "name"]],
      );
      const none = ["--tenant-column", "x", "--owner-column", "x", "--organization-column", "x"];
      assert.equal((await project.json(["generate", "policies", ...none])).code, 2);
      assert.equal((await project.json(["generate", "policies"])).data.files[1].action, "none");
    });
  });

  it("is refused where there is a file of one's own", async () => {
    await withProject(async (project) => {
      await project.write(
        "kysera.config.json",
        '{ "database": { "connection": "sqlite:app.db" } }',
      );
      await project.write("migrations/001_a.sql", SCRIPT);
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      await project.write("src/policies.ts", "export const policies = {};\n");
      const refused = await project.json(["generate", "policies"]);
      assert.equal(refused.code, 4);
      assert.equal(await project.read("src/policies.ts"), "export const policies = {};\n");
      await assert.rejects(project.read("src/types.ts"));
    });
  });
});

describe("kysera generate migration", () => {
  it("is migrate create", async () => {
    await withProject(async (project) => {
      const { code, data } = await project.json(["generate", "migration", "create_users"]);
      assert.equal(code, 0);
      assert.match(data.name, /_create_users$/);
      assert.match(await project.read(`migrations/${data.name}.ts`), /export async function up/);
    });
  });
});
