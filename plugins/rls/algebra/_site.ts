import type { TableReference } from "@kysera/executor";
import {
  type Asker,
  assertPredicate,
  type Formula,
  formulaOf,
  type Leaf,
  stepsOf,
} from "./_algebra.ts";
import type { PolicyCommand } from "../contract/policy.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/** A place of a query that policies have a say in: the table of them is in `_algebra.ts`. */
export type Site =
  | "read"
  | "update"
  | "delete"
  | "merge"
  | "create-check"
  | "create-returning-check"
  | "update-check";

/** The formulas of each place. */
const FORMULAS: Readonly<
  Record<Site, readonly (readonly [command: PolicyCommand, side: "using" | "check"])[]>
> = {
  "read": [["read", "using"]],
  "update": [["read", "using"], ["update", "using"]],
  "delete": [["read", "using"], ["delete", "using"]],
  // What a MERGE does with a row that it matches is for its actions to say: any of them must be right.
  "merge": [["read", "using"], ["update", "using"], ["delete", "using"]],
  "create-check": [["create", "check"]],
  "create-returning-check": [["create", "check"], ["read", "using"]],
  "update-check": [["update", "check"], ["read", "using"]],
};

/** The place that a filter is asked for. */
export function siteOf({ operation }: TableReference): Site {
  switch (operation) {
    case "update":
    case "delete":
    case "merge":
      return operation;
    default:
      return "read";
  }
}

/** What is done at a place, for errors. */
export function commandOf(site: Site): PolicyCommand {
  switch (site) {
    case "read":
    case "delete":
      return site;
    case "create-check":
    case "create-returning-check":
      return "create";
    default:
      return "update";
  }
}

/** Returns what is asked of the policies at a place. */
export function commandsAt(
  site: Site,
  actions: readonly string[] | undefined,
): readonly (readonly [command: PolicyCommand, side: "using" | "check"])[] {
  return site !== "merge" || actions === undefined
    ? FORMULAS[site]
    : FORMULAS[site].filter(([command]) => command === "read" || actions.includes(command));
}

/** Values that were compared: whether those of each pair of steps were the same, all of them. */
export interface Compared {
  readonly pairs: readonly (readonly [step: number, other: number])[];
  readonly isSame: boolean;
}

/**
 * What the policies of a table come to at a place, for a caller.
 *
 * @param compared takes what the form of the formulas depends on beside that of their conditions
 * @throws {RLSPolicyEvaluationError} where a policy about reading is a function of the row
 */
export function formulasAt(
  site: Site,
  table: CompiledTable,
  asker: Asker,
  actions: readonly string[] | undefined,
  compared: Compared[] = [],
): readonly Formula[] {
  let first = 0;
  const formulas = commandsAt(site, actions).map(([command, side]) => {
    const formula = formulaOf(table, command, side, asker, first);
    first += stepsOf(table, command, side).length;
    if (command === "read") assertPredicate(formula, table, "rows are chosen by the database");
    return formula;
  });
  return formulas.map((formula, i) => without(formula, formulas.slice(0, i), compared));
}

/** A formula without what others ask for as well. */
function without(formula: Formula, others: readonly Formula[], compared: Compared[]): Formula {
  const { permissive, restrictive } = formula;
  const isGranted = permissive !== undefined &&
    others.some((other) =>
      other.permissive !== undefined && areSame(other.permissive, permissive, compared)
    );
  const count = others.reduce((sum, other) => sum + other.restrictive.length, restrictive.length);
  if (!isGranted && count < 2) return formula;
  const known = new Leaves(compared);
  for (const other of others) other.restrictive.forEach((leaf) => known.add(leaf));
  return {
    ...formula,
    restrictive: restrictive.filter((leaf) => known.add(leaf)),
    permissive: isGranted ? undefined : permissive,
  };
}

/** How many leaves of one form are compared with each other: what costs more is not worth it. */
const MOST_ALIKE = 4;

/**
 * Leaves of which no two ask for the same, be they of one policy or of two, as far as that is looked
 * at: those of one policy always are.
 */
class Leaves {
  readonly #compared: Compared[];
  readonly #known = new Map<string, Leaf[]>();

  constructor(compared: Compared[]) {
    this.#compared = compared;
  }

  /** Adds a leaf. Returns false if one that asks for the same is there. */
  add(leaf: Leaf): boolean {
    const form = formOf(leaf);
    if (form === undefined) return true;
    const alike = this.#known.get(form);
    if (alike === undefined) {
      this.#known.set(form, [leaf]);
      return true;
    }
    const isFew = alike.length < MOST_ALIKE;
    for (const other of alike) {
      if (!isFew && other.policy !== leaf.policy) continue;
      if (haveSame([other], [leaf], this.#compared)) return false;
    }
    alike.push(leaf);
    return true;
  }
}

function areSame(a: readonly Leaf[], b: readonly Leaf[], compared: Compared[]): boolean {
  const isLike = a.length === b.length && a.every((leaf, i) => {
    const form = formOf(leaf);
    return form !== undefined && form === formOf(b[i]!);
  });
  return isLike && haveSame(a, b, compared);
}

/** A text that is equal for leaves that differ in their values alone; `undefined` of a function. */
function formOf({ negated, verdict }: Leaf): string | undefined {
  switch (verdict.kind) {
    case "rows":
      return undefined;
    case "sql":
      return `${negated}:${verdict.form}`;
    case "columns":
      return `${negated}:` +
        verdict.terms.map(({ column, operator, values }) =>
          `${column.length} ${column} ${operator} ${values.length}`
        ).join();
  }
}

/**
 * Whether leaves of the same forms have the same values. For another caller they may not: then his
 * form is another one.
 */
function haveSame(a: readonly Leaf[], b: readonly Leaf[], compared: Compared[]): boolean {
  const isSame = a.every((leaf, i) => {
    const [one, other] = [valuesOf(leaf), valuesOf(b[i]!)];
    return one.every((value, j) => Object.is(value, other[j]));
  });
  compared.push({ pairs: a.map(({ step }, i) => [step, b[i]!.step]), isSame });
  return isSame;
}

/** The values of a leaf, as its policy has given them. */
export function valuesOf({ verdict }: Pick<Leaf, "verdict">): readonly unknown[] {
  if (verdict.kind === "rows") return [];
  return verdict.kind === "sql" ? verdict.values : verdict.terms.flatMap(({ values }) => values);
}
