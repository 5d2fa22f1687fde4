import type { Blog, Store } from "../../platform/blog.ts";
import type { Config } from "../../platform/config.ts";
import { unauthorized, uniqueOr409 } from "../../platform/errors.ts";
import { given } from "../../platform/given.ts";
import { hashPassword, isPassword } from "./passwords.ts";
import type { UserChanges } from "./schema.ts";

/** Columns with a unique key, and what the API calls them. */
const UNIQUE = { username: "username", email: "email" };

/** An account, as its owner sees it. */
export interface Account {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly bio: string | null;
  readonly image: string | null;
}

/**
 * Creates an account.
 *
 * @throws {ApiError} 409 if the name or the address is taken
 */
export async function register(
  { system }: Blog,
  user: { username: string; email: string; password: string },
  cost: Config["scrypt"],
): Promise<Account> {
  const password_hash = await hashPassword(user.password, cost);
  return await uniqueOr409(UNIQUE, () =>
    system.users.create({
      username: user.username,
      email: user.email,
      password_hash,
      bio: null,
      image: null,
    }));
}

/**
 * Finds the account that an address and a password belong to.
 *
 * @throws {ApiError} 401 without saying which of the two is wrong
 */
export async function logIn(
  { system }: Blog,
  { email, password }: { email: string; password: string },
  cost: Config["scrypt"],
): Promise<Account> {
  const user = await system.users.findOne({ where: { email } });
  // An unknown address costs one hash as well, so that the time does not tell which ones exist.
  const isRight = user === null
    ? await hashPassword(password, cost).then(() => false)
    : await isPassword(password, user.password_hash);
  if (user === null || !isRight) throw unauthorized("credentials", "invalid");
  return user;
}

/** Reads the caller's own account. */
export async function getAccount({ users }: Store, id: number): Promise<Account> {
  return await users.getById(id);
}

/**
 * Changes the caller's own account.
 *
 * @throws {ApiError} 409 if the name or the address is taken
 */
export async function changeAccount(
  { users }: Store,
  id: number,
  { password, ...changes }: UserChanges,
  cost: Config["scrypt"],
): Promise<Account> {
  const columns = {
    ...given(changes),
    ...password === undefined ? {} : { password_hash: await hashPassword(password, cost) },
  };
  // On MariaDB `update()` locks the row first, which a table with masked columns does not allow.
  await uniqueOr409(UNIQUE, () => users.updateWhere({ id }, columns));
  return await users.getById(id);
}
