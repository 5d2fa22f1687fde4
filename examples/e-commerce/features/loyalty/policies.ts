import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Customers see their own points. The consumer, which has no policies, writes them. */
export const loyaltyPolicies = defineRLSSchema<Database>({
  loyalty_accounts: {
    policies: [allow("read", (ctx) => ({ user_id: ctx.auth.userId }), { name: "own-points" })],
  },
  loyalty_inbox: { policies: [] },
});
