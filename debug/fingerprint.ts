import type { CompiledQuery, OperationNode } from "kysely";
import { minifySQL } from "./format/minify_sql.ts";

const MOST_KNOWN = 1_000;
/** Longer texts are not kept: they would take more memory than the walk takes time. */
const LONGEST_KNOWN = 4_096;
/** Fingerprints by SQL text: the tree of a text is walked once. */
const KNOWN: Map<string, string> = new Map();

/**
 * Returns a name for all queries that differ in their values only: in the values themselves, in how
 * many an IN has, in how many rows an INSERT has. It is taken from Kysely's tree, so that no text
 * of SQL has to be understood; of raw SQL, from its text, without its comments.
 *
 * @param query the query, as Kysely compiled it
 * @returns 16 hexadecimal digits
 *
 * @example
 * ```ts
 * import { fingerprint } from "@kysera/debug";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const of = (ids: number[]) =>
 *   fingerprint(db.selectFrom("users").selectAll().where("id", "in", ids).compile());
 * assert.equal(of([1]), of([2, 3]));
 * assert.notEqual(of([1]), fingerprint(db.selectFrom("users").select("id").compile()));
 * ```
 */
export function fingerprint(query: CompiledQuery): string {
  const known = KNOWN.get(query.sql);
  if (known !== undefined) return known;
  const hash = new Hash();
  if (query.query.kind === "RawNode") hash.add(minifySQL(query.sql).toLowerCase());
  else addNode(query.query, hash);
  const made = hash.digest();
  if (query.sql.length > LONGEST_KNOWN) return made;
  if (KNOWN.size >= MOST_KNOWN) KNOWN.delete(KNOWN.keys().next().value!);
  KNOWN.set(query.sql, made);
  return made;
}

/** Returns 16 hexadecimal digits that stand for a text. */
export function digestOf(text: string): string {
  const hash = new Hash();
  hash.add(text);
  return hash.digest();
}

function addNode(node: OperationNode, hash: Hash): void {
  switch (node.kind) {
    case "ValueNode":
    case "PrimitiveValueListNode":
    case "ValueListNode":
      // Any number of values is as good as one.
      hash.add("?");
      return;
    case "ValuesNode":
      hash.add("values");
      return;
    default:
      hash.add(node.kind);
      for (const [key, value] of Object.entries(node)) {
        if (key !== "kind" && value !== undefined) addMember(key, value, hash);
      }
  }
}

function addMember(key: string, value: unknown, hash: Hash): void {
  hash.add(key);
  if (Array.isArray(value)) {
    for (const item of value) addMember("", item, hash);
    hash.add("]");
  } else if (typeof value === "object" && value !== null) {
    if ("kind" in value) addNode(value as OperationNode, hash);
    else for (const [name, member] of Object.entries(value)) addMember(name, member, hash);
  } else hash.add(String(value));
}

/** FNV-1a (Fowler, Noll, Vo), two lanes of 32 bits. */
class Hash {
  #low = 0x811c9dc5;
  #high = 0x01000193;

  add(text: string): void {
    for (let i = 0; i <= text.length; i++) {
      // One more, so that "ab", "c" is not "a", "bc".
      const code = i === text.length ? 0xffff : text.charCodeAt(i);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ code, 0x01000193) ^ (this.#low >>> 13);
    }
  }

  digest(): string {
    const hex = (n: number) => (n >>> 0).toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }
}
