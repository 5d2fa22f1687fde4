import type {
  ColumnDefinition,
  ConstraintDefinition,
  Expression,
  IndexDefinition,
  ObjectName,
  Reference,
  TypeName,
} from "./_change.ts";

/**
 * A node of the tree of libpg-query, whose shape is that of PostgreSQL's own structs in JSON. It is read
 * with care: what is missing is `undefined`.
 */
// deno-lint-ignore no-explicit-any
export type Tree = { readonly [key: string]: any };

const NAMES: Readonly<Record<string, string>> = {
  int4: "int",
  int8: "bigint",
  int2: "smallint",
  bpchar: "char",
  float4: "real",
  float8: "double",
  serial4: "serial",
  serial8: "bigserial",
  serial2: "smallserial",
};
const ACTIONS: Readonly<Record<string, string>> = {
  c: "cascade",
  r: "restrict",
  n: "set null",
  d: "set default",
};
/** Names of functions without parentheses, by the operator of their node. */
const VALUE_FUNCTIONS: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
  SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp",
  SVFOP_CURRENT_DATE: "current_date",
  SVFOP_CURRENT_TIME: "current_time",
  SVFOP_CURRENT_USER: "current_user",
  SVFOP_SESSION_USER: "session_user",
  SVFOP_LOCALTIME: "localtime",
  SVFOP_LOCALTIMESTAMP: "localtimestamp",
};

/** The name of a table or an index. */
export function relationName(relation: Tree | undefined): ObjectName {
  return { name: relation?.relname ?? "", schema: relation?.schemaname };
}

/** The name in a list of its parts. */
export function listedName(parts: readonly Tree[] | undefined): ObjectName {
  const names = strings(parts);
  return { name: names.at(-1) ?? "", schema: names.at(-2) };
}

/** The texts of a list of strings. */
export function strings(list: readonly Tree[] | undefined): string[] {
  return (list ?? []).flatMap(({ String }) => String?.sval ?? []);
}

/** The type of a column. */
export function typeName(type: Tree | undefined): TypeName | undefined {
  if (type === undefined) return undefined;
  const name = listedName(type.names).name;
  return {
    name: NAMES[name] ?? name,
    sizes: (type.typmods ?? []).flatMap((each: Tree) => each.A_Const?.ival?.ival ?? []),
    isArray: (type.arrayBounds ?? []).length > 0,
    members: [],
  };
}

/** What rules want to know of an expression. */
export function expressionOf(tree: Tree | undefined): Expression {
  const calls: string[] = [];
  walk(tree, (kind, node) => {
    if (kind === "FuncCall") calls.push(listedName(node.funcname).name);
    if (kind === "SQLValueFunction" && node.op in VALUE_FUNCTIONS) {
      calls.push(VALUE_FUNCTIONS[node.op]!);
    }
    return true;
  });
  let inner = tree;
  while (inner?.TypeCast !== undefined) inner = inner.TypeCast.arg;
  return {
    calls,
    isConstant: inner?.A_Const !== undefined,
    isNull: inner?.A_Const?.isnull === true,
  };
}

/** The functions that are called outside of subqueries. */
export function callsPerRow(...trees: readonly (Tree | undefined)[]): string[] {
  const calls: string[] = [];
  for (const tree of trees) {
    walk(tree, (kind, node) => {
      if (kind === "FuncCall") calls.push(listedName(node.funcname).name);
      return kind !== "SubLink";
    });
  }
  return calls;
}

/** Whether a condition compares something. */
export function isComparing(tree: Tree | undefined): boolean {
  let found = false;
  walk(tree, (kind) => {
    found ||= kind === "A_Expr" || kind === "SubLink";
    return true;
  });
  return found;
}

/** Calls for each node within, and goes into those that the callback wants to be gone into. */
function walk(tree: unknown, visit: (kind: string, node: Tree) => boolean): void {
  if (Array.isArray(tree)) { for (const each of tree) walk(each, visit); }
  else if (typeof tree === "object" && tree !== null) {
    for (const [kind, node] of Object.entries(tree)) {
      const isNode = /^[A-Z]/.test(kind) && typeof node === "object" && node !== null;
      if (!isNode || visit(kind, node)) walk(node, visit);
    }
  }
}

/** The definition of a column. */
export function columnOf(definition: Tree): ColumnDefinition {
  const column: { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } = {
    name: definition.colname ?? "",
    type: typeName(definition.typeName),
    notNull: false,
    primaryKey: false,
    unique: false,
    autoIncrement: false,
    check: false,
    isPlaced: false,
  };
  for (const { Constraint: constraint } of definition.constraints ?? []) {
    switch (constraint?.contype) {
      case "CONSTR_NOTNULL":
        column.notNull = true;
        break;
      case "CONSTR_DEFAULT":
        column.default = expressionOf(constraint.raw_expr);
        break;
      case "CONSTR_PRIMARY":
        column.primaryKey = true;
        break;
      case "CONSTR_UNIQUE":
        column.unique = true;
        break;
      case "CONSTR_CHECK":
        column.check = true;
        break;
      case "CONSTR_FOREIGN":
        column.references = referenceOf(constraint);
        break;
      case "CONSTR_IDENTITY":
        column.generated = "identity";
        column.notNull = true;
        break;
      case "CONSTR_GENERATED":
        column.generated = constraint.generated_kind === "v" ? "virtual" : "stored";
    }
  }
  return column;
}

function referenceOf(constraint: Tree): Reference {
  return {
    table: relationName(constraint.pktable),
    columns: strings(constraint.pk_attrs),
    onDelete: ACTIONS[constraint.fk_del_action],
  };
}

const TYPES: Readonly<Record<string, ConstraintDefinition["type"]>> = {
  CONSTR_PRIMARY: "primary-key",
  CONSTR_UNIQUE: "unique",
  CONSTR_FOREIGN: "foreign-key",
  CONSTR_CHECK: "check",
  CONSTR_EXCLUSION: "exclusion",
};

/** The definition of a constraint of a table; `undefined` of one that no rule looks at. */
export function constraintOf(constraint: Tree): ConstraintDefinition | undefined {
  const type = TYPES[constraint.contype];
  if (type === undefined) return undefined;
  return {
    type,
    name: constraint.conname,
    columns: strings(type === "foreign-key" ? constraint.fk_attrs : constraint.keys),
    references: type === "foreign-key" ? referenceOf(constraint) : undefined,
    notValid: constraint.skip_validation === true,
    usingIndex: constraint.indexname !== undefined,
    notNullColumns: type === "check" ? notNullsOf(constraint.raw_expr) : [],
  };
}

function notNullsOf(condition: Tree | undefined): string[] {
  const parts: Tree[] = condition?.BoolExpr?.boolop === "AND_EXPR"
    ? condition.BoolExpr.args
    : [condition ?? {}];
  const names = parts.map(({ NullTest: test }) =>
    test?.nulltesttype === "IS_NOT_NULL" ? strings(test.arg?.ColumnRef?.fields).at(-1) : undefined
  );
  return names.every((name) => name !== undefined) ? names as string[] : [];
}

/** The definition of an index. */
export function indexOf(statement: Tree): IndexDefinition {
  return {
    name: statement.idxname || undefined,
    columns: (statement.indexParams ?? []).map(({ IndexElem }: Tree) =>
      IndexElem?.name ?? "(expression)"
    ),
    unique: statement.unique === true,
    concurrently: statement.concurrent === true,
    ifNotExists: statement.if_not_exists === true,
    where: statement.whereClause && expressionOf(statement.whereClause),
  };
}
