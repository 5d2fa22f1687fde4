import { isPlainObject } from "@kysera/core";
import type { DialectName } from "@kysera/executor";
import { isOperationNodeSource, type OperationNode, type OperationNodeSource } from "kysely";
import type { PolicyValue } from "../contract/policy.ts";
import { isPolicyValue } from "../policy/_make_policy.ts";
import { formatValue } from "../policy/_sql.ts";
import { type Formula, type Leaf, leavesOf, type Refusal, type Step, UNASKED } from "./_algebra.ts";
import { Comparison } from "./_comparison.ts";
import { isLike } from "./_shape.ts";
import { type Compared, valuesOf } from "./_site.ts";
import { isKnown } from "./_verdict.ts";

/** What the answer to a condition must look like, with the number of values that it has then. */
type Expected =
  /** It is not asked, or is not a function: its values are the same for everybody. */
  | { readonly kind: "unasked"; readonly values: readonly unknown[] }
  | { readonly kind: "boolean"; readonly answer: boolean }
  | { readonly kind: "comparison"; readonly like: Comparison }
  | { readonly kind: "node"; readonly node: OperationNode; readonly count: number }
  /** By column: how many values its list has; `undefined` of one value. */
  | { readonly kind: "columns"; readonly columns: readonly string[]; readonly lengths: Lengths };

type Lengths = readonly (number | undefined)[];

/** What the policies of a table came to at a place, as one caller was answered. */
export interface Known {
  readonly steps: readonly Step[];
  readonly answers: readonly unknown[];
  readonly formulas: readonly Formula[];
  readonly compared: readonly Compared[];
  readonly key: string;
  readonly values: readonly unknown[];
  readonly refusal: Refusal | undefined;
}

/**
 * What the policies of a table come to at a place for all callers whom they answer alike. Of another
 * caller's answers their values alone are taken, in the order that the SQL has them in.
 */
export class Template {
  readonly key: string;
  readonly refusal: Refusal | undefined;
  /** Those of the first caller: the others' differ in their values alone. */
  readonly #formulas: readonly Formula[];
  readonly #expected: readonly Expected[];
  /** Where the values of each step begin; and their end. */
  readonly #places: readonly number[];
  readonly #compared: readonly Compared[];
  /** Where the values of the SQL are among those of the steps; `undefined` where all are, in order. */
  readonly #order: readonly number[] | undefined;
  /** Of each value: whether it is that of a column, which is written as drivers take it. */
  readonly #ofColumns: readonly boolean[];
  readonly #dialect: DialectName;

  private constructor(known: Known, expected: readonly Expected[], dialect: DialectName) {
    this.key = known.key;
    this.refusal = known.refusal;
    this.#formulas = known.formulas;
    this.#expected = expected;
    this.#compared = known.compared;
    this.#dialect = dialect;
    const places = [0];
    for (const each of expected) places.push(places.at(-1)! + countOf(each));
    this.#places = places;
    const leaves = known.refusal === undefined ? known.formulas.flatMap(leavesOf) : [];
    const order = leaves.flatMap(({ step }) =>
      Array.from({ length: places[step + 1]! - places[step]! }, (_, i) => places[step]! + i)
    );
    const isWhole = order.length === places.at(-1) && order.every((place, i) => place === i);
    this.#order = isWhole ? undefined : order;
    this.#ofColumns = leaves.flatMap(({ verdict }) =>
      valuesOf({ verdict }).map(() => verdict.kind === "columns")
    );
  }

  /** Returns the template of what a caller was answered; `undefined` where there is none. */
  static of(known: Known, dialect: DialectName): Template | undefined {
    const expected: Expected[] = [];
    for (const [i, step] of known.steps.entries()) {
      const each = expectedOf(known.answers[i], step);
      if (each === undefined) return undefined;
      expected.push(each);
    }
    const template = new Template(known, expected, dialect);
    const values = template.valuesOf(known.answers);
    const isSame = values !== undefined && values.length === known.values.length &&
      values.every((value, i) => Object.is(value, known.values[i]));
    return isSame ? template : undefined;
  }

  /** Returns the values of a caller's answers; `undefined` if those are not like the template's. */
  valuesOf(answers: readonly unknown[]): readonly unknown[] | undefined {
    const values: unknown[] = [];
    const expected = this.#expected;
    for (let i = 0; i < expected.length; i++) {
      if (!take(expected[i]!, answers[i], values)) return undefined;
    }
    for (const { pairs, isSame } of this.#compared) {
      if (pairs.every(([a, b]) => this.#haveSame(a, b, values)) !== isSame) return undefined;
    }
    if (this.refusal !== undefined) return [];
    const order = this.#order;
    const out = order === undefined ? values : order.map((place) => values[place]);
    for (let i = 0; i < out.length; i++) {
      const value = out[i];
      if (typeof value !== "boolean" && typeof value !== "object") continue;
      if (this.#ofColumns[i]) out[i] = formatValue(value, this.#dialect);
    }
    return out;
  }

  /** Returns the formulas of a caller whose answers are like the template's. */
  formulasOf(answers: readonly unknown[]): readonly Formula[] {
    const of = (leaf: Leaf): Leaf => {
      const verdict = verdictLike(leaf.verdict, this.#expected[leaf.step]!, answers[leaf.step]);
      return verdict === leaf.verdict ? leaf : { ...leaf, verdict };
    };
    return this.#formulas.map((formula) => ({
      ...formula,
      permissive: formula.permissive?.map(of),
      restrictive: formula.restrictive.map(of),
    }));
  }

  #haveSame(step: number, other: number, values: readonly unknown[]): boolean {
    const [start, end, begin] = [
      this.#places[step]!,
      this.#places[step + 1]!,
      this.#places[other]!,
    ];
    for (let i = start; i < end; i++) {
      if (!Object.is(values[i], values[begin + i - start])) return false;
    }
    return true;
  }
}

/** The verdict of an answer that is like another one, of which a verdict is known. */
function verdictLike(
  known: Leaf["verdict"],
  expected: Expected,
  answer: unknown,
): Leaf["verdict"] {
  if (known.kind === "sql" && isOperationNodeSource(answer)) {
    const values: unknown[] = [];
    take(expected, answer, values);
    return new LikeSql(known.form, values, answer);
  }
  if (known.kind !== "columns" || expected.kind !== "columns") return known;
  const of = answer as Readonly<Record<string, unknown>>;
  return {
    kind: "columns",
    terms: known.terms.map((term) => {
      const value = of[term.column];
      // They were looked at when the answer was found to be like the other.
      return { ...term, values: (Array.isArray(value) ? value : [value]) as PolicyValue[] };
    }),
  };
}

/** SQL of a form that is known. Few ask for its nodes. */
class LikeSql {
  readonly kind = "sql";
  readonly form: string;
  readonly values: readonly unknown[];
  readonly #source: OperationNodeSource;

  constructor(form: string, values: readonly unknown[], source: OperationNodeSource) {
    this.form = form;
    this.values = values;
    this.#source = source;
  }

  get node(): OperationNode {
    // What an expression gives is a node.
    return this.#source.toOperationNode() as OperationNode;
  }
}

function countOf(expected: Expected): number {
  switch (expected.kind) {
    case "unasked":
      return expected.values.length;
    case "boolean":
      return 0;
    case "comparison":
      return 1;
    case "node":
      return expected.count;
    case "columns":
      return expected.lengths.reduce<number>((sum, length) => sum + (length ?? 1), 0);
  }
}

/** @returns `undefined` for an answer of which there is no template */
function expectedOf(answer: unknown, { condition }: Step): Expected | undefined {
  if (answer === UNASKED) {
    // What stands in the schema has the same values for everybody; a function has none.
    const values = typeof condition === "object" ? Object.values(condition) : [];
    return { kind: "unasked", values: values.flatMap((value) => value === null ? [] : value) };
  }
  if (typeof answer === "boolean") return { kind: "boolean", answer };
  if (answer instanceof Comparison) return { kind: "comparison", like: answer };
  if (isOperationNodeSource(answer)) {
    const node = answer.toOperationNode();
    const values: unknown[] = [];
    // Of what is not like itself there is no template.
    return isLike(node, node, values) ? { kind: "node", node, count: values.length } : undefined;
  }
  if (!isPlainObject(answer)) return undefined;
  const lengths = Object.values(answer).map((value) =>
    Array.isArray(value) ? value.length : undefined
  );
  // What has an empty list is true of no row.
  return lengths.includes(0)
    ? undefined
    : { kind: "columns", columns: Object.keys(answer), lengths };
}

/** Takes the values of an answer. Returns false if it is not as expected. */
function take(expected: Expected, answer: unknown, values: unknown[]): boolean {
  switch (expected.kind) {
    case "unasked":
      if (answer !== UNASKED) return false;
      if (expected.values.length > 0) values.push(...expected.values);
      return true;
    case "boolean":
      return answer === expected.answer;
    case "comparison": {
      const value = Comparison.scalarOf(answer, expected.like);
      if (!isKnown(value)) return false;
      values.push(value);
      return true;
    }
    case "node": {
      if (!isOperationNodeSource(answer)) return false;
      const start = values.length;
      return isLike(expected.node, answer.toOperationNode(), values) &&
        areKnown(values, start) && values.length - start === expected.count;
    }
    case "columns":
      return isPlainObject(answer) && !isOperationNodeSource(answer) &&
        takeColumns(expected, answer, values);
  }
}

function takeColumns(
  { columns, lengths }: Extract<Expected, { kind: "columns" }>,
  answer: Readonly<Record<string, unknown>>,
  values: unknown[],
): boolean {
  let next = 0;
  for (const column in answer) {
    if (column !== columns[next]) return false;
    const value = answer[column];
    const length = lengths[next++];
    if (length === undefined) {
      // What is wrong with a value is told where the condition is looked at without a template.
      if (!isKnown(value) || Array.isArray(value) || !isPolicyValue(value)) return false;
      values.push(value);
    } else {
      if (!Array.isArray(value) || value.length !== length) return false;
      const start = values.length;
      for (const item of value) values.push(item);
      if (!areKnown(values, start)) return false;
    }
  }
  return next === columns.length;
}

function areKnown(values: readonly unknown[], start: number): boolean {
  for (let i = start; i < values.length; i++) if (!isKnown(values[i])) return false;
  return true;
}
