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
import { callHook } from "../contract/_call_hook.ts";
import { filterNode } from "./_validate_results.ts";
import type { Pass } from "../rewrite/_pass.ts";
import type { MaskedColumns } from "../rewrite/rules.ts";
import { refuseShadowed } from "../rewrite/_shadowed.ts";
import { captured, inSchema, subjectToPlugins } from "./_plugin_sql.ts";
import type { ReferenceName } from "../tree/_table_reference.ts";
import type { ColumnMask } from "../contract/plugin.ts";
import { namesIn, nodeOfSource } from "../tree/_nodes.ts";

/** The masked columns of one reference. */
export class TableMask implements MaskedColumns {
  readonly readOnly: ReadonlyMap<string, string>;
  readonly #columns: readonly string[];
  readonly #shown = new Map<string, OperationNode>();
  readonly #names: string[] = [];
  readonly #pass: Pass;

  constructor(
    answers: readonly { readonly plugin: string; readonly answer: ColumnMask }[],
    name: ReferenceName,
    pass: Pass,
  ) {
    this.#pass = pass;
    this.#columns = answers[0]!.answer.columns;
    this.readOnly = new Map(
      answers.flatMap(({ plugin, answer }) =>
        (answer.unwritable ?? []).map((column) => [pass.rules.columnKey(column), plugin] as const)
      ),
    );
    for (const { plugin, answer } of answers) {
      for (const [column, shown] of Object.entries(answer.hidden)) {
        const key = pass.rules.columnKey(column);
        // The first plugin decides; NULL goes before all.
        if (this.#shown.has(key) && shown !== null) continue;
        this.#names.push(column);
        this.#shown.set(key, shownAs(shown, column, name, plugin, pass));
      }
    }
  }

  get names(): readonly string[] {
    return this.#names;
  }

  has(column: string): boolean {
    return this.#shown.has(this.#pass.rules.columnKey(column));
  }

  shown(column: string): OperationNode {
    return this.#shown.get(this.#pass.rules.columnKey(column))!;
  }

  selections(name: ReferenceName): SelectionNode[] {
    return this.#columns.map((column) =>
      SelectionNode.create(
        this.has(column)
          ? AliasNode.create(this.shown(column), IdentifierNode.create(column))
          : ReferenceNode.create(ColumnNode.create(column), name.qualifier),
      )
    );
  }
}

function shownAs(
  shown: unknown,
  column: string,
  name: ReferenceName,
  plugin: string,
  pass: Pass,
): OperationNode {
  const own = ReferenceNode.create(ColumnNode.create(column), name.qualifier);
  // NULL of the column's type.
  if (shown === null) {
    return sql`case when 1 = 0 then ${new ExpressionWrapper(own)} end`.toOperationNode();
  }
  const node = callHook(plugin, "mask", () => nodeOfSource(shown));
  if (node === undefined) return ValueNode.create(shown);
  const written = ParensNode.create(inSchema(filterNode(shown, plugin, "mask"), pass.rules));
  const { names } = namesIn(written, (name) => pass.rules.cteKey(name));
  const alias = name.qualifier.table.identifier.name;
  if (names.has(alias)) throw captured(alias, name.table);
  const seen = subjectToPlugins(written, pass);
  refuseShadowed(namesIn(seen, (name) => pass.rules.cteKey(name)).reads, name.table, pass.scope);
  return seen;
}
