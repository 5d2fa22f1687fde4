import { type CheckToken, checkTokens } from "./_check_tokens.ts";
import type { NumberLimits } from "./_shape.ts";

/** What checks say of a column. */
export interface ColumnFacts extends NumberLimits {
  /** The least and the greatest length of a text. */
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  /** The only values that there are. */
  readonly values?: readonly (string | number)[] | undefined;
  /** Whether its texts are JSON. */
  readonly isJson?: boolean | undefined;
}

/** What a check says of each column; `undefined` where it says something else. */
export type CheckFacts = ReadonlyMap<string, ColumnFacts>;

/** An expression, as far as it is understood. */
type Term =
  | { readonly kind: "column" | "length"; readonly name: string }
  | { readonly kind: "value"; readonly value: string | number }
  | { readonly kind: "values"; readonly values: readonly (string | number)[] }
  | { readonly kind: "facts"; readonly facts: CheckFacts };

/** Longer ones are hardly about single columns. */
const MOST_TOKENS = 2000;

/**
 * Reads what a check says of single columns: limits of numbers, lengths of texts, and values, joined by
 * AND.
 *
 * @param expression the condition
 * @returns the facts, or `undefined` if the check says something that is not understood
 */
export function readCheck(expression: string): CheckFacts | undefined {
  const tokens = checkTokens(expression);
  if (tokens === undefined || tokens.length > MOST_TOKENS) return undefined;
  return new Parser(tokens).read();
}

/** Returns facts that all hold. */
export function joinFacts(a: ColumnFacts, b: ColumnFacts): ColumnFacts {
  const greatest = (x?: number, y?: number) => x === undefined ? y : Math.max(x, y ?? x);
  const least = (x?: number, y?: number) => x === undefined ? y : Math.min(x, y ?? x);
  const values = a.values === undefined
    ? b.values
    : b.values === undefined
    ? a.values
    : a.values.filter((value) => b.values!.includes(value));
  return {
    min: greatest(a.min, b.min),
    max: least(a.max, b.max),
    above: greatest(a.above, b.above),
    below: least(a.below, b.below),
    minLength: greatest(a.minLength, b.minLength),
    maxLength: least(a.maxLength, b.maxLength),
    values,
    isJson: a.isJson ?? b.isJson,
  };
}

/** Thrown where an expression is not understood. */
const NOT_UNDERSTOOD = Symbol("not understood");

/** What stands behind the first word of the name of a type. */
const TYPE_WORDS = ["varying", "precision", "with", "without", "time", "zone"];
const LENGTH = ["length", "char_length", "character_length"];
const MIRRORED: Readonly<Record<string, string>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

class Parser {
  readonly #tokens: readonly CheckToken[];
  #at = 0;

  constructor(tokens: readonly CheckToken[]) {
    this.#tokens = tokens;
  }

  read(): CheckFacts | undefined {
    try {
      const term = this.#or();
      if (this.#at < this.#tokens.length || term.kind !== "facts") return undefined;
      return term.facts;
    } catch (error) {
      if (error === NOT_UNDERSTOOD) return undefined;
      throw error;
    }
  }

  #or(): Term {
    let left = this.#and();
    while (this.#takeWord("or")) left = { kind: "facts", facts: eitherOf(left, this.#and()) };
    return left;
  }

  #and(): Term {
    let left = this.#predicate();
    while (this.#takeWord("and")) left = { kind: "facts", facts: bothOf(left, this.#predicate()) };
    return left;
  }

  #predicate(): Term {
    const left = this.#operand();
    if (this.#takeWord("between")) {
      const low = this.#operand();
      if (!this.#takeWord("and")) throw NOT_UNDERSTOOD;
      const high = this.#operand();
      return {
        kind: "facts",
        facts: bothOf(
          { kind: "facts", facts: compared(left, ">=", low) },
          { kind: "facts", facts: compared(left, "<=", high) },
        ),
      };
    }
    if (this.#takeWord("in")) return oneOf(left, this.#list("(", ")"));
    if (this.#takeWord("is")) {
      this.#takeWord("not");
      if (!this.#takeWord("null")) throw NOT_UNDERSTOOD;
      return nothing(left);
    }
    if (this.#takeSign("<>") || this.#takeSign("!=")) {
      this.#operand();
      return nothing(left);
    }
    const sign = this.#tokens[this.#at];
    if (sign?.kind !== "sign" || !/^[<>=]=?$/.test(sign.text)) return left;
    this.#at++;
    if (sign.text === "=" && this.#takeWord("any")) {
      this.#take("(");
      const isNested = this.#takeSign("(");
      if (!this.#takeWord("array")) throw NOT_UNDERSTOOD;
      const values = this.#list("[", "]");
      if (isNested) this.#take(")");
      this.#cast();
      this.#take(")");
      return oneOf(left, values);
    }
    return { kind: "facts", facts: compared(left, sign.text, this.#operand()) };
  }

  #operand(): Term {
    const term = this.#plain();
    this.#cast();
    return term;
  }

  #plain(): Term {
    if (this.#takeSign("(")) {
      const term = this.#or();
      this.#take(")");
      return term;
    }
    const isNegative = this.#takeSign("-");
    const token = this.#tokens[this.#at++];
    if (token?.kind === "number") {
      return { kind: "value", value: isNegative ? -Number(token.text) : Number(token.text) };
    }
    if (token === undefined || isNegative || token.kind === "sign") throw NOT_UNDERSTOOD;
    if (token.kind === "text") return { kind: "value", value: token.text };
    if (token.kind === "word" && this.#takeSign("(")) {
      const inner = this.#operand();
      this.#take(")");
      const name = token.text.toLowerCase();
      if (inner.kind !== "column") throw NOT_UNDERSTOOD;
      if (name === "json_valid") {
        return { kind: "facts", facts: new Map([[inner.name, { isJson: true }]]) };
      }
      if (!LENGTH.includes(name)) throw NOT_UNDERSTOOD;
      return { kind: "length", name: inner.name };
    }
    return { kind: "column", name: token.text };
  }

  #list(open: string, close: string): (string | number)[] {
    const values: (string | number)[] = [];
    this.#take(open);
    do {
      const term = this.#operand();
      if (term.kind !== "value") throw NOT_UNDERSTOOD;
      values.push(term.value);
    } while (this.#takeSign(","));
    this.#take(close);
    return values;
  }

  /** Passes over `::character varying(10)[]`. */
  #cast(): void {
    while (this.#takeSign("::")) {
      this.#at++;
      while (TYPE_WORDS.some((word) => this.#takeWord(word)));
      if (this.#takeSign("(")) {
        while (this.#tokens[this.#at]?.kind === "number" || this.#tokens[this.#at]?.text === ",") {
          this.#at++;
        }
        this.#take(")");
      }
      if (this.#takeSign("[")) this.#take("]");
    }
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #takeSign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #take(sign: string): void {
    if (!this.#takeSign(sign)) throw NOT_UNDERSTOOD;
  }
}

/** What leaves all but one value tells nothing of the others. */
function nothing(left: Term): Term {
  if (left.kind !== "column") throw NOT_UNDERSTOOD;
  return { kind: "facts", facts: new Map([[left.name, {}]]) };
}

function compared(left: Term, sign: string, right: Term): CheckFacts {
  if (left.kind === "value" && right.kind !== "value") {
    return compared(right, MIRRORED[sign] ?? sign, left);
  }
  if (right.kind !== "value" || (left.kind !== "column" && left.kind !== "length")) {
    throw NOT_UNDERSTOOD;
  }
  const { value } = right;
  if (sign === "=" && left.kind === "column") {
    return new Map([[left.name, { values: [value] }]]);
  }
  if (typeof value !== "number") throw NOT_UNDERSTOOD;
  return new Map([[
    left.name,
    left.kind === "length" ? lengths(sign, value) : limits(sign, value),
  ]]);
}

function limits(sign: string, value: number): ColumnFacts {
  switch (sign) {
    case "<":
      return { below: value };
    case ">":
      return { above: value };
    case "<=":
      return { max: value };
    case ">=":
      return { min: value };
    default:
      throw NOT_UNDERSTOOD;
  }
}

function lengths(sign: string, value: number): ColumnFacts {
  switch (sign) {
    case "<":
      return { maxLength: value - 1 };
    case ">":
      return { minLength: value + 1 };
    case "<=":
      return { maxLength: value };
    case ">=":
      return { minLength: value };
    case "=":
      return { minLength: value, maxLength: value };
    default:
      throw NOT_UNDERSTOOD;
  }
}

function oneOf(left: Term, values: readonly (string | number)[]): Term {
  if (left.kind !== "column") throw NOT_UNDERSTOOD;
  return { kind: "facts", facts: new Map([[left.name, { values }]]) };
}

function bothOf(left: Term, right: Term): CheckFacts {
  if (left.kind !== "facts" || right.kind !== "facts") throw NOT_UNDERSTOOD;
  const facts = new Map(left.facts);
  for (const [name, more] of right.facts) facts.set(name, joinFacts(facts.get(name) ?? {}, more));
  return facts;
}

/** Of what is joined by OR, only values of one column are understood. */
function eitherOf(left: Term, right: Term): CheckFacts {
  if (left.kind !== "facts" || right.kind !== "facts") throw NOT_UNDERSTOOD;
  const [name, ...more] = new Set([...left.facts.keys(), ...right.facts.keys()]);
  const values = [left, right].flatMap(({ facts }) => onlyValues(facts.get(name!)));
  if (name === undefined || more.length > 0) throw NOT_UNDERSTOOD;
  return new Map([[name, { values }]]);
}

function onlyValues(facts: ColumnFacts | undefined): readonly (string | number)[] {
  if (facts === undefined) throw NOT_UNDERSTOOD;
  const { values, ...others } = facts;
  if (values === undefined || Object.values(others).some((other) => other !== undefined)) {
    throw NOT_UNDERSTOOD;
  }
  return values;
}
