import { allow, defineRLSSchema } from "@kysera/rls";
import { ofTenant, stampTenant } from "../../platform/policies.ts";
import type { Database } from "../../platform/schema.ts";

/** The organisation's admins see who acted as one of them; the program alone writes it down. */
export const impersonationPolicies = defineRLSSchema<Database>({
  impersonations: {
    policies: [
      ofTenant(),
      allow("read", ({ auth }) => auth.roles.includes("admin"), { name: "admins" }),
      allow("create", ({ auth }) => auth.roles.includes("system"), { name: "program" }),
    ],
    stamp: stampTenant,
  },
});
