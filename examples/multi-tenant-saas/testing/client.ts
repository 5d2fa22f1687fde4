import assert from "node:assert/strict";

type Send = (request: Request) => Response | Promise<Response>;

/** What a request was answered with. */
export interface Reply {
  readonly status: number;
  /** The body: of JSON what it says, else the text; null where there is none. */
  readonly body: any;
  readonly headers: Headers;
}

/** Sends requests to the API. */
export class Client {
  readonly #send: Send;
  readonly headers: Readonly<Record<string, string>>;

  constructor(send: Send, headers: Readonly<Record<string, string>> = {}) {
    this.#send = send;
    this.headers = headers;
  }

  /** Returns a client that sends headers with each request. */
  with(headers: Readonly<Record<string, string>>): Client {
    return new Client(this.#send, { ...this.headers, ...headers });
  }

  /** Returns a client that sends a token. */
  withToken(token: string): Client {
    return this.with({ authorization: `Bearer ${token}` });
  }

  /** Creates an organisation, and returns the client of its owner. */
  async signUp(slug: string): Promise<Client> {
    const { status, body } = await this.post("/signup", {
      organisation: slug,
      slug,
      name: `Owner of ${slug}`,
      email: `owner@${slug}.example`,
      password: "correct horse",
    });
    assert.equal(status, 201, JSON.stringify(body));
    return this.withToken(body.token);
  }

  /** Invites somebody, and returns the client of the new member. */
  async invite(name: string, role: string): Promise<Client> {
    const email = `${name}-${crypto.randomUUID()}@people.example`;
    const invited = await this.post("/invitations", { email, role });
    assert.equal(invited.status, 201, JSON.stringify(invited.body));
    const { token } = invited.body;
    const accepted = await this.post("/invitations/accept", {
      token,
      name,
      password: "correct horse",
    });
    assert.equal(accepted.status, 201, JSON.stringify(accepted.body));
    return this.withToken(accepted.body.token);
  }

  get(path: string): Promise<Reply> {
    return this.request("GET", path);
  }

  post(path: string, body?: unknown): Promise<Reply> {
    return this.request("POST", path, body);
  }

  patch(path: string, body?: unknown): Promise<Reply> {
    return this.request("PATCH", path, body);
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
          ...this.headers,
          ...body === undefined ? {} : { "content-type": "application/json" },
        },
        ...body === undefined
          ? {}
          : { body: typeof body === "string" ? body : JSON.stringify(body) },
      }),
    );
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("application/json") === true;
    return {
      status: response.status,
      body: text === "" ? null : isJson ? JSON.parse(text) : text,
      headers: response.headers,
    };
  }
}
