import {
  type Behavior,
  createFakeProvider,
  type FakeProvider,
} from "../features/payments/fake_provider.ts";
import type { Send } from "../features/payments/provider.ts";
import type { PaymentResult } from "../features/payments/schema.ts";
import { SIGNATURE, signBody } from "../features/payments/signature.ts";

/** The payment provider of a test, which does what the test says. */
export interface TestPayments extends FakeProvider {
  /** Says how the next new payments are treated, one after the other; then they are prompt again. */
  next(...behaviors: Behavior[]): void;
  /** Does what the provider has put off: late results, and second reports. */
  runLater(): Promise<void>;
  /** Reports a result to the shop, and returns the status of the response. */
  report(result: PaymentResult, secret?: string): Promise<number>;
}

/** Creates the provider of a test. */
export function createTestPayments(app: Send, webhookSecret: string): TestPayments {
  const behaviors: Behavior[] = [];
  const later: (() => Promise<void>)[] = [];
  const report = async (result: PaymentResult, secret = webhookSecret) => {
    const body = JSON.stringify(result);
    const headers = { [SIGNATURE]: signBody(body, secret) };
    const url = "http://localhost/api/webhooks/payments";
    return (await app(new Request(url, { method: "POST", body, headers }))).status;
  };
  const fake = createFakeProvider({
    report: async (result) => void await report(result),
    later: (run) => void later.push(run),
    behave: () => behaviors.shift() ?? "prompt",
  });
  return {
    ...fake,
    next: (...more) => void behaviors.push(...more),
    runLater: async () => {
      for (const run of later.splice(0)) await run();
    },
    report,
  };
}
