import type { PolicyCommand } from "@kysera/rls";
import type { Principal } from "../../program/_open_executor.ts";
import type { FilledTable, Row } from "./_random_rows.ts";
import type { Outcome, Side, Trial } from "./_side.ts";

/** A case in which the two sides do not agree. */
export interface Difference {
  readonly principal: string;
  readonly table: string;
  readonly operation: PolicyCommand;
  /** What was tried: `id = 4`, `id = 4, set tenant_id = 2`. */
  readonly tried: string;
  readonly rewriting: string;
  readonly native: string;
}

/** What the comparison came to. */
export interface Comparison {
  /** How many statements were tried on both sides. */
  readonly compared: number;
  /** How many of those the rewriting let through, or let through rows of. */
  readonly allowed: number;
  /** How many of them a constraint stopped, so that nothing can be told of the policies. */
  readonly apart: number;
  readonly differences: readonly Difference[];
}

/** Tries statements for each principal, and returns what each came to, in their order. */
export async function runTrials(
  side: Side,
  principals: readonly Principal[],
  trials: readonly Trial[],
  { onStep, signal }: {
    readonly onStep: (text: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<Outcome[][]> {
  const outcomes: Outcome[][] = [];
  for (const { name, auth } of principals) {
    onStep(`Asking ${side.name} what "${name}" may do`);
    const own: Outcome[] = [];
    for (const trial of trials) {
      signal.throwIfAborted();
      own.push(await side.run(trial, auth));
    }
    outcomes.push(own);
  }
  return outcomes;
}

/** Compares what the same statements came to on two sides. */
export function compareOutcomes(
  principals: readonly Principal[],
  trials: readonly Trial[],
  rewriting: readonly (readonly Outcome[])[],
  native: readonly (readonly Outcome[])[],
): Comparison {
  const differences: Difference[] = [];
  let [compared, allowed, apart] = [0, 0, 0];
  principals.forEach(({ name }, i) => {
    trials.forEach((trial, j) => {
      const [ours, theirs] = [rewriting[i]![j]!, native[i]![j]!];
      if (ours.kind === "apart" || theirs.kind === "apart") return void apart++;
      compared++;
      if (ours.kind === "allowed" || (ours.kind === "rows" && ours.keys.length > 0)) allowed++;
      differences.push(...differencesOf(name, trial, ours, theirs));
    });
  });
  return { compared, allowed, apart, differences };
}

/** The statements that are tried on a table. */
export function trialsOf(table: FilledTable, count: number): Trial[] {
  const updates = table.rows.flatMap((row): Trial[] => [
    { operation: "update", table, row, set: undefined },
    ...table.writable.slice(0, 8).map((column): Trial => ({
      ...{ operation: "update", table, row },
      set: { [column]: table.value(column) },
    })),
  ]);
  const created = Array.from({ length: count }, () => table.draw())
    .filter((row) => row !== undefined)
    .map((row): Trial => ({ operation: "create", table, row }));
  return [{ operation: "read", table }, { operation: "delete", table }, ...updates, ...created];
}

function differencesOf(
  principal: string,
  trial: Trial,
  rewriting: Outcome,
  native: Outcome,
): Difference[] {
  const { operation, table: { name: table, key } } = trial;
  const of = (tried: string, ours: string, theirs: string): Difference => ({
    ...{ principal, table, operation, tried },
    rewriting: ours,
    native: theirs,
  });
  if (rewriting.kind === "rows" && native.kind === "rows") {
    const shown = (text: string) => valuesText(key, JSON.parse(text));
    const [yes, no] = operation === "read" ? ["shown", "hidden"] : ["allowed", "denied"];
    return [
      ...without(rewriting.keys, native.keys).map((row) => of(shown(row), yes, no)),
      ...without(native.keys, rewriting.keys).map((row) => of(shown(row), no, yes)),
    ];
  }
  const [ours, theirs] = [wordOf(rewriting), wordOf(native)];
  return ours === theirs ? [] : [of(triedText(trial), ours, theirs)];
}

function wordOf(outcome: Outcome): string {
  if (outcome.kind === "failed") return `fails: ${outcome.message}`;
  return outcome.kind === "rows" ? `${outcome.keys.length} rows` : outcome.kind;
}

/** The texts of a list that another one does not have, as often as it does not have them. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return all.filter((text) => {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function triedText(trial: Trial): string {
  const { table: { key } } = trial;
  if (trial.operation === "create") return rowText(trial.row);
  if (trial.operation !== "update") return "all rows";
  const row = valuesText(key, key.map((column) => trial.row[column]));
  return trial.set === undefined ? row : `${row}, set ${rowText(trial.set)}`;
}

function rowText(row: Row): string {
  return valuesText(Object.keys(row), Object.values(row));
}

function valuesText(columns: readonly string[], values: readonly unknown[]): string {
  return columns.map((column, i) => `${column} = ${JSON.stringify(values[i])}`).join(", ");
}
