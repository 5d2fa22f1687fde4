import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, createExecutor, type KyseraExecutor } from "@kysera/executor";
import {
  allow,
  can,
  defineRLSSchema,
  deny,
  explainAccess,
  filter,
  policySourcesOf,
  rlsPlugin,
  withoutRLS,
} from "@kysera/rls";
import { onEveryDialect } from "../support/matrix.ts";

const schema = defineRLSSchema<any>({
  docs: {
    policies: [
      filter("read", (ctx) => ({ owner: ctx.auth.userId }), { name: "own" }),
      allow("read", true),
      allow("create", { state: "draft" }),
      allow("update", (ctx) => ctx.row.state === "draft", { name: "drafts" }),
      allow("update", (ctx) => ({ editor: ctx.auth.userId }), { name: "editors" }),
      deny("delete", true, { name: "keep" }),
    ],
    skipFor: ["boss"],
  },
});

onEveryDialect("explainAccess()", (dialect) => {
  async function withDocs(
    test: (executor: KyseraExecutor<any>) => Promise<void> | void,
  ): Promise<void> {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("docs").addColumn(
        "id",
        "integer",
        (c) => c.notNull().primaryKey(),
      )
        .addColumn("owner", "integer").addColumn("editor", "integer")
        .addColumn("state", "varchar(10)").execute();
      await test(await createExecutor(db, [rlsPlugin({ schema, skipTables: [] })]));
    } finally {
      await close();
    }
  }
  const as = (executor: KyseraExecutor<any>, auth: object = {}) =>
    bindContext(executor, { auth: { userId: 7, roles: [], ...auth } });

  it("tells which rows a caller may read and write, and leaves no condition out", async () => {
    await withDocs((executor) => {
      const ada = as(executor);
      const sqlOf = (text: string | undefined) =>
        text?.replaceAll("`", '"').replaceAll(/\$\d+/g, "?");
      const read = explainAccess(ada, "read", "docs");
      assert.deepEqual([read.outcome, sqlOf(read.rows?.sql), read.rows?.parameters], [
        ...["some", '"docs"."owner" = ?'],
        [7],
      ]);
      const create = explainAccess(ada, "create", "docs");
      assert.deepEqual([create.rows, create.newRows?.parameters], [undefined, ["draft"]]);
      const update = explainAccess(ada, "update", "docs");
      assert.equal(
        sqlOf(update.rows?.sql),
        '"docs"."owner" = ? and ((policy("drafts")) or "docs"."editor" = ?)',
      );
      assert.deepEqual(update.rows?.functions, ["drafts"]);
      assert.deepEqual(update.policies.map(({ name }) => name).slice(0, 3), [
        ...["own", "drafts", "editors"],
      ]);
      const removed = explainAccess(ada, "delete", "docs");
      assert.deepEqual(
        [removed.outcome, removed.policies],
        ["none", [{ name: "keep", type: "deny", use: "using" }]],
      );
      assert.match(removed.reason!, /"keep" denies it/);
      // What it says of all rows, can() says of one.
      assert.equal(can(ada, "delete", "docs", { id: 1, owner: 7 }), false);
      assert.equal(can(ada, "read", "docs", { id: 1, owner: 7 }), true);
      assert.equal(can(ada, "read", "docs", { id: 1, owner: 8 }), false);
    });
  });

  it("tells who is exempt, and who is nobody", async () => {
    await withDocs((executor) => {
      const of = (instance: KyseraExecutor<any>, table = "docs") =>
        explainAccess(instance, "delete", table);
      assert.equal(of(as(executor, { roles: ["boss"] })).outcome, "exempt");
      assert.equal(of(as(executor, { isSystem: true })).outcome, "exempt");
      assert.equal(of(withoutRLS(executor)).outcome, "exempt");
      assert.equal(of(executor).outcome, "none");
      assert.match(of(executor).reason!, /no security context/);
      assert.equal(of(executor, "elsewhere").outcome, "free");
    });
  });

  it("asks every layer of an executor, and names the policies of each", async () => {
    await withDocs(async (executor) => {
      const outer = defineRLSSchema<any>({
        docs: {
          policies: [allow("all", (ctx) => ({ editor: ctx.auth.userId }), { name: "outer" })],
        },
      });
      const both = await createExecutor(executor, [rlsPlugin({ schema: outer })]);
      const read = explainAccess(as(both), "read", "docs");
      assert.deepEqual(read.policies.map(({ name }) => name).sort(), ["outer", "own"]);
      assert.deepEqual(read.rows?.parameters, [7, 7]);
      assert.equal(explainAccess(as(both), "delete", "docs").outcome, "none");
      assert.equal(policySourcesOf(both).length, 2);
    });
  });
});
