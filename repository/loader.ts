import { findDatabaseErrorAsync } from "@kysera/core";

/** Answers many `load(id)` of one tick with one query. */
export interface Loader<Key, Entity> {
  /** The row with a key, or `null`. Asked twice, it is read once. */
  load(id: Key): Promise<Entity | null>;
  /** The rows with these keys, in their order; `null` for those that are not there. */
  loadMany(ids: readonly Key[]): Promise<(Entity | null)[]>;
  /** Forgets what was read: one row, or all. */
  clear(id?: Key): void;
}

/**
 * Makes a loader. It keeps what it has read, so it is for one request, not for longer.
 *
 * @param read reads rows by their keys, in any order
 * @param nameOf the same text for keys that are the same, and for no others
 * @param signal ends every wait where it is aborted
 */
export function createLoader<Key, Entity>(
  read: (ids: readonly Key[]) => Promise<ReadonlyMap<string, Entity>>,
  nameOf: (id: Key) => string,
  signal?: AbortSignal,
): Loader<Key, Entity> {
  const known = new Map<string, Promise<Entity | null>>();
  let waiting: { readonly id: Key; readonly settle: (row: Promise<Entity | null>) => void }[] = [];

  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    const rows = read(batch.map(({ id }) => id));
    for (const { id, settle } of batch) {
      settle(rows.then((found) => found.get(nameOf(id)) ?? null, async (error) => {
        // One key that the database takes for none must not fail all others of the tick.
        if (batch.length === 1 || !await isInvalidInput(error)) throw error;
        return (await read([id])).get(nameOf(id)) ?? null;
      }));
    }
  };
  // Async, so that a key that is none rejects as other failures do.
  const load = async (id: Key): Promise<Entity | null> => {
    signal?.throwIfAborted();
    const name = nameOf(id);
    let row = known.get(name);
    if (row === undefined) {
      row = new Promise((resolve) => {
        if (waiting.length === 0) queueMicrotask(flush);
        waiting.push({ id, settle: resolve });
      });
      // A failed read is not an answer: the next load asks again.
      row.catch(() => known.delete(name));
      known.set(name, row);
    }
    return await row;
  };
  return {
    load,
    loadMany: (ids) => Promise.all(ids.map(load)),
    clear: (id) => id === undefined ? known.clear() : void known.delete(nameOf(id)),
  };
}

async function isInvalidInput(error: unknown): Promise<boolean> {
  return (await findDatabaseErrorAsync(error))?.code === "VALIDATION_INVALID_INPUT";
}
