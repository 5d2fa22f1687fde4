import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../../../tests/support/matrix.ts";
import { type ProjectDatabase, withDatabase } from "../../_testing/databases.ts";
import { executorConfig } from "../../_testing/executor_config.ts";

const HEAD = `
import { allow, defineRLSSchema, deny, filter, related, rlsPlugin } from "@kysera/rls";
const schema = defineRLSSchema({
  teams: { policies: [allow("read", (ctx) => ({ id: ctx.auth.attributes.teams }))], skipFor: ["boss"] },
  posts: {
    relations: { team: { table: "teams", columns: { team_id: "id" } } },
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
      allow(["read", "create"], true),
      allow("update", (ctx) => ctx.row.author_id === ctx.auth.userId, { name: "own" }),
      deny("delete", (ctx) => !ctx.auth.roles.includes("editor"), { name: "editors" }),
      allow("delete", related("team", { open: 1 })),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    columns: {
      author_id: { read: (ctx) => ({ author_id: ctx.auth.userId }) },
      team_id: { read: false, write: (ctx) => ctx.auth.roles.includes("editor") },
    },
  },
});`;

const PRINCIPALS = `policies: { principals: {
  ada: { userId: 7, tenantId: "it's 1", attributes: { teams: [1, 2] } },
  editor: { userId: 8, tenantId: "b", roles: ["editor"] },
  boss: { userId: 9, tenantId: "b", roles: ["boss"], attributes: { teams: [] } },
  nobody: null,
} },`;

async function fill(
  { project, url }: ProjectDatabase,
  dialect: TestDialect,
  head = HEAD,
): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    `create table teams (id integer not null primary key, open integer);
     create table posts (id integer not null primary key, tenant_id varchar(20), author_id integer,
       team_id integer);
     create table tags (id integer not null primary key);
     create view seen as select id from posts;`,
  );
  const up = await project.json(["migrate", "up", "--url", url]);
  assert.equal(up.code, 0, up.error?.message);
  await project.write(
    "kysera.config.mjs",
    executorConfig(dialect, url, { head, plugins: "[rlsPlugin({ schema })]", more: PRINCIPALS }),
  );
  await project.removeFile("kysera.config.json");
}

onEveryDialect("kysera policies matrix", (dialect) => {
  it("shows what each principal may do with each table, and on which rows", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect);
      const { code, data, error } = await project.json(["policies", "matrix"]);
      assert.equal(code, 0, error?.message);
      const cell = (principal: string, operation: string, table: string) =>
        data.matrix.find((each: any) =>
          each.principal === principal && each.operation === operation && each.table === table
        );
      const quoted = (text: string) => dialect.name === "mysql" ? text.replaceAll('"', "`") : text;
      const read = cell("ada", "read", "posts");
      assert.equal(read.outcome, "some");
      assert.equal(read.rows, quoted(`"posts"."tenant_id" = 'it''s 1'`));
      assert.deepEqual(read.policies, ["tenants"]);
      assert.deepEqual(read.columns, [
        { column: "author_id", access: "masked", rows: quoted('"posts"."author_id" = 7') },
        { column: "team_id", access: "hidden", rows: null },
      ]);
      assert.deepEqual(cell("ada", "update", "posts").columns, [
        { column: "team_id", access: "read-only", rows: null },
      ]);
      assert.deepEqual(cell("editor", "update", "posts").columns, []);
      const create = cell("ada", "create", "posts");
      assert.deepEqual([create.outcome, create.rows], ["some", null]);
      assert.match(create.newRows, /tenant_id. = 'it''s 1'/);
      const update = cell("ada", "update", "posts");
      assert.match(update.rows, /tenant_id.* and \(policy\(.own.\)\)$/);
      const removed = cell("ada", "delete", "posts");
      assert.deepEqual([removed.outcome, removed.policies], ["none", ["editors"]]);
      assert.match(cell("editor", "delete", "posts").rows, /exists \(select .* from .teams./);
      assert.match(cell("ada", "read", "teams").rows, /.teams.\..id. in \(1, 2\)/);
      assert.equal(cell("ada", "create", "teams").outcome, "none");
      assert.equal(cell("boss", "create", "teams").outcome, "exempt");
      // What the policy asks for is not known of the editor.
      assert.match(cell("editor", "read", "teams").reason, /attributes|"id"|threw/);
      assert.match(cell("nobody", "read", "posts").reason, /no security context/);
      assert.equal(cell("nobody", "read", "tags").outcome, "free");
      assert.match(cell("ada", "read", "seen").reason, /view/);

      const shown = await project.on(dialect)(["policies", "matrix", "-t", "posts"]);
      assert.match(
        shown.stdout,
        /^Principal +Table +read +create +update +delete\nada +posts +some \[1\] +some \[2\] +some \[3\] +none\n/,
        shown.stderr,
      );
      assert.match(
        shown.stdout,
        /\n\[1\] rows: .posts.\..tenant_id. = 'it''s 1'; "author_id" of rows: /,
      );
    });
  });

  it("takes principals from the command line", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect);
      const matrix = ["policies", "matrix", "-t", "tags,teams"];
      const as = async (...values: string[]) =>
        await project.json([...matrix, ...values.flatMap((value) => ["--as", value])]);
      const { data } = await as('{"userId":1,"tenantId":"a"}', "ada", 'eve={"userId":2}', "null");
      assert.deepEqual(
        [...new Set(data.matrix.map(({ principal }: any) => principal))],
        ['{"userId":1,"tenantId":"a"}', "ada", "eve", "null"],
      );
      assert.match((await as("aba")).error.message, /no principal "aba" \(did you mean "ada"\?\)/);
      assert.equal((await as("ada", "ada")).code, 2);
      assert.equal((await as("{")).code, 2);
      assert.equal((await as("[1]")).code, 2);
      const unknown = await project.json(["policies", "matrix", "--table", "post"]);
      assert.match(unknown.error.message, /no table "post" \(did you mean "posts"\?\)/);
      const explained = await project.json(["policies", "explain", "-t", "posts", "--as", "ada"]);
      assert.match(explained.data.after, /tenant_id/);
      assert.deepEqual(
        explained.data.indexes.map(({ columns, isThere }: any) => [columns, isThere]),
        [[["tenant_id"], false]],
      );
      const shown = await project.on(dialect)([
        "policies",
        "explain",
        "-t",
        "posts",
        "--as",
        "ada",
      ]);
      assert.match(shown.stdout, /\nIndexes\n {2}create index .*tenant_id.*;\n$/, shown.stderr);
    });
  });

  it("compares with a snapshot, and writes it", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect);
      const compare = ["policies", "matrix", "--snapshot", "policies.txt"];
      const none = await project.json(compare);
      assert.deepEqual([none.code, none.data.upToDate], [3, false]);
      assert.equal((await project.json([...compare, "--update"])).code, 0);
      const same = await project.on(dialect)(compare);
      assert.deepEqual([same.code, same.stdout], [0, "policies.txt is up to date\n"], same.stderr);
      const kept = await project.read("policies.txt");
      assert.match(
        kept,
        /^ada read posts: some rows: .*tenant_id.*; "author_id" of rows: .*; "team_id" is hidden$/m,
      );
      assert.match(kept, /^ada read tags: all: no policy applies to the table$/m);

      await project.write("policies.txt", kept.replaceAll("\n", "\r\n"));
      assert.equal((await project.json(compare)).code, 0);

      // A rule is lost.
      const changed = kept.replace("ada delete posts: none", "ada delete posts: all");
      await project.write("policies.txt", changed);
      const differs = await project.on(dialect)(compare);
      assert.equal(differs.code, 3);
      assert.match(differs.stdout, /^-ada delete posts: all/m);
      assert.match(differs.stdout, /^\+ada delete posts: none/m);
      assert.match(differs.stderr, /--update/);
      assert.equal(await project.read("policies.txt"), changed);
      assert.equal((await project.json(["policies", "matrix", "--update"])).code, 2);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
