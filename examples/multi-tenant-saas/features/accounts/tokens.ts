import { sign, verify } from "hono/jwt";

const ALGORITHM = "HS256";
/** How long a session lasts, in seconds. */
const SESSION_SECONDS = 12 * 60 * 60;
/** How long support staff may act as a member, in seconds. */
const IMPERSONATION_SECONDS = 15 * 60;

/** What a token says, and nothing else does: who the caller is, and of which organisation. */
export interface Claims {
  /** The user. */
  readonly user: string;
  /** The organisation; `null` for support staff who act as nobody yet. */
  readonly organisation: string | null;
  /** The user of the support staff who acts as `user`. */
  readonly impersonator?: string;
}

/** Creates the token of a session. */
export function createToken(claims: Claims, secret: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const seconds = claims.impersonator === undefined ? SESSION_SECONDS : IMPERSONATION_SECONDS;
  return sign(
    {
      sub: claims.user,
      org: claims.organisation,
      imp: claims.impersonator,
      iat: now,
      exp: now + seconds,
    },
    secret,
    ALGORITHM,
  );
}

/** Reads a token; `null` for one that is forged or has expired. */
export async function readToken(token: string, secret: string): Promise<Claims | null> {
  const claims = await verify(token, secret, ALGORITHM).catch(() => null);
  if (claims === null || typeof claims["sub"] !== "string") return null;
  const { sub, org, imp } = claims as Record<string, unknown>;
  return {
    user: sub as string,
    organisation: typeof org === "string" ? org : null,
    ...typeof imp === "string" ? { impersonator: imp } : {},
  };
}
