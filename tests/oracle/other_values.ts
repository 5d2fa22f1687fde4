import type { Statement } from "./ast.ts";
import { stamps } from "./schema.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The same statement with other values, which differ where those of the statement do. Limits stay: one
 * of them may be what makes a subquery give no more than one row.
 */
export function withOtherValues<S extends Statement>(statement: S): S {
  // The statement is plain data by construction, and its shape stays.
  return mapped(statement as unknown as Json) as unknown as S;
}

function mapped(json: Json): Json {
  if (Array.isArray(json)) return json.map(mapped);
  if (typeof json !== "object" || json === null) return json;
  const out = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, mapped(value)]));
  if (json["e"] === "lit" && json["inline"] === false) out["value"] = otherValue(json);
  if (json["p"] === "like") out["pattern"] = after(["%a%", "a%", "%b", "_"], json["pattern"]!);
  if (json["p"] === "inList") out["values"] = (json["values"] as number[]).map(otherNumber);
  return out;
}

function otherValue({ type, value }: { [key: string]: Json }): Json {
  if (type === "stamp") return after([null, ...stamps], value!);
  if (value === null) return null;
  return typeof value === "number" ? otherNumber(value) : after(["a", "b", "ab", ""], value!);
}

/** Ids that are given to rows stay different, and do not become those of rows that are there. */
function otherNumber(value: number): number {
  if (value >= 100) return value + 20;
  return value === 0 ? 3 : value % 14 + 1;
}

function after(values: readonly Json[], value: Json): Json {
  return values[(values.indexOf(value) + 1) % values.length]!;
}
