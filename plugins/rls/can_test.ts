import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bindContext, createExecutorSync } from "@kysera/executor";
import {
  allow,
  can,
  defineRLSSchema,
  deny,
  filter,
  RLSContextError,
  rlsPlugin,
  RLSPolicyEvaluationError,
  RLSSchemaError,
  type TableRLSConfig,
  validate,
  withoutRLS,
} from "@kysera/rls";
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

function executorWith(posts: TableRLSConfig): Kysely<any> {
  return createExecutorSync(db, [rlsPlugin({ schema: defineRLSSchema({ posts }) })]);
}

const ada = { auth: { userId: 1, roles: [], tenantId: 7 } };

describe("can()", () => {
  it("answers what a statement would be kept to", () => {
    const executor = bindContext(
      executorWith({
        policies: [
          filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
          allow("update", (ctx) => ctx.row["author_id"] === ctx.auth.userId),
          deny("delete", { status: "published" }),
          validate("update", (ctx) => ctx.data["status"] !== "odd"),
        ],
      }),
      ada,
    );
    const own = { id: 1, tenant_id: 7, author_id: 1, status: "draft" };
    assert.equal(can(executor, "read", "posts", own), true);
    assert.equal(can(executor, "read", "posts", { ...own, tenant_id: 8 }), false);
    assert.equal(can(executor, "update", "posts", own), true);
    assert.equal(can(executor, "update", "posts", { ...own, author_id: 2 }), false);
    assert.equal(can(executor, "update", "posts", own, { status: "published" }), true);
    assert.equal(can(executor, "update", "posts", own, { status: "odd" }), false);
    assert.equal(can(executor, "update", "posts", own, { tenant_id: 8 }), false);
    assert.equal(can(executor, "update", "posts", own, { author_id: 2 }), false);
    assert.equal(can(executor, "delete", "posts", own), true);
    assert.equal(can(executor, "delete", "posts", { ...own, status: "published" }), false);
    assert.equal(can(executor, "create", "posts", own), true);
    assert.equal(can(executor, "create", "posts", { ...own, tenant_id: 8 }), false);
  });

  it("counts what is null as refused, as the database does", () => {
    const executor = bindContext(
      executorWith({ policies: [allow("all", true), deny("read", { score: 5 })] }),
      ada,
    );
    assert.equal(can(executor, "read", "posts", { score: 6 }), true);
    assert.equal(can(executor, "read", "posts", { score: 5 }), false);
    assert.equal(can(executor, "read", "posts", { score: null }), false);
  });

  it("throws where it cannot be told in memory", () => {
    const executor = bindContext(
      executorWith({
        policies: [
          allow("read", { tenant_id: 7 }),
          allow("update", async () => await Promise.resolve(true)),
          allow("delete", (_, { eb, column }) => eb(column("id"), "=", 1)),
        ],
      }),
      ada,
    );
    assert.throws(() => can(executor, "read", "posts", { id: 1 }), RLSPolicyEvaluationError);
    const row = { id: 1, tenant_id: 7 };
    assert.throws(() => can(executor, "update", "posts", row), RLSPolicyEvaluationError);
    assert.throws(() => can(executor, "delete", "posts", row), RLSPolicyEvaluationError);
    // What is refused anyway needs no database.
    assert.equal(can(executor, "delete", "posts", { id: 1, tenant_id: 8 }), false);
  });

  it("throws where no security context is bound, or there are no policies to ask", () => {
    const executor = executorWith({ policies: [allow("read", true)] });
    assert.throws(() => can(executor, "read", "posts", {}), RLSContextError);
    assert.throws(() => can(createExecutorSync(db, []), "read", "posts", {}), RLSSchemaError);
    const bound = bindContext(executor, ada);
    assert.throws(() => can(bound, "write" as "read", "posts", {}), TypeError);
  });

  it("allows everything of a table without policies, and on a handle without them", () => {
    const executor = executorWith({ policies: [] });
    assert.equal(can(executor, "delete", "tags", {}), true);
    assert.equal(can(withoutRLS(executor), "delete", "posts", {}), true);
    assert.equal(can(bindContext(executor, ada), "delete", "posts", {}), false);
  });
});
