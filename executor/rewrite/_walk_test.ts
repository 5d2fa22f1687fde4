import { createExecutorSync, QueryRefusedError } from "@kysera/executor";
import {
  AliasNode,
  ColumnNode,
  ColumnUpdateNode,
  CommonTableExpressionNameNode,
  CommonTableExpressionNode,
  FromNode,
  IdentifierNode,
  JoinNode,
  type Kysely,
  OnNode,
  type OperationNode,
  OperationNodeTransformer,
  OperatorNode,
  RawNode,
  SelectionNode,
  SelectModifierNode,
  SelectQueryNode,
  sql,
  TableNode,
  ValueNode,
  WhereNode,
  WithNode,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";
import { instanceOf } from "../instance/_graft.ts";
import { clausesOf } from "../tree/_clauses.ts";
import { refusalOf } from "./_misplaced.ts";
import { Pass } from "./_pass.ts";
import type { Rules } from "./rules.ts";
import { walk } from "./_walk.ts";

type Children = Readonly<Record<string, "node" | "list">>;

/**
 * What the installed Kysely takes for the children of each kind of node: its own transformer is
 * given nodes that note which of their properties it transforms.
 */
function childrenOfKinds(): Map<string, Children> {
  const found = new Map<string, Children>();
  let children: Record<string, "node" | "list">;
  const keyOf = (value: unknown): string => (value as { key: string }).key;
  class Spy extends OperationNodeTransformer {
    readonly nodeTransform = (child: unknown): unknown => {
      children[keyOf(child)] = "node";
      return child;
    };
    readonly listTransform = (child: unknown): unknown => {
      children[keyOf(child)] = "list";
      return child;
    };
  }
  const spy = new Spy() as unknown as Record<string, (...args: unknown[]) => OperationNode>;
  spy["transformNode"] = (spy as any).nodeTransform;
  spy["transformNodeList"] = (spy as any).listTransform;
  for (const method of Object.getOwnPropertyNames(OperationNodeTransformer.prototype)) {
    if (!/^transform(?!Node)/.test(method)) continue;
    children = {};
    const probe = new Proxy({}, {
      get: (_, key) => ({ key, [Symbol.iterator]: () => [].values() }),
    });
    const { kind } = spy[method]!(probe, {});
    if (typeof kind === "string") found.set(kind, children);
    // A leaf is given back as it is.
    else found.set(`${method.slice("transform".length)}Node`, children);
  }
  return found;
}

/** Children in which no query can stand: they are made of names, and refused where they are not. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  ColumnNode: ["column"],
  CommonTableExpressionNameNode: ["columns", "table"],
  InsertQueryNode: ["columns"],
  JSONOperatorChainNode: ["operator", "values"],
  JSONPathNode: ["inOperator", "pathLegs"],
  ReferenceNode: ["column", "table"],
  SchemableIdentifierNode: ["identifier", "schema"],
  TableNode: ["table"],
};

const guard = instanceOf(createExecutorSync(dummy(), [{
  name: "hide",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "secrets",
  filter: (secrets, { eb }) => eb(secrets.column("hidden"), "=", false),
}]))!.rules;
const idle = instanceOf(createExecutorSync(dummy(), [{
  name: "hide",
  version: "1.0.0",
  appliesTo: () => false,
  filter: () => undefined,
  interceptQuery: (qb) => qb,
}]))!.rules;

const secrets = SelectQueryNode.createFrom([TableNode.create("secrets")]);
const alias = AliasNode.create(secrets, IdentifierNode.create("s"));

/** Clauses that the rule of a statement looks into. */
const SHAPES: Readonly<Record<string, OperationNode>> = {
  FromNode: FromNode.create([alias]),
  JoinNode: JoinNode.create("InnerJoin", alias),
  OnNode: OnNode.create(secrets),
  SelectionNode: SelectionNode.create(secrets as never),
  ColumnUpdateNode: ColumnUpdateNode.create(ColumnNode.create("a"), secrets),
  UsingNode: { kind: "UsingNode", tables: [alias] } as OperationNode,
  WhereNode: WhereNode.create(secrets),
  WithNode: WithNode.create(
    CommonTableExpressionNode.create(CommonTableExpressionNameNode.create("c"), secrets),
  ),
};

/** A clause of a kind with a query of the guarded table in it. */
function clause(kind: string): OperationNode {
  return SHAPES[kind] ?? { kind, child: secrets } as unknown as OperationNode;
}

/** A node of the kind whose child is a query of the guarded table, or a clause that holds one. */
function parent(kind: string, key: string, how: "node" | "list"): OperationNode {
  const [clauseKind] = [clausesOf(kind)?.[key] ?? []].flat();
  const child = clauseKind === undefined ? secrets : clause(clauseKind);
  const node: Record<string, unknown> = { kind, [key]: how === "list" ? [child] : child };
  // What the rule of the kind looks at besides the child.
  if (kind === "BinaryOperationNode") {
    node["leftOperand"] ??= ValueNode.create(1);
    node["operator"] ??= OperatorNode.create("=");
    node["rightOperand"] ??= ValueNode.create(1);
  } else if (kind === "AndNode" || kind === "OrNode") {
    node["left"] ??= ValueNode.create(1);
    node["right"] ??= ValueNode.create(1);
  } else if (kind === "DeleteQueryNode") {
    node["from"] ??= FromNode.create([TableNode.create("tags")]);
  } else if (kind === "UnaryOperationNode") {
    node["operator"] ??= OperatorNode.create("not");
    node["operand"] ??= ValueNode.create(1);
  } else if (kind === "JoinNode") {
    node["table"] ??= TableNode.create("tags");
  } else if (kind === "MergeQueryNode") {
    node["into"] ??= TableNode.create("tags");
  } else if (kind === "FunctionNode" || kind === "AggregateFunctionNode") {
    node["func"] = "f";
  } else if (kind === "RawNode") {
    node["sqlFragments"] = ["", ""];
  }
  return inStatement(node as unknown as OperationNode);
}

/** Clauses that name tables are looked at in a statement only. */
function inStatement(node: OperationNode): OperationNode {
  const from = FromNode.create([TableNode.create("tags")]);
  switch (node.kind) {
    case "FromNode":
      return { kind: "SelectQueryNode", from: node } as unknown as OperationNode;
    case "JoinNode":
      return { kind: "SelectQueryNode", from, joins: [node] } as unknown as OperationNode;
    case "UsingNode":
      return { kind: "DeleteQueryNode", from, using: node } as unknown as OperationNode;
    default:
      return node;
  }
}

/** How often the guarded table's filter stands in a tree. */
function filters(node: unknown): number {
  if (typeof node !== "object" || node === null) return 0;
  const { kind, name } = node as { kind?: string; name?: string };
  if (kind === "IdentifierNode") return name === "hidden" ? 1 : 0;
  return Object.values(node).reduce((n: number, child) => n + filters(child), 0);
}

const kinds = childrenOfKinds();

const visit = (node: OperationNode, rules: Rules): OperationNode =>
  Pass.start(rules, { walk, mode: "run" }).visit(node);

describe("walk()", () => {
  it("knows every kind of node that Kysely has", () => {
    // If Kysely's transformer no longer tells, this test must not pass for want of kinds.
    assert.ok(kinds.size > 85, `only ${kinds.size} kinds were found`);
    assert.deepEqual(kinds.get("AndNode"), { left: "node", right: "node" });
    assert.deepEqual(kinds.get("FromNode"), { froms: "list" });
    assert.ok(Object.keys(kinds.get("SelectQueryNode")!).length >= 15);
  });

  for (const [kind, children] of kinds) {
    const keys = Object.keys(children).filter((key) => !NAMES[kind]?.includes(key));
    if (keys.length === 0) continue;
    it(`rewrites every child of a ${kind}: ${keys.join(", ")}`, () => {
      for (const key of keys) {
        const node = parent(kind, key, children[key]!);
        const out = visit(node, guard);
        assert.equal(filters(out), 1, `${key} was left as it is`);
        assert.equal(filters(node), 0, "the node itself was changed");
        assert.equal(out.kind, node.kind);
      }
    });

    it(`gives a ${kind} back as it is where nothing in it is guarded`, () => {
      for (const key of keys) {
        const node = parent(kind, key, children[key]!);
        assert.equal(visit(node, idle), node, key);
      }
    });
  }

  it("refuses what stands where a clause belongs, and clauses that stand elsewhere", () => {
    for (const [kind, children] of kinds) {
      for (const [key, how] of Object.entries(children)) {
        if (clausesOf(kind)?.[key] === undefined) continue;
        const child = how === "list" ? [secrets] : secrets;
        const node = inStatement({ ...parent(kind, key, how), [key]: child } as OperationNode);
        if (node.kind !== kind) continue;
        // A rule that looks into a clause before it is visited fails of itself.
        const refused = (): unknown => {
          try {
            return visit(node, idle);
          } catch (error) {
            throw refusalOf(node, error);
          }
        };
        assert.throws(refused, QueryRefusedError, `${kind}.${key}`);
      }
    }
    for (const kind of ["FromNode", "JoinNode", "UsingNode"]) {
      const node = { kind: "ParensNode", node: clause(kind) } as unknown as OperationNode;
      assert.throws(() => visit(node, idle), QueryRefusedError, kind);
    }
  });

  it("reads the name that withSchema of Kysely 0.28 leaves of what is locked", () => {
    const lock = (table: unknown) =>
      SelectModifierNode.create("ForUpdate", [{ ...TableNode.create("t"), table } as TableNode]);
    assert.deepEqual(
      visit(lock(IdentifierNode.create("t")), idle),
      lock(TableNode.create("t").table),
    );
    for (const table of [ColumnNode.create("t"), { kind: "IdentifierNode" }, undefined]) {
      assert.throws(() => visit(lock(table), idle), QueryRefusedError);
    }
    // Where it names what is read, it is guarded like any other.
    const from = FromNode.create([
      { ...TableNode.create("t"), table: IdentifierNode.create("t") } as any,
    ]);
    const query = { ...SelectQueryNode.create(), from };
    assert.notEqual(visit(query, guard), query);
  });

  it("has no name on its list of names that Kysely does not know", () => {
    for (const [kind, names] of Object.entries(NAMES)) {
      for (const name of names) assert.ok(kinds.get(kind)?.[name], `${kind}.${name}`);
    }
  });

  it("takes nothing in a user's value for a node", () => {
    const impostor = {
      kind: "SelectQueryNode",
      from: { kind: "FromNode", froms: [TableNode.create("secrets")] },
    };
    for (const value of [impostor, RawNode.createWithSql("x"), [impostor], { deep: impostor }]) {
      const node = WhereNode.create(ValueNode.create(value));
      assert.equal(visit(node, guard), node);
      const list = { kind: "PrimitiveValueListNode", values: [value] } as const;
      assert.equal(visit(list, guard), list);
    }
  });
});

describe("the SQL of a query that comes past walk()", () => {
  const build: Readonly<Record<string, (db: Kysely<any>) => { toOperationNode(): OperationNode }>> =
    {
      "select": (db) =>
        db.with("c", (qc) => qc.selectFrom("a").selectAll())
          .selectFrom(["a as x", "b"])
          .innerJoin("c", "c.id", "x.id")
          .leftJoinLateral((eb) => eb.selectFrom("d").selectAll().as("l"), (j) => j.onTrue())
          .distinctOn("x.id")
          .select((eb) => [
            "x.id",
            eb.fn.countAll().filterWhere("x.n", ">", 1).over((o) => o.partitionBy("x.n")).as("n"),
            eb.case().when("x.n", "=", 1).then("one").else("more").end().as("c"),
            eb.cast("x.n", "text").as("t"),
            (eb.ref("x.data", "->>") as any).key("a").at(1).as("j"),
            eb.not(eb.exists(eb.selectFrom("e").select("e.id"))).as("x"),
            eb.neg("x.n").as("m"),
            eb.tuple("x.id", "x.n").as("tuple"),
            sql`coalesce(${eb.ref("x.n")}, ${1})`.as("raw"),
          ])
          .where("x.id", "in", [1, 2]).where((eb) => eb.or([eb("x.n", "is", null), eb.lit(true)]))
          .groupBy(["x.id", "x.n"]).having("x.n", ">", 1)
          .union(db.selectFrom("f").selectAll() as any)
          .orderBy("id", (o) => o.desc().nullsLast().collate("C"))
          .limit(1).offset(2).forUpdate().modifyEnd(sql`skip locked`),
      "insert": (db) =>
        db.insertInto("a").columns(["id", "n"]).values([{ id: 1, n: sql`now()` }, { id: 2 }])
          .onConflict((c) => c.columns(["id"]).where("n", ">", 1).doUpdateSet({ n: 2 }))
          .returning(["id"]),
      "insert from a query": (db) =>
        db.insertInto("a").columns(["id"]).expression(db.selectFrom("b").select("id")),
      "update": (db) =>
        db.updateTable("a").from("b").innerJoin("c", "c.id", "b.id").set({ n: 1, m: sql`m + 1` })
          .whereRef("a.id", "=", "b.id").returningAll(),
      "delete": (db) =>
        db.deleteFrom("a").using("b").leftJoin("c", "c.id", "b.id").where("a.id", "=", 1)
          .returning("a.id"),
      "merge": (db) =>
        db.mergeInto("a").using("b", "b.id", "a.id")
          .whenMatchedAnd("a.n", ">", 1).thenUpdateSet({ n: 1 })
          .whenMatched().thenDelete()
          .whenNotMatched().thenInsertValues({ id: 1 }),
      "create table": (db) =>
        db.schema.createTable("a").temporary().ifNotExists()
          .addColumn("id", "integer", (c) =>
            c.primaryKey().references("b.id").onDelete("cascade").check(sql`id > 1`))
          .addUniqueConstraint("u", ["id"]).addCheckConstraint("k", sql`id > 0`)
          .addForeignKeyConstraint("f", ["id"], "b", ["id"]),
      "alter table": (db) =>
        db.schema.alterTable("a").addColumn("n", "integer").dropColumn("m")
          .alterColumn("x", (c) => c.setDefault(1)),
      "create index": (db) =>
        db.schema.createIndex("i").on("a").unique().column("m").expression(sql`lower(n)`)
          .where("m", ">", 1),
      "create view": (db) =>
        db.schema.createView("v").orReplace().as(db.selectFrom("a").selectAll()),
      "create type": (db) => db.schema.createType("t").asEnum(["a", "b"]),
      "drop table": (db) => db.schema.dropTable("a").ifExists().cascade(),
    };

  for (const [what, make] of Object.entries(build)) {
    it(`is what it was: ${what}`, () => {
      const db = dummy();
      const node = make(db).toOperationNode();
      for (const each of [guard, idle] satisfies Rules[]) {
        assert.equal(visit(node, each), node);
      }
      // An interceptor that gives each block back as a copy of itself.
      const copying = createExecutorSync(db, [{
        name: "copy",
        version: "1.0.0",
        interceptQuery: (qb) =>
          ({ ...qb, toOperationNode: () => ({ ...qb.toOperationNode() }) }) as any,
      }]);
      const compile = (handle: Kysely<any>) => (make(handle) as any).compile();
      const [expected, actual] = [compile(db), compile(copying)];
      assert.equal(actual.sql, expected.sql);
      assert.deepEqual(actual.parameters, expected.parameters);
    });
  }
});
