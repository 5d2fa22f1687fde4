import {
  AliasNode,
  type FunctionNode,
  IdentifierNode,
  type JoinNode,
  OnNode,
  type OperationNode,
  type ParensNode,
  type RawNode,
  SelectionNode,
  SelectQueryNode,
  type TableNode,
  WhereNode,
} from "kysely";
import type { Pass } from "../_pass.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import { forEachChild, mapChildren, sameNode } from "../../tree/_nodes.ts";
import { isPlainFunction } from "../../tree/_plain_function.ts";
import { and, andWhere } from "../../tree/_predicate.ts";
import { type GuardedReference, guardedReference } from "../_reference.ts";

/** The row sources of a block, and its WHERE; changed in place, the lists in them never. */
export interface Sources {
  froms: readonly OperationNode[];
  joins: readonly JoinNode[] | undefined;
  where: WhereNode | undefined;
  /** Those of them that the statement deletes from: what may be deleted may be less. */
  readonly deleted?: ReadonlySet<OperationNode> | undefined;
  /** Tables that were taken out of their schema, because a derived table stands for them now. */
  unqualified: readonly TableNode[] | undefined;
}

/** A predicate on rows that no join so far has made up for want of a partner. */
interface Pending {
  readonly predicate: OperationNode;
  readonly reference: GuardedReference;
  readonly list: "froms" | "joins";
  readonly index: number;
}

/**
 * Filters every table reference among the row sources of a block. Joins are read from left to
 * right, as SQL does; what stands left of a join is one table to it.
 *
 * | reference                                                | its predicate goes to                 |
 * | -------------------------------------------------------- | ------------------------------------- |
 * | right side of a LEFT join                                | that join's ON                        |
 * | any other, where no RIGHT or FULL join comes after it    | WHERE                                 |
 * | any other, where the next of those is a RIGHT join       | that join's ON                        |
 * | any other, where the next of those is a FULL join        | `(select * from t where ..) as alias` |
 * | right side of a RIGHT join                               | as FROM: by what comes after it       |
 * | right side of a FULL join, or of OUTER APPLY             | `(select * from t where ..) as alias` |
 * | one with masked columns                                  | `(select a, .. from t where ..) as t` |
 * | any, where a WHERE may be lost (`losesWhere`)            | `(select * from t where ..) as alias` |
 *
 * A WHERE drops the rows that an outer join keeps for want of a partner, an ON drops none that the
 * join keeps: so each stands where it does the one thing it should. A derived table is right
 * anywhere, but hides from the planner (and from GROUP BY) what the table's key is. LIMIT,
 * aggregates, DISTINCT and windows come after all of these, so they see visible rows only.
 */
export function filterSources(sources: Sources, pass: Pass): void {
  let pending: Pending[] = [];
  const { froms, joins } = sources;
  for (let i = 0; i < froms.length; i++) {
    const reference = referenceIn(froms[i]!, pass);
    if (isMasked(reference, pass)) {
      derive(sources, { reference, list: "froms", index: i }, pass);
      continue;
    }
    const predicate = reference && predicateOf(reference, froms[i]!, sources, pass);
    if (predicate === undefined) continue;
    // A comma that binds less tightly than JOIN: what is joined does not see the predicate.
    if (i < froms.length - 1 && !pass.rules.traits.sources.commaIsJoin) {
      sources.where = andWhere(sources.where, predicate);
    } else pending.push({ predicate, reference: reference!, list: "froms", index: i });
  }
  for (let i = 0; joins !== undefined && i < joins.length; i++) {
    const join = joins[i]!;
    if (join.on !== undefined) pass.rules.parts.raw?.refuseOpenComma(join.on, pass);
    const reference = referenceIn(join.table, pass);
    const masked = isMasked(reference, pass);
    if (masked) derive(sources, { reference, list: "joins", index: i }, pass);
    const predicate = masked || !reference
      ? undefined
      : predicateOf(reference, join.table, sources, pass);
    const own = predicate === undefined
      ? undefined
      : { predicate, reference: reference!, list: "joins" as const, index: i };
    switch (join.joinType) {
      case "LeftJoin":
      case "LateralLeftJoin":
        if (own !== undefined) addToOn(sources, i, [own]);
        break;
      case "RightJoin":
        addToOn(sources, i, pending);
        pending = own === undefined ? [] : [own];
        break;
      case "FullJoin":
        for (const each of pending) derive(sources, each, pass);
        if (own !== undefined) derive(sources, own, pass);
        pending = [];
        break;
      case "OuterApply":
        if (own !== undefined) derive(sources, own, pass);
        break;
      default:
        if (own !== undefined) pending.push(own);
    }
  }
  for (const each of pending) {
    if (pass.derives) derive(sources, each, pass);
    else sources.where = andWhere(sources.where, each.predicate);
  }
}

/**
 * Returns true if the arms of a compound SELECT may lose their WHERE: one of them has a RIGHT or a
 * FULL join, or is raw SQL that may have one.
 */
export function losesWhere({ setOperations }: SelectQueryNode, pass: Pass): boolean {
  return setOperations !== undefined && pass.rules.traits.sources.unionLosesWhere &&
    setOperations.some(({ all, expression }) => all && mayJoinOuter(expression));
}

function mayJoinOuter(node: OperationNode): boolean {
  switch (node.kind) {
    case "ParensNode":
    case "AliasNode":
      return mayJoinOuter((node as ParensNode | AliasNode).node);
    case "TableNode":
    case "ValuesNode":
      return false;
    case "SelectQueryNode": {
      const { from, joins, setOperations } = node as SelectQueryNode;
      return joins?.some(({ joinType, table }) =>
            joinType === "RightJoin" || joinType === "FullJoin" || mayJoinOuter(table)
          ) === true ||
        from?.froms.some(mayJoinOuter) === true ||
        setOperations?.some(({ expression }) => mayJoinOuter(expression)) === true;
    }
    default:
      return true;
  }
}

/** Whether any of the row sources has to be looked at; costs nothing where none is guarded. */
export function needFiltering(
  froms: readonly OperationNode[],
  joins: readonly JoinNode[] | undefined,
  pass: Pass,
): boolean {
  if (pass.rules.deniesRaw) return true;
  for (const from of froms) if (needsFilter(from, pass)) return true;
  if (joins !== undefined) {
    for (const join of joins) if (needsFilter(join.table, pass)) return true;
  }
  return false;
}

/** Filters one reference by a derived table: `(select * from t where ..) as alias`. */
export function derivedTable(
  { table, alias, derived }: GuardedReference,
  pass: Pass,
): OperationNode | undefined {
  const predicate = derived.predicate("select", pass);
  const mask = pass.rules.masks ? derived.mask("select") : undefined;
  if (predicate === undefined && mask === undefined) return undefined;
  const select = SelectQueryNode.cloneWithSelections(
    SelectQueryNode.createFrom([table]),
    mask?.selections(derived) ?? [SelectionNode.createSelectAll()],
  );
  return AliasNode.create(
    predicate === undefined
      ? select
      : { ...select, where: WhereNode.create(predicate) } as SelectQueryNode,
    alias ?? IdentifierNode.create(table.table.identifier.name),
  );
}

/**
 * Refuses a function that has the name of a guarded table (virtual tables may be called), and one
 * whose name is none, such as `only`, with a guarded table for an argument: what the brackets hold is
 * then a table.
 */
export function refuseTableCall(item: OperationNode, pass: Pass): void {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  if (node.kind !== "FunctionNode" && node.kind !== "AggregateFunctionNode") return;
  const { func } = node as FunctionNode;
  const name = String(func).split(".").at(-1)!;
  const table = pass.isGuarded(name, undefined)
    ? name
    : isPlainFunction(func)
    ? undefined
    : guardedArgument(node, pass);
  if (table === undefined) return;
  throw new QueryRefusedError(
    `Cannot filter table "${table}" where it is called as a function; name it as a table`,
    "UNSUPPORTED",
    table,
  );
}

function guardedArgument(node: OperationNode, pass: Pass): string | undefined {
  let found: string | undefined;
  forEachChild(node, (child) => {
    found ??= guardedReference(child, pass)?.tableName ?? guardedArgument(child, pass);
  });
  return found;
}

/** What may stand where a table is named, and is ruled elsewhere. */
const TABLE_EXPRESSIONS: ReadonlySet<string> = new Set([
  "AggregateFunctionNode",
  "ColumnNode",
  "FunctionNode",
  "IdentifierNode",
  "RawNode",
  "ReferenceNode",
  "SchemableIdentifierNode",
  "SelectQueryNode",
  "TableNode",
  "ValuesNode",
]);

/** Refuses an expression where a table is named: what it reads cannot be told. */
export function refuseNoTable(item: OperationNode): void {
  let node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  if (node.kind === "RawNode") {
    // Without text of its own, raw SQL is no more than what stands in it.
    const { sqlFragments, parameters } = node as RawNode;
    if (sqlFragments.every((text) => text.trim() === "")) parameters.forEach(refuseNoTable);
  }
  if (TABLE_EXPRESSIONS.has(node.kind)) return;
  while (node.kind === "ParensNode") node = (node as ParensNode).node;
  if (node.kind === "SelectQueryNode" || node.kind === "ValuesNode") return;
  throw new QueryRefusedError(
    "Cannot filter a query with an expression where a table is named; name the table, or a query",
    "UNSUPPORTED",
  );
}

function referenceIn(
  item: OperationNode,
  pass: Pass,
): GuardedReference | undefined {
  pass.rules.parts.raw?.refuseOpaque(item, pass);
  refuseNoTable(item);
  refuseTableCall(item, pass);
  return guardedReference(item, pass);
}

function needsFilter(item: OperationNode, pass: Pass): boolean {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  if (node.kind !== "TableNode") return node.kind !== "SelectQueryNode";
  const { schema, identifier } = (node as TableNode).table;
  return pass.rules.table(identifier.name, schema === undefined ? undefined : schema.name) !==
    undefined;
}

function predicateOf(
  reference: GuardedReference,
  item: OperationNode,
  sources: Sources,
  pass: Pass,
): OperationNode | undefined {
  const read = reference.predicate("select", pass);
  if (sources.deleted?.has(item) !== true) return read;
  const deleted = reference.predicate("delete", pass);
  if (deleted === undefined || (read !== undefined && sameNode(read, deleted))) return read;
  return and(read, deleted);
}

function addToOn(sources: Sources, index: number, pending: readonly Pending[]): void {
  if (pending.length === 0) return;
  const join = sources.joins![index]!;
  const on = pending.reduce((on, { predicate }) => and(on, predicate), join.on?.on);
  const joins = sources.joins!.slice();
  joins[index] = { ...join, on: OnNode.create(on!) };
  sources.joins = joins;
}

/** Returns true if a reference has masked columns: it then is always a derived table. */
function isMasked(
  reference: GuardedReference | undefined,
  pass: Pass,
): reference is GuardedReference {
  return pass.rules.masks && reference?.derived.mask("select") !== undefined;
}

function derive(
  sources: Sources,
  { reference, list, index }: Omit<Pending, "predicate">,
  pass: Pass,
): void {
  const table = derivedTable(reference, pass);
  if (table === undefined) return;
  if (list === "froms") {
    const froms = sources.froms.slice();
    froms[index] = table;
    sources.froms = froms;
  } else {
    const joins = sources.joins!.slice();
    joins[index] = { ...joins[index]!, table };
    sources.joins = joins;
  }
  if (reference.alias === undefined) {
    sources.unqualified = [...sources.unqualified ?? [], reference.table];
  }
}

/** Takes the schema off the references to tables that derived tables stand for now. */
export function unqualify<T extends OperationNode>(
  node: T,
  tables: readonly TableNode[],
  pass: Pass,
): T {
  const strip = (node: OperationNode): OperationNode => {
    if (node.kind !== "ReferenceNode") return mapChildren(node, strip);
    const { table } = node as OperationNode & { table?: TableNode };
    if (table?.table.schema === undefined) return node;
    if (!tables.some((derived) => mayBe(derived, table, pass))) return node;
    const bare = { kind: "TableNode", table: { ...table.table, schema: undefined } };
    return { ...node, table: bare } as OperationNode;
  };
  // The root is mapped to a node of its own kind.
  return mapChildren(node, strip) as T;
}

/** Whether a qualified name may be that of a table, which may be written without its schema. */
function mayBe(table: TableNode, qualified: TableNode, pass: Pass): boolean {
  const same = (a: string, b: string | undefined): boolean =>
    b !== undefined && pass.rules.physicalName(a) === pass.rules.physicalName(b);
  const { schema, identifier } = table.table;
  return same(identifier.name, qualified.table.identifier.name) &&
    (schema === undefined || same(schema.name, qualified.table.schema?.name));
}
