import { allow, defineRLSSchema } from "@kysera/rls";
import { ofTenant, stampTenant } from "../../platform/policies.ts";
import type { Database } from "../../platform/schema.ts";

/** Admins invite. Nobody but the program reads the hash of a token. */
export const invitationPolicies = defineRLSSchema<Database>({
  invitations: {
    policies: [
      ofTenant(),
      allow("all", ({ auth }) => auth.roles.includes("admin"), { name: "admins" }),
    ],
    stamp: stampTenant,
    columns: { token_hash: { read: ({ auth }) => auth.roles.includes("system") } },
  },
});
