import { Hono } from "hono";
import * as z from "zod";
import type { PaymentResult } from "./schema.ts";

/** How the provider treats a payment. */
export type Behavior =
  /** It does it, and says so. */
  | "prompt"
  /** It does it, and never answers the first request. */
  | "silent"
  /** It says that it does not know yet, and reports it later. */
  | "late"
  /** It does it, says so, and reports it twice as well. */
  | "twice"
  /** It fails the first time, and does nothing. */
  | "broken"
  /** It refuses. */
  | "declines";

/** How often each is met, in percent. Refunds are never declined. */
const SHARES: readonly (readonly [Behavior, number])[] = [
  ["prompt", 50],
  ["silent", 10],
  ["late", 15],
  ["twice", 10],
  ["broken", 10],
  ["declines", 5],
];

/** A payment, as the provider has it in its books. */
export interface Booking {
  readonly kind: "charge" | "refund";
  readonly amount: number;
  status: PaymentResult["status"];
  /** How often it was asked for. */
  requests: number;
}

/** What the provider is told. */
export interface FakeProviderOptions {
  /** Reports the result of a payment to the shop; rejects if it was not taken. */
  report(result: PaymentResult): Promise<void>;
  /** Runs something later. */
  later(run: () => Promise<void>): void;
  /** Chooses how a payment is treated; by chance unless it is given. */
  behave?(kind: Booking["kind"], amount: number): Behavior;
}

/** A payment provider for tests and demonstrations, with everything that goes wrong with real ones. */
export interface FakeProvider {
  /** Takes `POST /charges` and `POST /refunds`. */
  fetch(request: Request): Promise<Response>;
  /** The books: by the id of the payment. */
  readonly bookings: ReadonlyMap<string, Booking>;
}

const Body = z.object({ id: z.string(), amount: z.int().positive() });

/** Creates a provider. Its books are in memory. */
export function createFakeProvider(
  { report, later, behave = byChance }: FakeProviderOptions,
): FakeProvider {
  const bookings = new Map<string, Booking>();
  const broken = new Set<string>();
  const app = new Hono();

  const book = async (kind: Booking["kind"], request: Request): Promise<Response> => {
    const { id, amount } = Body.parse(await request.json());
    const known = bookings.get(id);
    if (known !== undefined) {
      known.requests++;
      return Response.json({ id, status: known.status });
    }
    const behavior = broken.has(id) ? "prompt" : behave(kind, amount);
    if (behavior === "broken") {
      broken.add(id);
      return new Response("out of order", { status: 500 });
    }
    const booking: Booking = {
      kind,
      amount,
      status: behavior === "declines" ? "declined" : behavior === "late" ? "pending" : "succeeded",
      requests: 1,
    };
    bookings.set(id, booking);
    const tell = () => report({ id, status: booking.status });
    if (behavior === "late") {
      later(async () => {
        booking.status = "succeeded";
        await tell();
      });
    }
    if (behavior === "twice") {
      later(tell);
      later(tell);
    }
    if (behavior === "silent") return await silence(request.signal);
    return Response.json({ id, status: booking.status });
  };

  app.post("/charges", (c) => book("charge", c.req.raw));
  app.post("/refunds", (c) => book("refund", c.req.raw));
  return { fetch: async (request) => await app.fetch(request), bookings };
}

/** Answers when nobody is listening any more. */
async function silence(signal: AbortSignal): Promise<Response> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return new Response("too late", { status: 504 });
}

function byChance(kind: Booking["kind"]): Behavior {
  let point = Math.random() * 100;
  for (const [behavior, share] of SHARES) {
    point -= share;
    if (point < 0) return kind === "refund" && behavior === "declines" ? "prompt" : behavior;
  }
  return "prompt";
}
