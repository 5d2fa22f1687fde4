import { allow, defineRLSSchema } from "@kysera/rls";
import { ofTenant, stampTenant } from "../../platform/policies.ts";
import type { Database } from "../../platform/schema.ts";

/**
 * Members see each other's names; the address and the phone are for the member and for admins. A role
 * is changed by admins alone.
 */
export const memberPolicies = defineRLSSchema<Database>({
  members: {
    policies: [
      ofTenant(),
      allow("read", true, { name: "colleagues" }),
      allow("all", ({ auth }) => auth.roles.includes("admin"), { name: "admins" }),
      allow("update", ({ auth }) => ({ id: auth.userId }), { name: "own-entry" }),
    ],
    stamp: stampTenant,
    columns: {
      email: { read: ({ auth }) => auth.roles.includes("admin") || { id: auth.userId } },
      phone: { read: ({ auth }) => auth.roles.includes("admin") || { id: auth.userId } },
      role: { read: true, write: ({ auth }) => auth.roles.includes("admin") },
    },
  },
});
