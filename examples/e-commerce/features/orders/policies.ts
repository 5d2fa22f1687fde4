import { allow, check, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/**
 * Customers see their own orders, clerks all of them. Nobody writes one but the till, for the customer
 * who is standing at it.
 */
export const orderPolicies = defineRLSSchema<Database>({
  orders: {
    policies: [
      allow("read", (ctx) => ({ user_id: ctx.auth.userId }), { name: "own-orders" }),
      allow("read", (ctx) => ctx.auth.roles.includes("clerk"), { name: "clerks-read" }),
      allow(
        ["create", "update"],
        (ctx) => ctx.auth.roles.includes("till") && { user_id: ctx.auth.userId },
        { name: "till" },
      ),
    ],
  },
  order_lines: {
    relations: { order: { table: "orders", columns: { order_id: "id" } } },
    policies: [
      allow("read", check("order", "read"), { name: "as-the-order" }),
      allow("create", (ctx) => ctx.auth.roles.includes("till"), { name: "till" }),
    ],
  },
});
