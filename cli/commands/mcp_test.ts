import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Kysely, sql } from "kysely";
import { auditMigration } from "@kysera/audit";
import { createRole } from "../../tests/rls/native_role.ts";
import { onEveryDialect } from "../../tests/support/matrix.ts";
import { type ProjectDatabase, withDatabase } from "../_testing/databases.ts";
import { type Assistant, withAssistant } from "../_testing/mcp.ts";
import { withProject } from "../_testing/program.ts";

const SHOP = `
create table users (id integer primary key, tenant_id integer not null, name varchar(50), pay integer);
create table posts (id integer primary key, user_id integer references users (id), title varchar(50), likes integer);
create view user_names as select id, name from users;
insert into users values (1, 1, 'Ada', 10), (2, 1, 'Bob', 20), (3, 2, 'secret-eve', 30);
insert into posts values (1, 1, 'one', 5), (2, 1, 'two', 7), (3, 2, 'three', null), (4, 3, 'four', 9);`;

/** Fills a database of a project. */
async function fill({ project, url }: ProjectDatabase): Promise<void> {
  await project.write("migrations/001_shop.sql", SHOP);
  const up = await project.json(["migrate", "up", "--url", url]);
  assert.equal(up.code, 0, up.error?.message);
}

async function rowsOf(assistant: Assistant, query: Record<string, unknown>): Promise<unknown> {
  const { isError, data, text } = await assistant.call("query", query);
  assert.equal(isError, false, text);
  return data.rows;
}

onEveryDialect("kysera mcp", (dialect) => {
  it("lists, describes, queries and explains", async () => {
    await withDatabase(dialect, async (database) => {
      await fill(database);
      const args = ["--unguarded", "--max-rows", "3"];
      await withAssistant(database.project, args, async (assistant) => {
        const { tools } = await assistant.client.listTools();
        const names = tools.map(({ name }) => name);
        assert.deepEqual(names, ["list_tables", "describe_table", "query", "query_sql", "explain"]);
        assert.ok(tools.every(({ annotations }) => annotations?.readOnlyHint === true));
        const { data: { tables } } = await assistant.call("list_tables");
        assert.deepEqual(
          tables.map(({ name, kind }: { name: string; kind: string }) => `${kind} ${name}`).sort(),
          ["table posts", "table users", "view user_names"],
        );
        const { data: described } = await assistant.call("describe_table", { table: "posts" });
        assert.deepEqual(described.primaryKey, ["id"]);
        assert.equal(described.foreignKeys[0].references, "users");
        const plan = await assistant.call("explain", {
          from: "users",
          where: { column: "id", op: "=", value: 1 },
        });
        assert.equal(plan.isError, false, plan.text);
        assert.ok(plan.data.plan.length > 0, plan.text);
        assert.doesNotMatch(JSON.stringify(plan.data.plan), /"rows"|rows=/);

        assert.deepEqual(
          await rowsOf(assistant, {
            from: "users",
            as: "u",
            joins: [{
              type: "left",
              table: "posts",
              as: "p",
              on: [{ left: "p.user_id", right: "u.id" }],
            }],
            columns: [
              { column: "u.name", as: "who" },
              { aggregate: "count", column: "p.id", as: "posts" },
            ],
            where: { and: [{ not: { column: "name", op: "=", value: "x" } }] },
            groupBy: ["u.name"],
            having: { column: "posts", op: ">", value: 1 },
            orderBy: [{ column: "posts", direction: "desc" }, { column: "u.name" }],
          }).then((rows) => JSON.stringify(rows).replaceAll('"2"', "2")),
          '[{"who":"Ada","posts":2}]',
        );
        assert.deepEqual(
          await rowsOf(assistant, {
            from: "posts",
            columns: ["title"],
            where: {
              or: [
                { column: "likes", op: "is null" },
                {
                  column: "user_id",
                  op: "in",
                  query: {
                    from: "users",
                    columns: ["id"],
                    where: { column: "name", op: "like", value: "secret%" },
                  },
                },
                {
                  exists: {
                    from: "users",
                    where: {
                      and: [
                        { column: "users.id", op: "=", other: "posts.user_id" },
                        { column: "likes", op: "in", values: [5, 6] },
                      ],
                    },
                  },
                },
              ],
            },
            orderBy: [{ column: "posts.id" }],
            limit: 3,
          }),
          [{ title: "one" }, { title: "three" }, { title: "four" }],
        );
        const all = await assistant.call("query", { from: "posts", columns: ["id"] });
        assert.deepEqual([all.data.rowCount, all.data.truncated], [3, true]);
        const text = await assistant.call("query_sql", { sql: "select id from posts order by id" });
        assert.deepEqual(text.data, {
          rows: [{ id: 1 }, { id: 2 }, { id: 3 }],
          rowCount: 3,
          truncated: true,
        });

        for (
          const [query, message] of [
            [{ from: "user" }, /no table "user" \(did you mean "users"/],
            [{ from: "users", columns: ["nam"] }, /no column "nam" \(did you mean "name"/],
            [{ from: "users", columns: ['name" from users --'] }, /no column/],
            [{ from: "users", columns: ["x.name"] }, /called "x"/],
            [{ from: "users", as: "a b" }, /letters, digits/],
            [{ from: "users", columns: ["id", "id"] }, /called "id"/],
            [{ from: "users", auth: { tenantId: 2 } }, /auth/],
            [{ from: "pg_shadow" }, /no table/],
            [{ from: "sqlite_master" }, /no table/],
            [{ from: "kysera_migration" }, /no table/],
            [
              { from: "users", joins: [{ table: "users", on: [{ left: "id", right: "id" }] }] },
              /two/,
            ],
          ] as const
        ) {
          const { isError, text } = await assistant.call("query", query);
          assert.equal(isError, true, JSON.stringify(query));
          assert.match(text, message);
        }
        const wrong = await assistant.call("query_sql", {
          sql: "select nothing from secret_table",
        });
        assert.equal(wrong.isError, true);
        assert.doesNotMatch(assistant.log(), /secret|Ada/);
      });
    });
  });
}, ["sqlite", "postgres", "mysql"]);

describe("kysera mcp", () => {
  const CONFIG = `
import { auditPlugin } from "@kysera/audit";
import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { filter, allow, rlsPlugin } from "@kysera/rls";
import { Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";
const path = new URL("app.db", import.meta.url).pathname;
export default {
  database: { kysely: () => createExecutor(
    new Kysely({ dialect: nodeSqliteDialect({ database: () => new DatabaseSync(path) }) }),
    [
      rlsPlugin({ schema: { users: {
        policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
        columns: { pay: { read: (ctx) => ctx.auth.roles.includes("boss") } },
      } } }),
      auditPlugin({ tables: ["users"] }),
    ],
  ) },
  mcp: { principal: { userId: 7, tenantId: 1 }, maxRows: 2 },
};`;

  it("writes where it may, what is audited, and not too much", async () => {
    await withProject(async (project) => {
      const url = "sqlite:app.db";
      await project.write("migrations/001_shop.sql", SHOP);
      await project.write(
        "migrations/002_audit.ts",
        `import { auditMigration } from "@kysera/audit";
export const up = (db) => auditMigration().up(db);`,
      );
      const up = await project.json(["migrate", "up", "--url", url]);
      assert.equal(up.code, 0, up.error?.message);
      await project.write("kysera.config.mjs", CONFIG);
      await withAssistant(project, ["--allow-writes"], async (assistant) => {
        const inserted = await assistant.call("insert_rows", {
          table: "users",
          rows: [{ id: 8, tenant_id: 1, name: "new-secret" }],
        });
        assert.equal(inserted.isError, false, inserted.text);
        for (
          const [tool, args, message] of [
            [
              "insert_rows",
              { table: "users", rows: [{ id: 9, tenant_id: 2, name: "x" }] },
              /polic/i,
            ],
            ["insert_rows", { table: "posts", rows: [{ id: 9 }] }, /not audited/],
            ["insert_rows", { table: "audit_logs", rows: [{ id: 9 }] }, /audit/],
            ["update_rows", {
              table: "users",
              set: { nam: 1 },
              where: { column: "id", op: "=", value: 1 },
            }, /no column "nam"/],
            ["update_rows", {
              table: "users",
              set: { name: "x" },
              where: { column: "id", op: ">", value: 0 },
            }, /3 rows/],
            ["update_rows", {
              table: "users",
              set: { nam: 1 },
              where: { column: "id", op: "=", value: 1 },
            }, /no column "nam"/],
            ["delete_rows", { table: "users" }, /where/],
          ] as const
        ) {
          const { isError, text } = await assistant.call(tool, args);
          assert.equal(isError, true, `${tool} ${JSON.stringify(args)}`);
          assert.match(text, message);
        }
        const log = await assistant.call("query", { from: "audit_logs" });
        assert.match(log.text, /no table "audit_logs"/);
        const updated = await assistant.call("update_rows", {
          table: "users",
          set: { name: "Ada L." },
          where: { column: "name", op: "in", values: ["Ada", "secret-eve"] },
        });
        assert.deepEqual(updated.data, { updated: 1 }, updated.text);
        const where = { column: "id", op: "=", value: 8 };
        const deleted = await assistant.call("delete_rows", { table: "users", where });
        assert.deepEqual(deleted.data, { deleted: 1 }, deleted.text);
        assert.doesNotMatch(assistant.log(), /secret|Ada/);
      });
      const logs = await project.json(["audit", "logs", "--url", url]);
      assert.deepEqual(
        logs.data.entries.map((each: Record<string, unknown>) => [
          each["operation"],
          String(each["changedBy"] ?? each["changed_by"]),
        ]),
        [["DELETE", "7"], ["UPDATE", "7"], ["INSERT", "7"]],
        JSON.stringify(logs.data),
      );
    });
  });

  it("hides what plugins hide, and lets nobody write without the flag", async () => {
    await withProject(async (project) => {
      await project.write("migrations/001_shop.sql", SHOP);
      const up = await project.json(["migrate", "up", "--url", "sqlite:app.db"]);
      assert.equal(up.code, 0, up.error?.message);
      await project.write(
        "kysera.config.mjs",
        CONFIG.replace(/ {6}auditPlugin.*\n/, ""),
      );
      await withAssistant(project, ["--max-rows", "10"], async (assistant) => {
        const rows = await rowsOf(assistant, { from: "users", columns: ["name", "pay"] });
        assert.deepEqual(rows, [{ name: "Ada", pay: null }, { name: "Bob", pay: null }]);
        const { data: { tables } } = await assistant.call("list_tables");
        assert.deepEqual(
          tables.map(({ name }: { name: string }) => name).sort(),
          ["posts", "users"],
          "a view shows what the plugins do not see",
        );
        assert.match(JSON.stringify(tables), /"rules":\["@kysera\/rls: /);
        const view = await assistant.call("query", { from: "user_names" });
        assert.equal(view.isError, true);
        const explained = await assistant.call("explain", { from: "users", columns: ["id"] });
        assert.match(explained.data.after, /"tenant_id" = \?/);
        assert.equal(explained.data.rules[0].plugin, "@kysera/rls");
        const text = await assistant.call("query_sql", { sql: "select 1" });
        assert.match(text.text, /No text of SQL runs/);
        await assert.rejects(assistant.call("insert_rows", { table: "posts", rows: [{ id: 9 }] }));
      });
      // What the command line says goes before the configuration.
      await withAssistant(
        project,
        ["--as", '{"userId":1,"tenantId":2,"roles":["boss"]}'],
        async (assistant) => {
          const rows = await rowsOf(assistant, { from: "users", columns: ["name", "pay"] });
          assert.deepEqual(rows, [{ name: "secret-eve", pay: 30 }]);
        },
      );
    });
  });

  it("does not begin where nothing guards the rows, or the output is not its own", async () => {
    await withProject(async (project) => {
      await project.write("app.db", "");
      const args = ["mcp", "--url", "sqlite:app.db"];
      const open = await project.kysera(args);
      assert.equal(open.code, 4, open.stderr);
      assert.match(open.stderr, /no plugin hides rows[^]*--unguarded/);
      const json = await project.kysera([...args, "--unguarded", "--json"]);
      assert.equal(json.code, 2);
      const as = await project.kysera([...args, "--unguarded", "--as", '{"userId":1}']);
      assert.equal(as.code, 2);
      // With the end of the input it ends.
      const ended = await project.kysera([...args, "--unguarded"]);
      assert.deepEqual([ended.code, ended.stdout], [0, ""], ended.stderr);
      const interrupted = await project.kysera([...args, "--unguarded"], { input: " ".repeat(9) });
      assert.equal(interrupted.stdout, "");
    });
  });
});

onEveryDialect("kysera mcp, with policies of the database", (dialect) => {
  it("refuses texts that name what the policies do not hold for", async () => {
    await withDatabase(dialect, async ({ project, url, db: given }) => {
      // Servers have one.
      const db = given as Kysely<any>;
      for (const statement of NATIVE) await sql.raw(statement).execute(db);
      await auditMigration().up(db);
      const role = await createRole(db);
      try {
        await sql`alter table mine owner to ${sql.id(role.name)}`.execute(db);
        const asRole = new URL(url);
        asRole.searchParams.set("options", `-c search_path=${role.schema} -c role=${role.name}`);
        await withAssistant(project, ["--url", asRole.href], async (assistant) => {
          const run = (text: string) => assistant.call("query_sql", { sql: text });
          const seen = await run("select u.name, count(*) as n from users u group by u.name");
          assert.deepEqual(seen.data?.rows, [{ name: "Ada", n: "1" }], seen.text);
          assert.deepEqual((await run("select name from safe_names")).data?.rows, [{
            name: "Ada",
          }]);
          for (
            const [text, message] of [
              ["select * from all_names", /No policies hold for ".*all_names"/],
              ["select * from over_all", /No policies hold for ".*over_all"/],
              ["select * from mine", /No policies hold for ".*mine"/],
              ["select * from copies", /No policies hold for ".*copies"/],
              ["select * from parts_1", /No policies hold for ".*parts_1"/],
              ["select last_value from counter", /No policies hold for ".*counter"/],
              ["select u.reveal from users u", /"reveal" is a function of this database/],
              ["select reveal(u) from users u", /"reveal" is called/],
              ["select lower(5, 'x') from users", /"lower" is a function of this database/],
              ["select set_config('app.tenant', '2', false)", /"set_config" is called/],
            ] as const
          ) {
            const { isError, text: said } = await run(text);
            assert.equal(isError, true, text);
            assert.match(said, message, text);
          }
          const { data: { tables } } = await assistant.call("list_tables");
          assert.deepEqual(
            tables.map(({ name }: { name: string }) => name).sort(),
            // Without the plugin nobody knows what the log is.
            ["audit_logs", "parts", "safe_names", "users"],
          );
          assert.match(JSON.stringify(tables), /the policy own of the database/);
        });
        // What the audit plugin has written down of rows has no policies.
        await project.write("kysera.config.mjs", auditedConfig(asRole.href));
        const args = ["--config", "kysera.config.mjs", "--as", '{"userId":1}'];
        await withAssistant(project, args, async (assistant) => {
          const seen = await assistant.call("query_sql", { sql: "select name from users" });
          assert.deepEqual(seen.data?.rows, [{ name: "Ada" }], seen.text);
          const copies = await assistant.call("query_sql", { sql: "select * from audit_logs" });
          assert.match(copies.text, /"audit_logs" holds copies/);
          const listed = await assistant.call("query", { from: "audit_logs" });
          assert.match(listed.text, /no table "audit_logs"/);
        });
      } finally {
        await sql`alter table mine owner to current_user`.execute(db);
        await role.drop();
      }
    });
  });
}, ["postgres"]);

/** A configuration whose executor audits, and leaves policies to the database. */
function auditedConfig(url: string): string {
  return `
import { auditPlugin } from "@kysera/audit";
import { pgDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { nativeRLSPlugin } from "@kysera/rls/native";
import { Kysely } from "kysely";
import pg from "pg";
const pool = new pg.Pool({ connectionString: ${JSON.stringify(url)}, max: 2 });
export default { database: { kysely: () => createExecutor(
  new Kysely({ dialect: pgDialect({ pool }) }),
  [nativeRLSPlugin(), auditPlugin({ tables: ["users"] })],
) } };`;
}

/** A schema with ways round its policies. */
const NATIVE: readonly string[] = [
  "create table users (id integer, tenant_id integer, name text)",
  "insert into users values (1, 1, 'Ada'), (2, 2, 'secret-eve')",
  "alter table users enable row level security",
  "create policy own on users using (tenant_id = 1)",
  "create view all_names as select name from users",
  "create view safe_names with (security_invoker = true) as select name from users",
  "create view over_all with (security_invoker = true) as select name from all_names",
  "create table mine (id integer, name text)",
  "alter table mine enable row level security",
  "create policy none on mine using (false)",
  "create materialized view copies as select * from users",
  "create table parts (id integer, tenant_id integer) partition by range (id)",
  "create table parts_1 partition of parts for values from (0) to (9)",
  "alter table parts enable row level security",
  "create policy own on parts using (tenant_id = 1)",
  "create sequence counter",
  "create function reveal(users) returns text security definer language sql as 'select max(name) from users'",
  "create function lower(integer, text) returns text security definer language sql as 'select max(name) from users'",
];
