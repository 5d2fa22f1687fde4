import * as z from "zod";
import { email, text } from "../../platform/body.ts";
import type { TenantId, Time } from "../../platform/schema.ts";

/** When support staff acted as a member, and why. */
export interface ImpersonationsTable {
  id: string;
  tenant_id: TenantId;
  support_user: string;
  member_id: string;
  reason: string;
  created_at: Time;
}

/** The body of `POST /support/login`. */
export const SupportLogin = z.strictObject({ email, password: z.string().max(200) });

/** The body of `POST /support/impersonate`. */
export const Impersonation = z.strictObject({
  organisation: z.string().max(40),
  member: z.string().max(40),
  reason: text(200),
});
