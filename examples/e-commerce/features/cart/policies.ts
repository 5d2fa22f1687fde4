import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Everybody has a cart of their own. */
export const cartPolicies = defineRLSSchema<Database>({
  cart_items: {
    policies: [allow("all", (ctx) => ({ user_id: ctx.auth.userId }), { name: "own-cart" })],
  },
});
