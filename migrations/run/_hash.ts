import type { CompiledQuery } from "kysely";

const encoder = new TextEncoder();
const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** Returns the SHA-256 of a text, in hexadecimal digits. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(text));
  let hex = "";
  for (const byte of new Uint8Array(digest)) hex += HEX[byte];
  return hex;
}

/** Returns a hash of 53 bits: enough to tell two versions of a statement apart, and no more. */
export function shortHash(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16);
}

/** Returns a text that is the same for files that differ in how lines end, or in a mark of their encoding. */
export function normalizeSource(source: string): string {
  return source.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n").replaceAll("\r", "\n");
}

/** Returns a text that is the same for the same statement with the same parameters alone. */
export function canonicalStatement(query: Pick<CompiledQuery, "sql" | "parameters">): string {
  return JSON.stringify([query.sql, query.parameters.map(canonical)]);
}

/** JSON that keeps apart what it would take for the same. */
function canonical(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return { bigint: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (value instanceof Date) {
    return { date: Number.isNaN(value.getTime()) ? "invalid" : value.toISOString() };
  }
  if (ArrayBuffer.isView(value)) {
    return { bytes: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
  }
  if (typeof value === "function" || typeof value === "symbol") return { text: String(value) };
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value === "object") {
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") return { json: canonical(toJSON.call(value)) };
    return {
      object: Object.entries(value).map(([key, member]) => [key, canonical(member)]),
    };
  }
  return value;
}
