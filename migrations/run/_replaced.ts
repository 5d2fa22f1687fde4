import type { HistoryEntry } from "../history/_entry.ts";
import type { MigrationProblem } from "../problem.ts";
import type { ResolvedMigration } from "./_resolved.ts";

/** A migration that counts as applied, because all that it stands in for is. */
export interface Unrecorded {
  readonly migration: ResolvedMigration;
  /** The last of those that it stands in for; it takes its place in the history. */
  readonly last: HistoryEntry;
}

/** The code and the history without what other migrations stand in for. */
export interface WithoutReplaced {
  readonly code: readonly ResolvedMigration[];
  /**
   * The history, in which a migration that stands in for others has the place of the last of them:
   * what was applied behind it can be undone before it.
   */
  readonly entries: readonly HistoryEntry[];
  /** What counts as applied, because all that it stands in for is, and is to be recorded so. */
  readonly unrecorded: readonly Unrecorded[];
  /** Applied migrations for which others stand in that are recorded, or are to be. */
  readonly superseded: readonly string[];
  /** Migrations that stand in for others of which only a part is applied. */
  readonly problems: readonly MigrationProblem[];
}

/** Leaves out what other migrations stand in for. */
export function withoutReplaced(
  code: readonly ResolvedMigration[],
  entries: readonly HistoryEntry[],
): WithoutReplaced {
  const squashed = code.filter(({ replaces }) => replaces.length > 0);
  if (squashed.length === 0) {
    return { code, entries, unrecorded: [], superseded: [], problems: [] };
  }
  /** The places of the migrations that are in the history, or count as if they were. */
  const places = new Map(entries.map(({ name }, place) => [name, place]));
  const known = new Map(entries.map((entry) => [entry.name, entry]));
  const isApplied = (name: string) => known.get(name)?.state === "applied";
  const gone = new Set<string>();
  const unrecorded: Unrecorded[] = [];
  const problems: MigrationProblem[] = [];
  for (const migration of inOrder(squashed)) {
    const { name, replaces } = migration;
    const applied = replaces.filter(isApplied);
    const isWhole = applied.length === replaces.length;
    const isRecorded = known.has(name);
    if (!isRecorded && !isWhole && replaces.some((replaced) => known.has(replaced))) {
      gone.add(name);
      problems.push(partly(name, replaces, applied));
      continue;
    }
    for (const replaced of replaces) gone.add(replaced);
    const last = Math.max(-1, ...applied.map((replaced) => places.get(replaced)!));
    if (last >= 0) places.set(name, last);
    if (isRecorded || !isWhole) continue;
    unrecorded.push({ migration, last: entries[last]! });
    known.set(name, { ...entries[last]!, name });
  }
  const isKept = ({ name, state }: HistoryEntry) => !gone.has(name) || state !== "applied";
  return {
    code: code.filter(({ name }) => !gone.has(name)),
    entries: [...known.values()].filter(isKept)
      .sort((a, b) => places.get(a.name)! - places.get(b.name)!),
    unrecorded: unrecorded.filter(({ migration }) => !gone.has(migration.name)),
    superseded: entries.filter((entry) => !isKept(entry)).map(({ name }) => name),
    problems,
  };
}

/** Returns migrations so that each stands behind those that it stands in for. */
function inOrder(squashed: readonly ResolvedMigration[]): ResolvedMigration[] {
  const byName = new Map(squashed.map((migration) => [migration.name, migration]));
  const ordered = new Set<ResolvedMigration>();
  // They form no circle, and no chain of them is long.
  const visit = (migration: ResolvedMigration): void => {
    for (const name of migration.replaces) {
      const replaced = byName.get(name);
      if (replaced !== undefined) visit(replaced);
    }
    ordered.add(migration);
  };
  for (const migration of squashed) visit(migration);
  return [...ordered];
}

function partly(
  name: string,
  replaces: readonly string[],
  applied: readonly string[],
): MigrationProblem {
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  const missing = replaces.filter((replaced) => !applied.includes(replaced));
  return {
    kind: "partly-replaced",
    migrationName: name,
    message: `it stands in for migrations of which ${
      applied.length === 0 ? "none" : list(applied)
    } ${applied.length > 1 ? "are" : "is"} applied and ${list(missing)} ${
      missing.length > 1 ? "are" : "is"
    } not: apply all of them with the code from before it, and then come back`,
  };
}
