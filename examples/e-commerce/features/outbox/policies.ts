import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** The till writes messages; the worker, which has no policies, reads them. */
export const outboxPolicies = defineRLSSchema<Database>({
  outbox: {
    policies: [
      allow("create", (ctx) => ctx.auth.roles.includes("till"), { name: "till" }),
    ],
  },
});
