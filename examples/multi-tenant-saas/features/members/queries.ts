import type { Selectable } from "kysely";
import { createRepository } from "@kysera/repository";
import type * as z from "zod";
import { ApiError, forbidden, mustExist } from "../../platform/errors.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import { toIso } from "../../platform/schema.ts";
import { asProgram, type Session } from "../accounts/session.ts";
import { release } from "../usage/queries.ts";
import type { MemberChanges, MembersTable } from "./schema.ts";

/** One object for the program, so that requests share prepared queries. */
export const MEMBERS = { tableName: "members" } as const;

/** A member as the API tells it; what the caller may not read is null. */
export function presentMember(member: Selectable<MembersTable>) {
  const { id, name, email, phone, role, erased_at, created_at } = member;
  return { id, name, email, phone, role, erased: erased_at !== null, createdAt: toIso(created_at) };
}

/** Lists members, from a cursor on. */
export async function listMembers(db: Db, page: { limit: number; cursor?: string | undefined }) {
  const { data, pagination } = await createRepository(db, MEMBERS).paginateCursor({
    orderBy: [{ column: "created_at", direction: "asc" }, { column: "id", direction: "asc" }],
    limit: page.limit,
    ...page.cursor === undefined ? {} : { cursor: page.cursor },
  });
  return { members: data.map(presentMember), nextCursor: pagination.nextCursor ?? null };
}

/** @throws {ApiError} 404 if there is no such member in the caller's organisation */
export async function getMember(db: Db, id: string) {
  return mustExist(
    await db.selectFrom("members").selectAll().where("id", "=", id).executeTakeFirst(),
  );
}

/** Changes a member; the owner stays one. */
export async function changeMember(db: Db, id: string, changes: z.output<typeof MemberChanges>) {
  const member = await getMember(db, id);
  if (changes.role !== undefined && member.role === "owner") throw forbidden();
  const { name, phone, role } = changes;
  const given = {
    ...name === undefined ? {} : { name },
    ...phone === undefined ? {} : { phone },
    ...role === undefined ? {} : { role },
  };
  if (Object.keys(given).length > 0) {
    const { numUpdatedRows } = await db.updateTable("members").set(given).where("id", "=", id)
      .executeTakeFirst();
    // The row is there, and is not the caller's to change.
    if (numUpdatedRows === 0n) throw forbidden();
  }
  return await getMember(db, id);
}

/** Removes a member; what the member wrote stays, and so does the account. */
export async function removeMember(
  { control }: Saas,
  { db, organisation }: Session,
  id: string,
): Promise<void> {
  const member = await getMember(db, id);
  if (member.role === "owner") throw new ApiError(409, "owner", "The owner cannot be removed");
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom("project_members").where("member_id", "=", id).execute();
    await trx.deleteFrom("members").where("id", "=", id).execute();
    await release(asProgram(trx, organisation), "members");
  });
  await control.deleteFrom("account_uses").where("member_id", "=", id).execute();
}
