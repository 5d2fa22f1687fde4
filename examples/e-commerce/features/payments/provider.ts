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
      const { signal, given, clear } = startTimeout(timeout);
      try {
        const request = new Request(new URL(`/${kind}s`, url), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ id, amount }),
          signal,
        });
        const response = await Promise.race([send(request), given]);
        return PaymentResult.parse(await Promise.race([response.json(), given]));
      } catch (cause) {
        throw new PaymentUnknown(`Cannot tell the outcome of a ${kind}`, { cause });
      } finally {
        clear();
      }
    },
  };
}

/** Starts a timeout, which keeps the program alive: that of `AbortSignal.timeout()` does not. */
function startTimeout(ms: number) {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  // There may be nobody left who waits for it.
  promise.catch(() => {});
  const timer = setTimeout(() => {
    const error = new Error(`The payment provider has not answered within ${ms} ms`);
    controller.abort(error);
    reject(error);
  }, ms);
  return { signal: controller.signal, given: promise, clear: () => clearTimeout(timer) };
}
