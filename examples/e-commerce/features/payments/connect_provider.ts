import type { Config } from "../../platform/config.ts";
import { createFakeProvider } from "./fake_provider.ts";
import { createProvider, type PaymentProvider, type Send } from "./provider.ts";
import { SIGNATURE, signBody } from "./signature.ts";

/** How late the provider in this process reports, in ms. */
const LATE = 1_000;

/**
 * Connects the payment provider of the configuration: the one at `paymentsUrl`, or else a fake one in
 * this process.
 *
 * @param app takes what the fake provider reports
 */
export function connectProvider(
  { paymentsUrl, paymentTimeout, webhookSecret }: Pick<
    Config,
    "paymentsUrl" | "paymentTimeout" | "webhookSecret"
  >,
  app: Send,
): PaymentProvider {
  if (paymentsUrl !== undefined) return createProvider(fetch, paymentsUrl, paymentTimeout);
  const url = "http://payments.localhost";
  const fake = createFakeProvider({
    report: async (result) => {
      const body = JSON.stringify(result);
      const headers = { [SIGNATURE]: signBody(body, webhookSecret) };
      await app(new Request(`${url}/api/webhooks/payments`, { method: "POST", body, headers }));
    },
    later: (run) => {
      setTimeout(() => {
        // The worker asks again by itself.
        run().catch(() => {});
      }, LATE);
    },
  });
  return createProvider(fake.fetch, url, paymentTimeout);
}
