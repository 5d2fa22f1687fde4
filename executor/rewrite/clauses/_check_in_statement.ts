import {
  AliasNode,
  ColumnNode,
  ColumnUpdateNode,
  ExpressionWrapper,
  type FunctionNode,
  IdentifierNode,
  type InsertQueryNode,
  type OnConflictNode,
  type OperationNode,
  ParensNode,
  type RawNode,
  ReferenceNode,
  ReturningNode,
  SelectionNode,
  sql,
  TableNode,
  type UpdateQueryNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
} from "kysely";
import { forEachChild, mapChildren, sameNode } from "../../tree/_nodes.ts";
import { andWhere } from "../../tree/_predicate.ts";
import type { ReferenceName } from "../../tree/_table_reference.ts";
import type { Pass } from "../_pass.ts";
import type { GuardedReference } from "../_reference.ts";
import { CHECK_COLUMN } from "../_row_checks.ts";
import type { NamedCheck } from "../rules.ts";
import { type NeededChecks, uncheckable } from "./_check.ts";
import { keysOfColumns } from "./_columns.ts";

/**
 * Guards: checks that the statement makes itself, and fails by as a whole.
 *
 * | statement                     | PostgreSQL, SQLite                    | MySQL, MariaDB            |
 * | ----------------------------- | ------------------------------------- | ------------------------- |
 * | INSERT .. VALUES              | RETURNING, which sees the new row     | round the first value     |
 * | INSERT .. SELECT              | RETURNING                             | round the SELECT          |
 * | UPDATE                        | RETURNING, which sees the new image   | round the first value     |
 * | DO UPDATE, ON DUPLICATE KEY   | RETURNING where new and changed rows  | round the first value     |
 * |                               | are asked the same; else in the WHERE |                           |
 *
 * MySQL shows a statement no new row. There the values take the columns' places in the predicate, so
 * they are evaluated twice: what may be another value the second time is refused.
 *
 * A guard gives 1, or raises an error that bears its marker. What it raises depends on a column, or
 * a planner might raise it where there is no row at all.
 */
export function guardInsert(
  node: InsertQueryNode,
  needed: NeededChecks,
  isRoot: boolean,
  pass: Pass,
): InsertQueryNode {
  const { reference, insert, update } = needed;
  const { place } = pass.rules.traits.checks;
  if (place === "nowhere") throw uncheckable([...insert, ...update][0]!, reference, ONLY);
  if (place === "values") {
    let out = node;
    if (insert.length > 0) {
      out = out.values?.kind === "ValuesNode"
        ? guardValues(out, insert, reference, pass)
        : guardSelect(out, insert, reference, pass);
    }
    const { onDuplicateKey } = out;
    if (update.length === 0 || onDuplicateKey === undefined) return out;
    const updates = guardUpdates(onDuplicateKey.updates, update, reference, pass);
    return { ...out, onDuplicateKey: { ...onDuplicateKey, updates } };
  }
  if (node.onConflict?.updates === undefined) {
    return guardReturning(node, insert, "insert", reference, isRoot, pass);
  }
  return guardUpsert(node, needed, isRoot, pass);
}

/** Guards of an UPDATE. */
export function guardUpdate(
  node: UpdateQueryNode,
  needed: readonly NeededChecks[],
  isRoot: boolean,
  pass: Pass,
): UpdateQueryNode {
  const [first] = needed;
  if (first === undefined) return node;
  const { reference, update } = first;
  const { place } = pass.rules.traits.checks;
  if (place === "nowhere") throw uncheckable(update[0]!, reference, ONLY);
  if (place === "returning") {
    return guardReturning(node, update, "update", reference, isRoot, pass);
  }
  // The rows of several targets cannot be told apart by the names of their columns.
  if (needed.length > 1 || node.table?.kind === "ListNode") {
    throw uncheckable(update[0]!, reference, "in an UPDATE of several tables; update one");
  }
  return { ...node, updates: guardUpdates(node.updates!, update, reference, pass) };
}

const ONLY = "in SQL Server, which can only look at values; write them as such";

type Returning = InsertQueryNode | UpdateQueryNode;

function guardReturning<T extends Returning>(
  node: T,
  checks: readonly NamedCheck[],
  operation: "insert" | "update",
  reference: GuardedReference,
  isRoot: boolean,
  pass: Pass,
): T {
  if (checks.length === 0) return node;
  const { checks: support } = pass.rules.traits;
  const row = support.place === "returning" && support.row === "table"
    ? nameFor(reference, TableNode.create(reference.tableName))
    : reference;
  const raises = all(
    checks.map((check) => guardFor(check, row, operation, reference, pass)),
  );
  const { checks: found } = pass;
  if (isRoot || node.returning === undefined) {
    if (isRoot && node.returning === undefined) found.addsReturning = true;
    const column = SelectionNode.create(
      AliasNode.create(raises, IdentifierNode.create(CHECK_COLUMN)),
    );
    const selections = [...node.returning?.selections ?? [], column];
    return { ...node, returning: ReturningNode.create(selections) };
  }
  const selections = wrapped(node.returning.selections, raises);
  if (selections === undefined) {
    throw uncheckable(
      checks[0]!,
      reference,
      "in a common table expression that returns no column by name; name one",
    );
  }
  return { ...node, returning: ReturningNode.create(selections) };
}

/** The columns that a common table expression gives, the first that has a name with the guard. */
function wrapped(
  selections: readonly SelectionNode[],
  raises: OperationNode,
): SelectionNode[] | undefined {
  for (const [i, { selection }] of selections.entries()) {
    const named = selection.kind === "AliasNode" ? selection as AliasNode : undefined;
    const { column } = selection as Partial<ReferenceNode>;
    const name = named?.alias ??
      (column?.kind === "ColumnNode"
        ? (column as ColumnNode).column
        : selection.kind === "ColumnNode"
        ? (selection as ColumnNode).column
        : undefined);
    if (name === undefined) continue;
    const value = expression(named?.node ?? selection);
    const guarded = sql`case when ${expression(raises)} = 1 then ${value} end`.toOperationNode();
    const out = selections.slice();
    out[i] = SelectionNode.create(AliasNode.create(guarded, name));
    return out;
  }
  return undefined;
}

function guardUpsert(
  node: InsertQueryNode,
  { reference, insert, update, asked }: NeededChecks,
  isRoot: boolean,
  pass: Pass,
): InsertQueryNode {
  const probe = nameFor(reference, TableNode.create(ROW));
  const meaning = (check: NamedCheck, operation: "insert" | "update") =>
    reference.rules.rowPredicate(check, probe, operation, pass);
  const same = (a: NamedCheck, b: NamedCheck): boolean =>
    a.plugin === b.plugin &&
    (a.key === b.key || sameNode(meaning(a, "insert"), meaning(b, "update")));
  let out = node;
  const after: NamedCheck[] = [];
  for (const check of insert) {
    const changed = reference.rules.checks(reference, "update", true, pass);
    if (!changed.some((each) => each.predicate !== undefined && same(check, each))) {
      // RETURNING does not tell new rows from changed ones: the rows are asked as they are proposed.
      out = guardProposed(out, check, reference, pass);
      continue;
    }
    // The row that is proposed must satisfy it even where another one is changed in its place.
    out = whenChanged(out, excluded(check, reference, pass));
    after.push(check);
  }
  for (const check of update) {
    if (asked.some((each) => each.predicate !== undefined && same(each, check))) {
      if (!after.some((each) => same(each, check))) after.push(check);
    } else out = whenChanged(out, newImage(out, check, reference, pass));
  }
  return guardReturning(out, after, "insert", reference, isRoot, pass);
}

/** Adds a guard to what DO UPDATE asks, for the rows that it would change. */
function whenChanged(node: InsertQueryNode, raises: OperationNode): InsertQueryNode {
  const { onConflict } = node;
  const { updateWhere } = onConflict!;
  const only = updateWhere === undefined
    ? raises
    : sql`case when ${expression(updateWhere.where)} then ${expression(raises)} end`
      .toOperationNode();
  const condition = sql<boolean>`${expression(only)} = 1`.toOperationNode();
  return {
    ...node,
    onConflict: { ...onConflict, updateWhere: andWhere(updateWhere, condition) } as OnConflictNode,
  };
}

function excluded(
  check: NamedCheck,
  reference: GuardedReference,
  pass: Pass,
): OperationNode {
  const row = nameFor(reference, TableNode.create("excluded"));
  return guardFor(check, row, "insert", reference, pass);
}

/** A guard of the row as DO UPDATE leaves it: its assignments stand for the columns. */
function newImage(
  node: InsertQueryNode,
  check: NamedCheck,
  reference: GuardedReference,
  pass: Pass,
): OperationNode {
  const updates = node.onConflict!.updates!;
  const keys = keysOfColumns(updates.map(({ column }) => column), reference, pass);
  const { qualifier } = reference;
  const column = (name: string): OperationNode =>
    ReferenceNode.create(ColumnNode.create(name), qualifier);
  const image = check.columns.map((name) => {
    const at = keys.indexOf(pass.rules.columnKey(name));
    if (at < 0) return column(name);
    const { value } = updates[at]!;
    if (!isRepeatable(value)) throw uncheckable(check, reference, REPEATED);
    return value;
  });
  return guardOfImage(check, image, "update", reference, pass);
}

/** A guard of the rows that are proposed by VALUES. */
function guardProposed(
  node: InsertQueryNode,
  check: NamedCheck,
  reference: GuardedReference,
  pass: Pass,
): InsertQueryNode {
  if (node.values?.kind !== "ValuesNode" || check.asProposed !== true) {
    throw uncheckable(check, reference, "in an upsert that asks other things of changed rows");
  }
  const columns = node.columns ?? [];
  const keys = keysOfColumns(columns, reference, pass);
  const rows = (node.values as ValuesNode).values.map((row) => {
    const values = row.kind === "ValueListNode"
      ? [...row.values]
      : row.values.map((value): OperationNode => ValueNode.create(value));
    const image = check.columns.map((name) => {
      const value = values[keys.indexOf(pass.rules.columnKey(name))];
      if (value === undefined || value.kind === DEFAULT || !isRepeatable(value)) {
        throw uncheckable(
          check,
          reference,
          "in an upsert that asks other things of changed rows and does not give them as values",
        );
      }
      return value;
    });
    const at = values.findIndex(({ kind }) => kind !== DEFAULT);
    if (at < 0) throw uncheckable(check, reference, "in an upsert of nothing but defaults");
    const raises = guardOfImage(check, image, "insert", reference, pass);
    const { name } = columns[at]!.column;
    const { table } = reference;
    // The column, of which no row is there, says what type the value has.
    const typed = sql`(select ${
      expression(ReferenceNode.create(ColumnNode.create(name), table))
    } from ${expression(table)} where 1 = 0)`;
    values[at] = sql`case when ${expression(raises)} = 1 then ${
      expression(values[at]!)
    } else ${typed} end`.toOperationNode();
    return ValueListNode.create(values);
  });
  return { ...node, values: ValuesNode.create(rows) };
}

/** A guard of a row that is made of expressions, in the order of the columns of the check. */
function guardOfImage(
  check: NamedCheck,
  image: readonly OperationNode[],
  operation: "insert" | "update",
  reference: GuardedReference,
  pass: Pass,
): OperationNode {
  const { table } = reference;
  const row = nameFor(reference, TableNode.create(ROW));
  const holds = reference.rules.rowPredicate(check, row, operation, pass);
  // The rows of the table, of which there are none here, say what type each column has.
  const typed = sql.join(
    check.columns.map((name) =>
      sql`${expression(ReferenceNode.create(ColumnNode.create(name), table))} as ${sql.id(name)}`
    ),
  );
  const rows = sql`select ${typed} from ${expression(table)} where 1 = 0 union all select ${
    sql.join(image.map(expression))
  }`;
  const found = sql`select 1 from (${rows}) as ${sql.id(ROW)} where ${expression(holds)}`;
  // Where a row is proposed, there is none yet.
  const there = operation === "insert" ? undefined : reference;
  return raiseUnless(sql`exists (${found})`.toOperationNode(), check, there, reference, pass);
}

/** Functions that give the same for the same arguments, in one statement. */
const REPEATABLE =
  /^(?:abs|avg|coalesce|concat|count|length|lower|max|min|nullif|round|sum|trim|upper|values)$/i;

/** Whether an expression gives the same where it is written twice. */
function isRepeatable(node: OperationNode): boolean {
  if (node.kind === "RawNode") {
    // The direction of an ORDER BY.
    const { sqlFragments, parameters } = node as RawNode;
    return parameters.length === 0 && /^(?:asc|desc)$/.test(sqlFragments.join(""));
  }
  if (node.kind === "FunctionNode" || node.kind === "AggregateFunctionNode") {
    if (!REPEATABLE.test((node as FunctionNode).func)) return false;
  }
  let all = true;
  forEachChild(node, (child) => {
    all &&= isRepeatable(child);
  });
  return all;
}

/** MySQL: the first value is given if the row that it makes, with the others, passes. */
function guardUpdates(
  updates: readonly ColumnUpdateNode[],
  checks: readonly NamedCheck[],
  reference: GuardedReference,
  pass: Pass,
): readonly ColumnUpdateNode[] {
  const keys = keysOfColumns(updates.map(({ column }) => column), reference, pass);
  const raises = all(
    checks.map((check) =>
      guardOfValues(check, "update", reference, pass, (name) => {
        const at = keys.indexOf(pass.rules.columnKey(name));
        if (at < 0) return ReferenceNode.create(ColumnNode.create(name), reference.qualifier);
        // MySQL assigns from left to right, mostly: a value may see those before it, or may not.
        const { value } = updates[at]!;
        const sees = (node: OperationNode): boolean => {
          if (node.kind === "ColumnNode") {
            const key = pass.rules.columnKey((node as ColumnNode).column.name);
            return keys.slice(0, at).includes(key);
          }
          let found = false;
          forEachChild(node, (child) => {
            found ||= sees(child);
          });
          return found;
        };
        return sees(value) ? undefined : value;
      })
    ),
  );
  const [first, ...rest] = updates;
  const value = expression(first!.value);
  const guarded = sql`case when ${expression(raises)} = 1 then ${value} end`.toOperationNode();
  return [ColumnUpdateNode.create(first!.column, guarded), ...rest];
}

/** As {@linkcode guardUpdates}; what is left out has its default. */
function guardValues(
  node: InsertQueryNode,
  checks: readonly NamedCheck[],
  reference: GuardedReference,
  pass: Pass,
): InsertQueryNode {
  const columns = node.columns ?? [];
  const keys = keysOfColumns(columns, reference, pass);
  const column = (name: string): OperationNode =>
    ReferenceNode.create(ColumnNode.create(name), reference.qualifier);
  const byDefault = (name: string): OperationNode =>
    sql`default(${expression(column(name))})`.toOperationNode();
  const rows = (node.values as ValuesNode).values.map((row) => {
    const values = row.kind === "ValueListNode"
      ? [...row.values]
      : row.values.map((value): OperationNode => ValueNode.create(value));
    const raises = all(
      checks.map((check) =>
        guardOfValues(check, "insert", reference, pass, (name) => {
          const value = values[keys.indexOf(pass.rules.columnKey(name))];
          return value === undefined || value.kind === DEFAULT ? byDefault(name) : value;
        })
      ),
    );
    const [first] = values;
    const value = first!.kind === DEFAULT ? byDefault(columns[0]!.column.name) : first!;
    values[0] = sql`case when ${expression(raises)} = 1 then ${expression(value)} end`
      .toOperationNode();
    return ValueListNode.create(values);
  });
  return { ...node, values: ValuesNode.create(rows) };
}

const DEFAULT = "DefaultInsertValueNode";
const ROW = "kysera_row";

/** A guard of a row that is made of values, which take the places of its columns. */
function guardOfValues(
  check: NamedCheck,
  operation: "insert" | "update",
  reference: GuardedReference,
  pass: Pass,
  valueOf: (column: string) => OperationNode | undefined,
): OperationNode {
  const row = nameFor(reference, TableNode.create(ROW));
  const put = (node: OperationNode): OperationNode => {
    const { table, column } = node as Partial<ReferenceNode>;
    if (node.kind !== "ReferenceNode" || table?.table.identifier.name !== ROW) {
      return mapChildren(node, put);
    }
    const value = column?.kind === "ColumnNode"
      ? valueOf((column as ColumnNode).column.name)
      : undefined;
    if (value === undefined || (value.kind !== "RawNode" && !isRepeatable(value))) {
      throw uncheckable(check, reference, REPEATED);
    }
    // A default is a raw node of our own.
    if (value.kind === "RawNode" && !isDefault(value as RawNode)) {
      throw uncheckable(check, reference, REPEATED);
    }
    return ParensNode.create(value);
  };
  const holds = put(reference.rules.rowPredicate(check, row, operation, pass));
  return raiseUnless(holds, check, reference, reference, pass);
}

const REPEATED = "where what is written may be another thing the second time it is evaluated";

function isDefault({ sqlFragments, parameters }: RawNode): boolean {
  return parameters.length === 1 && sqlFragments[0] === "default(" && sqlFragments[1] === ")";
}

/** MySQL: the rows of a SELECT, under the names of the columns that they go to. */
function guardSelect(
  node: InsertQueryNode,
  checks: readonly NamedCheck[],
  reference: GuardedReference,
  pass: Pass,
): InsertQueryNode {
  const columns = node.columns ?? [];
  const keys = keysOfColumns(columns, reference, pass);
  for (const check of checks) {
    if (
      node.values !== undefined &&
      check.columns.every((c) => keys.includes(pass.rules.columnKey(c)))
    ) {
      continue;
    }
    throw uncheckable(check, reference, "where the SELECT does not give them; select them");
  }
  const row = nameFor(reference, TableNode.create(ROW));
  const raises = all(
    checks.map((check) => guardFor(check, row, "insert", reference, pass)),
  );
  const names = columns.map(({ column }) => sql.id(column.name));
  const head = sql.join(names.map((name) => sql`null as ${name}`));
  const picked = names.map((name, i) => {
    const value = sql`${sql.id(ROW)}.${name}`;
    return i === 0 ? sql`case when ${expression(raises)} = 1 then ${value} end` : value;
  });
  const select = sql`select ${sql.join(picked)} from (select ${head} where 1 = 0 union all (${
    expression(node.values!)
  })) as ${sql.id(ROW)}`;
  return { ...node, values: select.toOperationNode() };
}

function nameFor(reference: ReferenceName, qualifier: TableNode): ReferenceName {
  return { table: reference.table, qualifier, alias: undefined };
}

/** The guard of one check: 1, or an error. */
function guardFor(
  check: NamedCheck,
  row: ReferenceName,
  operation: "insert" | "update",
  reference: GuardedReference,
  pass: Pass,
): OperationNode {
  const holds = reference.rules.rowPredicate(check, row, operation, pass);
  return raiseUnless(holds, check, row, reference, pass);
}

function raiseUnless(
  holds: OperationNode,
  check: NamedCheck,
  row: ReferenceName | undefined,
  reference: GuardedReference,
  pass: Pass,
): OperationNode {
  const { checks: support } = pass.rules.traits;
  if (support.place === "nowhere") throw uncheckable(check, reference, ONLY);
  const marker = pass.checks.add({ table: reference.table.table.identifier.name, check });
  const [name] = check.columns;
  const value = name === undefined || row === undefined
    ? undefined
    : expression(ReferenceNode.create(ColumnNode.create(name), row.qualifier));
  return support.raiseUnless(expression(holds), marker, value);
}

/** Several guards as one. */
function all(guards: readonly OperationNode[]): OperationNode {
  return guards.reduce((first, second) =>
    sql`case when ${expression(first)} = 1 then ${expression(second)} end`.toOperationNode()
  );
}

function expression(node: OperationNode): ExpressionWrapper<any, any, any> {
  return new ExpressionWrapper(node);
}
