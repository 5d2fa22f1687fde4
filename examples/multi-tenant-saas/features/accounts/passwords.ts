import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { Config } from "../../platform/config.ts";

const KEY_LENGTH = 32;

/**
 * Hashes a password with a salt of its own. The parameters are stored with the hash, so that they may
 * be raised later.
 */
export async function hashPassword(password: string, cost: Config["scrypt"]): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, KEY_LENGTH, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64"), key.toString("base64")]
    .join("$");
}

/** Returns true if the password is the one that was hashed. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [algorithm, N, r, p, salt, key] = hash.split("$");
  if (algorithm !== "scrypt" || salt === undefined || key === undefined) {
    throw new Error("Cannot check the password: the hash has another format");
  }
  const expected = Buffer.from(key, "base64");
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const derived = await derive(password, Buffer.from(salt, "base64"), expected.length, cost);
  return timingSafeEqual(derived, expected);
}

function derive(
  password: string,
  salt: Buffer,
  length: number,
  cost: Config["scrypt"],
): Promise<Buffer> {
  // Node refuses to use more than 32 MiB unless told how much is needed.
  const options = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize("NFKC"),
      salt,
      length,
      options,
      (error, key) => error ? reject(error) : resolve(key),
    );
  });
}
