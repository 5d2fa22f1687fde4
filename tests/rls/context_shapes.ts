/** Contexts of every shape that a provider may give, of which no two are alike. */
import { createRLSContext, type RLSAuth, type RLSContext } from "@kysera/rls";

/** Who is asking, in each of them. */
export const AUTH: RLSAuth = { userId: 11, tenantId: 1, roles: ["author", "editor"] };

/** Makes a context; each call makes another one of the same caller. */
export type MakeContext = () => RLSContext;

const withMeta = (make: () => Record<string, unknown>): MakeContext => () => ({
  auth: { ...AUTH },
  meta: make(),
});

class Account {
  readonly at: number = performance.now();
  readonly #id = 11;

  get userId(): number {
    return this.#id;
  }

  get tenantId(): number {
    return 1;
  }

  get roles(): readonly string[] {
    return ["author", "editor"];
  }
}

class Session implements RLSContext {
  get auth(): RLSAuth {
    return { ...AUTH, attributes: { at: performance.now() } };
  }

  get meta(): Readonly<Record<string, unknown>> {
    return { id: crypto.randomUUID() };
  }
}

let calls = 0;
const reused = { ...AUTH, attributes: {} as Record<string, unknown> };

/** By what is odd about them. */
export const SHAPES: Readonly<Record<string, MakeContext>> = {
  "a timestamp": () => ({ auth: AUTH, timestamp: new Date() }),
  "a timestamp of the request": () => ({
    auth: AUTH,
    request: { timestamp: new Date(), requestId: crypto.randomUUID(), headers: { date: "now" } },
  }),
  "a monotonic clock": withMeta(() => ({ at: performance.now() })),
  "a number of the call": withMeta(() => ({ call: ++calls })),
  "a Map": withMeta(() => ({ map: new Map<unknown, unknown>([[{}, new Map()], [1, new Date()]]) })),
  "a Set": withMeta(() => ({ set: new Set([{}, Symbol("x")]) })),
  "functions": withMeta(() => ({ log: () => {}, async later() {}, Type: class {} })),
  "an instance of a class": withMeta(() => ({ user: new Account(), url: new URL("https://x.y") })),
  "a caller of a class": () => ({ auth: new Account() }),
  "a context of a class": () => new Session(),
  "a Proxy": () => ({ auth: new Proxy({ ...AUTH }, {}), meta: new Proxy({ a: 1 }, {}) }),
  "a Proxy that has everything": () => ({
    auth: { ...AUTH },
    meta: new Proxy({}, { has: () => true, get: (_, key) => key === "then" ? undefined : key }),
  }),
  "a caller that is a Proxy which has everything": () => ({
    auth: new Proxy({ ...AUTH }, { has: () => true }),
  }),
  "roles in another order": () => ({
    auth: { ...AUTH, roles: ++calls % 2 === 0 ? ["author", "editor"] : ["editor", "author"] },
  }),
  "a circle": withMeta(() => {
    const circle: Record<string, unknown> = { list: [] };
    circle["self"] = circle;
    (circle["list"] as unknown[]).push(circle, [circle]);
    return circle;
  }),
  "getters": () => ({
    get auth() {
      return { ...AUTH };
    },
    get meta() {
      return {
        get at() {
          return performance.now();
        },
      };
    },
  }),
  "a getter that throws": withMeta(() => ({
    get closed(): never {
      throw new Error("the session is closed");
    },
  })),
  "frozen objects": () =>
    Object.freeze({
      auth: Object.freeze({ ...AUTH, roles: Object.freeze([...AUTH.roles]) }),
      meta: Object.freeze({ at: Object.freeze([performance.now()]) }),
    }),
  "objects without a prototype": () =>
    Object.assign(Object.create(null), {
      auth: Object.assign(Object.create(null), AUTH),
      meta: Object.assign(Object.create(null), { at: performance.now() }),
    }),
  "symbols": withMeta(() => ({ [Symbol("trace")]: calls++, kind: Symbol("kind") })),
  "values that are not themselves": withMeta(() => ({ nan: NaN, zero: -0, big: 10n ** 30n })),
  "bytes, errors and promises": withMeta(() => ({
    bytes: crypto.getRandomValues(new Uint8Array(4)),
    error: new Error(crypto.randomUUID()),
    promise: Promise.resolve(performance.now()),
    weak: new WeakRef({}),
  })),
  "what was made by createRLSContext()": () =>
    createRLSContext({ auth: AUTH, timestamp: new Date(), meta: { id: crypto.randomUUID() } }),
  "one object that changes": () => {
    reused.attributes["at"] = performance.now();
    return { auth: reused };
  },
  "members that nobody knows": () => ({ auth: { ...AUTH, [`x${++calls}`]: calls } as RLSAuth }),
};
