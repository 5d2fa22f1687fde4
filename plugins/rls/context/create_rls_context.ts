import { isPlainObject } from "@kysera/core";
import { frozenCopy } from "./_freeze.ts";
import type { RLSAuth, RLSContext } from "../contract/context.ts";
import { RLSContextValidationError } from "../contract/errors.ts";

const AUTH_KEYS: readonly string[] = [
  "userId",
  "roles",
  "tenantId",
  "organizationIds",
  "permissions",
  "attributes",
  "user",
  "isSystem",
];
const KEYS: readonly string[] = ["auth", "request", "meta", "timestamp"];

const made = new WeakSet<object>();

/**
 * Checks a context, and gives a frozen copy of it: what happens to the object afterwards changes
 * nothing.
 *
 * @param context who is asking, and with which request. A member that is `undefined` counts as left
 * out
 * @returns the context, for `bindContext` and for a `contextProvider`
 * @throws {RLSContextValidationError} where the user or the roles are missing, an id is `null`, `NaN`
 * or `""`, or a member is unknown
 *
 * @example
 * ```ts
 * import { createRLSContext, RLSContextValidationError } from "@kysera/rls";
 * import assert from "node:assert/strict";
 *
 * const context = createRLSContext({ auth: { userId: 7, roles: ["editor"], tenantId: "acme" } });
 * assert.equal(context.auth.tenantId, "acme");
 * assert.throws(
 *   () => createRLSContext({ auth: { userId: "", roles: [] } }),
 *   RLSContextValidationError,
 * );
 * ```
 */
export function createRLSContext(context: RLSContext): RLSContext {
  if (!isPlainObject(context)) {
    throw new RLSContextValidationError("Cannot make a context: pass { auth: .. }", "context");
  }
  for (const key of Object.keys(context)) {
    if (!KEYS.includes(key)) throw unknownMember(key);
  }
  for (const field of ["request", "meta"] as const) {
    const value = context[field];
    if (value !== undefined && !isPlainObject(value)) throw invalid(field, "it is not an object");
  }
  const { timestamp } = context;
  if (timestamp !== undefined && !(timestamp instanceof Date && !Number.isNaN(+timestamp))) {
    throw invalid("timestamp", "it is not a valid Date");
  }
  const { auth } = context;
  if (isPlainObject(auth)) {
    for (const key of Object.keys(auth)) {
      if (!AUTH_KEYS.includes(key)) throw unknownMember(`auth.${key}`);
    }
  }
  return readContext(context);
}

/**
 * Checks a context that may have other members as well, which are left alone.
 *
 * @param isCopied whether it is a frozen copy already, as what is bound to an executor is
 */
export function readContext(context: RLSContext, isCopied: boolean = false): RLSContext {
  if (!isCopied && made.has(context)) return context;
  if (isCopied && isCaller(context) && readAuth(context.auth, true) === context.auth) {
    return context;
  }
  const { auth, request, meta, timestamp } = context;
  const out: RLSContext = Object.freeze({
    auth: readAuth(auth, isCopied),
    ...(request === undefined ? {} : { request: frozenCopy(request) }),
    ...(meta === undefined ? {} : { meta: frozenCopy(meta) }),
    ...(timestamp === undefined ? {} : { timestamp: frozenCopy(timestamp) }),
  });
  // Of what is bound it is remembered what was made.
  if (!isCopied) made.add(out);
  return out;
}

function readAuth(auth: unknown, isCopied: boolean): RLSAuth {
  if (typeof auth !== "object" || auth === null || Array.isArray(auth)) {
    throw invalid("auth", "it is not an object");
  }
  const given = isCopied && isComplete(auth) ? auth as Record<string, unknown> : membersOf(auth);
  assertId(given["userId"], "auth.userId");
  assertTexts(given["roles"], "auth.roles");
  if ("tenantId" in given) assertId(given["tenantId"], "auth.tenantId");
  if ("organizationIds" in given) {
    if (!Array.isArray(given["organizationIds"])) {
      throw invalid("auth.organizationIds", "it is not a list");
    }
    for (const id of given["organizationIds"]) assertId(id, "auth.organizationIds");
  }
  if ("permissions" in given) assertTexts(given["permissions"], "auth.permissions");
  if ("attributes" in given && !isPlainObject(given["attributes"])) {
    throw invalid("auth.attributes", "it is not an object");
  }
  if ("isSystem" in given && typeof given["isSystem"] !== "boolean") {
    throw invalid("auth.isSystem", "it is not a boolean");
  }
  // Every member was looked at.
  return (given === auth ? given : frozenCopy(given)) as unknown as RLSAuth;
}

/** Whether a context says who the caller is, and nothing else. */
function isCaller(context: RLSContext): boolean {
  for (const key in context) if (key !== "auth") return false;
  return true;
}

/** Whether a plain object has no members that count as left out. */
function isComplete(auth: object): boolean {
  for (const key in auth) {
    if ((auth as Readonly<Record<string, unknown>>)[key] === undefined) return false;
  }
  return isPlainObject(auth);
}

/** The members of an object; of a class's also those that are not the object's own. */
function membersOf(auth: object): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  // What every object has is nobody's.
  const inherited = isPlainObject(auth)
    ? []
    : AUTH_KEYS.filter((key) => !(key in Object.prototype));
  for (const key of new Set([...inherited, ...Object.keys(auth)])) {
    const value = (auth as Readonly<Record<string, unknown>>)[key];
    if (value !== undefined && key !== "__proto__") members[key] = value;
  }
  return members;
}

/** @throws {RLSContextValidationError} for what identifies nobody */
function assertId(id: unknown, field: string): void {
  if (typeof id === "bigint" || (typeof id === "string" && id.trim() !== "")) return;
  if (typeof id === "number" && Number.isFinite(id)) return;
  const what = id === undefined ? "missing" : id === "" ? "empty" : String(id);
  throw invalid(
    field,
    typeof id === "object" && id !== null
      ? "it must be a text or a number"
      : `it is ${what}; it must be a text that is not empty, or a number`,
  );
}

function assertTexts(list: unknown, field: string): void {
  if (!Array.isArray(list) || !areTexts(list)) {
    throw invalid(field, "it must be a list of texts that are not empty");
  }
}

function areTexts(list: readonly unknown[]): boolean {
  for (const item of list) if (typeof item !== "string" || item === "") return false;
  return true;
}

function invalid(field: string, problem: string): RLSContextValidationError {
  return new RLSContextValidationError(
    `Cannot use a context for row-level security: "${field}": ${problem}`,
    field,
  );
}

function unknownMember(field: string): RLSContextValidationError {
  return invalid(
    field,
    `there is no such member; "auth.attributes" and "meta" are for what policies ask for besides`,
  );
}
