/** The places in statements where a node of a kind can be put, found by Kysely's declarations. */
import type { Declarations } from "./declared.ts";
import {
  alias,
  binary,
  from,
  join,
  type Loose,
  node,
  parens,
  planted,
  raw,
  reference,
  sampleOf,
  select,
  selection,
  table,
  update,
  where,
} from "./samples.ts";

export interface Host {
  readonly name: string;
  /** Whether a name that stands there is that of a relation. */
  readonly relation: boolean;
  /** A statement with the node in it. */
  readonly put: (node: Loose) => Loose;
}

const ROOTS: ReadonlySet<string> = new Set([
  "AlterTableNode",
  "AlterTypeNode",
  "CreateIndexNode",
  "CreateSchemaNode",
  "CreateTableNode",
  "CreateTypeNode",
  "CreateViewNode",
  "DeleteQueryNode",
  "DropIndexNode",
  "DropSchemaNode",
  "DropTableNode",
  "DropTypeNode",
  "DropViewNode",
  "InsertQueryNode",
  "MergeQueryNode",
  "RefreshMaterializedViewNode",
  "SelectQueryNode",
  "UpdateQueryNode",
]);

const tags = table("tags");

/** Where any expression can stand, and so whatever Kysely is given as one. */
const expressions: readonly Host[] = [
  expression("WHERE", (node) => select(tags, { where: where(node) })),
  expression(
    "the select list",
    (node) => select(tags, { selections: [selection(alias(node, "e"))] }),
  ),
  expression("the whole select list", (node) => select(tags, { selections: [selection(node)] })),
  expression(
    "raw SQL",
    (node) => select(tags, { where: where(raw("(select ", node, ") is not null")) }),
  ),
  expression(
    "SET",
    (node) =>
      planted("UpdateQueryNode", "updates", [
        update(sampleOf("ColumnNode"), node),
      ]),
  ),
  expression(
    "brackets",
    (node) => select(tags, { where: where(parens(node)) }),
  ),
];

/** Where relations stand. */
const relations: readonly Host[] = [
  relation("FROM", (node) => select(node)),
  relation("FROM, aliased", (node) => select(alias(node, "s"))),
  relation("FROM, second", (node) => select(tags, { from: from(tags, node) })),
  relation("FROM, in brackets", (node) => select(parens(node))),
  relation("a join", (node) => select(tags, { joins: [join(alias(node, "s"))] })),
  relation("a left join", (node) => select(tags, { joins: [join(node, "LeftJoin")] })),
  relation("UPDATE", (node) => planted("UpdateQueryNode", "table", node)),
  relation("UPDATE .. FROM", (node) => planted("UpdateQueryNode", "from", from(node))),
  relation("DELETE", (node) => planted("DeleteQueryNode", "from", from(node))),
  relation(
    "DELETE .. USING",
    (inner) => planted("DeleteQueryNode", "using", node("UsingNode", { tables: [inner] })),
  ),
  relation("MERGE", (node) => planted("MergeQueryNode", "into", node)),
  relation("MERGE .. USING", (node) => planted("MergeQueryNode", "using", join(node, "Using"))),
  relation(
    "a view",
    (node) => planted("CreateViewNode", "as", select(node)),
  ),
  relation(
    "IN",
    (node) => select(tags, { where: where(binary(reference("id"), "in", node)) }),
  ),
];

function expression(name: string, put: Host["put"]): Host {
  return { name, relation: false, put };
}

function relation(name: string, put: Host["put"]): Host {
  return { name, relation: true, put };
}

type Put = Host["put"];

/** The places for nodes of each kind: those that the declarations name, and those for any node. */
export function hostsByKind({ nodes }: Declarations): ReadonlyMap<string, readonly Host[]> {
  const ways = waysUp(nodes);
  const wayUp = (kind: string): Put => ways.get(kind) ?? expressions[0]!.put;
  const found = new Map<string, Host[]>();
  for (const kind of nodes.keys()) {
    const root = ROOTS.has(kind) ? [expression("the root", (node) => node)] : [];
    found.set(kind, [...root]);
  }
  for (const [parent, properties] of nodes) {
    for (const { name, kinds, list } of properties) {
      for (const kind of kinds) {
        const hold: Put = (node) => planted(parent, name, list ? [node] : node);
        found.get(kind)?.push(
          expression(`${parent}.${name}`, (node) => wayUp(parent)(hold(node))),
        );
      }
    }
  }
  for (const hosts of found.values()) hosts.push(...expressions, ...relations);
  return found;
}

/** The shortest way from each kind up to a statement; none for those that stand as expressions. */
function waysUp(nodes: Declarations["nodes"]): ReadonlyMap<string, Put> {
  const ways = new Map<string, Put>([...ROOTS].map((kind) => [kind, (node) => node]));
  // A map's entries are visited in the order they are added, those that are added meanwhile too.
  for (const [parent, outer] of ways) {
    for (const { name, kinds, list } of nodes.get(parent) ?? []) {
      for (const kind of kinds) {
        if (kind === "OperationNode" || ways.has(kind)) continue;
        ways.set(kind, (node) => outer(planted(parent, name, list ? [node] : node)));
      }
    }
  }
  return ways;
}
