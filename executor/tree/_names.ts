import {
  ColumnNode,
  createQueryId,
  type KyselyPlugin,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
} from "kysely";
import type { DialectName } from "../contract/plugin.ts";

/** PostgreSQL reads no more of a name: NAMEDATALEN - 1. */
const NAME_BYTES = 63;
const MOST_NAMES = 10_000;

/**
 * From the names a query writes to the names its database has: through the Kysely plugins that
 * rename (camel case, prefixes, ..), and through the letter case that the dialect does not see.
 */
export class Names {
  readonly #plugins: readonly KyselyPlugin[];
  readonly #foldsCase: boolean;
  readonly #tables = new Map<string, string>();
  readonly #columns = new Map<string, string>();

  /**
   * Makes one.
   *
   * @param plugins the Kysely plugins that come after the rewriting
   * @param dialect says whether case counts: in PostgreSQL it does; elsewhere it may not, and two
   * names that differ in case only are taken for one (one predicate too many is an error that
   * shows, one too few is a leak)
   */
  constructor(plugins: readonly KyselyPlugin[], dialect: DialectName) {
    this.#plugins = plugins;
    this.#foldsCase = dialect !== "postgres";
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
    let node = SelectQueryNode.createFrom([TableNode.create(name)]);
    const queryId = createQueryId();
    for (const plugin of this.#plugins) {
      const next = plugin.transformQuery({ node, queryId });
      if (next.kind === "SelectQueryNode") node = next;
    }
    const from = node.from?.froms[0];
    const found = from !== undefined && TableNode.is(from) ? from.table.identifier.name : name;
    return this.#foldsCase ? found : cut(found);
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
    return this.#foldsCase ? name.toLowerCase() : cut(name);
  }
}

/** The part of a name that PostgreSQL reads: whole characters, in UTF-8. */
function cut(name: string): string {
  // No character has more than four bytes.
  if (name.length * 4 <= NAME_BYTES) return name;
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= NAME_BYTES) return name;
  let end = NAME_BYTES;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
