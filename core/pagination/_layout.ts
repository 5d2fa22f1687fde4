import {
  AliasNode,
  ColumnNode,
  IdentifierNode,
  LimitNode,
  type OperationNode,
  OrderByNode,
  RawNode,
  ReferenceNode,
  SelectionNode,
  type SelectQueryNode,
  ValueNode,
} from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { columnOf, operand, pageTable, selectAs, selectFrom, withoutOrder } from "./_nodes.ts";
import { childrenOf, type Shape, shapeOf } from "./_shape.ts";
import { sourcesOf } from "./_sources.ts";

const ALL = LimitNode.create(ValueNode.createImmediate(Number.MAX_SAFE_INTEGER));

/** A query ready for conditions, columns and an order to be added. */
export interface Layout {
  /** The query. */
  readonly query: SelectQueryNode;
  /** What it is ordered by, as operands that can stand in each of its clauses. */
  readonly keys: readonly OperationNode[];
  /** Columns that the caller of the query does not know of. */
  readonly hidden: readonly string[];
  /** Whether it may run in parts, each of which reads some of its rows. */
  readonly inParts: boolean;
}

/** What to order by, as the database has it. */
export interface Wanted {
  /** What the caller asked for, in the order asked for. */
  readonly asked: readonly OperationNode[];
  /** What makes a row unique: columns, or the one that does so in each table. */
  readonly unique: readonly OperationNode[];
  /** Whether `unique` is the one that every table is thought to have. */
  readonly implied: boolean;
}

/**
 * Lays a query out. One that cannot take a condition as it stands becomes a derived table, and so
 * does one that is ordered by something computed: a condition cannot name it, but it can name the
 * column of a derived table.
 *
 * @param node the query without the order that was asked for
 * @param orders what to order and compare by in place of each key, where that is something else
 */
export function layOut(
  node: SelectQueryNode,
  wanted: Wanted,
  action: string,
  orders: readonly (((key: OperationNode) => OperationNode) | undefined)[] = [],
): Layout {
  const ordered = (key: OperationNode, index: number): OperationNode => orders[index]?.(key) ?? key;
  const shape = shapeOf(node);
  const keys = [...wanted.asked];
  for (const key of wanted.implied ? impliedKeys(node, wanted.unique[0]!, shape) : wanted.unique) {
    if (!keys.some((known) => isSame(known, key, node))) keys.push(key);
  }
  if (shape === "rows") {
    const query = selectFrom(node, [SelectionNode.createSelectAll()]);
    return {
      query,
      keys: keys.map((key, i) => ordered(columnOf(pageTable, nameOf(key, action)), i)),
      hidden: [],
      inParts: false,
    };
  }
  const resolved = keys.map((key) => resolve(key, node));
  if (shape === "block" && resolved.every(({ column }) => column === undefined)) {
    return {
      query: node,
      keys: resolved.map(({ node }, i) => ordered(operand(node), i)),
      hidden: [],
      // What WITH reads or writes is read and written once.
      inParts: node.with === undefined,
    };
  }
  const added: SelectionNode[] = [];
  const hidden: string[] = [];
  const columns = resolved.map(({ node, column }, index) => {
    // Inside, where it has all its digits
    if (column !== undefined && orders[index] === undefined) return columnOf(pageTable, column);
    const name = `kyserakey${index}`;
    hidden.push(name);
    added.push(selectAs(ordered(operand(node), index), name));
    return columnOf(pageTable, name);
  });
  const inner = {
    ...node,
    selections: [...node.selections ?? [], ...added],
    // MariaDB would move conditions into HAVING, where json_arrayagg() loses what it gathered
    ...shape === "grouped" && orders.some((order) => order !== undefined) ? { limit: ALL } : {},
  };
  return {
    query: selectFrom(inner, [SelectionNode.createSelectAll()]),
    keys: columns,
    hidden,
    inParts: false,
  };
}

/**
 * What a name in ORDER BY means: a column of the select list first, by its alias, and then one of
 * the tables. In a condition it would be a column of the tables only.
 *
 * @returns the node, and the name of the column of the result where it is computed
 */
function resolve(
  key: OperationNode,
  { selections = [] }: SelectQueryNode,
): { readonly node: OperationNode; readonly column?: string } {
  if (!ReferenceNode.is(key) || key.table !== undefined) return { node: key };
  const name = nameIn(key);
  for (const { selection } of selections) {
    if (AliasNode.is(selection)) {
      if (!IdentifierNode.is(selection.alias) || selection.alias.name !== name) continue;
      const { node } = selection;
      return ReferenceNode.is(node) ? { node } : { node, column: name };
    }
    if (ReferenceNode.is(selection) && nameIn(selection) === name) return { node: selection };
  }
  return { node: key };
}

/** What makes rows unique, where the caller did not say. */
function impliedKeys(
  node: SelectQueryNode,
  column: OperationNode,
  shape: Shape,
): readonly OperationNode[] {
  if (shape === "grouped") return groupKeys(node);
  if (shape === "rows") {
    const distinct = node.setOperations?.every(({ all }) => !all) ?? true;
    const names = distinct && !node.distinctOn?.length ? outputNames(node) : undefined;
    if (names === undefined) throw demand("the columns of the result are not known, or not unique");
    return names.map((name) => ReferenceNode.create(ColumnNode.create(name)));
  }
  const sources = sourcesOf(node);
  if (sources === undefined) throw demand("the query reads more than named tables");
  const name = nameIn(column as ReferenceNode)!;
  return sources.map((table) => ReferenceNode.create(ColumnNode.create(name), table));
}

/** What a query groups by tells its rows apart. */
function groupKeys(node: SelectQueryNode): readonly OperationNode[] {
  const keys = node.groupBy?.items.map((item) => item.groupBy) ?? [];
  for (const key of keys) {
    const { node: found, column } = resolve(key, node);
    // `upper(name) as name .. group by name`: the group is that of the column, the name the alias's
    if (column !== undefined && mentions(found, column)) {
      throw demand(`"${column}" is the name both of a column and of something computed from it`);
    }
  }
  return keys;
}

/** Whether an expression may read a column of this name. */
function mentions(node: OperationNode, name: string): boolean {
  if (ColumnNode.is(node)) return node.column.name === name;
  if (RawNode.is(node) && node.sqlFragments.some((text) => text.includes(name))) return true;
  return childrenOf(node).some((child) => mentions(child, name));
}

function demand(reason: string): BadRequestError {
  return new BadRequestError(
    `Cannot paginate by cursor: ${reason}; name what makes a row unique in "uniqueBy"`,
  );
}

/** The names of the columns of the result, where all of them are known. */
function outputNames({ selections = [] }: SelectQueryNode): string[] | undefined {
  const names = selections.map(({ selection }) => {
    if (AliasNode.is(selection)) {
      return IdentifierNode.is(selection.alias) ? selection.alias.name : undefined;
    }
    return ReferenceNode.is(selection) ? nameIn(selection) : undefined;
  });
  return names.includes(undefined) ? undefined : names as string[];
}

/** The name of a column of the result. */
function nameOf(key: OperationNode, action: string): string {
  const name = ReferenceNode.is(key) ? nameIn(key) : undefined;
  if (name === undefined) {
    throw new BadRequestError(
      `Cannot ${action}: a query with DISTINCT or UNION is ordered by columns of its result; ` +
        "select the expression under a name, and order by the name",
    );
  }
  return name;
}

function nameIn({ column }: ReferenceNode): string | undefined {
  return ColumnNode.is(column) ? column.column.name : undefined;
}

/** Whether two keys are the same column. */
function isSame(a: OperationNode, b: OperationNode, node: SelectQueryNode): boolean {
  if (a === b) return true;
  if (!ReferenceNode.is(a) || !ReferenceNode.is(b) || nameIn(a) !== nameIn(b)) return false;
  const [left, right] = [a, b].map(({ table }) => table?.table.identifier.name);
  if (left === right) return true;
  // Without a table it can only be the one there is, unless the name is an alias of another
  const single = sourcesOf(node)?.length === 1;
  return single && (left === undefined || right === undefined) &&
    [a, b].every((key) => resolve(key, node).node === key);
}

/** A query without the order that was added to it, and that order. */
export function splitOrder(
  node: SelectQueryNode,
  count: number,
): { readonly query: SelectQueryNode; readonly own: boolean; readonly items: OperationNode[] } {
  const items = node.orderBy?.items ?? [];
  const own = items.slice(0, items.length - count);
  const bare = withoutOrder(node);
  return {
    query: own.length === 0 ? bare : { ...bare, orderBy: OrderByNode.create(own) },
    own: own.length > 0,
    items: items.slice(items.length - count).map((item) => item.orderBy),
  };
}
