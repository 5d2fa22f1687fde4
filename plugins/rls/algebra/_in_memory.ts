import type { DialectName } from "@kysera/executor";
import type { Formula, Leaf } from "./_algebra.ts";
import { type AskedOf, isPromise, threw } from "./_verdict.ts";
import type { ColumnTerm } from "./_verdict.ts";
import type { RLSContext } from "../contract/context.ts";
import { RLSError, RLSPolicyEvaluationError } from "../contract/errors.ts";
import type { AnyRow, PolicyContext } from "../contract/policy.ts";

/** Whether something holds; `undefined` where it cannot be told. */
export type Truth = boolean | undefined;

/** The rows that a condition is asked about. */
export interface RowsInMemory {
  /** The row. */
  readonly row: AnyRow;
  /** The row as it will be; `undefined` where there is none. */
  readonly data: AnyRow | undefined;
  /** The name that the rows have for a column, where it is not the one that policies have. */
  readonly resolve?: (column: string) => string;
}

/** Compares the value of a column; `negated` where what is the same is refused. */
export type Compare = (a: unknown, b: unknown, negated: boolean, column: string) => Truth;

/** What the policies say of a row, where they can be asked without the database. */
export function truthOf(formula: Formula, of: (leaf: Leaf) => Truth): Truth {
  const { permissive, restrictive, refusal } = formula;
  if (refusal !== undefined) return false;
  const all = conjunction(restrictive.map(of));
  if (permissive === undefined || all === false) return all;
  return conjunction([all, disjunction(permissive.map(of))]);
}

/** The policies that a row does not satisfy, or of which that cannot be told. */
export function blamed(
  { permissive = [], restrictive }: Formula,
  of: (leaf: Leaf) => Truth,
): readonly string[] {
  const failing = restrictive.find((leaf) => of(leaf) === false) ??
    (disjunction(permissive.map(of)) === true || permissive.length === 0
      ? restrictive.find((leaf) => of(leaf) !== true)
      : undefined);
  return failing === undefined
    ? permissive.map(({ policy }) => policy.name)
    : [failing.policy.name];
}

/**
 * Compares so that nothing is let through which a database would refuse: texts that differ may be the
 * same under a collation, and a text may be read as a number. Here they count as different.
 */
export const compareForWriting: Compare = (a, b, negated) => compareWritten(a, b, negated, false);

/**
 * Returns how values of new rows are compared: where the database looks at the row that is stored,
 * texts that may be the same to it are left to it.
 */
export function comparerOfNew(dialect: DialectName): Compare {
  return SEES_STORED_ROWS[dialect]
    ? (a, b, negated) => compareWritten(a, b, negated, true)
    : compareForWriting;
}

/** Whether the check of a new row, where a statement makes it, sees the row as it is stored. */
const SEES_STORED_ROWS: Readonly<Record<DialectName, boolean>> = {
  postgres: true,
  sqlite: true,
  // It sees the values that are written: their collation is not that of the column.
  mysql: false,
  mssql: false,
};

function compareWritten(a: unknown, b: unknown, negated: boolean, isChecked: boolean): Truth {
  const [left, right] = [comparable(a), comparable(b)];
  if (left === right) return true;
  if (isNumeric(left) && isNumeric(right)) return left == right;
  // Drivers give large numbers as texts.
  if ([[left, right], [right, left]].some(([n, text]) => isNumeric(n) && String(n) === text)) {
    return true;
  }
  if (typeof left !== "string" || typeof right !== "string" || negated) return undefined;
  return isChecked && mayBeSame(left, right) ? undefined : false;
}

/** Whether some collation, type or padding takes different texts for the same. */
function mayBeSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.trim().normalize("NFKD").toLowerCase());
  return left === right || (left !== "" && right !== "" && Number(left) === Number(right));
}

/** What one condition says of a row, where it can be asked at once and without the database. */
export function truthOfLeaf(
  leaf: Leaf,
  formula: Formula,
  context: RLSContext,
  rows: RowsInMemory,
  compare: Compare,
): Truth {
  const { negated, verdict } = leaf;
  if (verdict.kind === "sql") return undefined;
  if (verdict.kind === "rows") {
    const answer = askAboutRow(leaf, formula, context, rows);
    if (!isPromise(answer)) return answer;
    // It is asked again where it can be waited for; that it fails here says nothing.
    answer.then(undefined, () => {});
    return undefined;
  }
  const row = formula.side === "check" ? rows.data ?? rows.row : rows.row;
  const truths = verdict.terms.map((term) =>
    truthOfTerm({ ...term, column: keyOf(row, term.column, rows.resolve) }, row, compare, negated)
  );
  if (truths.includes(false)) return negated;
  // What is compared with null is not known to the database either, and counts as refused; unless
  // another comparison fails, and what is denied does not hold.
  if (truths.includes(null)) return negated && truths.includes(undefined) ? undefined : false;
  const truth = conjunction(truths as Truth[]);
  return truth === undefined ? undefined : truth !== negated;
}

/** What a comparison says: `null` as the database has it. */
function truthOfTerm(
  { column, operator, values }: ColumnTerm,
  row: AnyRow,
  compare: Compare,
  negated: boolean,
): Truth | null {
  if (!Object.hasOwn(row, column) || row[column] === undefined) return undefined;
  const value = row[column];
  if (operator === "is null") return value === null;
  if (value === null) return null;
  return disjunction(values.map((each) => compare(value, each, negated, column)));
}

/**
 * Asks a function about a row that may not be complete.
 *
 * @returns whether the row satisfies it; a promise where the function is async
 */
export function askAboutRow(
  { policy, negated }: Leaf,
  { side, command }: Formula,
  context: RLSContext,
  rows: RowsInMemory,
): Truth | Promise<Truth> {
  const condition = side === "using" ? policy.using : policy.check;
  const question = {
    table: policy.table,
    policy: policy.name,
    operation: command,
    context,
  };
  // Only functions come to be asked about rows.
  const ask = condition as (context: PolicyContext<any>) => unknown;
  const { data } = rows;
  // What looks at the row alone is asked about the new one; what compares, about both.
  if (side === "check" && data !== undefined && data !== rows.row) {
    const about = new Asked(ask, question, { ...rows, row: data, data });
    if (!about.sawData) return negate(about.answer, negated);
    discard(about.answer);
  }
  return negate(new Asked(ask, question, rows).answer, negated);
}

function negate(answer: Truth | Promise<Truth>, negated: boolean): Truth | Promise<Truth> {
  if (isPromise(answer)) return answer.then((truth) => negate(truth, negated));
  return answer === undefined ? undefined : answer !== negated;
}

function discard(answer: Truth | Promise<Truth>): void {
  if (isPromise(answer)) answer.then(undefined, () => {});
}

/** A function that was asked about a row. */
class Asked {
  readonly answer: Truth | Promise<Truth>;
  sawData = false;
  #isComplete = true;

  constructor(
    ask: (context: PolicyContext<any>) => unknown,
    question: AskedOf,
    { row, data, resolve }: RowsInMemory,
  ) {
    const missing = (): void => {
      this.#isComplete = false;
    };
    const seen = (): AnyRow => {
      this.sawData = true;
      if (data === undefined) missing();
      return data === undefined ? {} : watched(data, missing, resolve);
    };
    const { context, table, operation } = question;
    const asked = {
      ...context,
      table,
      operation,
      row: watched(row, missing, resolve),
      get data() {
        return seen();
      },
    };
    let answer: unknown;
    try {
      answer = ask(asked);
    } catch (error) {
      this.answer = this.#failed(error, question);
      return;
    }
    this.answer = isPromise(answer)
      ? Promise.resolve(answer).then(
        (answer) => this.#read(answer, question),
        (error) => this.#failed(error, question),
      )
      : this.#read(answer, question);
  }

  #failed(error: unknown, question: AskedOf): undefined {
    if (!this.#isComplete) return undefined;
    if (error instanceof RLSError) throw error;
    throw threw(question, error);
  }

  #read(answer: unknown, question: AskedOf): Truth {
    if (!this.#isComplete) return undefined;
    if (typeof answer === "boolean") return answer;
    throw new RLSPolicyEvaluationError(
      question,
      question.policy,
      `it looks at the row and answers with ${answer === null ? "null" : typeof answer}; a ` +
        "function of the row must answer with true or false",
    );
  }
}

/** A row that tells when a column is read that it does not have. */
function watched(row: AnyRow, missing: () => void, resolve: RowsInMemory["resolve"]): AnyRow {
  const find = (key: string | symbol): string | symbol => {
    if (typeof key === "symbol") return key;
    const found = keyOf(row, key, resolve);
    if (!Object.hasOwn(row, found)) missing();
    return found;
  };
  return new Proxy(row, {
    get: (target, key) => Reflect.get(target, find(key)),
    has: (target, key) => Reflect.has(target, find(key)),
    ownKeys(target) {
      // Whoever lists the columns would miss those that are not known.
      missing();
      return Reflect.ownKeys(target);
    },
  });
}

function keyOf(row: AnyRow, column: string, resolve: RowsInMemory["resolve"]): string {
  return resolve === undefined || Object.hasOwn(row, column) ? column : resolve(column);
}

/** The AND of what may not be known. */
export function conjunction(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
}

/** The OR of what may not be known. */
export function disjunction(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes(undefined) ? undefined : false;
}

function comparable(value: unknown): unknown {
  // Not a text: what looks like one in the database is not known to differ.
  if (value instanceof Date) return value.getTime();
  if (value instanceof Uint8Array) return `0x${[...value].join(",")}`;
  return typeof value === "boolean" ? Number(value) : value;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
