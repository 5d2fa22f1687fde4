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
          allow(
            "delete",
            (_, { eb, column }) => eb(column("id"), "in", eb.selectFrom("owned").select("post_id")),
          ),
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

  it("evaluates SQL that is built of columns and values", () => {
    const executor = bindContext(
      executorWith({
        policies: [
          allow("read", (ctx, { eb, column }) =>
            eb.or([
              eb(column("status"), "in", ["published", "open"]),
              eb.and([
                eb(column("author_id"), "=", ctx.auth.userId),
                eb.not(eb(column("score"), "<", 3)),
              ]),
              eb(column("deleted_at"), "is not", null),
            ])),
          deny("read", (_, { eb, column }) => eb.between(column("score"), 7, 8)),
        ],
      }),
      ada,
    );
    const row = { status: "draft", author_id: 2, score: 5, deleted_at: null };
    const reads = (more: object): boolean => can(executor, "read", "posts", { ...row, ...more });
    assert.equal(reads({}), false);
    assert.equal(reads({ status: "open" }), true);
    assert.equal(reads({ author_id: 1 }), true);
    assert.equal(reads({ author_id: 1, score: 2 }), false);
    // What is not known is refused, on either side of a NOT.
    assert.equal(reads({ author_id: 1, score: null }), false);
    assert.equal(reads({ status: null, author_id: 1 }), true);
    assert.equal(reads({ deleted_at: "2024-01-01" }), true);
    assert.equal(reads({ status: "open", score: 7 }), false);
    assert.throws(() => reads({ author_id: "1" }), RLSPolicyEvaluationError);
    assert.throws(() => reads({ author_id: undefined }), RLSPolicyEvaluationError);
    assert.equal(reads({ status: "open", author_id: undefined }), true);
  });

  it("throws where the database might see values otherwise", () => {
    const reads = (condition: object, row: object): boolean =>
      can(
        bindContext(executorWith({ policies: [filter("read", condition as any)] }), ada),
        "read",
        "posts",
        row,
      );
    const told: [object, object, boolean][] = [
      [{ a: 1 }, { a: 1 }, true],
      [{ a: 1 }, { a: 1n }, true],
      [{ a: true }, { a: 1 }, true],
      [{ a: "x" }, { a: "x" }, true],
      [{ a: "x" }, { a: "y" }, false],
      [{ a: new Uint8Array([1]) }, { a: new Uint8Array([1]) }, true],
      [{ a: [1, 2] }, { a: 3 }, false],
    ];
    for (const [condition, row, want] of told) assert.equal(reads(condition, row), want);
    const untold: [object, object][] = [
      [{ a: 1 }, { a: "1" }],
      [{ a: "1" }, { a: 1 }],
      [{ a: "x" }, { a: "X" }],
      [{ a: "x" }, { a: "x " }],
      [{ a: new Date(0) }, { a: "1970-01-01T00:00:00.000Z" }],
      [{ a: 1 }, { a: 2 ** 60 }],
      [{ a: 1 }, { a: [1] }],
    ];
    for (const [condition, row] of untold) {
      assert.throws(
        () => reads(condition, row),
        (error) =>
          error instanceof RLSPolicyEvaluationError && /different types/.test(error.message),
      );
    }
  });

  it("does not take a mask for the value of a column", () => {
    const executor = bindContext(
      executorWith({
        policies: [allow("all", true), deny("delete", { pay: 5 })],
        columns: { pay: { read: (ctx) => ({ id: ctx.auth.userId }), mask: 0 } },
      }),
      ada,
    );
    assert.throws(() => can(executor, "delete", "posts", { id: 2, pay: 0 }), /masked/);
    assert.equal(can(executor, "read", "posts", { id: 2, pay: 0 }), true);
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
