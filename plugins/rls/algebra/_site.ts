import type { TableReference } from "@kysera/executor";
import { type Asker, assertPredicate, type Formula, formulaOf, type Leaf } from "./_algebra.ts";
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

/**
 * What the policies of a table come to at a place, for a caller.
 *
 * @throws {RLSPolicyEvaluationError} where a policy about reading is a function of the row
 */
export function formulasAt(
  site: Site,
  table: CompiledTable,
  asker: Asker,
  actions: readonly string[] | undefined,
): readonly Formula[] {
  const formulas = FORMULAS[site]
    .filter(([command]) =>
      site !== "merge" || command === "read" || actions === undefined || actions.includes(command)
    )
    .map(([command, side]) => {
      const formula = formulaOf(table, command, side, asker);
      if (command === "read") assertPredicate(formula, table, "rows are chosen by the database");
      return formula;
    });
  return formulas.map((formula, i) => without(formula, formulas.slice(0, i)));
}

/** A formula without what others ask for as well. */
function without(formula: Formula, others: readonly Formula[]): Formula {
  const { permissive, restrictive } = formula;
  const isGranted = permissive !== undefined &&
    others.some((other) => other.permissive !== undefined && areSame(other.permissive, permissive));
  const count = others.reduce((sum, other) => sum + other.restrictive.length, restrictive.length);
  if (!isGranted && count < 2) return formula;
  const known = new Leaves();
  for (const other of others) other.restrictive.forEach((leaf) => known.add(leaf));
  return {
    ...formula,
    restrictive: restrictive.filter((leaf) => known.add(leaf)),
    permissive: isGranted ? undefined : permissive,
  };
}

/** Leaves of which no two ask for the same. */
class Leaves {
  /** By a text that is equal where the leaves are. */
  readonly #known = new Map<string, Leaf[]>();

  /** Adds a leaf. Returns false if one that asks for the same is there. */
  add(leaf: Leaf): boolean {
    const text = outlineOf(leaf);
    const alike = this.#known.get(text);
    if (alike === undefined) this.#known.set(text, [leaf]);
    else if (alike.some((other) => isSame(leaf, other))) return false;
    else alike.push(leaf);
    return true;
  }
}

/** A text that is equal for leaves that ask for the same, and seldom for others. */
function outlineOf({ verdict }: Leaf): string {
  if (verdict.kind === "rows") return "";
  if (verdict.kind === "sql") {
    const last = verdict.values.at(-1);
    // Of an object there may be no text.
    return typeof last === "object" ? verdict.form : `${verdict.form} ${String(last)}`;
  }
  const { column, values } = verdict.terms.at(-1)!;
  return `${column} ${String(values.at(-1))}`;
}

function areSame(a: readonly Leaf[], b: readonly Leaf[]): boolean {
  return a.length === b.length && a.every((leaf, i) => isSame(leaf, b[i]!));
}

/**
 * Whether two leaves ask for the same, be they of one policy or of two. For another caller they may
 * not: then his form is another one.
 */
function isSame(a: Leaf, b: Leaf): boolean {
  if (a.negated !== b.negated || a.verdict.kind !== b.verdict.kind) return false;
  if (a.verdict.kind === "rows" || b.verdict.kind === "rows") return false;
  if (a.verdict.kind === "sql" && b.verdict.kind === "sql") {
    return a.verdict.form === b.verdict.form && haveSame(a.verdict.values, b.verdict.values);
  }
  if (a.verdict.kind !== "columns" || b.verdict.kind !== "columns") return false;
  const others = b.verdict.terms;
  return a.verdict.terms.length === others.length && a.verdict.terms.every((term, i) => {
    const other = others[i]!;
    return term.column === other.column && term.operator === other.operator &&
      haveSame(term.values, other.values);
  });
}

function haveSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
