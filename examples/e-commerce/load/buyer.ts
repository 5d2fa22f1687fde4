import type { Fleet } from "./fleet.ts";

/** How long to wait before a request is sent again, in ms, at most. */
const MAX_WAIT = 100;
/** How long a request may take, in ms: a process that was killed does not answer. */
const REQUEST_TIMEOUT = 15_000;

/** What the buyers do, counted. */
export interface Tally {
  requests: number;
  /** Requests that were sent again because their outcome was not known. */
  repeated: number;
  soldOut: number;
  /** The orders that buyers were told of, by id. */
  readonly orders: Set<string>;
  /** How long it took from the wish to buy to the answer, in ms, of each order. */
  readonly times: number[];
}

/** Somebody who buys. */
export interface Buyer {
  readonly token: string;
  /** The products, by their numbers. */
  readonly skus: readonly string[];
  /** How many carts are bought. */
  readonly carts: number;
  /** The part of the orders that is cancelled. */
  readonly cancels: number;
}

/** Buys, until everything is bought or sold out. Requests that fail are sent again. */
export async function buy(
  fleet: Fleet,
  { token, skus, carts, cancels }: Buyer,
  tally: Tally,
  { signal, onOrder }: { readonly signal: AbortSignal; readonly onOrder: () => void },
): Promise<void> {
  const call = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    send(fleet, tally, signal, (origin) =>
      new Request(`${origin}/api${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...headers,
        },
        ...body === undefined ? {} : { body: JSON.stringify(body) },
      }));
  let earlier: string | undefined;
  for (let cart = 0; cart < carts; cart++) {
    let total = 0;
    for (const sku of pick(skus)) {
      const { body } = await call("PUT", `/cart/items/${sku}`, { quantity: 1 + random(2) });
      total = body.cart.total;
    }
    const key = crypto.randomUUID();
    const begun = performance.now();
    const { status, body } = await call("POST", "/orders", { total }, { "idempotency-key": key });
    onOrder();
    if (status === 409) {
      tally.soldOut++;
      const { body } = await call("GET", "/cart");
      for (const { sku } of body.cart.lines) await call("DELETE", `/cart/items/${sku}`);
      continue;
    }
    if (status !== 200 && status !== 201) {
      throw new Error(`Cannot buy: ${status} ${JSON.stringify(body)}`);
    }
    tally.times.push(performance.now() - begun);
    tally.orders.add(body.order.id);
    // One that is being charged, or one that was charged.
    const regretted = Math.random() < 0.5 ? body.order.id : earlier ?? body.order.id;
    if (Math.random() < cancels) await call("POST", `/orders/${regretted}/cancel`);
    earlier = body.order.id;
  }
}

async function send(
  fleet: Fleet,
  tally: Tally,
  signal: AbortSignal,
  requestTo: (origin: string) => Request,
): Promise<{ readonly status: number; readonly body: any }> {
  for (;;) {
    signal.throwIfAborted();
    tally.requests++;
    try {
      const request = requestTo(await fleet.origin());
      const response = await fetch(request, { signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
      const body = await response.json();
      if (response.status < 500) return { status: response.status, body };
    } catch {
      // The process was killed, say.
    }
    tally.repeated++;
    await new Promise((resolve) => setTimeout(resolve, random(MAX_WAIT)));
  }
}

/** Picks one to three of them. */
function pick<T>(items: readonly T[]): T[] {
  const first = random(items.length);
  const count = Math.min(1 + random(3), items.length);
  return Array.from({ length: count }, (_, i) => items[(first + i) % items.length]!);
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
