/** What a program has found of one task. */
interface Found {
  readonly value?: unknown;
  readonly error?: string;
  /** All books afterwards, read without the library. */
  readonly books: readonly {
    readonly id: number;
    readonly title: string;
    readonly deleted_at: string | null;
  }[];
}

/** Whether a condition held. */
export interface Outcome {
  readonly verdict: "holds" | "leaks" | "refused";
  /** What the library said, where it refused. */
  readonly error?: string;
}

/** A task that the programs try. */
export interface Task {
  readonly title: string;
  /** Whether something of a hidden row was read or changed. */
  readonly leaks: (found: Found) => boolean;
}

const shows = (...titles: string[]) => ({ value }: Found): boolean =>
  !Array.isArray(value) || value.some((title) => titles.includes(title));
const isAnything = ({ value }: Found): boolean => !Array.isArray(value) || value.length > 0;
const changes = ({ books }: Found): boolean => {
  const hidden = books.find(({ id }) => id === 2);
  return hidden?.title !== "Gone" || hidden.deleted_at === null;
};

/** The tasks, in their order; "Gone" is deleted, and "Lost" is by an author who is. */
export const TASKS: Readonly<Record<string, Task>> = {
  list: { title: "list rows", leaks: shows("Gone") },
  byKey: { title: "read a row by its key", leaks: isAnything },
  count: { title: "count rows", leaks: ({ value }) => Number(value) > 2 },
  relation: { title: "load related rows", leaks: shows("Gone") },
  related: { title: "find a row by a related one", leaks: isAnything },
  join: { title: "join in the query builder", leaks: shows("Gone", "Lost") },
  subquery: { title: "select by a subquery, or by a related row", leaks: shows("Lost") },
  update: { title: "update all rows", leaks: changes },
  delete: { title: "delete a row by a condition", leaks: changes },
  upsert: { title: "upsert over a hidden row", leaks: changes },
  raw: { title: "raw SQL", leaks: shows("Gone") },
};

/**
 * Judges what a program has printed.
 *
 * @param output its output
 * @returns by the name of a task, whether the condition held; a task that it has not tried is not there
 */
export function outcomesOf(output: string): Record<string, Outcome> {
  const [, json] = /^RESULT (.+)$/m.exec(output) ?? [];
  if (json === undefined) throw new Error(`The program has found nothing:\n${output}`);
  const all: Record<string, Found> = JSON.parse(json);
  return Object.fromEntries(
    Object.entries(all).map(([name, found]) => [name, outcomeOf(TASKS[name]!, found)]),
  );
}

function outcomeOf({ leaks }: Task, found: Found): Outcome {
  if (found.error === undefined) return { verdict: leaks(found) ? "leaks" : "holds" };
  return changes(found) ? { verdict: "leaks" } : { verdict: "refused", error: found.error };
}
