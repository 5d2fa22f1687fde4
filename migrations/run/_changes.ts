import type { MigrationProblem } from "../problem.ts";
import type { HistoryEntry } from "../history/_entry.ts";
import type { PlannedMigration } from "../results.ts";
import { type KeptStatement, PlanRecord } from "./_plan_record.ts";
import { type ResolvedMigration, sourceHashOf } from "./_resolved.ts";

/** An applied migration whose source is another one now. */
export interface Change {
  readonly name: string;
  readonly sourceHash: string;
  /** The hash and the statements of the plan that it has now; `undefined` where none can be made. */
  readonly planHash: string | undefined;
  readonly plan: string | undefined;
  /** What is wrong; `undefined` where it would send the same statements as before. */
  readonly problem: MigrationProblem | undefined;
}

/** What is asked of the database to tell changes apart. */
export interface ChangeSource {
  /** Returns what a migration would send. */
  plan(migration: ResolvedMigration): Promise<PlannedMigration>;
  /** Returns the statements that were stored when it was applied. */
  storedPlan(name: string): Promise<string | undefined>;
}

/** Returns the applied migrations whose source is another one now. */
export async function changesOf(
  code: readonly ResolvedMigration[],
  entries: readonly HistoryEntry[],
  source: ChangeSource,
): Promise<Change[]> {
  const byName = new Map(code.map((migration) => [migration.name, migration]));
  const changes: Change[] = [];
  for (const entry of entries) {
    const migration = byName.get(entry.name);
    if (migration === undefined || migration.repeats !== undefined) continue;
    if (entry.state !== "applied") continue;
    if (entry.sourceHash === undefined) continue;
    const sourceHash = await sourceHashOf(migration);
    if (sourceHash === undefined || sourceHash === entry.sourceHash) continue;
    changes.push(await changeOf(migration, sourceHash, entry, source));
  }
  return changes;
}

async function changeOf(
  migration: ResolvedMigration,
  sourceHash: string,
  entry: HistoryEntry,
  source: ChangeSource,
): Promise<Change> {
  const { name } = entry;
  const planned = await source.plan(migration);
  if (planned.endsBecause !== undefined || entry.planHash === undefined) {
    const why = planned.endsBecause === undefined
      ? "what it sent when it was applied is not known"
      : `what it would send now cannot be told (${planned.endsBecause})`;
    return {
      name,
      sourceHash,
      planHash: undefined,
      plan: undefined,
      problem: problemOf(name, `its source was changed after it was applied, and ${why}`),
    };
  }
  const record = new PlanRecord();
  for (const statement of planned.statements) record.add(statement);
  const [planHash, plan] = [await record.hash(), record.text()];
  if (planHash === entry.planHash) {
    return { name, sourceHash, planHash, plan, problem: undefined };
  }
  const before: KeptStatement[] = JSON.parse(await source.storedPlan(name) ?? "[]");
  const difference = differenceOf(before, JSON.parse(plan));
  return {
    name,
    sourceHash,
    planHash,
    plan,
    problem: {
      ...problemOf(
        name,
        `it was changed after it was applied, and sends other statements now:\n${difference}\n`,
      ),
      diff: difference,
    },
  };
}

function problemOf(migrationName: string, what: string): MigrationProblem {
  return {
    kind: "changed",
    migrationName,
    message:
      `${what}; put it back and write a new migration, or call repair() to accept it as it is`,
  };
}

/** The statements that only one of two plans has, with a minus and a plus in front. */
function differenceOf(before: readonly KeptStatement[], after: readonly KeptStatement[]): string {
  let start = 0;
  while (start < before.length && before[start]?.[1] === after[start]?.[1]) start++;
  let end = 0;
  while (
    end < Math.min(before.length, after.length) - start &&
    before[before.length - 1 - end]![1] === after[after.length - 1 - end]![1]
  ) end++;
  const old = before.slice(start, before.length - end).map(([sql]) => sql);
  const now = after.slice(start, after.length - end).map(([sql]) => sql);
  if (old.join() === now.join()) {
    return `  ${old.join("\n  ")}\n  (with other parameters)`;
  }
  return [...old.map((sql) => `- ${sql}`), ...now.map((sql) => `+ ${sql}`)].join("\n");
}
