import type { Kysely } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Query } from "../oracle/ast.ts";
import { canonicalRows } from "../oracle/canonical.ts";
import { inserts } from "../oracle/execute.ts";
import type { OracleWorld } from "../oracle/run.ts";
import { type Data, type Row, tables } from "../oracle/schema.ts";
import { changes, Mismatch, type Outcome } from "../oracle/world.ts";
import {
  type Attempt,
  indent,
  rowsOf,
  sameRows,
  Side,
  type SideOptions,
  type State,
  text,
} from "./oracle_side.ts";
import { sound, steered } from "./oracle_statement.ts";

/** Two handles that must give the same answers, and how their databases differ. */
export interface Pair {
  readonly name: string;
  readonly sides: readonly [Pick<SideOptions, "name" | "make">, Pick<SideOptions, "name" | "make">];
  /** The rows of each side, of those that were drawn. */
  dataOf(data: Data): readonly [Data, Data];
  /** Whether a row of a table may differ between the sides; one that may is not to be touched. */
  mayDiffer(table: string, row: Row): boolean;
  readonly camelCase?: boolean | undefined;
  /** What else the databases have to have. */
  prepare?(db: Kysely<any>): Promise<void>;
  /** What else has to be the same afterwards; it is put back as well. */
  extra?(db: Kysely<any>): Promise<readonly unknown[]>;
  reset?(db: Kysely<any>): Promise<void>;
}

/** Runs each query on both sides of a pair: rows, errors and the state of the tables are the same. */
export class PairWorld implements OracleWorld {
  readonly subject: Pair;
  onError: OracleWorld["onError"];
  readonly #dialect: TestDialect;
  readonly #sides: readonly [Side, Side];
  #data: readonly [Data, Data] = [{}, {}];

  private constructor(dialect: TestDialect, pair: Pair, sides: readonly [Side, Side]) {
    this.#dialect = dialect;
    this.subject = pair;
    this.#sides = sides;
  }

  static async open(dialect: TestDialect, pair: Pair): Promise<PairWorld> {
    const open = (i: 0 | 1): Promise<Side> =>
      Side.open(dialect, {
        ...pair.sides[i],
        camelCase: pair.camelCase,
        // Nothing that is hidden stands in anybody's way.
        hidden: () => new Set(),
        prepare: async (db) => await pair.prepare?.(db),
      });
    const first = await open(0);
    try {
      return new PairWorld(dialect, pair, [first, await open(1)]);
    } catch (error) {
      await first.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const side of this.#sides) await side.close();
  }

  async load(data: Data): Promise<void> {
    this.#data = this.subject.dataOf(data);
    for (const i of [0, 1] as const) {
      await this.#sides[i].load(this.#data[i]);
      await this.subject.reset?.(this.#sides[i].base);
    }
  }

  check(query: Query): Promise<Outcome> {
    return sound(() => this.#check(steered(query)));
  }

  async #check(query: Query): Promise<Outcome> {
    const { statement } = query;
    const ordered = statement.k === "select" && statement.total;
    const results: { attempt: Attempt; state: State; extra: readonly string[] }[] = [];
    for (const side of this.#sides) {
      const attempt = await side.run(query, ordered);
      if (!changes(statement)) {
        results.push({ attempt, state: {}, extra: [] });
        continue;
      }
      const extra = canonicalRows(await this.subject.extra?.(side.base) ?? []).map(anonymous);
      await this.subject.reset?.(side.base);
      results.push({ attempt, state: await side.restore(), extra });
    }
    const [one, two] = results as [typeof results[0], typeof results[0]];
    this.#compare(one.attempt, two.attempt, query);
    if (changes(statement)) {
      this.#compareStates(one.state, two.state);
      this.#differ("log", "What else there is differs", one.extra, two.extra);
    }
    if (one.attempt.error === undefined) return "equal";
    return (one.attempt.error as Error).name.match(/Refused|Violation|RLS/)
      ? "refused"
      : "failed on both sides";
  }

  #compare(one: Attempt, two: Attempt, query: Query): void {
    const [a, b] = [one, two].map(({ error }) => error === undefined ? [] : [messageOf(error)]);
    this.#differ("errors", "The errors differ", a!, b!);
    if (one.error !== undefined) {
      this.onError?.(one.error, query);
      return;
    }
    this.#differ("results", "The results differ", rowsOf(one), rowsOf(two));
  }

  #compareStates(one: State, two: State): void {
    for (const { name } of tables) {
      const kept = (state: State): string[] =>
        canonicalRows(state[name]!.filter((row) => !this.subject.mayDiffer(name, row)));
      this.#differ("state", `The rows of ${name} differ afterwards`, kept(one), kept(two));
      for (const [i, state] of [one, two].entries()) {
        const others = (of: State): Row[] =>
          of[name]!.filter((row) => this.subject.mayDiffer(name, row));
        if (sameRows(others(state), others(this.#sides[i]!.loaded))) continue;
        throw new Mismatch("others", `Rows of ${name} that nobody sees were touched, on side ${i}`);
      }
    }
  }

  #differ(sort: string, message: string, one: readonly string[], two: readonly string[]): void {
    if (one.join("\n") === two.join("\n")) return;
    const [a, b] = this.#sides;
    throw new Mismatch(
      sort,
      `${message}\n  ${a.name}:\n${indent(one)}\n  ${b.name}:\n${indent(two)}`,
    );
  }

  describe(drawn: Query): string {
    const query = steered(drawn);
    const hidden = (table: string, row: Row) => this.subject.mayDiffer(table, row);
    return [
      `-- ${this.#dialect.name}, ${this.subject.name}`,
      ...this.#sides.flatMap((side, i) => [
        ...inserts(this.#data[i as 0 | 1], hidden),
        side.describe(query),
      ]),
      `-- the query: ${JSON.stringify(query)}`,
    ].join("\n");
  }
}

/** An error as a text that is the same for the same error. */
function messageOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return anonymous(`${text(error)} (${code})`);
}

/** Each database has a name of its own. */
function anonymous(text: string): string {
  return text.replaceAll(/kysera_\d\w*/g, "#");
}
