import {
  AliasNode,
  ColumnNode,
  IdentifierNode,
  type OperationNode,
  ParensNode,
  RawNode,
  ReferenceNode,
  SelectAllNode,
  SelectQueryNode,
  TableNode,
} from "kysely";

/** A column of a table of the database, as far as a query tells. */
export interface BaseColumn {
  /** The schema, where the query names it. */
  readonly schema: string | undefined;
  /** The table; several where the column is one of theirs, and the query does not say of which. */
  readonly tables: readonly string[];
  /** The column. */
  readonly column: string;
}

const NAME = /^\s*(?:`?([a-z_]\w*)`?\s*\.\s*)?`?([a-z_]\w*)`?\s*$/i;

/** What a FROM item is known by, and what it reads: a table, or a query; `undefined` for the rest. */
interface Source {
  readonly name: string;
  readonly reads: TableNode | SelectQueryNode | undefined;
}

/** The queries of WITH, by name; `undefined` for one that cannot be looked into. */
type Scope = ReadonlyMap<string, SelectQueryNode | undefined>;

/**
 * Returns the column of a table that an expression is, seen through derived tables and WITH; nothing
 * for what is computed, or comes from what a query does not show.
 */
export function baseColumnOf(
  node: OperationNode,
  query: SelectQueryNode,
  outer: Scope = new Map(),
): BaseColumn | undefined {
  if (ParensNode.is(node)) return baseColumnOf(node.node, query, outer);
  if (RawNode.is(node)) {
    const reference = referenceIn(node);
    return reference === undefined ? undefined : baseColumnOf(reference, query, outer);
  }
  if (!ReferenceNode.is(node) || !ColumnNode.is(node.column)) return undefined;
  const column = node.column.column.name;
  const scope = scopeOf(query, outer);
  const sources = sourcesOf(query);
  const table = node.table?.table.identifier.name;
  if (table !== undefined) {
    const source = sources.find(({ name }) => name === table);
    return source === undefined ? undefined : columnIn(source, column, scope);
  }
  if (sources.length === 1) return columnIn(sources[0]!, column, scope);
  return columnOfOne(sources, column, scope);
}

/** The reference that raw SQL is, and nothing else: of `sql.ref(..)`, or of a plain name. */
function referenceIn({ sqlFragments, parameters }: RawNode): OperationNode | undefined {
  if (parameters.length === 1 && sqlFragments.every((text) => text.trim() === "")) {
    return parameters[0];
  }
  const name = parameters.length > 0 ? null : NAME.exec(sqlFragments.join(""));
  if (name === null) return undefined;
  const table = name[1] === undefined ? undefined : TableNode.create(name[1]);
  return ReferenceNode.create(ColumnNode.create(name[2]!), table);
}

/** A column that one of several sources has. */
function columnOfOne(
  sources: readonly Source[],
  column: string,
  scope: Scope,
): BaseColumn | undefined {
  const found = sources.map((source) => columnIn(source, column, scope));
  const schema = found[0]?.schema;
  if (found.length === 0 || found.some((one) => one === undefined || one.schema !== schema)) {
    return undefined;
  }
  if (found.some((one) => one!.column !== column)) return undefined;
  return { schema, tables: found.flatMap((one) => one!.tables), column };
}

function columnIn({ reads }: Source, column: string, scope: Scope): BaseColumn | undefined {
  if (reads === undefined) return undefined;
  if (SelectQueryNode.is(reads)) return outputOf(reads, column, scope);
  const name = reads.table.identifier.name;
  const schema = reads.table.schema?.name;
  if (schema === undefined && scope.has(name)) {
    const query = scope.get(name);
    return query === undefined ? undefined : outputOf(query, column, scope);
  }
  return { schema, tables: [name], column };
}

/** A column of the result of a query. */
function outputOf(query: SelectQueryNode, column: string, outer: Scope): BaseColumn | undefined {
  // The type of a UNION is that of all its parts.
  if (query.setOperations?.length) return undefined;
  let star = false;
  for (const { selection } of query.selections ?? []) {
    if (AliasNode.is(selection)) {
      if (!IdentifierNode.is(selection.alias) || selection.alias.name !== column) continue;
      return baseColumnOf(selection.node, query, outer);
    }
    if (SelectAllNode.is(selection)) star = true;
    else if (ReferenceNode.is(selection)) {
      if (SelectAllNode.is(selection.column)) star = true;
      else if (selection.column.column.name === column) {
        return baseColumnOf(selection, query, outer);
      }
    } else return undefined;
  }
  if (!star) return undefined;
  const scope = scopeOf(query, outer);
  const sources = sourcesOf(query);
  return sources.length === 1
    ? columnIn(sources[0]!, column, scope)
    : columnOfOne(sources, column, scope);
}

function sourcesOf({ from, joins }: SelectQueryNode): Source[] {
  const items = [...from?.froms ?? [], ...joins?.map((join) => join.table) ?? []];
  return items.map((item): Source => {
    if (TableNode.is(item)) return { name: item.table.identifier.name, reads: item };
    if (!AliasNode.is(item) || !IdentifierNode.is(item.alias)) {
      return { name: "", reads: undefined };
    }
    const node = ParensNode.is(item.node) ? item.node.node : item.node;
    const known = TableNode.is(node) || SelectQueryNode.is(node);
    return { name: item.alias.name, reads: known ? node : undefined };
  });
}

function scopeOf(query: SelectQueryNode, outer: Scope): Scope {
  if (query.with === undefined) return outer;
  const scope = new Map(outer);
  for (const { name, expression } of query.with.expressions) {
    const isPlain = SelectQueryNode.is(expression) && !name.columns?.length &&
      query.with.recursive !== true;
    scope.set(name.table.table.identifier.name, isPlain ? expression : undefined);
  }
  return scope;
}
