import type { HistoryEntry } from "../history/_entry.ts";
import type { History } from "../history/_history.ts";
import type { Change } from "../run/_changes.ts";
import { nextSequence } from "../run/_in_transaction.ts";
import { sourceHashOf } from "../run/_resolved.ts";
import type { State } from "../run/_state.ts";

/**
 * Forgets migrations that stopped halfway, and takes the code for what was applied where a migration
 * was changed after it was.
 *
 * @returns the names of the migrations whose history was mended
 */
export async function repairHistory(
  history: History,
  entries: readonly HistoryEntry[],
  changes: readonly Change[],
): Promise<string[]> {
  const mended: string[] = [];
  for (const entry of entries) {
    if (entry.state !== "applied") {
      if (entry.operation === "down") {
        await history.removeSteps([entry.name]);
        await history.update(entry.name, { state: "applied", operation: "up" });
      } else await history.remove([entry.name]);
      mended.push(entry.name);
      continue;
    }
    const change = changes.find(({ name }) => name === entry.name);
    if (change === undefined) continue;
    const { sourceHash, planHash, plan } = change;
    await history.update(entry.name, { sourceHash, planHash, plan });
    if (change.problem !== undefined) mended.push(entry.name);
  }
  return mended;
}

/** Records a migration as applied; one that stopped halfway is taken for done. */
export async function markApplied(
  history: History,
  entries: readonly HistoryEntry[],
  name: string,
  sourceHash: string | undefined,
): Promise<void> {
  const known = entries.find((entry) => entry.name === name);
  if (known?.state === "applied") return;
  if (known !== undefined) await history.removeSteps([name]);
  if (known !== undefined && known.hasRow !== false) {
    await history.update(name, { state: "applied", operation: "up", sourceHash });
    return;
  }
  await history.insertApplied([{
    name,
    sequence: known?.sequence ?? nextSequence(entries),
    executedAt: new Date(),
    duration: undefined,
    sourceHash,
    planHash: undefined,
    plan: undefined,
  }]);
}

/** Records migrations that stand in for others which are all applied, in place of those. */
export async function replaceApplied(
  history: History,
  { unrecorded, superseded }: State,
): Promise<void> {
  for (const { migration, last } of unrecorded) {
    await history.insertApplied([{
      name: migration.name,
      sequence: last.sequence,
      executedAt: last.executedAt,
      duration: undefined,
      sourceHash: await sourceHashOf(migration),
      planHash: undefined,
      plan: undefined,
    }]);
  }
  // Where this stops halfway, those that are left are superseded all the same.
  await history.remove(superseded);
}
