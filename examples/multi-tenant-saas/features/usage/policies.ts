import { allow, defineRLSSchema } from "@kysera/rls";
import { ofTenant, stampTenant } from "../../platform/policies.ts";
import type { Database } from "../../platform/schema.ts";

/** Everybody reads the counters; the program alone counts. */
export const usagePolicies = defineRLSSchema<Database>({
  usage_counters: {
    policies: [
      ofTenant(),
      allow("read", true, { name: "everybody-reads" }),
      allow("all", ({ auth }) => auth.roles.includes("system"), { name: "program" }),
    ],
    stamp: stampTenant,
  },
});
