import { isPlainObject } from "@kysera/core";
import { parseTableName } from "@kysera/executor";
import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  ExpressionWrapper,
  IdentifierNode,
  isOperationNodeSource,
  type OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  type SqlBool,
  TableNode,
  UnaryOperationNode,
  ValueListNode,
  ValueNode,
  WhereNode,
} from "kysely";
import { RLSPolicyEvaluationError } from "../contract/errors.ts";
import type {
  PolicyCommand,
  PolicyCondition,
  PolicyContext,
  PolicyFunction,
  PolicyTools,
} from "../contract/policy.ts";
import { RelationCondition } from "../contract/relation.ts";
import { assertColumn, isPolicyValue, nameOfValue, readRelated } from "./_make_policy.ts";
import { formatValue, NEVER } from "./_sql.ts";
import { isGrantingFilter } from "./_grants.ts";
import type { CompiledTable } from "./policy_registry.ts";

/** How many relations may be followed one within another. */
export const MAX_DEPTH = 8;

/** A relation, as it is followed. */
export interface Relation {
  readonly name: string;
  /** The other table, as the schema names it. */
  readonly table: string;
  /** The columns of both tables that are equal. */
  readonly columns: readonly (readonly [own: string, theirs: string])[];
}

/** Where relations and the policies of tables are looked up. */
export interface Relations {
  /** Returns a relation of a table; `undefined` where it has none of the name. */
  relationOf(table: string, name: string): Relation | undefined;
  /** Returns true if a table has policies. */
  hasPolicies(table: string): boolean;
  /** Returns the policies of a table; `undefined` where it has none. */
  policiesOf(table: string): CompiledTable | undefined;
}

/** What is known where SQL is made, beside what functions are told. */
export const INSIDE: unique symbol = Symbol("@kysera/rls/inside");

/** What is known where SQL is made. */
export interface Inside {
  /** The schema of tables that are named without one; `undefined` where the database finds them. */
  readonly schema?: string | undefined;
  /** How the name of a table is written. */
  readonly tableFor?: ((name: string) => string) | undefined;
  /** How the name of a column is written. */
  readonly columnFor?: ((name: string) => string) | undefined;
  /** Of a value that is not known yet: whether it is one, or a list. */
  readonly standIn?: ((value: unknown) => "one" | "list" | undefined) | undefined;
  /** How many relations were followed to get there. */
  readonly depth?: number | undefined;
}

/** What a function of a policy is given, before what follows relations is added. */
export type BaseTools = Omit<PolicyTools<any>, "related" | "check"> & {
  readonly [INSIDE]?: Inside | undefined;
};

type Ask = (context: PolicyContext<any>, tools: BaseTools) => unknown;

type Follow = (
  relation: RelationCondition,
  tools: BaseTools,
  site: Site,
) => ExpressionWrapper<any, any, SqlBool>;

/** Whose condition a function is. */
interface Owner {
  readonly table: string;
  readonly policy: string;
  readonly exists: Follow;
}

/** The tools of a function that may follow relations. What it does not ask for is not made. */
class RelationTools implements PolicyTools<any> {
  readonly #base: BaseTools;
  readonly #context: PolicyContext<any>;
  readonly #owner: Owner;

  constructor(base: BaseTools, context: PolicyContext<any>, owner: Owner) {
    this.#base = base;
    this.#context = context;
    this.#owner = owner;
  }

  #follow(relation: RelationCondition): ExpressionWrapper<any, any, SqlBool> {
    const { table, policy, exists } = this.#owner;
    return exists(relation, this.#base, { table, policy, context: this.#context });
  }

  get eb(): PolicyTools<any>["eb"] {
    return this.#base.eb;
  }

  get dialect(): PolicyTools<any>["dialect"] {
    return this.#base.dialect;
  }

  get column(): PolicyTools<any>["column"] {
    return this.#base.column;
  }

  get related(): PolicyTools<any>["related"] {
    return (relation, condition = true) =>
      this.#follow(
        readRelated(new RelationCondition(relation, condition, undefined), "related()"),
      );
  }

  get check(): PolicyTools<any>["check"] {
    return (relation, operation = "read") =>
      this.#follow(readRelated(new RelationCondition(relation, true, operation), "check()"));
  }
}

/** Makes functions of conditions that may follow relations. */
export class RelationCompiler {
  readonly #relations: Relations;

  constructor(relations: Relations) {
    this.#relations = relations;
  }

  /** Returns a condition of a table's policy that follows no relations by itself. */
  compile(
    condition: PolicyCondition<any>,
    table: string,
    policy: string,
  ): Exclude<PolicyCondition<any>, RelationCondition> {
    const at = (context: PolicyContext<any>): Site => ({ table, policy, context });
    if (condition instanceof RelationCondition) {
      const related: Ask = (context, tools) => this.#exists(condition, tools, at(context));
      // It is given the tools that the function of a user is built on.
      return related as PolicyFunction<any>;
    }
    if (typeof condition !== "function") return condition;
    const owner = this.#ownerOf(table, policy);
    const asked: Ask = (context, tools) => {
      // A function that is asked about a row in memory makes no SQL.
      if (tools === undefined) return (condition as (context: unknown) => unknown)(context);
      const answer: unknown = condition(context, new RelationTools(tools, context, owner));
      return answer instanceof RelationCondition
        ? this.#exists(answer, tools, at(context))
        : answer;
    };
    return asked as PolicyFunction<any>;
  }

  #ownerOf(table: string, policy: string): Owner {
    const exists: Follow = (relation, tools, site) => this.#exists(relation, tools, site);
    return { table, policy, exists };
  }

  #exists(
    { relation: name, condition, operation }: RelationCondition,
    tools: BaseTools,
    site: Site,
  ): ExpressionWrapper<any, any, SqlBool> {
    const { depth = 0, schema, tableFor = same, columnFor = same } = tools[INSIDE] ?? {};
    if (depth >= MAX_DEPTH) {
      throw evaluationError(
        site,
        `it follows more than ${MAX_DEPTH} relations, one within another; let one of the policies ` +
          "compare columns with values of the context",
      );
    }
    const relation = this.#relations.relationOf(site.table, name);
    if (relation === undefined) {
      throw evaluationError(
        site,
        `table "${site.table}" has no relation "${name}"; declare it in "relations" of the table, ` +
          "or give it a foreign key and make the executor with createExecutor()",
      );
    }
    const named = parseTableName(relation.table);
    const own = relation.columns.map(([column]) => tools.column(column).toOperationNode());
    const alias = nextAlias(own[0]!);
    const target = TableNode.create(alias);
    const column: BaseTools["column"] = (name: string) =>
      // What it is a column of, the builder that uses it says.
      new ExpressionWrapper(
        ReferenceNode.create(ColumnNode.create(columnFor(name)), target),
      ) as ReturnType<BaseTools["column"]>;
    const within: BaseTools = {
      eb: tools.eb,
      dialect: tools.dialect,
      column,
      [INSIDE]: { ...tools[INSIDE], depth: depth + 1 },
    };
    const inside: Site = { ...site, table: relation.table };
    const terms: Term[] = relation.columns.map(([, theirs], i) =>
      BinaryOperationNode.create(
        column(theirs).toOperationNode(),
        OperatorNode.create("="),
        own[i]!,
      )
    );
    terms.push(this.#term(condition, true, within, { ...inside, ...about(inside, "read") }));
    // Which rows may be read, the query itself is subject to.
    if (operation !== undefined && operation !== "read") {
      terms.push(this.#allowed(operation, within, inside));
    }
    const where = all(terms);
    const place = named.schema ?? schema;
    const table = place === undefined
      ? TableNode.create(tableFor(named.name))
      : TableNode.createWithSchema(place, tableFor(named.name));
    const select = SelectQueryNode.createFrom([
      AliasNode.create(table, IdentifierNode.create(alias)),
    ]);
    const query: SelectQueryNode = {
      ...SelectQueryNode.cloneWithSelections(select, [
        SelectionNode.create(
          AliasNode.create(ValueNode.createImmediate(1), IdentifierNode.create("found")),
        ),
      ]),
      where: WhereNode.create(typeof where === "boolean" ? NEVER : where),
    };
    LINKS.set(query, relation.columns[0]![0]);
    return new ExpressionWrapper(
      UnaryOperationNode.create(OperatorNode.create("exists"), query),
    );
  }

  /** What the policies of a table allow to be done to rows that may be read. */
  #allowed(command: PolicyCommand, tools: BaseTools, site: Site): Term {
    const table = this.#relations.policiesOf(site.table);
    if (table === undefined) {
      throw evaluationError(
        site,
        `it leaves a row to the policies of table "${site.table}", which has none in the schema; ` +
          "add them, or use related(..)",
      );
    }
    const asked = { ...site, ...about(site, command) };
    if (table.skipFor.some((role) => asked.context.auth.roles.includes(role))) return true;
    const granting: Term[] = [];
    const required: Term[] = [];
    const about_ = table.policies.filter(({ commands }) => commands.has(command));
    for (const { using, permissive, type, name } of about_) {
      if (using === undefined) continue;
      const term = this.#term(using, true, tools, { ...asked, policy: name });
      if (permissive) granting.push(term);
      else required.push(type === "deny" ? not(term) : term);
    }
    const isGranted = about_.some(({ permissive }) => permissive)
      ? some(granting)
      : about_.some(isGrantingFilter) || !table.defaultDeny;
    return all([isGranted, ...required]);
  }

  /** A condition on the related row. */
  #term(condition: unknown, isStatic: boolean, tools: BaseTools, site: Site): Term {
    if (typeof condition === "boolean") return condition;
    if (condition instanceof RelationCondition) {
      return this.#exists(condition, tools, site).toOperationNode();
    }
    if (typeof condition === "function") {
      const answer: unknown = condition(
        site.context,
        new RelationTools(tools, site.context, this.#ownerOf(site.table, site.policy)),
      );
      return this.#term(answer, false, tools, site);
    }
    if (isOperationNodeSource(condition)) {
      // What an expression gives is a node.
      return ParensNode.create(condition.toOperationNode() as OperationNode);
    }
    if (!isPlainObject(condition) || Object.keys(condition).length === 0) {
      throw evaluationError(
        site,
        `the condition on "${site.table}" is ${
          condition === null || condition === undefined ? String(condition) : "something else"
        }; write columns and values, an expression, true or false`,
      );
    }
    return all(
      Object.entries(condition).map(([name, value]) =>
        columnTerm(name, value, isStatic, tools, site)
      ),
    );
  }
}

/** What is decided already, or is to be asked in SQL. */
type Term = OperationNode | boolean;

/** Whose condition it is, and who asks. */
interface Site {
  /** The table whose rows it is about. */
  readonly table: string;
  readonly policy: string;
  readonly context: PolicyContext<any>;
}

/** The context as a function about another table sees it. */
function about({ context, table }: Site, operation: PolicyCommand): Pick<Site, "context"> {
  const copy = Object.defineProperties({}, {
    ...Object.getOwnPropertyDescriptors(context),
    // The row that it has, if any, is the one that the relation begins at: it is not read here.
    ..."row" in context ? { row: { get: () => context.row, enumerable: true } } : {},
    ..."data" in context ? { data: { get: () => context.data, enumerable: true } } : {},
    table: { value: table, enumerable: true },
    operation: { value: operation, enumerable: true },
  });
  // It has the members of a context.
  return { context: copy as PolicyContext<any> };
}

function columnTerm(
  name: string,
  value: unknown,
  isStatic: boolean,
  tools: BaseTools,
  site: Site,
): Term {
  assertColumn(name, `${site.context.table}, policy "${site.policy}"`);
  const left = tools.column(name).toOperationNode();
  const compare = (operator: "=" | "in" | "is", right: OperationNode): OperationNode =>
    BinaryOperationNode.create(left, OperatorNode.create(operator), right);
  if (value === null && isStatic) return compare("is", ValueNode.createImmediate(null));
  const standIn = tools[INSIDE]?.standIn?.(value);
  if (standIn !== undefined) {
    return compare(standIn === "list" ? "in" : "=", ValueNode.create(value));
  }
  const operand = (item: unknown): OperationNode => {
    // Whether it is known at all is looked at with all values of the expression.
    if (item !== undefined && item !== null && item !== "" && !Number.isNaN(item)) {
      const isKnown = isPolicyValue(item) || tools[INSIDE]?.standIn?.(item) !== undefined;
      if (!isKnown) {
        throw evaluationError(
          site,
          `the value of "${name}" is ${
            nameOfValue(item)
          }; it must be a text, a number, a boolean, ` +
            "a Date, or a list of them",
        );
      }
    }
    return ValueNode.create(formatValue(item, tools.dialect));
  };
  if (!Array.isArray(value)) return compare("=", operand(value));
  // No row has a value of an empty list.
  return value.length === 0 ? false : compare("in", ValueListNode.create(value.map(operand)));
}

function all(terms: readonly Term[]): Term {
  if (terms.includes(false)) return false;
  const nodes = terms.filter((term) => term !== true) as OperationNode[];
  return nodes.length === 0 ? true : nodes.reduce((left, right) => AndNode.create(left, right));
}

function some(terms: readonly Term[]): Term {
  if (terms.includes(true)) return true;
  const nodes = terms.filter((term) => term !== false) as OperationNode[];
  if (nodes.length === 0) return false;
  const whole = nodes.map((node) => ParensNode.create(node) as OperationNode)
    .reduce((left, right) => OrNode.create(left, right));
  return ParensNode.create(whole);
}

function not(term: Term): Term {
  return typeof term === "boolean"
    ? !term
    : UnaryOperationNode.create(OperatorNode.create("not"), ParensNode.create(term));
}

/** What relations were made of, with the column of the row that has to be equal to another. */
const LINKS = new WeakMap<OperationNode, string>();

/** Returns the column of the row by which a relation's query finds related ones. */
export function linkOf(query: OperationNode): string | undefined {
  return LINKS.get(query);
}

const same = (name: string): string => name;

const ALIAS = "kysera_related";

/** A name for the related table that is not that of the row itself, however deep that stands. */
function nextAlias(column: OperationNode): string {
  const outer = (column as ReferenceNode).table?.table.identifier.name ?? "";
  const number = outer.startsWith(ALIAS) ? Number(outer.slice(ALIAS.length)) : 0;
  return `${ALIAS}${Number.isSafeInteger(number) ? number + 1 : 1}`;
}

function evaluationError(
  { context, policy }: Site,
  problem: string,
): RLSPolicyEvaluationError {
  const { operation, table } = context;
  return new RLSPolicyEvaluationError({ operation, table }, policy, problem);
}
