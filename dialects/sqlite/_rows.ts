/** How integers are read; see `SqliteDialectOptions.bigints`. */
export type BigintMode = "auto" | "always" | "throw";

/** A row as it is handed to Kysely: a plain object. */
export type Row = Record<string, unknown>;

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Makes plain objects of rows whose integers were read as numbers.
 *
 * @returns Nothing if there is a number that may be a rounded integer: read again as bigint.
 */
export function rowsOfNumbers(
  values: readonly unknown[][],
  columns: readonly string[],
): Row[] | undefined {
  const width = columns.length;
  const rows = new Array<Row>(values.length);
  for (let i = 0; i < values.length; i++) {
    const cells = values[i]!;
    const row: Row = {};
    for (let c = 0; c < width; c++) {
      const value = cells[c];
      if (
        typeof value === "number" &&
        (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER)
      ) return undefined;
      row[columns[c]!] = value;
    }
    rows[i] = row;
  }
  return rows;
}

/** Makes plain objects of rows whose integers were read as bigints. */
export function rowsOfBigints(
  values: readonly unknown[][],
  columns: readonly string[],
  mode: BigintMode,
): Row[] {
  return values.map((cells) => rowOfBigints(cells, columns, mode));
}

/** Makes a plain object of a row, in whichever of its two forms the driver hands it out. */
export function rowOfBigints(
  cells: readonly unknown[] | Readonly<Row>,
  columns: readonly string[],
  mode: BigintMode,
): Row {
  const row: Row = {};
  if (isArray(cells)) {
    for (let c = 0; c < columns.length; c++) {
      row[columns[c]!] = integer(cells[c], columns[c]!, mode);
    }
  } else {
    for (const column of Object.keys(cells)) row[column] = integer(cells[column], column, mode);
  }
  return row;
}

function integer(value: unknown, column: string, mode: BigintMode): unknown {
  if (typeof value !== "bigint" || mode === "always") return value;
  if (value <= MAX_SAFE && value >= -MAX_SAFE) return Number(value);
  if (mode === "auto") return value;
  throw new RangeError(
    `Cannot read column "${column}": its integer does not fit into a number; set option "bigints" to "auto" or "always", or select it as text`,
  );
}

/** `Array.isArray`, which does not narrow a readonly array. */
function isArray(value: readonly unknown[] | Readonly<Row>): value is readonly unknown[] {
  return Array.isArray(value);
}
