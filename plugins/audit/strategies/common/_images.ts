import { type Expression, sql } from "kysely";
import type { AuditValues } from "../../contract/entry.ts";
import { id } from "../../sql/_nodes.ts";
import type { AuditedTable } from "./_table.ts";

/** An image of a row, and its number. */
export interface NumberedImage {
  readonly n: number;
  readonly values: AuditValues;
}

/** A column that may be masked. */
export interface MaskedColumn {
  readonly column: string;
  /** The columns that its rule looks at. */
  readonly required: readonly string[];
}

/** Copies of the columns that may be masked, to be compared with what is shown of them. */
export function copies(
  { free }: AuditedTable,
  masks: readonly MaskedColumn[],
  of: (column: string) => Expression<any>,
): Expression<any> {
  const all = masks.map(({ column }, i) => sql`, ${of(column)} as ${id(`${free}r${i}`)}`);
  return sql.join(all, sql``);
}

/** Reads the bytes that are written as hexadecimal digits. */
export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array((hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
}
