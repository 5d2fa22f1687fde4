import { expressionBuilder, type OperationNode, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DistinctNodes } from "./_distinct_nodes.ts";
import { sameNode } from "./_nodes.ts";

const eb = expressionBuilder<any, any>();

/** Predicates of all shapes, none of which is the same as another. */
const DIFFERENT: readonly (() => { toOperationNode(): OperationNode })[] = [
  ...[0, -0, 1, 0.5, NaN, 2 ** 40, "1", "", "a".repeat(200), `${"a".repeat(199)}b`, 1n, true, null]
    .map((value) => () => eb("a", "=", value)),
  () => eb("b", "=", 1),
  () => eb("a", "<>", 1),
  () => eb("a", "in", [1, 2]),
  () => eb("a", "in", [2, 1]),
  () => eb.or([eb("a", "=", 1), eb("b", "=", 1)]),
  () => eb.or([eb("b", "=", 1), eb("a", "=", 1)]),
  () => eb.and([eb("a", "=", 1), eb("b", "=", 1)]),
  () => eb.not(eb("a", "=", 1)),
  () => eb.exists(eb.selectFrom("t").select("x")),
  () => eb.exists(eb.selectFrom("t").select("y")),
  () => sql`a = ${1}`,
  () => sql`a = ${2}`,
  () => eb.fn("f", ["a"]),
  () => eb.case().when("a", "=", 1).then(true).end(),
];

function distinct(nodes: readonly OperationNode[]): readonly OperationNode[] {
  const found = new DistinctNodes();
  for (const node of nodes) found.add(node);
  return found.nodes;
}

describe("DistinctNodes", () => {
  it("keeps what differs, in its order, and one of what is the same", () => {
    const once = DIFFERENT.map((make) => make().toOperationNode());
    const again = DIFFERENT.map((make) => make().toOperationNode());
    assert.deepEqual(distinct([...once, ...again]), once);
    assert.deepEqual(distinct([...once].reverse().concat(again)), [...once].reverse());
  });

  it("keeps as many as a comparison of each with each does", () => {
    for (let count = 0; count < 8; count++) {
      const nodes = Array.from(
        { length: 4 * count },
        (_, i) => DIFFERENT[(i * i) % (count + 1)]!().toOperationNode(),
      );
      const compared: OperationNode[] = [];
      for (const node of nodes) {
        if (!compared.some((other) => sameNode(other, node))) compared.push(node);
      }
      assert.deepEqual(distinct(nodes), compared);
    }
  });

  it("takes nodes for the same whose properties come in another order", () => {
    const { kind, ...rest } = eb("a", "=", 1).toOperationNode();
    const turned = { ...Object.fromEntries(Object.entries(rest).reverse()), kind } as OperationNode;
    const others = DIFFERENT.slice(3, 9).map((make) => make().toOperationNode());
    const all = [eb("a", "=", 1).toOperationNode(), ...others];
    assert.deepEqual(distinct([...all, turned]), distinct(all));
  });
});
