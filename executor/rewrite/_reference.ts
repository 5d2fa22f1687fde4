import { type AliasNode, type IdentifierNode, type OperationNode, TableNode } from "kysely";
import { QueryRefusedError } from "../contract/errors.ts";
import type { MergeAction, QueryOperation } from "../contract/plugin.ts";
import { isCte } from "../tree/_cte_scope.ts";
import { identifierOf, tableOfName } from "../tree/_table_name.ts";
import type { ReferenceName } from "../tree/_table_reference.ts";
import { mustBeTableName } from "./_misplaced.ts";
import type { Pass } from "./_pass.ts";
import type { MaskedColumns, NamedAssignment, TableRules } from "./rules.ts";

/**
 * A reference to a table that some plugin has rules for. What the plugins answer about it is asked
 * once per statement.
 */
export class GuardedReference implements ReferenceName {
  readonly rules: TableRules;
  readonly table: TableNode;
  readonly alias: IdentifierNode | undefined;
  readonly qualifier: TableNode;
  readonly known: TableNode | undefined;
  // A reference is made for each table of each query: what few need is made when it is asked for.
  private readonly pass: Pass;
  private assigned: Map<string, readonly NamedAssignment[]> | undefined = undefined;
  private masks: Map<string, MaskedColumns | undefined> | undefined = undefined;
  private inside: GuardedReference | undefined = undefined;

  constructor(name: ReferenceName, rules: TableRules, pass: Pass) {
    this.table = name.table;
    this.alias = name.alias;
    this.qualifier = name.qualifier;
    this.known = name.known;
    this.rules = rules;
    this.pass = pass;
  }

  /** The table's name as the query wrote it. */
  get tableName(): string {
    return this.table.table.identifier.name;
  }

  /** The name that the reference is known by in its block. */
  get name(): string {
    return (this.alias ?? this.table.table.identifier).name;
  }

  /** Returns the predicate for the rows that exist. */
  predicate(operation: QueryOperation, pass: Pass): OperationNode | undefined {
    return this.rules.predicate(this, operation, pass);
  }

  /** Returns the predicate for the rows that exist for a MERGE. */
  mergePredicate(actions: readonly MergeAction[], pass: Pass): OperationNode | undefined {
    const { table, alias, qualifier } = this;
    return this.rules.predicate({ table, alias, qualifier, actions }, "merge", pass);
  }

  /** Returns the columns that plugins set on rows that are written. */
  assignments(operation: "insert" | "update"): readonly NamedAssignment[] {
    const assigned = this.assigned ??= new Map();
    let known = assigned.get(operation);
    if (known === undefined) {
      known = this.rules.assignments(this, operation, this.pass);
      assigned.set(operation, known);
    }
    return known;
  }

  /** Returns the masked columns, `undefined` where none is masked. */
  mask(operation: QueryOperation): MaskedColumns | undefined {
    const masks = this.masks ??= new Map();
    if (!masks.has(operation)) masks.set(operation, this.rules.mask(this, operation, this.pass));
    return masks.get(operation);
  }

  /** Returns the reference as it stands inside a derived table: by the table's own name. */
  get derived(): GuardedReference {
    return this.inside ??= new GuardedReference(
      { table: this.table, qualifier: this.table, alias: undefined, known: this.qualifier },
      this.rules,
      this.pass,
    );
  }
}

/**
 * Returns the guarded table that an item of FROM or a join refers to.
 *
 * | item                                         | is                                       |
 * | -------------------------------------------- | ---------------------------------------- |
 * | table, `schema.table`, `dynamic.table`       | a reference                              |
 * | any of them under an alias                   | a reference; the alias qualifies         |
 * | `sql.table`, `sql.id`, `sql.ref`, a bare raw name | a reference                         |
 * | a name that a CTE in scope has               | not a reference, unless it is written to |
 * | anything else                                | not a reference                          |
 */
export function guardedReference(item: OperationNode, pass: Pass): GuardedReference | undefined {
  return reference(item, true, pass);
}

/** Returns the guarded table that a target of a statement is: a target is never a CTE. */
export function guardedTarget(
  item: OperationNode | undefined,
  pass: Pass,
): GuardedReference | undefined {
  return item === undefined ? undefined : reference(item, false, pass);
}

function reference(
  item: OperationNode,
  mayBeCte: boolean,
  pass: Pass,
): GuardedReference | undefined {
  const { rules, scope } = pass;
  let node = item;
  let aliasNode: OperationNode | undefined;
  if (node.kind === "AliasNode") {
    aliasNode = (node as AliasNode).alias;
    node = (node as AliasNode).node;
  }
  const table = node.kind === "TableNode"
    ? mustBeTableName(node as TableNode)
    : tableOfName(node, rules.traits);
  if (table === undefined) return undefined;
  const { schema, identifier } = table.table;
  const found = rules.table(identifier.name, schema?.name);
  if (found === undefined) return undefined;
  if (mayBeCte && scope !== undefined && schema === undefined) {
    const key = rules.cteKey(identifier.name);
    if (isCte(scope, key)) return undefined;
    if (rules.traits.ctes.nameCase === "varies") refuseOtherCase(scope, key);
  }
  const alias = aliasNode === undefined ? undefined : identifierOf(aliasNode, rules.traits);
  if (aliasNode !== undefined && alias === undefined) {
    if (!found.apply(pass)) return undefined;
    throw new QueryRefusedError(
      `Cannot filter table "${identifier.name}" under an alias that is not a plain name; ` +
        `alias it with .as("name")`,
      "UNSUPPORTED",
      identifier.name,
    );
  }
  const qualifier = alias === undefined ? table : TableNode.create(alias.name);
  return new GuardedReference({ table, alias, qualifier }, found, pass);
}

/** MariaDB sees no letter case in the names of CTEs; MySQL may see it. */
function refuseOtherCase(scope: NonNullable<Pass["scope"]>, key: string): void {
  for (let s: Pass["scope"] = scope; s !== undefined; s = s.outer) {
    if (s.name.toLowerCase() !== key.toLowerCase()) continue;
    throw new QueryRefusedError(
      `Cannot tell table "${key}" from the common table expression "${s.name}", which differs by ` +
        "letter case only; rename the common table expression",
      "AMBIGUOUS_NAME",
      key,
    );
  }
}
