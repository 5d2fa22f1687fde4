import { findDatabaseError, ForeignKeyConstraintError, UniqueConstraintError } from "@kysera/core";
import type { Kysely } from "kysely";
import { unauthorized } from "../../platform/errors.ts";
import type { Saas } from "../../platform/saas.ts";
import type { ControlDatabase } from "../../platform/schema.ts";
import { hashPassword, isPassword } from "./passwords.ts";

/** A member who signs in with an account. */
export interface AccountUse {
  readonly member: string;
  readonly email: string;
  readonly password: string;
}

/** So often an account may come or go while it is looked at. */
const ATTEMPTS = 5;

/**
 * Notes that a member uses the account of an address, and creates it if there is none. Accounts are
 * shared by organisations, whose databases may be others: no transaction spans both. So each member
 * notes the use first, under an id of its own, and who fails afterwards takes back only that.
 *
 * @returns the id of the user
 * @throws {ApiError} 401 if there is an account, and the password is not its own
 */
export async function useAccount(saas: Saas, use: AccountUse): Promise<string> {
  for (let attempt = 1;; attempt++) {
    try {
      return await tryToUse(saas, use);
    } catch (error) {
      // Another member created the account in the meantime, or was the last to release it.
      const cause = findDatabaseError(error);
      const isRace = cause instanceof UniqueConstraintError ||
        cause instanceof ForeignKeyConstraintError;
      if (!isRace || attempt === ATTEMPTS) throw error;
    }
  }
}

async function tryToUse(
  { control, config }: Saas,
  { member, email, password }: AccountUse,
): Promise<string> {
  const known = await control.selectFrom("users").select(["id", "password_hash"])
    .where("email", "=", email).executeTakeFirst();
  if (known !== undefined && !await isPassword(password, known.password_hash)) {
    throw unauthorized("There is an account with this address; give its password");
  }
  const id = known?.id ?? crypto.randomUUID();
  const created = known === undefined ? await newUser({ id, email, password }, config) : undefined;
  await control.transaction().execute(async (trx) => {
    if (created !== undefined) await trx.insertInto("users").values(created).execute();
    await trx.insertInto("account_uses").values({ member_id: member, user_id: id }).execute();
  });
  return id;
}

/** The row of a new user. */
export async function newUser(
  { id, email, password }: { id: string; email: string; password: string },
  config: Saas["config"],
) {
  return {
    id,
    email,
    password_hash: await hashPassword(password, config.scrypt),
    is_support: 0,
    created_at: new Date().toISOString(),
  };
}

/** Takes back that a member uses an account, and removes the account if nobody else does. */
export async function releaseAccount(
  control: Kysely<ControlDatabase>,
  { member, user }: { member: string; user: string },
): Promise<void> {
  await control.deleteFrom("account_uses").where("member_id", "=", member).execute();
  try {
    await control.deleteFrom("users").where("id", "=", user).where("is_support", "=", 0)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom("account_uses").select("member_id").where("user_id", "=", user)))
      ).execute();
  } catch (error) {
    // Somebody began to use it while it was looked at.
    if (!(findDatabaseError(error) instanceof ForeignKeyConstraintError)) throw error;
  }
}
