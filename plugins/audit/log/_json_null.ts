import type { AuditValues } from "../contract/entry.ts";
import type { JsonValue } from "../sql/_json.ts";

/** The columns of an image that hold the null of JSON, which is another one than that of SQL. */
const NULLS = new WeakMap<AuditValues, ReadonlySet<string>>();
const NONE: ReadonlySet<string> = new Set();

/** Takes the marks out of an image, and notes where they were. */
export function readJsonNulls(values: AuditValues): AuditValues {
  const marked = Object.keys(values).filter((name) => isMark(values[name]));
  if (marked.length === 0) return values;
  const plain = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isMark(value) ? null : value]),
  );
  NULLS.set(plain, new Set(marked));
  return plain;
}

/** Returns the columns of an image that hold the null of JSON. */
export function jsonNullsOf(values: AuditValues): ReadonlySet<string> {
  return NULLS.get(values) ?? NONE;
}

/** Notes for a copy of an image what is known of the image. */
export function copyJsonNulls(from: AuditValues, to: AuditValues): AuditValues {
  const nulls = NULLS.get(from);
  if (nulls !== undefined) NULLS.set(to, nulls);
  return to;
}

function isMark(value: JsonValue | undefined): boolean {
  if (typeof value !== "object" || value === null) return false;
  const members = Object.entries(value);
  return members.length === 1 && members[0]![0] === "$json" && members[0]![1] === null;
}
