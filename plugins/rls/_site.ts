import type { TableReference } from "@kysera/executor";
import { type Asker, assertPredicate, type Formula, formulaOf } from "./_algebra.ts";
import type { PolicyCommand } from "./policy.ts";
import type { CompiledTable } from "./policy_registry.ts";

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
  return FORMULAS[site]
    .filter(([command]) =>
      site !== "merge" || command === "read" || actions === undefined || actions.includes(command)
    )
    .map(([command, side]) => {
      const formula = formulaOf(table, command, side, asker);
      if (command === "read") assertPredicate(formula, table, "rows are chosen by the database");
      return formula;
    });
}
