import { assertKnownOptions } from "../assert_known_options.ts";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { decodeBase64, encodeBase64 } from "./_base64.ts";
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

const version = "k3";
const maxLength = 65_536;
const leastSecret = 32;
const encoder = new TextEncoder();

/** Writes and reads the cursors of one query: no other's are taken. */
export class CursorCodec {
  readonly #keys: readonly Hmac[];
  readonly #query: string;
  readonly #count: number;

  /**
   * @param query what the query and its order are made of; in no cursor, but in its authentication
   * @param count how many keys the order has
   */
  constructor(query: string, count: number, security: CursorSecurity | undefined) {
    this.#keys = secretsOf(security).map((secret) => new Hmac(secret));
    // Its hash stands for it: each tag is of a short message then.
    this.#query = encodeBase64(new Hmac("query of a cursor").sign(query));
    this.#count = count;
  }

  /** Writes a cursor. */
  encode({ side, direction, values }: Position): string {
    const payload = encodeBase64(encoder.encode(JSON.stringify([side, direction, ...values])));
    const tag = this.#keys[0]!.sign(this.#signed(payload));
    return `${version}.${payload}.${encodeBase64(tag)}`;
  }

  /**
   * Reads a cursor.
   *
   * @throws {BadRequestError} if it is none, or none of this query
   */
  decode(cursor: string): Position {
    if (typeof cursor !== "string" || cursor.length > maxLength) throw unreadable();
    const [head, payload, signature, ...rest] = cursor.split(".");
    if (payload === undefined || signature === undefined || rest.length > 0) throw unreadable();
    if (head !== version) {
      throw new BadRequestError("Cannot use cursor: it is of another version; begin anew");
    }
    let tag: Uint8Array<ArrayBuffer>;
    try {
      tag = decodeBase64(signature);
    } catch {
      throw unreadable();
    }
    const data = this.#signed(payload);
    for (const key of this.#keys) {
      if (key.verify(data, tag)) return this.#parse(payload);
    }
    throw new BadRequestError(
      "Cannot use cursor: it was made for another query, order or secret, or was changed; a filter " +
        "whose values change from page to page, such as `new Date()`, is another query",
    );
  }

  /** What a signature is over. The payload has no line break, so the two cannot be shifted. */
  #signed(payload: string): string {
    return `${version}\n${payload}\n${this.#query}`;
  }

  /** Nobody but us wrote what is authentic, so little is left to check. */
  #parse(payload: string): Position {
    const [side, direction, ...values] = JSON.parse(
      new TextDecoder().decode(decodeBase64(payload)),
    ) as [Position["side"], CursorDirection, ...CursorValue[]];
    if (values.length !== this.#count) throw unreadable();
    return { side, direction, values };
  }
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
