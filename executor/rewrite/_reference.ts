import {
  type AliasNode,
  IdentifierNode,
  type OperationNode,
  type RawNode,
  TableNode,
} from "kysely";
import type { Guard } from "../hooks/_rules.ts";
import type { TablePlan } from "../hooks/_table_rules.ts";
import type { ReferenceName } from "../tree/_table_reference.ts";
import { QueryRefusedError } from "../contract/errors.ts";
import type { DialectName } from "../contract/plugin.ts";
import { isCte, refuseOtherCase, type Scope } from "./_with.ts";

/** A reference to a table that some plugin cares about. */
export interface GuardedReference extends ReferenceName {
  readonly plan: TablePlan;
}

/**
 * The guarded table that an item of FROM, a join, or a statement's target refers to.
 *
 * | item                                         | is                                       |
 * | -------------------------------------------- | ---------------------------------------- |
 * | table, `schema.table`, `dynamic.table`       | a reference                              |
 * | any of them under an alias                   | a reference; the alias qualifies         |
 * | `sql.table`, `sql.id`, `sql.ref`, a bare raw name | a reference                         |
 * | a name that a CTE in scope has               | not a reference, unless it is written to |
 * | anything else                                | not a reference                          |
 *
 * @param scope the CTE names in sight; `undefined` for a target, which is never a CTE
 */
export function guardedReference(
  item: OperationNode,
  scope: Scope | undefined,
  guard: Guard,
): GuardedReference | undefined {
  let node = item;
  let aliasNode: OperationNode | undefined;
  if (node.kind === "AliasNode") {
    aliasNode = (node as AliasNode).alias;
    node = (node as AliasNode).node;
  }
  const table = node.kind === "TableNode" ? node as TableNode : tableOfName(node, guard.dialect);
  if (table === undefined) return undefined;
  const { schema, identifier } = table.table;
  const plan = guard.plan(identifier.name, schema?.name);
  if (plan === undefined) return undefined;
  if (scope !== undefined && schema === undefined) {
    const key = guard.cteKey(identifier.name);
    if (isCte(scope, key)) return undefined;
    if (guard.dialect === "mysql") refuseOtherCase(scope, key);
  }
  const alias = aliasNode === undefined ? undefined : identifierOf(aliasNode, guard.dialect);
  if (aliasNode !== undefined && alias === undefined) {
    throw new QueryRefusedError(
      `Cannot filter table "${identifier.name}" under an alias that is not a plain name; ` +
        `alias it with .as("name")`,
      "UNSUPPORTED",
      identifier.name,
    );
  }
  return {
    plan,
    table,
    alias,
    qualifier: alias === undefined ? table : TableNode.create(alias.name),
  };
}

/** The name that a reference is known by in its block. */
export function nameOf(reference: GuardedReference): string {
  return (reference.alias ?? reference.table.table.identifier).name;
}

/** The table that a node other than a `TableNode` names, where its SQL is a name and no more. */
export function tableOfName(node: OperationNode, dialect: DialectName): TableNode | undefined {
  const names = namesOf(node, dialect);
  if (names === undefined || names.length === 0) return undefined;
  const [last, schema] = [names[names.length - 1]!, names[names.length - 2]];
  return schema === undefined ? TableNode.create(last) : TableNode.createWithSchema(schema, last);
}

/** The dotted parts of a node whose SQL is nothing but a name. */
function namesOf(node: OperationNode, dialect: DialectName): readonly string[] | undefined {
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
      return namesOf((node as OperationNode & { column: OperationNode }).column, dialect);
    case "ReferenceNode": {
      const { table, column } = node as OperationNode & {
        table?: OperationNode;
        column: OperationNode;
      };
      const last = namesOf(column, dialect);
      const first = table === undefined ? [] : namesOf(table, dialect);
      return last === undefined || first === undefined ? undefined : [...first, ...last];
    }
    case "RawNode":
      return namesOfRaw(node as RawNode, dialect);
    default:
      return undefined;
  }
}

/** Quoted and bare names, dotted: `users`, `"public"."users"`, `[dbo].[users]`. */
const NAME = /^\s*(?:[\p{L}_][\p{L}\p{N}_$]*|"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\])\s*$/u;

const STRING = /^\s*'(?:[^']|'')+'\s*$/;

function namesOfRaw(raw: RawNode, dialect: DialectName): readonly string[] | undefined {
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
        // SQLite takes a string for a name here.
        const named = NAME.test(part) || (dialect === "sqlite" && STRING.test(part));
        if (!expectName || !named) return undefined;
        names.push(unquote(part.trim(), dialect));
        expectName = false;
      }
    }
    const parameter = parameters[i];
    if (parameter !== undefined) {
      const inner = namesOf(parameter, dialect);
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

function unquote(name: string, dialect: DialectName): string {
  const quote = name[0];
  if (quote === '"' || quote === "`" || quote === "'") {
    return name.slice(1, -1).replaceAll(quote + quote, quote);
  }
  if (quote === "[") return name.slice(1, -1);
  // PostgreSQL reads a name without quotes in lower case.
  return dialect === "postgres" ? name.toLowerCase() : name;
}

function identifierOf(node: OperationNode, dialect: DialectName): IdentifierNode | undefined {
  if (node.kind === "IdentifierNode") return node as IdentifierNode;
  const names = namesOf(node, dialect);
  return names?.length === 1 ? IdentifierNode.create(names[0]!) : undefined;
}
