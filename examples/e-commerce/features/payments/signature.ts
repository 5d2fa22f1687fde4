import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

/** The header that a webhook is signed in. */
export const SIGNATURE = "x-signature";

/** Signs the body of a webhook: HMAC-SHA256, in hexadecimal digits. */
export function signBody(body: string, secret: string): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

/** Returns true if a body was signed with the secret. */
export function isSigned(body: string, signature: string, secret: string): boolean {
  const [given, expected] = [Buffer.from(signature), Buffer.from(signBody(body, secret))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
