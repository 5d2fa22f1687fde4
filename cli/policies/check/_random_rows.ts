import type { SchemaColumn, SchemaSnapshot, SchemaTable } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { inOrderOfKeys } from "../../data/_in_order_of_keys.ts";
import type { Random } from "./_random.ts";
import { type Draw, valuesOf } from "./_values.ts";

/** A row, by its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** The rows of a table, and what is known of it. */
export interface FilledTable {
  readonly table: SchemaTable;
  /** The name that a query has for it. */
  readonly name: string;
  /** The columns that tell its rows apart. */
  readonly key: readonly string[];
  /** The rows that are there. */
  readonly rows: readonly Row[];
  /** Draws a row that is not there. */
  draw(): Row | undefined;
  /** Draws a value for a column, and `undefined` for one that cannot be written. */
  value(column: string): unknown;
  /** The columns that an UPDATE can set. */
  readonly writable: readonly string[];
}

/** What rows are drawn of. */
export interface RowRequest {
  readonly snapshot: SchemaSnapshot;
  readonly random: Random;
  /** How many rows each table is to have. */
  readonly count: number;
  /** By table, the values that its policies and the principals name. */
  readonly named: (table: string) => readonly unknown[];
}

const ATTEMPTS = 6;

/** Fills the tables of a database with random rows that satisfy its constraints. */
export async function fillWithRandomRows(
  db: Kysely<any>,
  request: RowRequest,
): Promise<FilledTable[]> {
  const { snapshot, count } = request;
  const filled = new Map<SchemaTable, FilledTable>();
  const stored = snapshot.tables.filter(({ kind, partitioning }) =>
    kind === "table" && partitioning.bound === null
  );
  for (const table of inOrderOfKeys(stored).tables) {
    const rows: Row[] = [];
    const source = sourceOf(table, request, rows, [...filled.values()]);
    for (let tried = 0; rows.length < count && tried < count * ATTEMPTS; tried++) {
      const row = source?.draw();
      if (row === undefined) break;
      try {
        // As the database has it: what it generates belongs to the key.
        rows.push(
          await db.insertInto(nameOf(table)).values(row).returningAll().executeTakeFirstOrThrow(),
        );
      } catch (error) {
        if (!isConstraint(error)) throw error;
      }
    }
    filled.set(table, {
      table,
      name: nameOf(table),
      key: table.primaryKey?.columns ?? table.columns.map(({ name }) => name),
      rows,
      draw: () => source?.draw(),
      value: (column) => source?.value(column),
      writable: source?.writable ?? [],
    });
  }
  return [...filled.values()];
}

/** Returns true for an error that a constraint of the table, or the type of a column, has raised. */
export function isConstraint(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && /^2[23]...$/.test(code);
}

/** The name that a query has for a table. */
export function nameOf({ schema, name }: Pick<SchemaTable, "schema" | "name">): string {
  return schema === null ? name : `${schema}.${name}`;
}

function sourceOf(
  table: SchemaTable,
  { snapshot, random, named }: RowRequest,
  rows: readonly Row[],
  others: readonly FilledTable[],
): Pick<FilledTable, "draw" | "value" | "writable"> | undefined {
  const written = table.columns.filter(({ generated, identity }) =>
    generated === null && identity?.kind !== "always"
  );
  const keys = new Set([
    ...table.primaryKey?.columns ?? [],
    ...table.uniques.flatMap((u) => u.columns),
  ]);
  const draws = new Map<string, Draw>();
  for (const column of written) {
    const values = valuesOf(column, snapshot, named(nameOf(table)));
    if (values === undefined) {
      if (column.default !== null) continue;
      return undefined;
    }
    draws.set(column.name, drawOf(column, values, keys.has(column.name)));
  }
  const value = (column: string): unknown => draws.get(column)?.(random);
  return {
    value,
    writable: written.map(({ name }) => name)
      .filter((name) => draws.has(name) && !table.primaryKey?.columns.includes(name)),
    draw() {
      const row: Record<string, unknown> = {};
      for (const [column, draw] of draws) row[column] = draw(random);
      for (
        const { columns, referencedTable, referencedSchema, referencedColumns } of table.foreignKeys
      ) {
        const isSelf = referencedTable === table.name && referencedSchema === table.schema;
        const parents = isSelf
          ? rows
          : others.find((other) =>
            other.table.name === referencedTable && other.table.schema === referencedSchema
          )?.rows ?? [];
        const isNullable = columns.every((name) =>
          table.columns.find((column) => column.name === name)?.nullable
        );
        const parent = parents.length === 0 || (isNullable && random.chance(15))
          ? undefined
          : random.pick(parents);
        columns.forEach((name, i) => row[name] = parent?.[referencedColumns[i]!] ?? null);
      }
      return row;
    },
  };
}

/** Values that policies name come often, so that some rows are let through and others are not. */
function drawOf(
  { nullable }: SchemaColumn,
  { named, draw }: { readonly named: readonly unknown[]; readonly draw: Draw },
  isKey: boolean,
): Draw {
  let next = 0;
  return (random) => {
    if (isKey) {
      // Each of the named ones once, and then others; what is there already is drawn again.
      if (next < named.length) return named[next++];
      const value = draw(random);
      next++;
      return typeof value === "number"
        ? next
        : typeof value === "string" && random.chance(80)
        ? distinct(value, next)
        : value;
    }
    if (nullable && random.chance(15)) return null;
    return named.length > 0 && random.chance(60) ? random.pick(named) : draw(random);
  };
}

function distinct(value: string, number: number): string {
  // A UUID or a date is distinct, or not, by itself.
  return /^[a-z][a-z' ]*$/.test(value) ? `${value}${number}` : value;
}
