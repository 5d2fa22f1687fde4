import type { Store } from "../../platform/shop.ts";
import { applyToPoints } from "../loyalty/consumer.ts";
import { runSaga } from "../orders/saga.ts";
import type { PaymentProvider } from "../payments/provider.ts";
import type { Consumer } from "./worker.ts";

/** Everybody who gets the messages, in this order. */
export function createConsumers(system: Store, provider: PaymentProvider): Consumer[] {
  return [
    (message) => runSaga(system, provider, message),
    (message) => applyToPoints(system, message),
  ];
}
