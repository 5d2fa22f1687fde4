import {
  AliasNode,
  ColumnNode,
  ExpressionWrapper,
  IdentifierNode,
  type OperationNode,
  ParensNode,
  ReferenceNode,
  SelectionNode,
  sql,
  ValueNode,
} from "kysely";
import { callHook, filterNode } from "./_validate_results.ts";
import type { Guard } from "./_rules.ts";
import { captured, inSchema, keepingToPlugins } from "./_plugin_sql.ts";
import type { ReferenceName } from "../tree/_table_reference.ts";
import type { ColumnMask } from "../contract/plugin.ts";
import { namesIn, nodeOfSource } from "../tree/_nodes.ts";

/** The masked columns of one reference. */
export class TableMask {
  /** All columns. */
  readonly columns: readonly string[];
  /** What the caller may not write, as columns are compared. */
  readonly unwritable: ReadonlySet<string>;
  readonly #hidden = new Map<string, OperationNode>();
  readonly #names: string[] = [];

  constructor(
    answers: readonly { readonly plugin: string; readonly answer: ColumnMask }[],
    name: ReferenceName,
    guard: Guard,
  ) {
    this.columns = answers[0]!.answer.columns;
    this.unwritable = new Set(
      answers.flatMap(({ answer }) =>
        (answer.unwritable ?? []).map((column) => guard.columnKey(column))
      ),
    );
    for (const { plugin, answer } of answers) {
      for (const [column, shown] of Object.entries(answer.hidden)) {
        const key = guard.columnKey(column);
        // The first plugin has its say; NULL goes before all.
        if (this.#hidden.has(key) && shown !== null) continue;
        this.#names.push(column);
        this.#hidden.set(key, shownAs(shown, column, name, plugin, guard));
      }
    }
  }

  /** The names of the columns that are hidden. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Whether a column is. */
  hides(column: string, guard: Guard): boolean {
    return this.#hidden.has(guard.columnKey(column));
  }

  /** What is seen in a column's place. */
  shown(column: string, guard: Guard): OperationNode {
    return this.#hidden.get(guard.columnKey(column))!;
  }

  /** What `*` stands for. */
  selections(name: ReferenceName, guard: Guard): SelectionNode[] {
    return this.columns.map((column) => {
      const shown = this.#hidden.get(guard.columnKey(column));
      return SelectionNode.create(
        shown === undefined
          ? ReferenceNode.create(ColumnNode.create(column), name.qualifier)
          : AliasNode.create(shown, IdentifierNode.create(column)),
      );
    });
  }
}

function shownAs(
  shown: unknown,
  column: string,
  name: ReferenceName,
  plugin: string,
  guard: Guard,
): OperationNode {
  const own = ReferenceNode.create(ColumnNode.create(column), name.qualifier);
  // NULL of the column's type.
  if (shown === null) {
    return sql`case when 1 = 0 then ${new ExpressionWrapper(own)} end`.toOperationNode();
  }
  const node = callHook(plugin, "mask", () => nodeOfSource(shown));
  if (node === undefined) return ValueNode.create(shown);
  const written = ParensNode.create(inSchema(filterNode(shown, plugin, "mask"), guard));
  const { names } = namesIn(written, guard);
  const alias = name.qualifier.table.identifier.name;
  if (names.has(alias)) throw captured(alias, name.table);
  return keepingToPlugins(written, guard);
}
