import { BadRequestError } from "@kysera/core";
import type { Codec } from "./types.ts";

/** Marks the codec whose values the repository itself writes, as the column's type wants them. */
export const JSON_CODEC: unique symbol = Symbol("kysera.jsonCodec");

/** Any value of JSON. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * Creates a codec for columns of JSON: objects, lists, texts, numbers and booleans, on every
 * dialect and through every driver. `null` is NULL. Without a type parameter, values are of the
 * type that the interface of the table says the column has.
 *
 * @typeParam T the type of the values
 * @returns the codec
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createRepository, json } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table posts (id integer primary key, tags text)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 * const posts = createRepository(db, { tableName: "posts", codecs: { tags: json<string[]>() } });
 * const post: any = await posts.create({ id: 1, tags: ["a", "b"] });
 * assert.deepEqual(post.tags, ["a", "b"]);
 * await db.destroy();
 * ```
 */
export function json<T = any>(): Codec<T, any> {
  const codec = {
    [JSON_CODEC]: true,
    encode(value: T): string {
      const text = JSON.stringify(value) as string | undefined;
      if (text !== undefined) return text;
      throw new BadRequestError(`Cannot write JSON: ${typeof value} is none of its values`);
    },
    decode: (value: unknown): T => typeof value === "string" ? JSON.parse(value) : value as T,
  };
  return codec;
}

/**
 * Creates a codec for columns of 64-bit integers, which drivers give as text or as numbers.
 *
 * @returns the codec
 *
 * @example
 * ```ts
 * import { bigint } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.equal(bigint().decode("9007199254740993"), 9007199254740993n);
 * ```
 */
export function bigint(): Codec<bigint, any> {
  return { encode: (value) => value, decode: (value) => BigInt(value) };
}

/**
 * Creates a codec for columns of dates that are kept as ISO 8601 text, as on SQLite, or as a driver
 * gives them. A text without a time zone is UTC.
 *
 * @param options `as: "text"` writes text, which is for columns of text
 * @returns the codec
 *
 * @example
 * ```ts
 * import { date } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * const codec = date({ as: "text" });
 * assert.equal(codec.encode(new Date(0)), "1970-01-01T00:00:00.000Z");
 * assert.equal(codec.decode("1970-01-01 00:00:01").getTime(), 1_000);
 * ```
 */
export function date(options: { readonly as?: "text" | "date" } = {}): Codec<Date, any> {
  const { as = "date" } = options;
  return {
    encode(value) {
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
        throw new BadRequestError("Cannot write a date: the value is not a valid Date");
      }
      return as === "text" ? value.toISOString() : value;
    },
    decode(value) {
      if (value instanceof Date) return value;
      if (typeof value !== "string") return new Date(Number(value));
      const hasZone = /(?:z|[+-]\d\d(?::?\d\d)?)$/i.test(value.slice(10));
      return new Date(`${value.replace(" ", "T")}${hasZone || value.length <= 10 ? "" : "Z"}`);
    },
  };
}

/**
 * Creates a codec for columns of PostgreSQL that are arrays of an enumeration, which drivers give
 * as text (`{ok,happy}`).
 *
 * @returns the codec
 *
 * @example
 * ```ts
 * import { enumArray } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * const moods = enumArray<"ok" | "very happy">();
 * assert.equal(moods.encode(["ok", "very happy"]), '{"ok","very happy"}');
 * assert.deepEqual(moods.decode('{ok,"very happy"}'), ["ok", "very happy"]);
 * ```
 */
export function enumArray<T extends string = string>(): Codec<(T | null)[], any> {
  return {
    encode: (list) =>
      `{${
        list.map((item) => item === null ? "NULL" : `"${item.replace(/["\\]/g, "\\$&")}"`).join(",")
      }}`,
    // The labels are those of the enumeration, as the type parameter says.
    decode: (value) => Array.isArray(value) ? value : itemsOf(String(value)) as (T | null)[],
  };
}

function itemsOf(text: string): (string | null)[] {
  const items: (string | null)[] = [];
  let item = "";
  let isQuoted = false;
  let wasQuoted = false;
  for (let i = 1; i < text.length; i++) {
    const char = text[i]!;
    if (isQuoted) {
      if (char === "\\") item += text[++i] ?? "";
      else if (char === '"') isQuoted = false;
      else item += char;
    } else if (char === '"') isQuoted = wasQuoted = true;
    else if (char === "," || (char === "}" && i === text.length - 1)) {
      if (item !== "" || wasQuoted) items.push(item === "NULL" && !wasQuoted ? null : item);
      item = "";
      wasQuoted = false;
    } else item += char;
  }
  return items;
}
