import { PaymentResult } from "./schema.ts";

/** Sends a request: `fetch`, or an application in the same process. */
export type Send = (request: Request) => Promise<Response> | Response;

/** What the provider is asked for. */
export interface PaymentRequest {
  /** Of requests with one id, the provider does the first, and answers the others with its result. */
  readonly id: string;
  readonly kind: "charge" | "refund";
  /** In cents. */
  readonly amount: number;
}

/** Whoever moves the money. */
export interface PaymentProvider {
  /**
   * Asks for a payment.
   *
   * @returns what the provider knows of it by now
   * @throws {PaymentUnknown} if there is no answer: whether it was done is not known
   */
  request(payment: PaymentRequest): Promise<PaymentResult>;
}

/** The provider has not answered, or not in a way that says something. To ask again is safe. */
export class PaymentUnknown extends Error {
  override readonly name = "PaymentUnknown";
}

/**
 * Creates the client of a provider.
 *
 * @param send sends a request
 * @param url where the provider is
 * @param timeout how long a call may take, in ms
 */
export function createProvider(send: Send, url: string, timeout: number): PaymentProvider {
  return {
    async request({ id, kind, amount }) {
      const signal = AbortSignal.timeout(timeout);
      const given = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => given.reject(signal.reason), { once: true });
      try {
        const request = new Request(new URL(`/${kind}s`, url), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ id, amount }),
          signal,
        });
        const response = await Promise.race([send(request), given.promise]);
        return PaymentResult.parse(await Promise.race([response.json(), given.promise]));
      } catch (cause) {
        throw new PaymentUnknown(`Cannot tell what has become of a ${kind}`, { cause });
      }
    },
  };
}
