import stringWidth from "string-width";

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** A value of a cell: one that is not there is shown as nothing. */
export type CellValue = string | number | bigint | boolean | null | undefined;

/** A cell, with its colour if it has one. */
export type Cell = CellValue | {
  readonly value: CellValue;
  readonly paint: (text: string) => string;
};

/**
 * Lays rows out in columns, with two spaces between them. Numbers stand to the right. Control
 * characters are shown as `?`, so that what a database holds cannot steer a terminal.
 *
 * @param head the titles
 * @param rows the cells
 * @param paint colours the titles
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: (title: string) => string = (title) => title,
): string {
  const texts = rows.map((row) => row.map((cell) => plainText(valueOf(cell))));
  const widths = head.map((title, column) =>
    Math.max(stringWidth(title), ...texts.map((row) => stringWidth(row[column] ?? "")))
  );
  const isNumeric = head.map((_, column) =>
    rows.length > 0 && rows.every((row) => {
      const value = valueOf(row[column]);
      return value === undefined || value === null || ["number", "bigint"].includes(typeof value);
    })
  );
  const line = (cells: readonly string[], painted: (cell: string, column: number) => string) =>
    cells.map((cell, column) => {
      const space = " ".repeat(widths[column]! - stringWidth(cell));
      const shown = painted(cell, column);
      return isNumeric[column] ? space + shown : shown + space;
    }).join("  ").trimEnd();
  return [
    line(head, paint),
    ...texts.map((row, index) =>
      line(row, (text, column) => {
        const cell = rows[index]![column];
        return isPainted(cell) ? cell.paint(text) : text;
      })
    ),
  ].join("\n");
}

function isPainted(cell: Cell): cell is Exclude<Cell, CellValue> {
  return typeof cell === "object" && cell !== null;
}

function valueOf(cell: Cell): CellValue {
  return isPainted(cell) ? cell.value : cell;
}

/** A value as text of one line that cannot steer a terminal. */
export function plainText(value: CellValue): string {
  if (value === null || value === undefined) return "";
  return String(value).replace(CONTROL, (each) => each === "\n" ? " " : "?");
}
