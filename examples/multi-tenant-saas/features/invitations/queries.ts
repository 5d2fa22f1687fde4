import type { Selectable } from "kysely";
import type * as z from "zod";
import { invalid, mustExist } from "../../platform/errors.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import { toIso } from "../../platform/schema.ts";
import { releaseAccount, useAccount } from "../accounts/accounts.ts";
import { asProgram } from "../accounts/session.ts";
import { createToken } from "../accounts/tokens.ts";
import { consume, limitsOf } from "../usage/queries.ts";
import type { Acceptance, InvitationsTable, NewInvitation } from "./schema.ts";

/** How long an invitation holds, in ms. */
const VALID_MS = 7 * 24 * 60 * 60 * 1000;

/** An invitation as the API tells it. */
export function presentInvitation(
  invitation: Omit<Selectable<InvitationsTable>, "tenant_id" | "token_hash">,
) {
  const { id, email, role, expires_at, accepted_at } = invitation;
  return { id, email, role, expiresAt: toIso(expires_at), accepted: accepted_at !== null };
}

const COLUMNS = ["id", "email", "role", "expires_at", "accepted_at", "created_at"] as const;

/** Lists invitations; for those who are not admins there are none. */
export async function listInvitations(db: Db) {
  return await db.selectFrom("invitations").select(COLUMNS).orderBy("created_at").orderBy("id")
    .limit(100).execute();
}

/** @throws {ApiError} 404 if there is no such invitation that the caller may see */
export async function getInvitation(db: Db, id: string) {
  return mustExist(
    await db.selectFrom("invitations").select(COLUMNS).where("id", "=", id).executeTakeFirst(),
  );
}

/**
 * Invites somebody.
 *
 * @returns the invitation, and the token for the message that is sent: it is not kept
 */
export async function invite(
  { db, organisation }: { db: Db; organisation: string },
  input: z.output<typeof NewInvitation>,
) {
  const id = crypto.randomUUID();
  // The organisation in it only says where to look; the secret is what is checked.
  const secret = crypto.randomUUID();
  await db.insertInto("invitations").values({
    id,
    ...input,
    token_hash: await sha256(secret),
    expires_at: new Date(Date.now() + VALID_MS).toISOString(),
  }).execute();
  return { invitation: await getInvitation(db, id), token: `${organisation}.${id}.${secret}` };
}

/** Withdraws an invitation. */
export async function withdraw(db: Db, id: string): Promise<void> {
  await getInvitation(db, id);
  await db.deleteFrom("invitations").where("id", "=", id).execute();
}

/**
 * Accepts an invitation: whoever has an account keeps it, and proves that by its password.
 *
 * @returns the token of the new member's session
 * @throws {ApiError} 422 for a token that is not valid, or was used; 402 if the plan allows no more
 */
export async function accept(saas: Saas, input: z.output<typeof Acceptance>): Promise<string> {
  const { config, control, router } = saas;
  const refused = () => invalid("The invitation is not valid, or was used");
  const [organisation = "", id = "", secret = ""] = input.token.split(".");
  if (organisation === "") throw refused();
  const { limits } = await limitsOf(saas, organisation).catch(() => {
    throw refused();
  });
  const user = await router.run(organisation, async (executor) => {
    const program = asProgram(executor as unknown as Db, organisation);
    const invitation = await program.selectFrom("invitations").selectAll().where("id", "=", id)
      .executeTakeFirst();
    if (
      invitation === undefined || invitation.token_hash !== await sha256(secret) ||
      invitation.accepted_at !== null || new Date(invitation.expires_at) < new Date()
    ) throw refused();
    const member = crypto.randomUUID();
    const { email } = invitation;
    const account = await useAccount(saas, { member, email, password: input.password });
    try {
      await program.transaction().execute(async (trx) => {
        const { numUpdatedRows } = await trx.updateTable("invitations")
          .set({ accepted_at: new Date().toISOString() })
          .where("id", "=", id).where("accepted_at", "is", null).executeTakeFirst();
        if (numUpdatedRows === 0n) throw refused();
        await consume(trx, "members", limits);
        await trx.insertInto("members").values({
          id: member,
          user_id: account,
          name: input.name,
          email,
          role: invitation.role,
        }).execute();
      });
    } catch (error) {
      await releaseAccount(control, { member, user: account });
      throw error;
    }
    return account;
  });
  return await createToken({ user, organisation }, config.jwtSecret);
}

async function sha256(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
