/** Something that a script creates. */
export interface DumpNode {
  /** What tells it apart. */
  readonly key: string;
  /** The statements that create it. */
  readonly statements: readonly string[];
}

/**
 * Returns nodes in an order in which each stands behind those that it needs, and otherwise in the
 * order in which they are given. Where some need each other, that order decides.
 *
 * @param nodes what is sorted
 * @param needs the keys that each key needs; unknown ones do not count
 */
export function sortByNeeds(
  nodes: readonly DumpNode[],
  needs: ReadonlyMap<string, ReadonlySet<string>>,
): DumpNode[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const result: DumpNode[] = [];
  const state = new Map<string, "open" | "done">();
  // Depth first, without recursion: views can stand on each other a thousand deep.
  const stack: { readonly node: DumpNode; readonly left: string[] }[] = [];
  const enter = (node: DumpNode): void => {
    state.set(node.key, "open");
    stack.push({ node, left: inOrder(needs.get(node.key), byKey) });
  };
  for (const first of nodes) {
    if (!state.has(first.key)) enter(first);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.left.shift();
      if (next === undefined) {
        state.set(top.node.key, "done");
        result.push(top.node);
        stack.pop();
      } else if (!state.has(next)) {
        enter(byKey.get(next)!);
      }
    }
  }
  return result;
}

/** Returns the keys that exist, in an order that does not depend on how they were read. */
function inOrder(
  keys: ReadonlySet<string> | undefined,
  byKey: ReadonlyMap<string, DumpNode>,
): string[] {
  return [...keys ?? []].filter((key) => byKey.has(key)).sort();
}
