import { assertKnownOptions } from "../assert_known_options.ts";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { decodeText, encodeText } from "./_base64.ts";
import { Hmac } from "./_hmac.ts";
import type { CursorValue } from "./_values.ts";
import type { CursorSecurity } from "./cursor_security.ts";

/** Which way a walk goes. */
export type CursorDirection = "forward" | "backward";

/** A place between two rows: next to the row whose keys have these values. */
export interface Position {
  /** On which side of the row. */
  readonly side: "before" | "after";
  /** Where the walk goes on from there. */
  readonly direction: CursorDirection;
  /** The values of the keys. */
  readonly values: readonly CursorValue[];
}

const version = "k4";
const maxLength = 65_536;
const leastSecret = 32;
/** What a tag looks like: 32 bytes as base64url. */
const TAG = /^[\w-]{43}$/;

/** Writes and reads the cursors of one query: those of other queries are refused. */
export class CursorCodec {
  readonly #keys: readonly Hmac[];
  readonly #count: number;

  /**
   * @param query what the query and its order are made of; it is not in the cursor, but its
   * authentication depends on it
   * @param count how many keys the order has
   */
  constructor(query: string, count: number, security: CursorSecurity | undefined) {
    this.#keys = secretsOf(security).map((secret) => keyOf(secret).of(query));
    this.#count = count;
  }

  /** Writes a cursor. */
  encode(
    { side, values }: Pick<Position, "side" | "values">,
    direction: CursorDirection,
  ): string {
    const place = (side === "after" ? 1 : 0) + (direction === "backward" ? 2 : 0);
    const payload = encodeText(JSON.stringify([place, ...values]));
    return `${version}.${payload}.${this.#keys[0]!.signAsText(payload)}`;
  }

  /**
   * Reads a cursor.
   *
   * @throws {BadRequestError} if the text is not a cursor, or is one of another query
   */
  decode(cursor: string): Position {
    if (typeof cursor !== "string" || cursor.length > maxLength) throw unreadable();
    const start = cursor.indexOf(".");
    const end = cursor.indexOf(".", start + 1);
    if (start < 0 || end < 0 || cursor.includes(".", end + 1)) throw unreadable();
    if (cursor.slice(0, start) !== version) {
      throw new BadRequestError("Cannot use cursor: it is of another version; begin anew");
    }
    const payload = cursor.slice(start + 1, end);
    const signature = cursor.slice(end + 1);
    for (const key of this.#keys) {
      if (key.verify(payload, signature)) return this.#parse(payload);
    }
    if (!TAG.test(signature)) throw unreadable();
    throw new BadRequestError(
      "Cannot use cursor: it was made for another query, order or secret, or was changed; a filter " +
        "whose values change from page to page, such as `new Date()`, is another query",
    );
  }

  /** What is authentic was written by us, so there is little left to check. */
  #parse(payload: string): Position {
    const [place, ...values] = JSON.parse(decodeText(payload)) as [number, ...CursorValue[]];
    if (values.length !== this.#count) throw unreadable();
    return {
      side: place & 1 ? "after" : "before",
      direction: place & 2 ? "backward" : "forward",
      values,
    };
  }
}

const MOST_SECRETS = 16;
const MOST_QUERIES = 256;
const LONGEST_QUERY = 4_096;

/** The key of a secret, and those derived from it: each query has one of its own. */
class SecretKey {
  readonly #key: Hmac;
  readonly #byQuery = new Map<string, Hmac>();

  constructor(secret: string) {
    this.#key = new Hmac(secret);
  }

  of(query: string): Hmac {
    const make = (): Hmac => new Hmac(this.#key.sign(`${version}\n${query}`));
    // Long ones hold lists of values, and seldom come again.
    return query.length > LONGEST_QUERY ? make() : kept(this.#byQuery, query, MOST_QUERIES, make);
  }
}

const keys = new Map<string, SecretKey>();

function keyOf(secret: string): SecretKey {
  return kept(keys, secret, MOST_SECRETS, () => new SecretKey(secret));
}

/** Returns what a map has for a key; where it has nothing, the oldest entry makes room. */
function kept<K, V>(map: Map<K, V>, key: K, most: number, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    if (map.size >= most) map.delete(map.keys().next().value!);
    map.set(key, value = make());
  }
  return value;
}

/** Without a secret, what the cursor is bound to is all that there is to know for forging one. */
const unsigned = ["kysera: bound to its query, but not signed"];

function secretsOf(security: CursorSecurity | undefined): readonly string[] {
  if (security === undefined) return unsigned;
  assertKnownOptions(security, ["secret"], { action: "sign cursors" });
  const { secret } = security;
  const secrets = typeof secret === "string" ? [secret] : secret;
  const sound = Array.isArray(secrets) && secrets.length > 0 &&
    secrets.every((one) => typeof one === "string" && one.length >= leastSecret);
  if (!sound) {
    throw new BadRequestError(
      `Cannot sign cursors: each secret must be a string of at least ${leastSecret} characters`,
    );
  }
  return secrets;
}

function unreadable(): BadRequestError {
  return new BadRequestError("Cannot parse cursor");
}
