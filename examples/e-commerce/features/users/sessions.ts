import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { sign, verify } from "hono/jwt";
import { forbidden, unauthorized } from "../../platform/errors.ts";
import type { Caller, Shop, Store } from "../../platform/shop.ts";

const ALGORITHM = "HS256";
/** How long a session lasts, in seconds. */
export const SESSION_SECONDS: number = 30 * 24 * 60 * 60;
const HEADER = /^Bearer +(\S+)$/i;

/** Who is asking. */
export interface Session {
  readonly caller: Caller;
  readonly token: string;
}

/** What middleware leaves in the context of a request. */
export interface Env {
  Variables: {
    /** The session, or null for somebody who is not signed in. */
    session: Session | null;
    /** The repositories, on an executor that the caller is bound to. */
    store: Store;
  };
}

/** Creates the token of a session. */
export function createToken(userId: number, secret: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return sign({ sub: String(userId), iat: now, exp: now + SESSION_SECONDS }, secret, ALGORITHM);
}

/**
 * Reads the user of a token.
 *
 * @returns the caller, or null for a token that is forged, expired, or of a user who does not exist
 */
export async function callerOfToken(
  token: string,
  secret: string,
  { system }: Shop,
): Promise<Caller | null> {
  const claims = await verify(token, secret, ALGORITHM).catch(() => null);
  const id = Number(claims?.["sub"]);
  if (!Number.isSafeInteger(id) || id < 1) return null;
  // The role is read anew: a token proves who it was made for, not what they may still do.
  const user = await system.users.findOne({ where: { id }, select: ["role"] });
  return user === null ? null : { userId: id, role: user.role };
}

/**
 * Binds the caller to the executor, by the token of the `Authorization` header.
 *
 * @throws {ApiError} 401 for a token that is not valid; a request without one is anonymous
 */
export function authenticate(shop: Shop, secret: string): MiddlewareHandler<Env> {
  return async (c, next) => {
    const header = c.req.header("authorization");
    let session: Session | null = null;
    if (header !== undefined) {
      const token = HEADER.exec(header)?.[1];
      const caller = token === undefined ? null : await callerOfToken(token, secret, shop);
      if (token === undefined || caller === null) throw unauthorized("token", "is invalid");
      session = { caller, token };
    }
    c.set("session", session);
    c.set("store", shop.on(session?.caller ?? null));
    await next();
  };
}

/** Where the pages keep the token. */
export const COOKIE = "session";

/**
 * Binds the caller to the executor, by the cookie that the pages use. Without a valid one the caller
 * is anonymous.
 */
export function authenticateByCookie(shop: Shop, secret: string): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = getCookie(c, COOKIE);
    const caller = token === undefined ? null : await callerOfToken(token, secret, shop);
    c.set("session", token === undefined || caller === null ? null : { caller, token });
    c.set("store", shop.on(caller));
    await next();
  };
}

/**
 * Returns the session of a request that needs one.
 *
 * @throws {ApiError} 401 if the caller is not signed in
 */
export function sessionOf(c: Context<Env>): Session {
  const session = c.get("session");
  if (session === null) throw unauthorized("token", "is missing");
  return session;
}

/** Refuses requests of callers who are not signed in. */
export const signedIn: MiddlewareHandler<Env> = async (c, next) => {
  sessionOf(c);
  await next();
};

/** Refuses requests of callers who do not work here; the policies refuse what they would do as well. */
export const clerksOnly: MiddlewareHandler<Env> = async (c, next) => {
  if (sessionOf(c).caller.role !== "clerk") throw forbidden("role");
  await next();
};
