/**
 * A worker whose Durable Object runs the contract of the dialects on its own storage.
 *
 * @module
 */
import { durableObjectDialect, type DurableObjectStorage } from "@kysera/dialects";
import { describeContract } from "../../../dialects/_contract_test.ts";
import { describeDurableObject } from "./durable_object_cases.ts";
import { runTests } from "./test_stand_in.ts";

let storage: DurableObjectStorage;

describeContract({
  name: "durableObjectDialect()",
  family: "sqlite",
  lacks: ["streams", "big integers", "integers in text"],
  open: () => Promise.resolve({ dialect: durableObjectDialect({ storage }) }),
});
describeDurableObject(() => storage);

/** The object. */
export class Store {
  constructor(ctx: { storage: DurableObjectStorage }) {
    storage = ctx.storage;
  }

  async fetch(): Promise<Response> {
    return Response.json(await runTests());
  }
}

interface Env {
  readonly STORE: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

export default {
  fetch: (request: Request, { STORE }: Env): Promise<Response> =>
    STORE.get(STORE.idFromName("store")).fetch(request),
};
