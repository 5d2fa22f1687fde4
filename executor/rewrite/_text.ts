import { isColumnDataType, isOperator, type OperationNode } from "kysely";
import { RawSqlError } from "../contract/errors.ts";

type Test = (text: unknown) => boolean;

const oneOf = (...texts: readonly string[]): Test => {
  const known: ReadonlySet<unknown> = new Set(texts);
  return (text) => known.has(text);
};

const ON_MODIFY = oneOf("no action", "restrict", "cascade", "set null", "set default");
const isText: Test = (text) => typeof text === "string";

/** What each property that Kysely writes as it is given may say. */
const TEXTS: Readonly<Record<string, Readonly<Record<string, Test>>>> = {
  CreateTableNode: { onCommit: oneOf("preserve rows", "delete rows", "drop") },
  DataTypeNode: { dataType: (text) => isText(text) && isColumnDataType(text as string) },
  FetchNode: { modifier: oneOf("only", "with ties") },
  ForeignKeyConstraintNode: { onDelete: ON_MODIFY, onUpdate: ON_MODIFY },
  OperatorNode: { operator: (text) => isText(text) && isOperator(text) },
  OrActionNode: { action: oneOf("abort", "fail", "ignore", "replace", "rollback") },
  OrderByItemNode: { nulls: oneOf("first", "last") },
  ReferencesNode: { onDelete: ON_MODIFY, onUpdate: ON_MODIFY },
  SetOperationNode: { operator: oneOf("union", "intersect", "except", "minus") },
  TopNode: {
    expression: (text) => typeof text === "number" || typeof text === "bigint",
    modifiers: oneOf("percent", "with ties", "percent with ties"),
  },
};

/**
 * Refuses text that Kysely writes as it is given and that is not what its builders have: under
 * `rawSql: "deny"` it is raw SQL. Names of functions are read by `clauses/_function.ts`.
 */
export function refuseText(node: OperationNode): void {
  if (!Object.hasOwn(TEXTS, node.kind)) return;
  const tests = TEXTS[node.kind]!;
  const texts = node as unknown as Readonly<Record<string, unknown>>;
  for (const property in tests) {
    const text = texts[property];
    if (text === undefined || tests[property]!(text)) continue;
    throw new RawSqlError(`"${property}" of a ${node.kind} is text of its own`);
  }
}
