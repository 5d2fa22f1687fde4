import assert from "node:assert/strict";

type Send = (request: Request) => Promise<Response>;

/** What a request was answered with. */
export interface Reply {
  readonly status: number;
  /** The body; null where there is none. */
  readonly body: any;
  readonly headers: Headers;
}

/** Sends requests to the API. */
export class Client {
  readonly #send: Send;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(send: Send, headers: Readonly<Record<string, string>> = {}) {
    this.#send = send;
    this.#headers = headers;
  }

  /** Returns a client that sends headers with each request. */
  with(headers: Readonly<Record<string, string>>): Client {
    return new Client(this.#send, { ...this.#headers, ...headers });
  }

  /** Registers a customer, and returns a client that is signed in. */
  async signUp(name: string): Promise<Client> {
    const user = { name, email: `${name}@example.org`, password: "correct horse" };
    const { status, body } = await this.post("/users", user);
    assert.equal(status, 201, JSON.stringify(body));
    return this.with({ authorization: `Bearer ${body.token}` });
  }

  /** Puts products into the cart, and orders them. */
  async order(
    items: Readonly<Record<string, number>>,
    key: string = crypto.randomUUID(),
  ): Promise<Reply> {
    let total = 0;
    for (const [sku, quantity] of Object.entries(items)) {
      const { status, body } = await this.put(`/cart/items/${sku}`, { quantity });
      assert.equal(status, 200, JSON.stringify(body));
      total = body.cart.total;
    }
    return await this.with({ "idempotency-key": key }).post("/orders", { total });
  }

  get(path: string): Promise<Reply> {
    return this.request("GET", path);
  }

  post(path: string, body?: unknown): Promise<Reply> {
    return this.request("POST", path, body);
  }

  put(path: string, body?: unknown): Promise<Reply> {
    return this.request("PUT", path, body);
  }

  delete(path: string): Promise<Reply> {
    return this.request("DELETE", path);
  }

  async request(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await this.#send(
      new Request(`http://localhost/api${path}`, {
        method,
        headers: {
          ...this.#headers,
          ...body === undefined ? {} : { "content-type": "application/json" },
        },
        ...body === undefined
          ? {}
          : { body: typeof body === "string" ? body : JSON.stringify(body) },
      }),
    );
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? null : JSON.parse(text),
      headers: response.headers,
    };
  }
}
