import * as z from "zod";
import { text } from "../../platform/body.ts";
import type { StampedTime, TenantId, Time } from "../../platform/schema.ts";

/** What a member may do. */
export type Role = "owner" | "admin" | "member" | "viewer";

/** People in an organisation: what is known of a person stands here, and nowhere else. */
export interface MembersTable {
  id: string;
  tenant_id: TenantId;
  user_id: string;
  name: string;
  email: string;
  phone: string | null;
  role: string;
  erased_at: Time | null;
  created_at: StampedTime;
  updated_at: StampedTime;
}

/** Whoever may do more may also do what those below may. */
export function rolesOf(role: Role): string[] {
  const order = ["viewer", "member", "admin", "owner"];
  return order.slice(0, order.indexOf(role) + 1);
}

/** The body of `PATCH /members/:id`. */
export const MemberChanges = z.strictObject({
  name: text(100).optional(),
  phone: text(40).nullable().optional(),
  role: z.enum(["admin", "member", "viewer"]).optional(),
});
