import { IdentifierNode, type OperationNode, type RawNode, TableNode } from "kysely";
import type { DialectTraits } from "../dialect/mod.ts";
import { nameOf, readText, type Token } from "./_raw_text.ts";

/** Returns the table that a node names, where its SQL is a name and nothing else. */
export function tableOfName(node: OperationNode, traits: DialectTraits): TableNode | undefined {
  const names = namesOf(node, traits);
  if (names === undefined || names.length === 0) return undefined;
  const [last, schema] = [names[names.length - 1]!, names[names.length - 2]];
  return schema === undefined ? TableNode.create(last) : TableNode.createWithSchema(schema, last);
}

/** The dotted parts of a node whose SQL is nothing but a name. */
function namesOf(node: OperationNode, traits: DialectTraits): readonly string[] | undefined {
  switch (node?.kind) {
    case "IdentifierNode": {
      const { name } = node as IdentifierNode;
      return typeof name === "string" ? [name] : undefined;
    }
    case "TableNode":
      return namesOf((node as TableNode).table, traits);
    case "SchemableIdentifierNode": {
      const { schema, identifier } = node as TableNode["table"];
      const last = namesOf(identifier, traits);
      const first = schema === undefined ? [] : namesOf(schema, traits);
      return last === undefined || first === undefined ? undefined : [...first, ...last];
    }
    case "ColumnNode":
      return namesOf((node as OperationNode & { column: OperationNode }).column, traits);
    case "ReferenceNode": {
      const { table, column } = node as OperationNode & {
        table?: OperationNode;
        column: OperationNode;
      };
      const last = namesOf(column, traits);
      const first = table === undefined ? [] : namesOf(table, traits);
      return last === undefined || first === undefined ? undefined : [...first, ...last];
    }
    case "RawNode":
      return namesOfRaw(node as RawNode, traits);
    default:
      return undefined;
  }
}

/** Quoted and bare names, dotted: `users`, `"public"."users"`, `[dbo].[users]`. */
function namesOfRaw(raw: RawNode, traits: DialectTraits): readonly string[] | undefined {
  const { tokens } = readText(raw, traits);
  if (tokens === undefined || tokens.length % 2 === 0) return undefined;
  const names: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (i % 2 === 1) {
      if (token.text !== "." || token.kind !== "sign") return undefined;
      continue;
    }
    const inner = token.node === undefined ? nameIn(token, traits) : namesOf(token.node, traits);
    if (inner === undefined) return undefined;
    names.push(...inner);
  }
  return names;
}

function nameIn(token: Token, traits: DialectTraits): readonly string[] | undefined {
  if (token.kind === "word" || token.kind === "name") return [nameOf(token, traits)];
  if (token.kind !== "literal") return undefined;
  // A string in double quotes is a name where the server is told so.
  const { stringsAreNames } = traits.identifiers;
  return token.text.startsWith('"') || (stringsAreNames && token.text.startsWith("'"))
    ? [nameOf({ ...token, kind: "name" }, traits)]
    : undefined;
}

/** Returns the identifier that a node is written as; `undefined` where it is more than a name. */
export function identifierOf(
  node: OperationNode,
  traits: DialectTraits,
): IdentifierNode | undefined {
  if (node.kind === "IdentifierNode") return node as IdentifierNode;
  const names = namesOf(node, traits);
  return names?.length === 1 ? IdentifierNode.create(names[0]!) : undefined;
}
