/**
 * A worker whose Durable Object tries the features on its own storage.
 *
 * @module
 */
import { durableObjectDialect, type DurableObjectStorage } from "@kysera/dialects";
import { Kysely } from "kysely";
import { createItems, tryFeatures } from "../features.ts";

/** The object. */
export class Store {
  readonly #db: Kysely<any>;

  constructor(ctx: { storage: DurableObjectStorage }) {
    this.#db = new Kysely<any>({ dialect: durableObjectDialect({ storage: ctx.storage }) });
  }

  async fetch(): Promise<Response> {
    await createItems(this.#db);
    return Response.json(await tryFeatures(this.#db));
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
