import { isPlainObject } from "@kysera/core";
import {
  type AliasNode,
  type BinaryOperationNode,
  ColumnNode,
  type ExpressionBuilder,
  expressionBuilder,
  ExpressionWrapper,
  type IdentifierNode,
  isOperationNodeSource,
  type OperationNode,
  type OperatorNode,
  type PrimitiveValueListNode,
  RawNode,
  ReferenceNode,
  type SelectQueryNode,
  TableNode,
  type ValueNode,
} from "kysely";
import { isPolicyValue, nameOfValue } from "../policy/_make_policy.ts";
import { type BaseTools, INSIDE } from "../policy/_relation_sql.ts";
import { RLSSchemaError } from "../contract/errors.ts";
import type {
  PolicyCommand,
  PolicyCondition,
  PolicyFunction,
  PolicyTools,
} from "../contract/policy.ts";
import { identifier, inlineSql, literal } from "./_compile.ts";
import { listCall, valueCall } from "./_functions.ts";
import {
  CannotRecord,
  type Choice,
  isScalar,
  Recorded,
  recordedOf,
  recordingContext,
} from "./_record.ts";
import type { NativeSettings } from "./_settings.ts";

const eb: ExpressionBuilder<any, any> = expressionBuilder<any, any>();

/** Ways through a function, at most: each choice doubles them. */
const MAX_BRANCHES = 64;

/** What a condition is written for. */
export interface Place {
  /** The table, as the schema of policies names it. */
  readonly key: string;
  readonly schema: string;
  readonly table: string;
  readonly operation: PolicyCommand;
  /** The policy, for errors. */
  readonly path: string;
  readonly settings: NativeSettings;
}

/** A condition as SQL, good as an operand of AND, OR and IS. @throws {RLSSchemaError} */
export function conditionSql(condition: PolicyCondition<any>, place: Place): string {
  if (typeof condition !== "function") return answerSql(condition, true, place);
  try {
    const cases = waysThrough(condition, place)
      .filter(({ sql }) => sql !== "false")
      .map(({ choices, sql }) => {
        const all = choices.map((choice) => choiceSql(choice, place));
        return sql === "true" && all.length > 0 ? all : [...all, sql];
      })
      .map((all) => all.length === 1 ? all[0]! : `(${all.join(" and ")})`);
    if (cases.length === 0) return "false";
    return cases.length === 1 ? cases[0]! : `(${cases.join(" or ")})`;
  } catch (error) {
    if (error instanceof RLSSchemaError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw refused(place, error instanceof CannotRecord ? why : `it threw (${why})`, error);
  }
}

interface Branch {
  readonly choices: readonly Choice[];
  readonly sql: string;
}

/** What a function answers, for every way that its choices can go. */
function waysThrough(ask: PolicyFunction<any>, place: Place): Branch[] {
  const branches: Branch[] = [];
  let decided: boolean[] = [];
  for (;;) {
    const { choices, answer, read } = record(ask, place, decided, new Set());
    const used = recordedIn(answer);
    for (const value of read) {
      if (used.has(value)) continue;
      throw new CannotRecord(`it decides by ctx.${value.path.join(".")}, outside of SQL`);
    }
    // Whether it looked at a value, to take another one or another way, shows where there is none.
    const absent = new Set([...used].map(({ path }) => path.join(".")));
    const without = record(ask, place, choices.map(({ holds }) => holds), absent);
    if (formOf(without.answer) !== formOf(answer) || without.choices.length !== choices.length) {
      throw new CannotRecord("it decides by whether a value of the context is there");
    }
    branches.push({ choices, sql: answerSql(answer, false, place) });
    if (branches.length > MAX_BRANCHES) throw new CannotRecord("it has too many cases");
    decided = choices.map(({ holds }) => holds);
    while (decided.at(-1) === true) decided.pop();
    if (decided.length === 0) return branches;
    decided[decided.length - 1] = true;
  }
}

function record(
  ask: PolicyFunction<any>,
  place: Place,
  decided: readonly boolean[],
  absent: ReadonlySet<string>,
): { choices: Choice[]; answer: unknown; read: ReadonlySet<Recorded> } {
  const choices: Choice[] = [];
  const { context, read } = recordingContext(
    { table: place.key, operation: place.operation },
    absent,
    (path, value) => {
      const same = (choice: Choice): boolean =>
        choice.path.join(".") === path.join(".") && choice.value === value;
      const known = choices.find(same);
      if (known !== undefined) return known.holds;
      const holds = decided[choices.length] ?? false;
      choices.push({ path, value, holds });
      return holds;
    },
  );
  const tools: BaseTools = {
    eb,
    dialect: "postgres",
    [INSIDE]: {
      schema: place.settings.schemaName,
      standIn: (value) => {
        const recorded = recordedOf(value);
        if (recorded === undefined) return undefined;
        return isScalar(recorded.path) ? "one" : "list";
      },
    },
    column: (name) =>
      new ExpressionWrapper(
        ReferenceNode.create(ColumnNode.create(name), TableNode.create(place.table)),
      ),
  };
  // What follows relations is added by the function that the registry has made of it.
  const answer: unknown = ask(context, tools as PolicyTools<any>);
  if (answer instanceof Promise) {
    answer.then(undefined, () => {});
    throw new CannotRecord("it is asynchronous");
  }
  return { choices, answer, read };
}

/** The values of the context in an answer. */
function recordedIn(answer: unknown): Set<Recorded> {
  const found = new Set<Recorded>();
  walk(answer, (value) => {
    if (value instanceof Recorded) found.add(value);
  });
  return found;
}

/** The same for answers that differ in that values are not there. */
function formOf(answer: unknown): string {
  let form = "";
  walk(answer, (value) => {
    form += value instanceof Recorded || value === null
      ? "?"
      : typeof value === "object"
      ? Array.isArray(value) ? "[" : `{${Object.keys(value)}:`
      : `${typeof value} ${String(value)};`;
  });
  return form;
}

function walk(given: unknown, see: (value: unknown) => void): void {
  const value = recordedOf(given) ??
    (isOperationNodeSource(given) ? given.toOperationNode() : given);
  see(value);
  if (typeof value !== "object" || value === null || value instanceof Recorded) return;
  for (const child of Array.isArray(value) ? value : Object.values(value)) walk(child, see);
}

function choiceSql({ path, value, holds }: Choice, place: Place): string {
  const list = listCall(path, "null::text", place.settings);
  const has = `${literal(String(value), place.path)} = any(${once(list)})`;
  return holds ? has : `not (${has})`;
}

/** The list, read once for a statement and not for each row. */
function once(list: string): string {
  return `array_remove((select ${list}), null)`;
}

function answerSql(answer: unknown, isStatic: boolean, place: Place): string {
  if (typeof answer === "boolean") return String(answer);
  if (isOperationNodeSource(answer)) {
    // What an expression gives is a node.
    const node = answer.toOperationNode() as OperationNode;
    return `(${inlineSql(new ContextWriter(place).write(node), place.path)})`;
  }
  if (!isPlainObject(answer)) {
    throw refused(place, `it answered with ${answer === null ? "null" : `a ${typeof answer}`}`);
  }
  const terms = Object.entries(answer).map(([column, value]) =>
    termSql(column, value, isStatic, place)
  );
  if (terms.length === 0) throw refused(place, "it answered with no columns");
  return terms.length === 1 ? terms[0]! : `(${terms.join(" and ")})`;
}

function termSql(column: string, given: unknown, isStatic: boolean, place: Place): string {
  const name = identifier(place.table, column);
  const sample = sampleOf({ schema: place.schema, table: place.table, column });
  const value = recordedOf(given) ?? given;
  if (value instanceof Recorded) {
    if (isScalar(value.path)) {
      return `${name} = (select ${valueCall(value.path, sample, place.settings)})`;
    }
    return `${name} = any(${once(listCall(value.path, sample, place.settings))})`;
  }
  if (value === null && isStatic) return `${name} is null`;
  if (Array.isArray(value)) {
    if (value.length === 0) return "false";
    return `${name} in (${value.map((item) => itemSql(item, sample, column, place)).join(", ")})`;
  }
  return `${name} = ${itemSql(value, sample, column, place)}`;
}

function itemSql(given: unknown, sample: string, column: string, place: Place): string {
  const value = recordedOf(given);
  if (value !== undefined) return `(select ${valueCall(value.path, sample, place.settings)})`;
  if (isPolicyValue(given)) return literal(given, place.path);
  throw refused(place, `the value of "${column}" is ${nameOfValue(given)}`);
}

interface ColumnId {
  readonly schema: string | undefined;
  readonly table: string;
  readonly column: string;
}

/** A null of the type of a column. */
function sampleOf({ schema, table, column }: ColumnId): string {
  const type = schema === undefined ? identifier(table) : identifier(schema, table);
  return `(null::${type}).${identifier(column)}`;
}

/** The sources that references may be to: name to table. */
type Sources = ReadonlyMap<string, Omit<ColumnId, "column">>;

/** Puts calls that read the context into the place of its values. */
class ContextWriter {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  write(node: OperationNode): OperationNode {
    const { schema, table } = this.#place;
    return this.#node(node, new Map([[table, { schema, table }]]));
  }

  #node(node: OperationNode, sources: Sources): OperationNode {
    switch (node.kind) {
      case "BinaryOperationNode":
        return this.#binary(node as BinaryOperationNode, sources);
      case "ValueNode": {
        const value = valueOf(node);
        return value === undefined ? node : this.#value(value, "null::text");
      }
      case "SelectQueryNode":
        return this.#children(node, this.#within(node as SelectQueryNode, sources));
      case "PrimitiveValueListNode":
        if (!(node as PrimitiveValueListNode).values.some((v) => recordedOf(v) !== undefined)) {
          return node;
        }
        throw refused(this.#place, "it has a value of the context in a list of others");
      default:
        return this.#children(node, sources);
    }
  }

  #binary(node: BinaryOperationNode, sources: Sources): OperationNode {
    const operator = (node.operator as OperatorNode).operator;
    const [left, right] = [valueOf(node.leftOperand), valueOf(node.rightOperand)];
    const column = (of: OperationNode): string => {
      const id = this.#columnOf(of, sources);
      return id === undefined ? "null::text" : sampleOf(id);
    };
    if (right !== undefined && (operator === "in" || operator === "not in")) {
      const list = once(listCall(right.path, column(node.leftOperand), this.#place.settings));
      const operand = this.#node(node.leftOperand, sources);
      return raw(operator === "in" ? ["", ` = any(${list})`] : ["", ` <> all(${list})`], operand);
    }
    return {
      ...node,
      leftOperand: left === undefined
        ? this.#node(node.leftOperand, sources)
        : this.#value(left, column(node.rightOperand)),
      rightOperand: right === undefined
        ? this.#node(node.rightOperand, sources)
        : this.#value(right, column(node.leftOperand)),
    } as BinaryOperationNode;
  }

  #value({ path }: Recorded, sample: string): OperationNode {
    return raw([`(select ${valueCall(path, sample, this.#place.settings)})`]);
  }

  /** The names that references inside a subquery may have. */
  #within(select: SelectQueryNode, sources: Sources): Sources {
    const inside = new Map(sources);
    const sourcesOf = [
      ...(select.from?.froms ?? []),
      ...(select.joins ?? []).map((join) => join.table),
    ];
    for (const source of sourcesOf) {
      const aliased = source.kind === "AliasNode";
      const of = aliased ? (source as AliasNode).node : source;
      const table = of.kind === "TableNode" ? (of as TableNode).table : undefined;
      const alias = aliased ? aliasOf(source as AliasNode) : table?.identifier.name;
      if (alias === undefined) continue;
      if (alias === this.#place.table) {
        throw refused(
          this.#place,
          `a subquery of it has the name "${alias}" for something as well; give that an alias`,
        );
      }
      if (table === undefined) inside.delete(alias);
      else inside.set(alias, { schema: table.schema?.name, table: table.identifier.name });
    }
    return inside;
  }

  #columnOf(node: OperationNode, sources: Sources): ColumnId | undefined {
    if (node.kind !== "ReferenceNode") return undefined;
    const { column, table } = node as ReferenceNode;
    if (column.kind !== "ColumnNode") return undefined;
    const name = (column as ColumnNode).column.name;
    if (table !== undefined) {
      const { schema, identifier } = table.table;
      const source = sources.get(identifier.name);
      if (source !== undefined) return { ...source, column: name };
      return schema && { schema: schema.name, table: identifier.name, column: name };
    }
    // Of a subquery it is its own, where that has one table.
    const [, ...own] = [...sources.values()];
    const only = own.length === 0
      ? [...sources.values()][0]
      : own.length === 1
      ? own[0]
      : undefined;
    return only && { ...only, column: name };
  }

  /** The node, with each of its children written. */
  #children(node: OperationNode, sources: Sources): OperationNode {
    const change = (child: unknown): unknown => {
      if (typeof child !== "object" || child === null) return child;
      if (Array.isArray(child)) return child.map(change);
      return "kind" in child ? this.#node(child as OperationNode, sources) : child;
    };
    // The same kind of node, of the same members.
    return Object.fromEntries(
      Object.entries(node).map(([key, child]) => [key, change(child)]),
    ) as unknown as OperationNode;
  }
}

function valueOf(node: OperationNode): Recorded | undefined {
  return node.kind === "ValueNode" ? recordedOf((node as ValueNode).value) : undefined;
}

function aliasOf({ alias }: AliasNode): string | undefined {
  return alias.kind === "IdentifierNode" ? (alias as IdentifierNode).name : undefined;
}

/** SQL of our own making, with expressions in it. */
function raw(fragments: readonly string[], ...parameters: readonly OperationNode[]): OperationNode {
  return RawNode.create(fragments, parameters);
}

function refused(place: Place, problem: string, cause?: unknown): RLSSchemaError {
  const error = new RLSSchemaError(
    place.path,
    `it cannot be written as a policy of PostgreSQL: ${problem}; answer with columns and values, ` +
      `such as (ctx) => ({ tenant_id: ctx.auth.tenantId }), or with an expression, such as ` +
      `(ctx, { eb, column }) => eb(column("owner_id"), "=", ctx.auth.userId)`,
  );
  if (cause !== undefined) error.cause = cause;
  return error;
}
