import * as z from "zod";
import { email, password, text } from "../../platform/body.ts";
import type { StampedTime, TenantId, Time } from "../../platform/schema.ts";
import type { ColumnType } from "kysely";

/** Invitations; of the token, only a hash is kept. */
export interface InvitationsTable {
  id: string;
  tenant_id: TenantId;
  email: string;
  role: string;
  token_hash: string;
  expires_at: Time;
  accepted_at: ColumnType<Time | null, Time | null | undefined, Time | null>;
  created_at: StampedTime;
}

/** The body of `POST /invitations`. */
export const NewInvitation = z.strictObject({
  email,
  role: z.enum(["admin", "member", "viewer"]).default("member"),
});

/** The body of `POST /invitations/accept`. */
export const Acceptance = z.strictObject({
  token: z.string().max(200),
  name: text(100),
  password,
});
