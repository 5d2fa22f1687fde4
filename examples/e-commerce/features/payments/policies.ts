import { allow, check, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** A payment is as visible as its order. Only the worker and the webhook write: they have no policies. */
export const paymentPolicies = defineRLSSchema<Database>({
  payments: {
    relations: { order: { table: "orders", columns: { order_id: "id" } } },
    policies: [allow("read", check("order", "read"), { name: "as-the-order" })],
  },
});
