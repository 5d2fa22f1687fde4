import {
  ColumnNode,
  createQueryId,
  type KyselyPlugin,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
} from "kysely";
import type { IdentifierTraits } from "../dialect/mod.ts";

const MOST_NAMES = 10_000;

/**
 * From the names a query writes to the names its database has: through the Kysely plugins that
 * rename (camel case, prefixes, ..), and through the letter case that the dialect does not see.
 */
export class Names {
  readonly #plugins: readonly KyselyPlugin[];
  readonly #identifiers: IdentifierTraits;
  readonly #tables = new Map<string, string>();
  readonly #columns = new Map<string, string>();
  readonly #physicalColumns = new Map<string, string>();

  /**
   * @param plugins the Kysely plugins that come after the rewriting
   * @param identifiers how the dialect reads and compares names
   */
  constructor(plugins: readonly KyselyPlugin[], identifiers: IdentifierTraits) {
    this.#plugins = plugins;
    this.#identifiers = identifiers;
  }

  /** The physical name of a table, folded where the dialect folds. */
  table(name: string): string {
    if (this.#plugins.length === 0) return this.#fold(name);
    let known = this.#tables.get(name);
    if (known === undefined) {
      known = this.#fold(this.physical(name));
      if (this.#tables.size >= MOST_NAMES) this.#tables.clear();
      this.#tables.set(name, known);
    }
    return known;
  }

  /** The name after the Kysely plugins, in its own letter case. */
  physical(name: string): string {
    if (this.#plugins.length === 0) return cut(name, this.#identifiers.truncatedAt);
    let node = SelectQueryNode.createFrom([TableNode.create(name)]);
    const queryId = createQueryId();
    for (const plugin of this.#plugins) {
      const next = plugin.transformQuery({ node, queryId });
      if (next.kind === "SelectQueryNode") node = next;
    }
    const from = node.from?.froms[0];
    const found = from !== undefined && TableNode.is(from) ? from.table.identifier.name : name;
    return cut(found, this.#identifiers.truncatedAt);
  }

  /** The physical name of a column, folded where the dialect folds. */
  column(name: string): string {
    if (this.#plugins.length === 0) return this.#fold(name);
    let known = this.#columns.get(name);
    if (known === undefined) {
      known = this.#fold(this.physicalColumn(name));
      if (this.#columns.size >= MOST_NAMES) this.#columns.clear();
      this.#columns.set(name, known);
    }
    return known;
  }

  /** The physical name of a column, in its own letter case. */
  physicalColumn(name: string): string {
    if (this.#plugins.length === 0) return name;
    let known = this.#physicalColumns.get(name);
    if (known === undefined) {
      known = this.#renamedColumn(name);
      if (this.#physicalColumns.size >= MOST_NAMES) this.#physicalColumns.clear();
      this.#physicalColumns.set(name, known);
    }
    return known;
  }

  #renamedColumn(name: string): string {
    const column = ColumnNode.create(name);
    let node = SelectQueryNode.cloneWithSelections(
      SelectQueryNode.createFrom([TableNode.create("t")]),
      [SelectionNode.create(ReferenceNode.create(column))],
    );
    const queryId = createQueryId();
    for (const plugin of this.#plugins) {
      const next = plugin.transformQuery({ node, queryId });
      if (next.kind === "SelectQueryNode") node = next;
    }
    const selection = node.selections?.[0]?.selection;
    if (selection === undefined || !ReferenceNode.is(selection)) return name;
    return ColumnNode.is(selection.column) ? selection.column.column.name : name;
  }

  #fold(name: string): string {
    return cut(this.#identifiers.foldCase(name), this.#identifiers.truncatedAt);
  }
}

/** Returns the part of a name that the database reads: whole characters, in UTF-8. */
function cut(name: string, bytesRead: number | undefined): string {
  // No character has more than four bytes.
  if (bytesRead === undefined || name.length * 4 <= bytesRead) return name;
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= bytesRead) return name;
  let end = bytesRead;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
