import { bindContext } from "@kysera/executor";
import type { Context, MiddlewareHandler } from "hono";
import { unauthorized } from "../../platform/errors.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import { type Role, rolesOf } from "../members/schema.ts";
import { readToken } from "./tokens.ts";

/** Who is asking, and the database of the organisation for this caller. */
export interface Session {
  readonly organisation: string;
  readonly member: { readonly id: string; readonly role: Role; readonly user: string };
  /** The user of the support staff who acts as the member. */
  readonly impersonator: string | undefined;
  /** The executor that the caller is bound to. */
  readonly db: Db;
  /** The executor for what the program does for the organisation itself: invitations, counters. */
  readonly system: Db;
}

/** What middleware leaves in the context of a request. */
export interface Env {
  Variables: { session: Session };
}

const BEARER = /^Bearer +(\S+)$/i;

/** Returns the token of a request. */
export function bearerOf(c: Context): string {
  const token = BEARER.exec(c.req.header("authorization") ?? "")?.[1];
  if (token === undefined) throw unauthorized("Sign in, and send the token as a bearer token");
  return token;
}

/**
 * Binds the caller to the organisation's executor. The organisation is that of the signed token: no
 * header, path or body has a say. That the caller is still a member is asked for each request.
 *
 * @throws {ApiError} 401 for a token that is not valid, or is of somebody who is not a member any more
 */
export function authenticate({ config, router }: Saas): MiddlewareHandler<Env> {
  return async (c, next) => {
    const claims = await readToken(bearerOf(c), config.jwtSecret);
    if (claims === null || claims.organisation === null) {
      throw unauthorized("The session is not valid, or has ended");
    }
    const { organisation, user, impersonator } = claims;
    // The database is not closed before the request has ended.
    const lease = await router.acquire(organisation, { signal: c.req.raw.signal });
    try {
      const executor = lease.executor as unknown as Db;
      c.set("session", await sessionOf(executor, { organisation, user, impersonator }));
      await next();
    } finally {
      lease.release();
    }
  };
}

/** @throws {ApiError} 401 if the user is not a member any more */
async function sessionOf(
  executor: Db,
  { organisation, user, impersonator }: {
    organisation: string;
    user: string;
    impersonator: string | undefined;
  },
): Promise<Session> {
  const system = asProgram(executor, organisation);
  const member = await system.selectFrom("members").select(["id", "role"])
    .where("user_id", "=", user).where("erased_at", "is", null).executeTakeFirst();
  if (member === undefined) throw unauthorized("The session is of nobody who is a member");
  const role = member.role as Role;
  const db = bindContext(executor, {
    auth: {
      userId: member.id,
      roles: rolesOf(role),
      tenantId: organisation,
      attributes: impersonator === undefined ? {} : { impersonator },
    },
    requestId: crypto.randomUUID(),
  });
  return { organisation, member: { id: member.id, role, user }, impersonator, db, system };
}

/**
 * Returns an executor for what the program does for an organisation itself: its policies allow more,
 * and still show it no row of another organisation.
 *
 * @param db the executor of the organisation, or a transaction of it
 */
export function asProgram<D extends Db>(db: D, organisation: string): D {
  return bindContext(db, {
    auth: { userId: "system", roles: ["system", "admin", "member"], tenantId: organisation },
  });
}
