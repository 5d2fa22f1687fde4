import { type Expression, sql } from "kysely";
import { AuditError } from "../../contract/errors.ts";
import { q, tableNode } from "../../sql/_nodes.ts";
import type { LogTarget } from "./_log.ts";
import type { Run } from "./_table.ts";

/** Where a chain ends. */
export interface ChainHead {
  readonly entries: number;
  /** The hash of the last entry; empty before the first. */
  readonly hash: string;
}

/** The table that holds where the chain ends. */
export function chainTableOf({ auditTable }: Pick<LogTarget, "auditTable">): Expression<any> {
  return q(tableNode(`${auditTable.name}_chain`, auditTable.schema));
}

/** Reads where the chain ends, and keeps others from adding to it until the transaction is over. */
export async function readHead(
  run: Run,
  target: Pick<LogTarget, "auditTable" | "entries">,
): Promise<ChainHead> {
  const { rows } = await run(
    sql`select entries, hash from ${chainTableOf(target)} where id = 1 ${target.entries.chainLock}`,
  );
  const [row] = rows;
  if (row === undefined) {
    throw new AuditError(
      `Cannot add to the chain of "${target.auditTable.name}": table ` +
        `"${target.auditTable.name}_chain" has no row; make it with ` +
        "createAuditTable(db, { hashChain: true })",
      "AUDIT_LOG_NOT_FOUND",
    );
  }
  return { entries: Number(row["entries"]), hash: String(row["hash"]) };
}

const encoder = new TextEncoder();
const KEYS = new Map<string | Uint8Array, Promise<CryptoKey>>();

/**
 * The hash of an entry: over the one before it and over all of its values as a JSON list.
 *
 * @param secret `true` for SHA-256, else what HMAC-SHA-256 is keyed with
 */
export async function hashOf(
  secret: true | string | Uint8Array,
  before: string,
  values: readonly (string | null)[],
): Promise<string> {
  const data = encoder.encode(JSON.stringify([before, ...values]));
  const bytes = secret === true
    ? await crypto.subtle.digest("SHA-256", data)
    : await crypto.subtle.sign("HMAC", await keyOf(secret), data);
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keyOf(secret: string | Uint8Array): Promise<CryptoKey> {
  let key = KEYS.get(secret);
  if (key === undefined) {
    const bytes = typeof secret === "string" ? encoder.encode(secret) : new Uint8Array(secret);
    key = crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    if (KEYS.size > 100) KEYS.clear();
    KEYS.set(secret, key);
  }
  return key;
}
