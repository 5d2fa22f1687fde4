import type { SchemaTable } from "@kysera/migrations/schema";

/** Tables in the order in which rows can be inserted. */
export interface SortedTables {
  /** Each comes after those that it refers to, as far as that can be. */
  readonly tables: readonly SchemaTable[];
  /** Those that refer to themselves, or to each other. */
  readonly looping: readonly SchemaTable[];
}

/** Sorts tables by their foreign keys. */
export function inOrderOfKeys(tables: readonly SchemaTable[]): SortedTables {
  const sorted: SchemaTable[] = [];
  const looping = new Set<SchemaTable>();
  const path: SchemaTable[] = [];
  const visit = (table: SchemaTable): void => {
    const start = path.indexOf(table);
    if (start >= 0) return path.slice(start).forEach((each) => looping.add(each));
    if (sorted.includes(table)) return;
    path.push(table);
    for (const { referencedTable } of table.foreignKeys) {
      const other = tables.find(({ name }) => name === referencedTable);
      if (other !== undefined) visit(other);
    }
    path.pop();
    sorted.push(table);
  };
  tables.forEach(visit);
  return { tables: sorted, looping: [...looping] };
}
