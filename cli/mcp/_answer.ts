import { MAX_LETTERS } from "./_limits.ts";

/** Rows as a tool returns them. */
export interface RowsAnswer extends Record<string, unknown> {
  readonly rows: readonly unknown[];
  readonly rowCount: number;
  /** Whether there are more. */
  readonly truncated: boolean;
}

/**
 * Returns rows as JSON has them: large integers as text, bytes as base64, times as ISO 8601.
 *
 * @param rows as many as are returned, and one more where there are more
 * @param limit how many are returned
 */
export function rowsAnswer(rows: readonly unknown[], limit: number): RowsAnswer {
  const shown: unknown[] = [];
  let letters = 0;
  for (const row of rows.slice(0, limit)) {
    const json = jsonOf(row);
    letters += json.length;
    if (letters > MAX_LETTERS) break;
    shown.push(JSON.parse(json));
  }
  return { rows: shown, rowCount: shown.length, truncated: shown.length < rows.length };
}

/** JSON of what a database may hold. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") return String(each);
    if (each instanceof Uint8Array) return base64Of(each);
    // Node writes its buffers before they are seen here.
    if (each?.type === "Buffer" && Array.isArray(each.data)) {
      return base64Of(Uint8Array.from(each.data));
    }
    return each;
  });
}

function base64Of(bytes: Uint8Array): string {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}
