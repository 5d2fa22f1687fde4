import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import { outcome } from "../state/playground.ts";

/** The methods of Kysely's builders that programs of the playground are made of. */
const METHODS = [
  ...["selectFrom", "insertInto", "updateTable", "deleteFrom", "with", "withRecursive"],
  ...["select", "selectAll", "distinct", "where", "whereRef", "innerJoin", "leftJoin", "rightJoin"],
  ...["fullJoin", "groupBy", "having", "orderBy", "limit", "offset", "union", "unionAll", "from"],
  ...[
    "values",
    "expression",
    "columns",
    "onConflict",
    "set",
    "returning",
    "returningAll",
    "stream",
  ],
  ...["execute", "executeTakeFirst", "executeTakeFirstOrThrow", "transaction", "compile"],
  ...["withoutPlugins", "withSchema", "as", "fn", "exists", "countAll"],
];

/** Completes names of tables and columns inside strings, and methods behind a dot. */
export function completeNames(context: CompletionContext): CompletionResult | null {
  const node = syntaxTree(context.state).resolveInner(context.pos, -1);
  if (node.name === "String") {
    const word = context.matchBefore(/[\w]*$/);
    const tables = outcome.value?.tables ?? [];
    if (word === null || tables.length === 0) return null;
    const columns = new Set(tables.flatMap(({ columns }) => columns));
    return {
      from: word.from,
      options: [
        ...tables.map(({ name }) => ({ label: name, type: "class", detail: "table" })),
        ...[...columns].map((label) => ({ label, type: "property", detail: "column" })),
      ],
      validFor: /^\w*$/,
    };
  }
  const member = context.matchBefore(/\.\s*\w*$/);
  if (member === null) return null;
  const from = member.from + /^\.\s*/.exec(member.text)![0].length;
  return {
    from,
    options: METHODS.map((label) => ({ label, type: "method" })),
    validFor: /^\w*$/,
  };
}
