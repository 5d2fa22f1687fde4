import type { PaymentsTable } from "../features/payments/schema.ts";
import type { TestShop } from "./start_shop.ts";

/** Reads the payment of an order. */
export async function readPayment(
  { db }: Pick<TestShop, "db">,
  orderId: string,
  kind: PaymentsTable["kind"],
) {
  return await db.selectFrom("payments").selectAll()
    .where("order_id", "=", orderId).where("kind", "=", kind)
    .executeTakeFirstOrThrow();
}
