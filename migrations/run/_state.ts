import type { MigrationProblem } from "../problem.ts";
import type { HistoryEntry } from "../history/_entry.ts";
import type { MigrationPolicy } from "../options.ts";
import { type Unrecorded, withoutReplaced } from "./_replaced.ts";
import type { ResolvedMigration } from "./_resolved.ts";

/** The code and the history, side by side. */
export interface State {
  /** Migrations that are applied, in the order in which they were; without code where it has none. */
  readonly applied: readonly AppliedMigration[];
  /** Migrations that are not, in the order of the code; those that repeat, and have to, come last. */
  readonly pending: readonly ResolvedMigration[];
  /** What counts as applied, because all that it stands in for is, and is to be recorded so. */
  readonly unrecorded: readonly Unrecorded[];
  /** Applied migrations for which others stand in that are recorded, or are to be. */
  readonly superseded: readonly string[];
  /** The migration that stopped halfway. */
  readonly halfway: HistoryEntry | undefined;
  /** How they do not fit each other; changed ones are not among them. */
  readonly problems: readonly MigrationProblem[];
}

/** A migration that is applied. */
export interface AppliedMigration {
  readonly entry: HistoryEntry;
  readonly code: ResolvedMigration | undefined;
}

/** Compares the code with the history. */
export function stateOf(
  allCode: readonly ResolvedMigration[],
  allEntries: readonly HistoryEntry[],
): State {
  const { code, entries, unrecorded, superseded, problems: partly } = withoutReplaced(
    allCode,
    allEntries,
  );
  const byName = new Map(code.map((migration) => [migration.name, migration]));
  const inHistory = new Map(entries.map((entry) => [entry.name, entry]));
  // Those that repeat have no place in the order of the others.
  const applied = entries
    .filter(({ state, name }) => state === "applied" && byName.get(name)?.repeats === undefined)
    .map((entry): AppliedMigration => ({ entry, code: byName.get(entry.name) }));
  const pending = code.filter(({ name, repeats }) => repeats === undefined && !inHistory.has(name));
  const repeating = code.filter(({ name, repeats }) => {
    if (repeats === undefined) return false;
    const entry = inHistory.get(name);
    return entry === undefined || (entry.state === "applied" && entry.sourceHash !== repeats);
  });
  const halfway = entries.find(({ state }) => state !== "applied");
  const problems: MigrationProblem[] = [...partly];
  if (halfway !== undefined) {
    problems.push({
      kind: "failed",
      migrationName: halfway.name,
      message:
        `it stopped halfway ${halfway.operation}, and some of its statements may be applied: ` +
        `call resume() to go on with it when the cause is mended, or undo or finish it by hand and ` +
        `call markAsRolledBack("${halfway.name}") or markAsExecuted("${halfway.name}")`,
    });
  }
  const lastKnown = applied.findLastIndex(({ code }) => code !== undefined);
  applied.forEach(({ entry: { name }, code }, index) => {
    if (code !== undefined) return;
    problems.push(
      index > lastKnown && lastKnown >= 0
        ? {
          kind: "unknown",
          migrationName: name,
          message:
            "it was applied after all that the code has: the database is ahead of the code; " +
            `run the newer code, or set the policy to "allow-unordered"`,
        }
        : {
          kind: "missing",
          migrationName: name,
          message: "it is applied, and the code does not have it: add it again, call " +
            `markAsRolledBack("${name}") if it was undone, or set the policy to "repair"`,
        },
    );
  });
  const last = Math.max(-1, ...applied.map(({ code }) => code?.index ?? -1));
  for (const { name, index } of pending) {
    if (index > last) continue;
    const after = code.find((migration) => migration.index === last)!.name;
    problems.push({
      kind: "out-of-order",
      migrationName: name,
      message: `it is not applied, and "${after}", which comes after it, is: give it a name that ` +
        `comes later, or set the policy to "allow-unordered"`,
    });
  }
  return {
    applied,
    pending: [...pending, ...repeating],
    unrecorded,
    superseded,
    halfway,
    problems,
  };
}

/** The kinds of problems that each policy accepts. */
const ACCEPTED: Readonly<Record<MigrationPolicy, readonly MigrationProblem["kind"][]>> = {
  strict: [],
  "allow-unordered": ["out-of-order", "unknown"],
  repair: ["out-of-order", "unknown", "missing", "changed"],
};

/** Returns the problems that a policy does not accept. */
export function refusedProblems(
  problems: readonly MigrationProblem[],
  policy: MigrationPolicy,
): MigrationProblem[] {
  return problems.filter(({ kind }) => !ACCEPTED[policy].includes(kind));
}
