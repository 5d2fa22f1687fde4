import { isPlainObject } from "@kysera/core";
import type { DialectName } from "@kysera/executor";
import {
  type ExpressionBuilder,
  type ExpressionWrapper,
  isOperationNodeSource,
  type OperationNode,
  type OperationNodeSource,
} from "kysely";
import { eb } from "./_comparison.ts";
import { isPolicyValue, nameOfValue } from "../policy/_make_policy.ts";
import { type BaseTools, INSIDE, type Inside } from "../policy/_relation_sql.ts";
import { shapeOf } from "./_shape.ts";
import type { RLSContext } from "../contract/context.ts";
import {
  RLSContextValidationError,
  RLSError,
  RLSPolicyEvaluationError,
} from "../contract/errors.ts";
import type {
  ConditionObject,
  PolicyCommand,
  PolicyCondition,
  PolicyContext,
  PolicyTools,
  PolicyValue,
} from "../contract/policy.ts";

/** A column, and the values one of which it must have; of none, that it is null. */
export interface ColumnTerm {
  readonly column: string;
  readonly operator: "=" | "in" | "is null";
  readonly values: readonly PolicyValue[];
}

/** What a condition comes to for one caller. */
export type Verdict =
  | boolean
  /** Every column has one of its values. */
  | { readonly kind: "columns"; readonly terms: readonly ColumnTerm[] }
  /** SQL. */
  | {
    readonly kind: "sql";
    readonly node: OperationNode;
    readonly form: string;
    readonly values: readonly unknown[];
  }
  /** It has to be asked about each row. */
  | { readonly kind: "rows" };

/** What a condition is asked for. */
export interface Question {
  readonly table: string;
  readonly policy: string;
  readonly operation: PolicyCommand;
  readonly context: RLSContext;
  readonly dialect: DialectName;
  /** A column of the row, as SQL. */
  readonly column: (name: string) => ExpressionWrapper<any, any, any>;
  /** Returns what is wrong with the name of a column; `undefined` where nothing is known to be. */
  readonly problemOf: ((column: string) => string | undefined) | undefined;
  /** How related tables are written. */
  readonly inside?: Inside | undefined;
  /** The context as functions see it, where several are asked one after the other. */
  readonly asked?: AskedContext | undefined;
}

/** What is asked of whom, for errors. */
export type AskedOf = Pick<Question, "table" | "policy" | "operation" | "context">;

const ROWS: Verdict = { kind: "rows" };

/**
 * What a condition comes to for a caller: whether it looks at a row is found out by asking it.
 *
 * @throws {RLSContextValidationError} for a value that is not known of the caller
 * @throws {RLSPolicyEvaluationError} where a function throws, or answers with something else
 */
export function verdictOf(condition: PolicyCondition<any>, question: Question): Verdict {
  if (typeof condition === "boolean") return condition;
  // What stands in the schema was checked with it; null is a value there.
  if (typeof condition !== "function") {
    // What follows relations is a function of the registry by now.
    return columnsOf(condition as ConditionObject<any>, question, true);
  }
  const asked = question.asked ?? new AskedContext(question);
  asked.asksForRow = false;
  let answer: unknown;
  try {
    // What follows relations is added by the function that the registry has made of it.
    answer = condition(asked.context, asked.tools);
  } catch (error) {
    if (asked.asksForRow) return ROWS;
    if (error instanceof RLSError) throw error;
    throw threw(question, error);
  }
  if (isPromise(answer)) {
    // It is asked again where it can be waited for; that it fails here says nothing.
    answer.then(undefined, () => {});
    return ROWS;
  }
  if (asked.asksForRow) return ROWS;
  return verdictOfAnswer(answer, question, condition);
}

/** What a promise of an answer is told by. */
export function isPromise(value: unknown): value is Promise<any> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

/** Thrown by what is not there yet; never seen outside. */
const ASKS_FOR_ROW: unique symbol = Symbol("asks for the row");

/** The context as functions see it before there is a row, and whether the last of them asked for one. */
export class AskedContext {
  /** Frozen: the functions of a table are told of the caller by one object. */
  readonly context: PolicyContext<any>;
  /** What the functions make SQL with. */
  readonly tools: PolicyTools<any>;
  /** Whether the row was asked for. */
  asksForRow = false;

  /**
   * @param question what the functions are asked for; one at a time is
   */
  constructor(question: Question) {
    this.tools = new Tools(question) as BaseTools as PolicyTools<any>;
    // Its row and its data are there, for whoever asks for them.
    this.context = new RowlessContext(question, this) as RLSContext as PolicyContext<any>;
  }

  /** Throws: there is no row yet. */
  askForRow(): never {
    this.asksForRow = true;
    throw ASKS_FOR_ROW;
  }
}

/** The context that a row is asked of. */
const ASKED: unique symbol = Symbol("@kysera/rls/asked");

function askForRow(this: RowlessContext): never {
  return this[ASKED].askForRow();
}

/** Takes a third of the time of `Object.defineProperty`, where the engine has it. */
const defineGetter: ((this: object, name: string, get: () => unknown) => void) | undefined = Reflect
  .get(Object.prototype, "__defineGetter__");

/** A context without a row. */
class RowlessContext implements RLSContext {
  declare readonly auth: RLSContext["auth"];
  declare readonly request?: NonNullable<RLSContext["request"]>;
  declare readonly meta?: NonNullable<RLSContext["meta"]>;
  declare readonly timestamp?: Date;
  declare readonly table: string;
  declare readonly operation: PolicyCommand;
  /** Seen by whatever is made of it: a member that is private would not be. */
  declare readonly [ASKED]: AskedContext;

  constructor({ context, table, operation }: Question, asked: AskedContext) {
    const { auth, request, meta, timestamp } = context;
    this.auth = auth;
    if (request !== undefined) this.request = request;
    if (meta !== undefined) this.meta = meta;
    if (timestamp !== undefined) this.timestamp = timestamp;
    this.table = table;
    this.operation = operation;
    this[ASKED] = asked;
    // A member of its own, so that a copy of the context asks for the row as well; one is enough.
    if (defineGetter === undefined) {
      Object.defineProperty(this, "row", { get: askForRow, enumerable: true });
    } else {
      defineGetter.call(this, "row", askForRow);
    }
    Object.freeze(this);
  }

  get data(): never {
    return this[ASKED].askForRow();
  }
}

/** What a function makes SQL with. */
class Tools implements BaseTools {
  readonly #question: Question;

  constructor(question: Question) {
    this.#question = question;
  }

  get eb(): ExpressionBuilder<any, any> {
    return eb;
  }

  get dialect(): DialectName {
    return this.#question.dialect;
  }

  get column(): BaseTools["column"] {
    return (name) => {
      assertColumn(name, this.#question);
      return this.#question.column(name);
    };
  }

  get [INSIDE](): Inside | undefined {
    return this.#question.inside;
  }
}

/**
 * What a function has answered, about no row.
 *
 * @param source the function
 */
export function verdictOfAnswer(answer: unknown, question: Question, source: object): Verdict {
  if (typeof answer === "boolean") return answer;
  if (isOperationNodeSource(answer)) {
    const node = nodeOf(answer, question);
    const { form, values } = shapeOf(node, source);
    values.forEach((value) => assertKnown(value, "an expression", question));
    return { kind: "sql", node, form, values };
  }
  if (isPlainObject(answer)) return columnsOf(answer, question, false);
  throw new RLSPolicyEvaluationError(
    question,
    question.policy,
    `it answered with ${whatIs(answer)}; return columns and values, an expression, true or false`,
  );
}

/** A comparison is made now: what is wrong with it is the function's. */
function nodeOf(answer: OperationNodeSource, question: Question): OperationNode {
  try {
    // What an expression gives is a node.
    return answer.toOperationNode() as OperationNode;
  } catch (error) {
    throw threw(question, error);
  }
}

function columnsOf(
  condition: Readonly<Record<string, unknown>>,
  question: Question,
  mayBeNull: boolean,
): Verdict {
  const terms: ColumnTerm[] = [];
  for (const [column, value] of Object.entries(condition)) {
    assertColumn(column, question);
    if (value === null && mayBeNull) {
      terms.push({ column, operator: "is null", values: [] });
    } else if (Array.isArray(value)) {
      value.forEach((item) => assertKnown(item, `"${column}"`, question));
      // No row has a value of an empty list.
      if (value.length === 0) return false;
      terms.push({ column, operator: "in", values: value });
    } else {
      assertKnown(value, `"${column}"`, question);
      if (!isPolicyValue(value) || column === "" || column.includes(".")) {
        throw new RLSPolicyEvaluationError(
          question,
          question.policy,
          isPolicyValue(value)
            ? `"${column}" is not a name of a column of the table itself`
            : `the value of "${column}" is ${nameOfValue(value)}; it must be a text, a number, ` +
              "a boolean, a Date, or a list of them",
        );
      }
      terms.push({ column, operator: "=", values: [value as PolicyValue] });
    }
  }
  if (terms.length > 0) return { kind: "columns", terms };
  throw new RLSPolicyEvaluationError(
    question,
    question.policy,
    "it answered with no columns; return true for a condition that all rows satisfy",
  );
}

/** @throws {RLSPolicyEvaluationError} for a column that the table does not have */
function assertColumn(column: string, question: Question): void {
  const problem = question.problemOf?.(column);
  if (problem === undefined) return;
  throw new RLSPolicyEvaluationError(question, question.policy, problem);
}

/** Returns false for a value that says that something is not known. */
export function isKnown(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && !Number.isNaN(value);
}

/** @throws {RLSContextValidationError} for a value that says that something is not known */
function assertKnown(value: unknown, where: string, { table, policy, operation }: Question): void {
  if (isKnown(value)) return;
  const what = value === "" ? "empty" : String(value);
  throw new RLSContextValidationError(
    `Cannot ${operation} table "${table}": the value of ${where} in policy "${policy}" is ${what}; ` +
      "bind a context that has what the policy asks for",
    policy,
  );
}

/** The error of a function that threw. */
export function threw(
  question: AskedOf,
  error: unknown,
): RLSPolicyEvaluationError {
  // The message may hold values of a row.
  return new RLSPolicyEvaluationError(question, question.policy, "it threw; see the cause", {
    cause: error,
  });
}

function whatIs(answer: unknown): string {
  return answer === undefined || answer === null ? String(answer) : `a ${typeof answer}`;
}
