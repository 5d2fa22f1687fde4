/**
 * What the DAL is made to do: queries as functions, composed, side by side, and in transactions that
 * nest and are rolled back, as plain data.
 */
import fc from "fast-check";
import type { Query, Statement } from "./ast.ts";
import type { Capabilities } from "./capabilities.ts";
import { Draw } from "./draw.ts";
import { queries } from "./generate.ts";
import { shrinks } from "./shrink.ts";
import { changes, mayBeRefused } from "./world.ts";

/** How a statement becomes a query function. */
export type How = "createQuery" | "named" | "transactional" | "prepared";

export type Step =
  | { d: "query"; how: How; statement: Statement }
  | { d: "sequence"; by: "compose" | "chain"; parts: Step[] }
  | { d: "parallel"; parts: Step[] }
  | { d: "conditional"; holds: boolean; part: Step }
  | { d: "mapped"; part: Step }
  | {
    d: "transaction";
    parts: Step[];
    /** Throws when its parts are done. */
    fails: boolean;
    /** Whoever began it goes on after a failure. */
    caught: boolean;
  }
  /** Transactions that are begun at the same time. */
  | { d: "together"; parts: Step[] };

export interface Script {
  /** What the first query is given. */
  root: "executor" | "createContext" | "withContext";
  steps: Step[];
}

/** Whether a script writes. */
export function writes(step: Step): boolean {
  if (step.d === "query") return changes(step.statement);
  return "part" in step ? writes(step.part) : step.parts.some(writes);
}

/** Whether a statement may hide rows itself: what follows it would not find them. */
function hides(statement: Statement): boolean {
  return changes(statement) && /"name":"deleted_at","expr"/.test(JSON.stringify(statement));
}

/** Random scripts of statements that a dialect understands, and no executor refuses. */
export function scripts(can: Capabilities): fc.Arbitrary<Script> {
  return new ScriptArbitrary(can);
}

class ScriptArbitrary extends fc.Arbitrary<Script> {
  readonly #queries: fc.Arbitrary<Query>;

  constructor(can: Capabilities) {
    super();
    this.#queries = queries(can);
  }

  generate(random: fc.Random): fc.Value<Script> {
    const draw = new Draw(random);
    const root = draw.pick(["executor", "createContext", "withContext"] as const);
    const steps = Array.from({ length: draw.int(1, 3) }, () => this.#step(random, draw, 3, false));
    return new fc.Value({ root, steps }, undefined);
  }

  #step(random: fc.Random, draw: Draw, depth: number, inside: boolean): Step {
    const inner = (): Step => this.#step(random, draw, depth - 1, inside);
    const parts = (most: number, make: () => Step): Step[] =>
      Array.from({ length: draw.int(1, most) }, make);
    const transaction = (): Step => ({
      d: "transaction",
      parts: parts(3, () => this.#step(random, draw, depth - 1, true)),
      fails: draw.percent(30),
      caught: draw.percent(75),
    });
    if (depth === 0) return this.#query(random, draw, inside);
    return draw.weighted<Step>([
      [3, () => this.#query(random, draw, inside)],
      [2, () => ({ d: "sequence", by: draw.pick(["compose", "chain"]), parts: parts(3, inner) })],
      [1, () => ({ d: "conditional", holds: draw.percent(70), part: inner() })],
      [1, () => ({ d: "mapped", part: inner() })],
      [4, transaction],
      [2, () => this.#parallel(random, draw, inside)],
      ...(inside ? [[2, () => ({ d: "together", parts: parts(3, transaction) })]] : []) as [
        number,
        () => Step,
      ][],
    ]);
  }

  /** Outside a transaction nothing says which of several queries comes first: there they read. */
  #parallel(random: fc.Random, draw: Draw, inside: boolean): Step {
    const parts = Array.from({ length: draw.int(1, 3) }, () => this.#query(random, draw, inside));
    return { d: "parallel", parts: inside ? parts : parts.filter((part) => !writes(part)) };
  }

  #query(random: fc.Random, draw: Draw, inside: boolean): Step {
    let statement: Statement;
    do statement = this.#queries.generate(random, undefined).value.statement; while (
      mayBeRefused(statement) || hides(statement)
    );
    const how = draw.weighted<How>([
      [3, () => "createQuery"],
      [1, () => "named"],
      [inside ? 3 : 1, () => "transactional"],
      [2, () => "prepared"],
    ]);
    return { d: "query", how, statement };
  }

  canShrinkWithoutContext(value: unknown): value is Script {
    return typeof value === "object" && value !== null && "steps" in value;
  }

  shrink(value: Script): fc.Stream<fc.Value<Script>> {
    return fc.stream(shrinks(value)).map((smaller) => new fc.Value(smaller, undefined));
  }
}
