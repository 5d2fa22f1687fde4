import { IdentifierNode, type OperationNode, type RawNode, TableNode } from "kysely";
import type { DialectTraits } from "../dialect/mod.ts";

/** Returns the table that a node names, where its SQL is a name and nothing else. */
export function tableOfName(node: OperationNode, traits: DialectTraits): TableNode | undefined {
  const names = namesOf(node, traits);
  if (names === undefined || names.length === 0) return undefined;
  const [last, schema] = [names[names.length - 1]!, names[names.length - 2]];
  return schema === undefined ? TableNode.create(last) : TableNode.createWithSchema(schema, last);
}

/** The dotted parts of a node whose SQL is nothing but a name. */
function namesOf(node: OperationNode, traits: DialectTraits): readonly string[] | undefined {
  switch (node.kind) {
    case "IdentifierNode":
      return [(node as IdentifierNode).name];
    case "TableNode": {
      const { schema, identifier } = (node as TableNode).table;
      return schema === undefined ? [identifier.name] : [schema.name, identifier.name];
    }
    case "SchemableIdentifierNode": {
      const { schema, identifier } = node as TableNode["table"];
      return schema === undefined ? [identifier.name] : [schema.name, identifier.name];
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
const NAME = /^\s*(?:[\p{L}_][\p{L}\p{N}_$]*|"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\])\s*$/u;

const STRING = /^\s*'(?:[^']|'')+'\s*$/;

function namesOfRaw(raw: RawNode, traits: DialectTraits): readonly string[] | undefined {
  const { sqlFragments, parameters } = raw;
  const names: string[] = [];
  // Names and dots must alternate: the fragments give both, the parameters names only.
  let expectName = true;
  for (let i = 0; i < sqlFragments.length; i++) {
    for (const part of splitDots(sqlFragments[i]!)) {
      if (part === ".") {
        if (expectName) return undefined;
        expectName = true;
      } else if (part.trim() !== "") {
        const named = NAME.test(part) ||
          (traits.identifiers.stringsAreNames && STRING.test(part));
        if (!expectName || !named) return undefined;
        names.push(unquote(part.trim(), traits));
        expectName = false;
      }
    }
    const parameter = parameters[i];
    if (parameter !== undefined) {
      const inner = namesOf(parameter, traits);
      if (inner === undefined || !expectName) return undefined;
      names.push(...inner);
      expectName = false;
    }
  }
  return expectName ? undefined : names;
}

/** Splits at dots outside quotes; the dots are parts of their own. */
function splitDots(text: string): string[] {
  return text.match(/"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\.|[^."`[]+/g) ?? [];
}

function unquote(name: string, traits: DialectTraits): string {
  const quote = name[0];
  if (quote === '"' || quote === "`" || quote === "'") {
    return name.slice(1, -1).replaceAll(quote + quote, quote);
  }
  if (quote === "[") return name.slice(1, -1);
  return traits.identifiers.foldUnquoted(name);
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
