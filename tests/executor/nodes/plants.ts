/** What the fuzzer plants: ways to name the table `secret`, as nodes and as text. */
import {
  alias,
  from,
  identifier,
  join,
  type Loose,
  node,
  parens,
  planted,
  raw,
  reference,
  sampleOf,
  schemable,
  select,
  selection,
  table,
  value,
} from "./samples.ts";

export interface Plant {
  readonly name: string;
  /**
   * - `query`: reads the table wherever it stands
   * - `name`: names the table, where the name of a relation can stand
   * - `text`: SQL that reads the table, or calls what reads it
   * - `names`: SQL that names the table, where relations are named
   */
  readonly sort: "query" | "name" | "text" | "names";
  readonly plant: unknown;
}

const secret = table("secret");
const query = select(secret);
const func = (func: unknown, ...args: readonly unknown[]): Loose =>
  node("FunctionNode", { func, arguments: args });

const queries: Readonly<Record<string, Loose>> = {
  "a query": query,
  "an aliased query": alias(query, "s"),
  "a query in brackets": parens(query),
  "a query of an alias": select(alias(secret, "s")),
  "a query with a join": select(table("tags"), { joins: [join(secret)] }),
  "a query with a left join": select(table("tags"), {
    joins: [join(alias(secret, "s"), "LeftJoin")],
  }),
  "a query of two tables": select(table("tags"), { from: from(table("tags"), secret) }),
  "a query of raw names": select(raw("secret")),
  "a query of sql.table": select(alias(raw("", secret, ""), "s")),
  "a query in a CTE": select(table("c"), {
    with: node("WithNode", {
      expressions: [
        node("CommonTableExpressionNode", {
          name: node("CommonTableExpressionNameNode", { table: table("c") }),
          expression: query,
        }),
      ],
    }),
  }),
  "a union": select(table("tags"), {
    setOperations: [
      node("SetOperationNode", { operator: "union", all: true, expression: query }),
    ],
  }),
  "a query in a raw fragment": raw("(", query, ")"),
  "a query in a list": node("ListNode", { items: [value(1), query] }),
  "a query in a function": func("coalesce", query, value(1)),
  "an UPDATE": planted("UpdateQueryNode", "table", secret),
  "a DELETE": planted("DeleteQueryNode", "from", from(secret)),
  "an INSERT of a query": { ...sampleOf("InsertQueryNode"), values: query } as Loose,
  "a FROM": from(secret),
  "a join": join(secret),
  "a USING": node("UsingNode", { tables: [secret] }),
  "a WITH": node("WithNode", {
    expressions: [
      node("CommonTableExpressionNode", {
        name: node("CommonTableExpressionNameNode", { table: table("c") }),
        expression: query,
      }),
    ],
  }),
};

const names: Readonly<Record<string, Loose>> = {
  "a table": secret,
  "a table of a schema": table("secret", "public"),
  "an aliased table": alias(secret, "s"),
  "a table in brackets": parens(secret),
  "a table in a list": node("ListNode", { items: [secret] }),
  "an identifier": identifier("secret"),
  "a schemable identifier": schemable("secret"),
  "a column": node("ColumnNode", { column: identifier("secret") }),
  "a reference": reference("secret"),
  "a selection": selection(secret),
  "sql.table": raw("", secret, ""),
  "sql.id": raw("", identifier("secret"), ""),
  "a raw name": raw("secret"),
  "an only()": func("only", secret),
  "a function without a name": func("", secret),
};

const reads = "1 from secret union select 1";
const textsFor = (reader: string): Readonly<Record<string, unknown>> => ({
  "a raw subquery": raw("(select id from secret)"),
  "a raw union": raw("1 union all select id from secret"),
  "a raw join": raw("tags join secret on true"),
  "a raw table": raw("(table secret)"),
  "text in a raw parameter": raw("abs(", raw("(select id from secret)"), ")"),
  "a reader": func(reader, value("select 1")),
  "an aggregate reader": node("AggregateFunctionNode", {
    func: reader,
    aggregated: [value("select 1")],
  }),
  "a qualified reader": func(`pg_catalog.${reader}`, value("select 1")),
  "a quoted reader": func(`"${reader}"`, value("select 1")),
  "a raw string that ends another": raw("' || (select id from secret) || '"),
  "a raw reader": raw(`${reader}('select 1')`),
  "a raw quoted reader": raw(`"${reader}" ('select 1')`),
  "a reader whose name is an identifier": raw("", identifier(reader), "('select 1')"),
  "a reader whose name is a reference": raw(
    "",
    node("ReferenceNode", {
      table: table("pg_catalog"),
      column: node("ColumnNode", { column: identifier(reader) }),
    }),
    "('select 1')",
  ),
  "a reader whose name is a table": raw("", table(reader, "pg_catalog"), "('select 1')"),
  "a reader behind an alias": raw("", alias(value(1), reader), "('select 1')"),
  "a reader as an alias": node("AliasNode", {
    node: reference("id"),
    alias: func(reader, value("select 1")),
  }),
  "a raw alias": node("AliasNode", {
    node: reference("id"),
    alias: raw("e, (select 1 from secret)"),
  }),
  "a reader before brackets": raw(`${reader} `, parens(value("select 1"))),
  "a reader before a tuple": raw(
    "",
    identifier(reader),
    " ",
    node("TupleNode", { values: [value("select 1")] }),
    "",
  ),
  "a reader before an operator": node("BinaryOperationNode", {
    leftOperand: identifier(reader),
    operator: parens(value("select 1")),
    rightOperand: raw("is not null"),
  }),
  "a reader before a raw operator": node("BinaryOperationNode", {
    leftOperand: reference(reader),
    operator: raw("('select 1') ="),
    rightOperand: value(1),
  }),
  "a reader in a raw operator": node("BinaryOperationNode", {
    leftOperand: value(1),
    operator: raw(`= ${reader}`),
    rightOperand: parens(value("select 1")),
  }),
  "a reader as an operator": node("UnaryOperationNode", {
    operator: identifier(reader),
    operand: parens(value("select 1")),
  }),
  "a reader as a raw operator": node("UnaryOperationNode", {
    operator: raw(reader),
    operand: parens(value("select 1")),
  }),
  "a reader before a direction": node("OrderByItemNode", {
    orderBy: reference(reader),
    direction: raw("('select 1')"),
  }),
  "a reader before a direction that is a node": node("OrderByItemNode", {
    orderBy: reference(reader),
    direction: parens(value("select 1")),
  }),
  "a reader before a selection": select(table("tags"), {
    frontModifiers: [node("SelectModifierNode", { rawModifier: raw(reader) })],
    selections: [selection(alias(parens(value("select 1")), "e"))],
  }),
  "a reader before a modifier": select(table("tags"), {
    frontModifiers: [
      node("SelectModifierNode", { rawModifier: identifier(reader) }),
      node("SelectModifierNode", { rawModifier: raw("('select 1')") }),
    ],
  }),
  "a reader before a path": node("JSONReferenceNode", {
    reference: reference(reader),
    traversal: parens(value("select 1")),
  }),
  "a function of text": func(`abs(${reads}) + abs`),
  "an operator of text": node("OperatorNode", { operator: `= ${reads}` }),
  "a type of text": node("DataTypeNode", { dataType: `text) ${reads}` }),
  "an action of text": node("OrActionNode", { action: `into tags ${reads}` }),
  "a top of text": node("TopNode", { expression: `1) ${reads}` }),
  "a modifier of text": node("FetchNode", { rowCount: value(1), modifier: `only) ${reads}` }),
  "a format of text": node("ExplainNode", { format: `x) ${reads}` }),
  "an order of text": node("OrderByItemNode", {
    orderBy: reference("id"),
    nulls: `first) ${reads}`,
  }),
  "a set operation of text": node("SetOperationNode", {
    operator: `union select id from secret union`,
    all: false,
    expression: select(table("tags")),
  }),
  "a string": reads,
  "a string in a list": [reads],
  "something that makes itself a string": { toString: () => reads },
});

const namesInText: Readonly<Record<string, Loose>> = {
  "a raw table among others": raw("tags, secret"),
  "a raw table among functions": raw("generate_series(1, 2), secret"),
  "a raw table beside a list of values": raw("(values (1)) as v, secret"),
  "a raw name in brackets": raw("(secret)"),
  "a raw only": raw("only secret"),
  "a table among others": raw("tags, ", secret),
};

/**
 * Returns everything that is planted.
 *
 * @param reader the name of a function that reads tables or files, in the dialect
 */
export function plantsFor(reader: string): readonly Plant[] {
  return [
    ...sorted("query", queries),
    ...sorted("name", names),
    ...sorted("text", textsFor(reader)),
    ...sorted("names", namesInText),
  ];
}

function sorted(
  sort: Plant["sort"],
  list: Readonly<Record<string, unknown>>,
): readonly Plant[] {
  return Object.entries(list).map(([name, plant]) => ({ name, sort, plant }));
}
