import type { Store } from "../../platform/shop.ts";
import type { Message } from "./messages.ts";

/** Does what follows from a message. It may be called several times with one. */
export type Consumer = (message: Message) => Promise<void>;

/** What a worker may be told. */
export interface WorkerOptions {
  /** How many messages are delivered at the same time. Default 8. */
  readonly concurrency?: number;
  /** How long a message belongs to the worker that has begun to deliver it, in ms. Default 10 s. */
  readonly lease?: number;
  /** How long to wait before a delivery is tried again, in ms, by the number of the attempt. */
  readonly backoff?: (attempt: number) => number;
  /** How often to look for messages that nobody has told of, in ms. Default 500. */
  readonly interval?: number;
  /** Told of deliveries that have failed and will be tried again. */
  readonly onFailure?: (message: Message, error: unknown) => void;
}

/** Delivers the messages of the outbox: each at least once, those of an order in their order. */
export interface Worker {
  /**
   * Delivers what is there to be delivered now.
   *
   * @returns how many deliveries were begun
   */
  deliver(): Promise<number>;
  /** Delivers what comes, until it is stopped; waits for the deliveries that have begun then. */
  run(signal: AbortSignal): Promise<void>;
  /** Looks for messages at once. */
  wake(): void;
}

const SECOND = 1_000;

/**
 * Creates a worker. Any number of them, in any number of processes, share the work.
 *
 * @param system the repositories without policies
 * @param consumers those that get each message, one after the other
 */
export function createWorker(
  system: Store,
  consumers: readonly Consumer[],
  {
    concurrency = 8,
    lease = 10 * SECOND,
    backoff = (attempt) => Math.min(50 * 2 ** attempt, 5 * SECOND),
    interval = 500,
    onFailure = () => {},
  }: WorkerOptions = {},
): Worker {
  let bell = Promise.withResolvers<void>();

  const deliverOne = async (message: Leased): Promise<void> => {
    try {
      for (const consume of consumers) await consume(message);
    } catch (error) {
      onFailure(message, error);
      await release(system, message, backoff(message.attempts));
      return;
    }
    // If the process ends before this, the message comes again: that is "at least once".
    await system.outbox.updateWhere(
      { id: message.id, delivered_at: null },
      { delivered_at: new Date(), lease: null, leased_until: null },
    );
  };

  const deliver = async (): Promise<number> => {
    const leased: Leased[] = [];
    for (const head of await findHeads(system, concurrency)) {
      const message = await takeLease(system, head, lease);
      if (message !== null) leased.push(message);
    }
    const outcomes = await Promise.allSettled(leased.map(deliverOne));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return leased.length;
  };

  return {
    deliver,
    wake: () => bell.resolve(),
    async run(signal) {
      while (!signal.aborted) {
        bell = Promise.withResolvers();
        const count = await deliver().catch((error) => {
          // The database is away, say: what was leased comes again when the lease has ended.
          console.error(error instanceof Error ? error.stack : "The worker has failed");
          return 0;
        });
        if (count === 0) await rest(interval, bell.promise, signal);
      }
    },
  };
}

interface Leased extends Message {
  readonly id: number;
  readonly lease: string;
  readonly attempts: number;
}

/** Finds messages that may be delivered now: of each order the first that is left. */
async function findHeads({ executor }: Store, limit: number) {
  const now = new Date();
  return await executor.selectFrom("outbox as o")
    .select(["o.id", "o.order_id", "o.sequence", "o.kind", "o.attempts"])
    .where("o.delivered_at", "is", null)
    .where("o.available_at", "<=", now)
    .where((eb) => eb.or([eb("o.leased_until", "is", null), eb("o.leased_until", "<", now)]))
    .where((eb) =>
      eb.not(eb.exists(
        eb.selectFrom("outbox as earlier").select("earlier.id")
          .whereRef("earlier.order_id", "=", "o.order_id")
          .whereRef("earlier.sequence", "<", "o.sequence")
          .where("earlier.delivered_at", "is", null),
      ))
    )
    .orderBy("o.id")
    .limit(limit)
    .execute();
}

/**
 * Takes a message, unless another worker has been faster. A lease that ends too early, because clocks
 * differ or a process was slow, has a message delivered twice; it never loses one.
 */
async function takeLease(
  { outbox }: Store,
  head: Awaited<ReturnType<typeof findHeads>>[number],
  duration: number,
): Promise<Leased | null> {
  const now = Date.now();
  const lease = crypto.randomUUID();
  const attempts = head.attempts + 1;
  const taken = await outbox.updateWhere(
    // Whoever takes it counts up, so of two that have read the same number one fails here.
    { id: head.id, delivered_at: null, attempts: head.attempts },
    { lease, leased_until: new Date(now + duration), attempts },
  );
  if (taken === 0) return null;
  const { id, order_id, sequence, kind } = head;
  return { id: Number(id), orderId: order_id, sequence, kind, lease, attempts };
}

/** Gives a message back, to be delivered after a while. */
async function release({ outbox }: Store, { id, lease }: Leased, wait: number): Promise<void> {
  await outbox.updateWhere(
    { id, lease },
    { lease: null, leased_until: null, available_at: new Date(Date.now() + wait) },
  );
}

/** Waits for the bell, the end, or until it is time to look by oneself. */
async function rest(ms: number, bell: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => resolve();
  signal.addEventListener("abort", stop, { once: true });
  await Promise.race([promise, bell]);
  signal.removeEventListener("abort", stop);
  clearTimeout(timer);
}
