/** Compares texts by their code units, which is the same order on every server and runtime. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What an object is sorted by. */
interface Named {
  readonly schema?: string | null;
  readonly name: string | null;
  readonly parameters?: string;
  readonly definition?: string;
}

/** Returns objects by schema and name; the default schema comes first. */
export function sorted<T extends Named>(objects: Iterable<T>): T[] {
  return [...objects].sort((a, b) =>
    compareTexts(a.schema ?? "", b.schema ?? "") || compareTexts(a.name ?? "", b.name ?? "") ||
    compareTexts(a.parameters ?? "", b.parameters ?? "") ||
    compareTexts(a.definition ?? "", b.definition ?? "")
  );
}

/** Returns rows by a key of theirs, in the order that they have. */
export function groupBy<T>(rows: Iterable<T>, keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}
