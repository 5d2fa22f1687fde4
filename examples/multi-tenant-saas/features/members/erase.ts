import { getRawDb } from "@kysera/executor";
import type { Kysely } from "kysely";
import { ApiError, forbidden } from "../../platform/errors.ts";
import type { Saas } from "../../platform/saas.ts";
import { releaseAccount } from "../accounts/accounts.ts";
import type { Session } from "../accounts/session.ts";
import { getMember } from "./queries.ts";

/** What is known of a person, in rows and in the entries of the log about them. */
const PERSONAL: readonly string[] = ["name", "email", "phone", "user_id"];

/** What an erasure did. */
export interface Erasure {
  /** How many rows were emptied. */
  readonly rows: number;
  /** How many entries of the audit log were. */
  readonly entries: number;
}

/**
 * Erases a person: the member's entry is emptied and stays, so that what the member wrote has an
 * author; invitations to the address go, and so does the account, unless it is used elsewhere. What the
 * audit log holds of the person is emptied as well: that something was changed, when and by which
 * member, stays.
 *
 * @throws {ApiError} 404 if there is no such member in the caller's organisation, 403 if the caller is
 * no admin, 409 for the owner
 */
export async function eraseMember(
  { control }: Saas,
  { db, member: caller }: Session,
  id: string,
): Promise<Erasure> {
  const member = await getMember(db, id);
  if (caller.role !== "admin" && caller.role !== "owner") throw forbidden();
  if (member.role === "owner") throw new ApiError(409, "owner", "The owner cannot be erased");
  const { email, user_id: user } = member;
  const invitations = await db.selectFrom("invitations").select("id").where("email", "=", email)
    .execute();
  const ids = [id, ...invitations.map((invitation) => invitation.id)];
  const erasure = await db.transaction().execute(async (trx) => {
    const { numDeletedRows } = await trx.deleteFrom("invitations").where("email", "=", email)
      .executeTakeFirst();
    await trx.updateTable("members").set({
      name: "Erased",
      email: `erased-${id}@invalid`,
      phone: null,
      user_id: id,
      erased_at: new Date().toISOString(),
    }).where("id", "=", id).execute();
    // The log takes no changes through the executor: this is the escape hatch, and the only use of it.
    const entries = await emptyEntries(getRawDb(trx) as unknown as Kysely<any>, ids);
    return { rows: Number(numDeletedRows) + 1, entries };
  });
  await releaseAccount(control, { member: id, user });
  return erasure;
}

/** Empties what the log holds of rows with these ids, which are UUIDs: no other organisation has them. */
async function emptyEntries(raw: Kysely<any>, ids: readonly string[]): Promise<number> {
  const entries = await raw.selectFrom("audit_logs").select(["id", "old_values", "new_values"])
    .where("entity_id", "in", ids).execute();
  for (const { id, old_values, new_values } of entries) {
    await raw.updateTable("audit_logs").set({
      old_values: withoutPerson(old_values),
      new_values: withoutPerson(new_values),
    }).where("id", "=", id).execute();
  }
  return entries.length;
}

function withoutPerson(text: string | null): string | null {
  if (text === null) return null;
  const values = JSON.parse(text) as Record<string, unknown>;
  for (const column of PERSONAL) if (column in values) values[column] = null;
  return JSON.stringify(values);
}
