import type { Config } from "../../platform/config.ts";
import { unauthorized, uniqueOr409 } from "../../platform/errors.ts";
import type { Role, Shop } from "../../platform/shop.ts";
import { hashPassword, isPassword } from "./passwords.ts";

/** Columns with a unique key, and what the API calls them. */
const UNIQUE = { email: "email" };

/** An account, as its owner sees it. */
export interface Account {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

/**
 * Creates an account.
 *
 * @param role what its owner may do; no request can ask for another one than that of a customer
 * @throws {ApiError} 409 if the address is taken
 */
export async function register(
  { system }: Shop,
  user: { name: string; email: string; password: string },
  cost: Config["scrypt"],
  role: Role = "customer",
): Promise<Account> {
  const password_hash = await hashPassword(user.password, cost);
  return await uniqueOr409(
    UNIQUE,
    () => system.users.create({ name: user.name, email: user.email, password_hash, role }),
  );
}

/**
 * Finds the account that an address and a password belong to.
 *
 * @throws {ApiError} 401 without saying which of the two is wrong
 */
export async function logIn(
  { system }: Shop,
  { email, password }: { email: string; password: string },
  cost: Config["scrypt"],
): Promise<Account> {
  const user = await system.users.findOne({ where: { email } });
  // An unknown address costs one hash as well, so that the time does not tell which ones exist.
  const isRight = user === null
    ? await hashPassword(password, cost).then(() => false)
    : await isPassword(password, user.password_hash);
  if (user === null || !isRight) throw unauthorized("credentials", "are not valid");
  return user;
}
