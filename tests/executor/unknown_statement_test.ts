/** A kind of statement that Kysely adds one day is refused until somebody has written its rule. */
import {
  createExecutorSync,
  type ExecutorConfig,
  getRawDb,
  type Plugin,
  QueryRefusedError,
} from "@kysera/executor";
import { auditPlugin } from "@kysera/audit";
import {
  CommonTableExpressionNameNode,
  CommonTableExpressionNode,
  createQueryId,
  IdentifierNode,
  type Kysely,
  type OperationNode,
  type RootOperationNode,
  SelectQueryNode,
  TableNode,
  WithNode,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HOOKS } from "../../executor/contract/_hook_table.ts";
import { NODE_KINDS } from "../../executor/tree/_node_kinds.ts";
import { STATEMENT_KINDS } from "../../executor/tree/_statement_kinds.ts";
import { dummy } from "./dummy.ts";

const filtering: Plugin = {
  name: "filtering",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "guarded",
  filter: (ref, { eb }) => eb(ref.column("hidden"), "=", 0),
};
const intercepting: Plugin = { name: "intercepting", version: "1.0.0", interceptQuery: (qb) => qb };

const executors: Readonly<Record<string, readonly [readonly Plugin[], ExecutorConfig?]>> = {
  "that filters": [[filtering]],
  "that filters, and denies raw SQL": [[filtering], { rawSql: "deny" }],
  "that intercepts": [[intercepting]],
  "that watches what is run": [[auditPlugin({ tables: ["guarded"] })]],
};

/** Statements that Kysely has not: one that is a query by its name, and one that is not. */
const KINDS = ["UpsertQueryNode", "GrantNode"] as const;

function statement(kind: string, table: string): RootOperationNode {
  // Kysely may have such a kind one day.
  return Object.freeze({
    kind,
    into: TableNode.create(table),
    privilege: IdentifierNode.create("select"),
  }) as unknown as RootOperationNode;
}

function inWith(body: OperationNode): RootOperationNode {
  const cte = CommonTableExpressionNode.create(CommonTableExpressionNameNode.create("w"), body);
  return {
    ...SelectQueryNode.createFrom([TableNode.create("w")]),
    with: WithNode.create(cte),
  };
}

const places: Readonly<Record<string, (body: RootOperationNode) => RootOperationNode>> = {
  "as a statement": (body) => body,
  "in a common table expression": inWith,
  "in one of one": (body) => inWith(inWith(body)),
};

describe("a statement of an unknown kind", () => {
  for (const [name, [plugins, options]] of Object.entries(executors)) {
    for (const [place, put] of Object.entries(places)) {
      for (const kind of KINDS) {
        it(`is refused ${place} by an executor ${name}: ${kind}`, async () => {
          const base = createExecutorSync(dummy(), plugins, options);
          const handles: readonly Kysely<any>[] = [base, base.withSchema("other")];
          for (const table of ["guarded", "free"]) {
            for (const db of handles) {
              const node = put(statement(kind, table));
              const executor = db.getExecutor();
              const isRefusal = (error: unknown): boolean =>
                error instanceof QueryRefusedError && error.reason === "UNSUPPORTED" &&
                error.message.includes(kind) && error.message.includes("getRawDb");
              assert.throws(() => executor.transformQuery(node, createQueryId()), isRefusal);
              assert.throws(() => executor.compileQuery(node, createQueryId()), isRefusal);
            }
          }
          const compiled = {
            query: put(statement(kind, "guarded")),
            queryId: createQueryId(),
            sql: "grant all",
            parameters: [],
          };
          await assert.rejects(base.executeQuery(compiled), {
            name: options === undefined ? "QueryRefusedError" : "ForeignQueryError",
          });
        });
      }
    }
  }

  it("is none of the business of an executor without plugins, or of the database below", () => {
    const executor = createExecutorSync(dummy(), [filtering]);
    for (const db of [createExecutorSync(dummy(), []), getRawDb(executor)]) {
      const node = statement("GrantNode", "guarded");
      assert.equal(db.getExecutor().transformQuery(node, createQueryId()), node);
    }
  });

  it("is refused wherever else it stands, if tables have rules", () => {
    const executor = createExecutorSync(dummy(), [filtering]);
    const odd = {
      toOperationNode: () => statement("GrantNode", "guarded"),
      expressionType: undefined,
    };
    for (
      const query of [
        executor.selectFrom("guarded").selectAll().where("id", "in", odd as any),
        executor.insertInto("free").expression(odd as any),
        executor.updateTable("free").set({ id: odd as any }),
        executor.selectFrom("free").select((eb) => eb.fn("f", [odd as any]).as("x")),
      ]
    ) {
      assert.throws(() => query.compile(), QueryRefusedError);
    }
  });
});

describe("the tables of kinds", () => {
  it("do not compile for a kind that they have no entry for", () => {
    type Statement = RootOperationNode["kind"];
    type Node = OperationNode["kind"];
    // @ts-expect-error there is no entry for a kind that Kysely may add
    const statements: Readonly<Record<Statement | "UpsertQueryNode", unknown>> = STATEMENT_KINDS;
    // @ts-expect-error there is no entry for a kind that Kysely may add
    const nodes: Readonly<Record<Node | "GrantNode", unknown>> = NODE_KINDS;
    // @ts-expect-error there is no entry for a hook that somebody may add
    const hooks: Readonly<Record<keyof typeof HOOKS | "afterRow", unknown>> = HOOKS;
    for (const table of [statements, nodes, hooks]) {
      for (const kind of [...KINDS, "afterRow"]) assert.equal(kind in table, false);
    }
  });

  it("have an entry for each kind that Kysely's builders make", () => {
    const all = new Set(Object.keys(NODE_KINDS));
    for (const kind of Object.keys(STATEMENT_KINDS)) assert.ok(all.has(kind), kind);
  });
});
