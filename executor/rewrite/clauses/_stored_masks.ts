import type {
  AliasNode,
  ColumnNode,
  ColumnUpdateNode,
  CommonTableExpressionNode,
  IdentifierNode,
  InsertQueryNode,
  JoinNode,
  MergeQueryNode,
  OperationNode,
  ParensNode,
  RawNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  UpdateQueryNode,
  ValuesNode,
  WithNode,
} from "kysely";
import { QueryRefusedError } from "../../contract/errors.ts";
import type { QueryOperation } from "../../contract/plugin.ts";
import { forEachChild } from "../../tree/_nodes.ts";
import { textOf } from "../../tree/_raw_text.ts";
import { identifierOf, tableOfName } from "../../tree/_table_name.ts";
import type { Pass } from "../_pass.ts";
import { guardedTarget } from "../_reference.ts";
import { targetsOf } from "./_targets.ts";

/** The masked column that a value is computed from. */
interface Masked {
  readonly column: string;
  readonly table: string;
}

/** What of the columns of a table or query may be masks, by the name of the column. */
interface Output {
  readonly columns: ReadonlyMap<string, Masked>;
  /** Set where a column may be one whose name is not known. */
  readonly unnamed: Masked | undefined;
}

/** A row source of a block. */
interface Source extends Output {
  /** The name it is known by; `undefined` where it has none. */
  readonly name: string | undefined;
}

/** The sources that an expression sees, the innermost block first. */
type Scopes = readonly (readonly Source[])[];

/** The outputs of the CTEs that are visible, by their names. */
type Ctes = ReadonlyMap<string, Output>;

/**
 * Refuses statements that would store a mask: a column of a base table would lose its value, or a copy
 * of it would be made that is not one.
 *
 * | assigned value                                             | is refused if                      |
 * | ---------------------------------------------------------- | ---------------------------------- |
 * | `SET`, `DO UPDATE SET`, `ON DUPLICATE KEY UPDATE`, `MERGE` | it reads a masked column           |
 * | `VALUES`                                                   | a subquery in it reads one         |
 * | `INSERT .. SELECT`                                         | a column of the SELECT is computed |
 * |                                                            | from one, through derived tables,  |
 * |                                                            | CTEs and their RETURNING           |
 *
 * A mask in the WHERE of an `INSERT .. SELECT` chooses rows, and stores nothing. A name in raw SQL is
 * taken for the column.
 */
export function refuseStoredMasks(node: OperationNode, pass: Pass): void {
  if (mayStore(node)) new StoredMasks(pass).statement(node, NO_CTES);
}

const NO_CTES: Ctes = new Map();
const NOTHING: Output = { columns: new Map(), unnamed: undefined };

/** Whether a statement writes more than values of its user; costs nothing where it does not. */
function mayStore(node: OperationNode): boolean {
  const { with: clause } = node as { with?: WithNode };
  if (clause !== undefined) {
    return node.kind !== "SelectQueryNode" || clause.expressions.some(writes);
  }
  switch (node.kind) {
    case "UpdateQueryNode":
      return (node as UpdateQueryNode).updates?.some(isComputed) === true;
    case "InsertQueryNode": {
      const { values, onConflict, onDuplicateKey } = node as InsertQueryNode;
      const updates = onConflict?.updates ?? onDuplicateKey?.updates;
      if (updates?.some(isComputed) === true) return true;
      return values !== undefined && (values.kind !== "ValuesNode" ||
        (values as ValuesNode).values.some((row) =>
          row.kind === "ValueListNode" && row.values.some((value) => !isValue(value))
        ));
    }
    case "MergeQueryNode":
      return true;
    default:
      return false;
  }
}

function writes({ expression }: CommonTableExpressionNode): boolean {
  return expression.kind !== "SelectQueryNode";
}

function isComputed({ value }: ColumnUpdateNode): boolean {
  return !isValue(value);
}

function isValue({ kind }: OperationNode): boolean {
  return kind === "ValueNode" || kind === "DefaultInsertValueNode";
}

class StoredMasks {
  readonly #pass: Pass;

  constructor(pass: Pass) {
    this.#pass = pass;
  }

  /** Looks at a statement, and at those in its WITH. */
  statement(written: OperationNode, outer: Ctes): void {
    const node = this.#original(written);
    const { with: clause } = node as { with?: WithNode };
    const ctes = this.#within(clause, outer, (cte, visible) => this.statement(cte, visible));
    switch (node.kind) {
      case "InsertQueryNode":
        return this.#insert(node as InsertQueryNode, ctes);
      case "UpdateQueryNode": {
        const { updates = [] } = node as UpdateQueryNode;
        return this.#assigned(updates, [this.#sourcesOf(node, ctes, [])], ctes);
      }
      case "MergeQueryNode":
        return this.#merge(node as MergeQueryNode, ctes);
    }
  }

  #insert(node: InsertQueryNode, ctes: Ctes): void {
    const { values, onConflict, onDuplicateKey } = node;
    if (values !== undefined) {
      if (values.kind === "ValuesNode") this.#refuse(this.#read(values, [], ctes));
      else this.#refuse(first(this.#outputOf(values, ctes, [])));
    }
    const updates = onConflict?.updates ?? onDuplicateKey?.updates;
    if (updates !== undefined) {
      this.#assigned(updates, [this.#sourcesOf(node, ctes, [])], ctes);
    }
  }

  #merge(node: MergeQueryNode, ctes: Ctes): void {
    const scopes = [this.#sourcesOf(node, ctes, [])];
    for (const { result } of node.whens ?? []) {
      const { updates, values } = (result ?? {}) as {
        updates?: readonly ColumnUpdateNode[];
        values?: OperationNode;
      };
      if (updates !== undefined) this.#assigned(updates, scopes, ctes);
      if (values !== undefined) this.#refuse(this.#read(values, scopes, ctes));
    }
  }

  #assigned(updates: readonly ColumnUpdateNode[], scopes: Scopes, ctes: Ctes): void {
    for (const { value } of updates) this.#refuse(this.#read(value, scopes, ctes));
  }

  #refuse(masked: Masked | undefined): void {
    if (masked === undefined) return;
    const { column, table } = masked;
    throw new QueryRefusedError(
      `Cannot store a value computed from column "${column}" of table "${table}", which is masked ` +
        "for the caller: the mask would be written; give the value itself, leave the column out, or " +
        "run the statement on an executor that may read it",
      "MASKED_VALUE",
      table,
    );
  }

  /** Returns the CTEs that a statement sees; each is looked at under those that it sees itself. */
  #within(
    clause: WithNode | undefined,
    outer: Ctes,
    look: (cte: OperationNode, visible: Ctes) => void,
  ): Ctes {
    if (clause === undefined) return outer;
    const { rules } = this.#pass;
    const { visible, visibleInRecursive } = rules.traits.ctes;
    const seen = clause.recursive === true ? visibleInRecursive : visible;
    let known = new Map(outer);
    const keys = clause.expressions.map((cte) => rules.cteKey(nameOf(cte)));
    const visibleTo = (i: number): Ctes => {
      const hidden = seen === "all" ? [] : keys.slice(seen === "itself" ? i + 1 : i);
      const out = new Map(known);
      for (const key of hidden) {
        const before = outer.get(key);
        if (before === undefined) out.delete(key);
        else out.set(key, before);
      }
      return out;
    };
    for (const key of keys) known.set(key, NOTHING);
    // What refers to itself, or to a later one, is looked at until nothing more is found.
    for (let found = -1, before = -2; found !== before;) {
      before = found;
      found = 0;
      for (const [i, cte] of clause.expressions.entries()) {
        const output = this.#renamed(cte, this.#outputOf(cte.expression, visibleTo(i), []));
        known = new Map(known).set(keys[i]!, output);
        found += output.columns.size + (output.unnamed === undefined ? 0 : 1);
      }
    }
    for (const [i, cte] of clause.expressions.entries()) look(cte.expression, visibleTo(i));
    return known;
  }

  /** `WITH x(a, b)` gives the columns other names. */
  #renamed(cte: CommonTableExpressionNode, output: Output): Output {
    const { columns } = cte.name as OperationNode & { columns?: readonly ColumnNode[] };
    const masked = first(output);
    return columns === undefined || masked === undefined
      ? output
      : { columns: new Map(), unnamed: masked };
  }

  /** The query as its user wrote it: what plugins added to it is not stored. */
  #original(node: OperationNode): OperationNode {
    return this.#pass.rules.provenance.originalOf(node, this.#pass.rules) ?? node;
  }

  /** What a query gives. */
  #outputOf(written: OperationNode, outer: Ctes, scopes: Scopes): Output {
    const node = this.#original(written);
    switch (node.kind) {
      case "ParensNode":
        return this.#outputOf((node as ParensNode).node, outer, scopes);
      case "SelectQueryNode":
      case "InsertQueryNode":
      case "UpdateQueryNode":
      case "DeleteQueryNode":
      case "MergeQueryNode":
        return this.#outputOfQuery(node, outer, scopes);
      default: {
        const masked = this.#read(node, scopes, outer);
        return { columns: new Map(), unnamed: masked };
      }
    }
  }

  #outputOfQuery(node: OperationNode, outer: Ctes, scopes: Scopes): Output {
    const query = node as OperationNode & {
      with?: WithNode;
      selections?: readonly SelectionNode[];
      returning?: { selections: readonly SelectionNode[] };
      output?: { selections: readonly SelectionNode[] };
      setOperations?: readonly (OperationNode & { expression: OperationNode })[];
    };
    const ctes = this.#within(query.with, outer, () => {});
    const sources = this.#sourcesOf(node, ctes, scopes);
    const all: Scopes = [sources, ...scopes];
    const columns = new Map<string, Masked>();
    let unnamed: Masked | undefined;
    const selections = query.selections ?? query.returning?.selections ??
      query.output?.selections ?? [];
    for (const { selection } of selections) {
      const of = starOf(selection);
      if (of !== undefined) {
        for (const source of sources) {
          if (of !== "*" && !this.#isNamed(source, of)) continue;
          for (const [key, masked] of source.columns) columns.set(key, masked);
          unnamed ??= source.unnamed;
        }
        continue;
      }
      const masked = this.#read(selection, all, ctes);
      if (masked === undefined) continue;
      const name = this.#outputName(selection);
      if (name === undefined) unnamed ??= masked;
      else columns.set(this.#pass.rules.columnKey(name), masked);
    }
    for (const { expression } of query.setOperations ?? []) {
      // Columns are matched by their places, whatever their names.
      unnamed ??= first(this.#outputOf(expression, ctes, scopes));
    }
    return { columns, unnamed };
  }

  #outputName(selection: OperationNode): string | undefined {
    if (selection.kind === "AliasNode") {
      return identifierOf((selection as AliasNode).alias, this.#pass.rules.traits)?.name;
    }
    const column = selection.kind === "ReferenceNode"
      ? (selection as ReferenceNode).column
      : selection;
    return column.kind === "ColumnNode" ? (column as ColumnNode).column.name : undefined;
  }

  /** The row sources of a statement: its targets, FROM, USING and joins. */
  #sourcesOf(node: OperationNode, ctes: Ctes, outer: Scopes): readonly Source[] {
    const { into, table, from, using, joins } = node as OperationNode & {
      into?: OperationNode;
      table?: OperationNode;
      from?: { froms: readonly OperationNode[] };
      using?: OperationNode & { tables?: readonly OperationNode[] };
      joins?: readonly JoinNode[];
    };
    const operation: QueryOperation = node.kind === "InsertQueryNode" ? "insert" : "update";
    const sources: Source[] = [];
    const add = (item: OperationNode, isTarget: boolean): void => {
      sources.push(this.#source(item, isTarget ? operation : undefined, ctes, [sources, ...outer]));
    };
    const isDelete = node.kind === "DeleteQueryNode";
    if (into !== undefined) add(into, true);
    if (table !== undefined) targetsOf(table).forEach((item) => add(item, true));
    from?.froms.forEach((item) => add(item, isDelete));
    if (using?.tables !== undefined) using.tables.forEach((item) => add(item, false));
    else if (using !== undefined) add(joined(using), false);
    joins?.forEach((join) => add(join.table, false));
    return sources;
  }

  #source(
    item: OperationNode,
    target: QueryOperation | undefined,
    ctes: Ctes,
    outer: Scopes,
  ): Source {
    const { rules } = this.#pass;
    const isAlias = item.kind === "AliasNode";
    const inner = isAlias ? (item as AliasNode).node : item;
    const table = tableOfName(inner, rules.traits);
    if (table === undefined) {
      const output = this.#outputOf(inner, ctes, outer);
      const name = isAlias
        ? identifierOf((item as AliasNode).alias, rules.traits)?.name
        : undefined;
      // An alias that is more than a name may name the columns as well.
      return name === undefined
        ? { name, columns: new Map(), unnamed: first(output) }
        : { name, ...output };
    }
    const { schema, identifier } = table.table;
    const name = isAlias
      ? identifierOf((item as AliasNode).alias, rules.traits)?.name
      : identifier.name;
    const cte = target === undefined && schema === undefined
      ? ctes.get(rules.cteKey(identifier.name))
      : undefined;
    return cte !== undefined ? { name, ...cte } : { name, ...this.#masksOf(item, target) };
  }

  #masksOf(item: OperationNode, target: QueryOperation | undefined): Output {
    const reference = guardedTarget(item, this.#pass);
    const mask = reference?.mask(target ?? "select");
    if (reference === undefined || mask === undefined) return NOTHING;
    const table = reference.tableName;
    return {
      columns: new Map(
        mask.names.map((column) => [this.#pass.rules.columnKey(column), { column, table }]),
      ),
      unnamed: undefined,
    };
  }

  /** Returns the masked column that an expression reads. */
  #read(node: OperationNode, scopes: Scopes, ctes: Ctes): Masked | undefined {
    switch (node.kind) {
      case "ValueNode":
      case "PrimitiveValueListNode":
        return undefined;
      case "ReferenceNode": {
        const { table, column } = node as ReferenceNode;
        const name = column.kind === "ColumnNode" ? (column as ColumnNode).column.name : undefined;
        return this.#column(name, table, scopes);
      }
      case "ColumnNode":
        return this.#column((node as ColumnNode).column.name, undefined, scopes);
      case "SelectAllNode":
        return this.#column(undefined, undefined, scopes);
      case "TableNode":
        return this.#column(undefined, node as TableNode, scopes);
      case "IdentifierNode":
        return this.#column((node as IdentifierNode).name, undefined, scopes);
      case "SchemableIdentifierNode": {
        const { identifier } = node as OperationNode & { identifier: IdentifierNode };
        return this.#column(identifier.name, undefined, scopes);
      }
      case "AliasNode":
        return this.#read((node as AliasNode).node, scopes, ctes);
      case "RawNode":
        return this.#raw(node as RawNode, scopes) ?? this.#children(node, scopes, ctes);
      case "SelectQueryNode":
        return this.#subquery(this.#original(node) as SelectQueryNode, scopes, ctes);
      default:
        return this.#children(node, scopes, ctes);
    }
  }

  #children(
    node: OperationNode,
    scopes: Scopes,
    ctes: Ctes,
    skip?: ReadonlySet<OperationNode>,
  ): Masked | undefined {
    let found: Masked | undefined;
    forEachChild(node, (child) => {
      if (skip?.has(child) !== true) found ??= this.#read(child, scopes, ctes);
    });
    return found;
  }

  /** A subquery is one value: all that it reads has a say in it. */
  #subquery(node: SelectQueryNode, outer: Scopes, before: Ctes): Masked | undefined {
    const ctes = this.#within(node.with, before, () => {});
    const scopes: Scopes = [this.#sourcesOf(node, ctes, outer), ...outer];
    const skip = new Set<OperationNode>();
    for (const part of [node.with, node.from, ...node.joins ?? []]) {
      if (part !== undefined) skip.add(part);
    }
    for (const { on } of node.joins ?? []) {
      const found = on === undefined ? undefined : this.#read(on, scopes, ctes);
      if (found !== undefined) return found;
    }
    return this.#children(node, scopes, ctes, skip);
  }

  /** A column; without a name, all columns of a table. */
  #column(
    name: string | undefined,
    table: TableNode | undefined,
    scopes: Scopes,
  ): Masked | undefined {
    const key = name === undefined ? undefined : this.#pass.rules.columnKey(name);
    for (const sources of scopes) {
      for (const source of sources) {
        if (table !== undefined && !this.#isNamed(source, table.table.identifier.name)) continue;
        const masked = key === undefined
          ? first(source)
          : source.columns.get(key) ?? source.unnamed;
        if (masked !== undefined) return masked;
        // The name of a table is its row.
        if (table === undefined && name !== undefined && this.#isNamed(source, name)) {
          const row = first(source);
          if (row !== undefined) return row;
        }
      }
      // A name that a block has itself is that one, and none further out.
      if (table !== undefined && this.#has(sources, table.table.identifier.name)) return undefined;
    }
    return undefined;
  }

  #has(sources: readonly Source[], name: string): boolean {
    return sources.some((source) => this.#isNamed(source, name));
  }

  #isNamed(source: Source, name: string): boolean {
    const { rules } = this.#pass;
    return source.name !== undefined &&
      rules.physicalName(source.name) === rules.physicalName(name);
  }

  #raw(node: RawNode, scopes: Scopes): Masked | undefined {
    const text = textOf(node);
    for (const [, name, dot] of text.matchAll(/([\p{L}_][\p{L}\p{N}_$]*)["`\]]?(\s*\.)?/gu)) {
      const masked = this.#column(name!, undefined, scopes);
      if (masked === undefined) continue;
      // `t.` is the name of a table, whose column comes next.
      if (dot === undefined || !this.#isSource(name!, scopes)) return masked;
    }
    return /(?:^|[\s,(.])\*\s*(?:$|[,)])/.test(text)
      ? this.#column(undefined, undefined, scopes)
      : undefined;
  }

  #isSource(name: string, scopes: Scopes): boolean {
    return scopes.some((sources) => this.#has(sources, name));
  }
}

function first({ columns, unnamed }: Output): Masked | undefined {
  for (const masked of columns.values()) return masked;
  return unnamed;
}

/** The table whose columns a selection names, `"*"` for all tables; `undefined` of any other. */
function starOf(selection: OperationNode): string | undefined {
  if (selection.kind === "SelectAllNode") return "*";
  if (selection.kind !== "ReferenceNode") return undefined;
  const { table, column } = selection as ReferenceNode;
  if (column.kind !== "SelectAllNode") return undefined;
  return table?.table.identifier.name ?? "*";
}

/** MERGE keeps what it uses as a join. */
function joined(using: OperationNode): OperationNode {
  return using.kind === "JoinNode" ? (using as JoinNode).table : using;
}

function nameOf({ name }: CommonTableExpressionNode): string {
  return name.table.table.identifier.name;
}
