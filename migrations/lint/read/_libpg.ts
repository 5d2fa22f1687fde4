import type { Change, ObjectName, ReadStatement } from "./_change.ts";
import {
  callsPerRow,
  columnOf,
  constraintOf,
  expressionOf,
  indexOf,
  isComparing,
  listedName,
  relationName,
  strings,
  type Tree,
  typeName,
} from "./_libpg_parts.ts";

/**
 * Returns what a text does that libpg-query has parsed.
 *
 * @param tree what its `parse` returned
 */
export function readParsed(tree: unknown): ReadStatement {
  const changes: Change[] = [];
  let unread: string | undefined;
  for (const { stmt } of (tree as Tree | undefined)?.stmts ?? []) {
    const [kind, node] = Object.entries(stmt as Tree)[0] ?? ["nothing", {}];
    const read = READERS[kind];
    // What runs code of its own.
    if (kind === "DoStmt" || kind === "CallStmt") unread ??= kind === "DoStmt" ? "do" : "call";
    else changes.push(...read?.(node as Tree) ?? [{ kind: "other", what: kind }]);
  }
  return { changes, unread };
}

const READERS: Readonly<Record<string, (node: Tree) => readonly Change[]>> = {
  CreateStmt: (node) => [createTable(node)],
  CreateTableAsStmt: ({ into, objtype }) =>
    objtype === "OBJECT_TABLE"
      ? [{ ...EMPTY_TABLE, table: relationName(into?.rel), isDerived: true }]
      : [{ kind: "other", what: "create view" }],
  AlterTableStmt: ({ relation, cmds, objtype }) =>
    objtype === "OBJECT_TABLE"
      ? cmds.flatMap(({ AlterTableCmd }: Tree) => alter(relationName(relation), AlterTableCmd))
      : [{ kind: "other", what: "alter" }],
  RenameStmt: rename,
  IndexStmt: (node) => [
    { kind: "create-index", table: relationName(node.relation), index: indexOf(node) },
  ],
  DropStmt: drop,
  ReindexStmt: ({ relation, name, params }) => [{
    kind: "reindex",
    index: relation === undefined ? { name: name ?? "" } : relationName(relation),
    concurrently: hasOption(params, "concurrently"),
  }],
  TruncateStmt: ({ relations, behavior }) =>
    relations.map(({ RangeVar }: Tree): Change => ({
      kind: "truncate",
      table: relationName(RangeVar),
      cascade: behavior === "DROP_CASCADE",
    })),
  CreateEnumStmt: (node) => [
    { kind: "create-enum", type: listedName(node.typeName), members: strings(node.vals) },
  ],
  AlterEnumStmt: ({ typeName, oldVal, newVal, newValNeighbor }) => {
    const type = listedName(typeName);
    return oldVal === undefined
      ? [{ kind: "add-enum-value", type, value: newVal, isPlaced: newValNeighbor !== undefined }]
      : [{ kind: "rename-enum-value", type, value: oldVal }];
  },
  CreateDomainStmt: ({ domainname, constraints }) => [{
    kind: "create-domain",
    type: listedName(domainname),
    isChecked: (constraints ?? []).some(({ Constraint }: Tree) =>
      ["CONSTR_CHECK", "CONSTR_NOTNULL"].includes(Constraint?.contype)
    ),
  }],
  AlterDomainStmt: ({ subtype, typeName, def }) =>
    subtype === "O" || (subtype === "C" && def?.Constraint?.skip_validation !== true)
      ? [{ kind: "alter-domain-constraint", type: listedName(typeName) }]
      : [{ kind: "other", what: "alter domain" }],
  CreatePolicyStmt: ({ policy_name, table, qual, with_check }) => [{
    kind: "create-policy",
    table: relationName(table),
    name: policy_name,
    perRowCalls: callsPerRow(qual, with_check),
  }],
  CreateTrigStmt: ({ relation, trigname }) => [
    { kind: "create-trigger", table: relationName(relation), name: trigname },
  ],
  InsertStmt: ({ relation }) => [
    { kind: "insert", table: relationName(relation), isPinned: false },
  ],
  UpdateStmt: ({ relation, whereClause }) => [
    { kind: "update", table: relationName(relation), isPinned: isComparing(whereClause) },
  ],
  DeleteStmt: ({ relation, whereClause }) => [
    { kind: "delete", table: relationName(relation), isPinned: isComparing(whereClause) },
  ],
  VariableSetStmt: ({ name }) => [{ kind: "set", name: String(name ?? "").toLowerCase() }],
  TransactionStmt: ({ kind }) => {
    const word = String(kind).replace("TRANS_STMT_", "").toLowerCase();
    return ["begin", "start", "commit", "rollback"].includes(word)
      ? [{ kind: "transaction", word }]
      : [{ kind: "other", what: word }];
  },
  VacuumStmt: ({ options, rels }) => [
    hasOption(options, "full")
      ? { kind: "vacuum-full", table: relationName(rels?.[0]?.VacuumRelation?.relation) }
      : { kind: "other", what: "vacuum" },
  ],
  ClusterStmt: ({ relation }) => [{ kind: "cluster", table: relationName(relation) }],
};

const EMPTY_TABLE = {
  kind: "create-table",
  columns: [],
  constraints: [],
  indexes: [],
  ifNotExists: false,
  temporary: false,
  isDerived: false,
  options: [],
} as const;

function createTable(node: Tree): Change {
  const elements: Tree[] = node.tableElts ?? [];
  return {
    ...EMPTY_TABLE,
    table: relationName(node.relation),
    columns: elements.flatMap(({ ColumnDef }) => ColumnDef ? [columnOf(ColumnDef)] : []),
    constraints: elements.flatMap(({ Constraint }) =>
      Constraint ? constraintOf(Constraint) ?? [] : []
    ),
    ifNotExists: node.if_not_exists === true,
    temporary: node.relation?.relpersistence === "t",
    isDerived: node.inhRelations !== undefined ||
      elements.some((each) => "TableLikeClause" in each),
  };
}

function alter(table: ObjectName, command: Tree): Change[] {
  const { name, def } = command;
  switch (command.subtype) {
    case "AT_AddColumn":
      return [{
        kind: "add-column",
        table,
        column: columnOf(def.ColumnDef),
        ifNotExists: command.missing_ok === true,
      }];
    case "AT_DropColumn":
      return [{ kind: "drop-column", table, column: name, ifExists: command.missing_ok === true }];
    case "AT_AlterColumnType":
      return [{
        kind: "alter-type",
        table,
        column: name,
        type: typeName(def.ColumnDef.typeName)!,
        hasUsing: def.ColumnDef.raw_default !== undefined,
      }];
    case "AT_SetNotNull":
      return [{ kind: "set-not-null", table, column: name }];
    case "AT_DropNotNull":
      return [{ kind: "drop-not-null", table, column: name }];
    case "AT_ColumnDefault":
      return def === undefined
        ? [{ kind: "drop-default", table, column: name }]
        : [{ kind: "set-default", table, column: name, value: expressionOf(def) }];
    case "AT_AddConstraint": {
      const constraint = constraintOf(def.Constraint);
      return constraint === undefined ? [] : [{ kind: "add-constraint", table, constraint }];
    }
    case "AT_DropConstraint":
      return [{ kind: "drop-constraint", table, name }];
    case "AT_ValidateConstraint":
      return [{ kind: "validate-constraint", table, name }];
    case "AT_EnableRowSecurity":
      return [{ kind: "row-security", table, change: "enable" }];
    case "AT_DisableRowSecurity":
      return [{ kind: "row-security", table, change: "disable" }];
    case "AT_ForceRowSecurity":
      return [{ kind: "row-security", table, change: "force" }];
    case "AT_NoForceRowSecurity":
      return [{ kind: "row-security", table, change: "no-force" }];
    case "AT_DetachPartition":
      return [{
        kind: "detach-partition",
        table,
        concurrently: def?.PartitionCmd?.concurrent === true,
      }];
    default:
      return [{ kind: "other", what: "alter table" }];
  }
}

function rename({ renameType, relation, subname, newname }: Tree): Change[] {
  const table = relationName(relation);
  if (renameType === "OBJECT_TABLE") return [{ kind: "rename-table", table, to: newname }];
  if (renameType === "OBJECT_COLUMN") {
    return [{ kind: "rename-column", table, column: subname, to: newname }];
  }
  return [{ kind: "other", what: "rename" }];
}

function drop({ removeType, objects, missing_ok, behavior, concurrent }: Tree): Change[] {
  const names: ObjectName[] = objects.map((each: Tree) =>
    each.List === undefined ? listedName([each]) : listedName(each.List.items)
  );
  const ifExists = missing_ok === true;
  switch (removeType) {
    case "OBJECT_TABLE":
      return names.map((table) => ({
        kind: "drop-table",
        table,
        ifExists,
        cascade: behavior === "DROP_CASCADE",
      }));
    case "OBJECT_INDEX":
      return names.map((index) => ({
        kind: "drop-index",
        index,
        concurrently: concurrent === true,
        ifExists,
      }));
    case "OBJECT_SCHEMA":
      return names.map(({ name }) => ({ kind: "drop-schema", schema: name }));
    default:
      return [{ kind: "other", what: "drop" }];
  }
}

function hasOption(options: readonly Tree[] | undefined, wanted: string): boolean {
  return (options ?? []).some(({ DefElem }) => DefElem?.defname === wanted);
}
