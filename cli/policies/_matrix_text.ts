import type { Colors } from "../terminal/_colors.ts";
import { type Cell, table } from "../terminal/_table.ts";
import { type Access, accessText, conditionsOf } from "./_access_text.ts";
import { OPERATIONS } from "./_read_matrix.ts";

/** The matrix as a table, with its conditions below. */
export function matrixText(matrix: readonly Access[], { bold, dim, green, red }: Colors): string {
  const notes: string[] = [];
  const noteOf = (text: string): number => {
    if (!notes.includes(text)) notes.push(text);
    return notes.indexOf(text) + 1;
  };
  const cellOf = (access: Access): Cell => {
    const { outcome } = access;
    if (outcome === "none") return { value: "none", paint: red };
    const conditions = conditionsOf(access);
    if (outcome === "all" && conditions === undefined) return { value: "all", paint: green };
    const note = outcome === "some" ? conditions! : accessText(access);
    return `${outcome === "some" ? "some" : "all"} [${noteOf(note)}]`;
  };
  const rows = lines(matrix).map((cells) => {
    const { principal, table } = cells[0]!;
    return [principal, table, ...cells.map(cellOf)];
  });
  return [
    table(["Principal", "Table", ...OPERATIONS], rows, bold),
    ...notes.length === 0 ? [] : ["", ...notes.map((note, i) => `${dim(`[${i + 1}]`)} ${note}`)],
  ].join("\n");
}

/** The matrix as a text of one line for each cell, to be kept in a repository and compared. */
export function snapshotText(matrix: readonly Access[]): string {
  const head = "# What each principal may do with each table. Written by `kysera policies matrix`.";
  const blocks = lines(matrix).map((cells) =>
    cells.map((access) =>
      `${access.principal} ${access.operation} ${access.table}: ${accessText(access)}`
    ).join("\n")
  );
  return `${[head, ...blocks].join("\n\n")}\n`;
}

/** The cells of each principal and table. */
function lines(matrix: readonly Access[]): (readonly Access[])[] {
  const groups = new Map<string, Access[]>();
  for (const access of matrix) {
    const key = JSON.stringify([access.principal, access.table]);
    groups.set(key, [...groups.get(key) ?? [], access]);
  }
  return [...groups.values()];
}
