import assert from "node:assert/strict";
import { operationOf } from "./conduit.ts";

type Send = (request: Request) => Promise<Response>;

/** What a request was answered with. */
export interface Reply {
  readonly status: number;
  /** The body; null where there is none. */
  readonly body: any;
  readonly headers: Headers;
}

/**
 * Sends requests to the API, and holds every response to an operation of Conduit against the
 * specification.
 */
export class Client {
  readonly #send: Send;
  readonly #headers: Readonly<Record<string, string>>;
  /** `GET /articles 200`, for each operation and status that was seen, by this client or one of it. */
  readonly seen: Set<string>;

  constructor(
    send: Send,
    headers: Readonly<Record<string, string>> = {},
    seen = new Set<string>(),
  ) {
    this.#send = send;
    this.#headers = headers;
    this.seen = seen;
  }

  /** Returns a client that sends headers with each request. */
  with(headers: Readonly<Record<string, string>>): Client {
    return new Client(this.#send, { ...this.#headers, ...headers }, this.seen);
  }

  /** Registers a user, and returns a client that is signed in. */
  async signUp(username: string): Promise<Client> {
    const user = { username, email: `${username}@example.org`, password: "correct horse" };
    const { status, body } = await this.post("/users", { user });
    assert.equal(status, 201, JSON.stringify(body));
    return this.with({ authorization: `Token ${body.user.token}` });
  }

  /** Creates an article, and returns its slug. */
  async write(title: string, more: object = {}): Promise<string> {
    const article = { title, description: `About ${title}`, body: `All of ${title}`, ...more };
    const { status, body } = await this.post("/articles", { article });
    assert.equal(status, 201, JSON.stringify(body));
    return body.article.slug;
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
    const reply = {
      status: response.status,
      body: text === "" ? null : JSON.parse(text),
      headers: response.headers,
    };
    this.#compare(method, path, reply);
    return reply;
  }

  #compare(method: string, path: string, { status, body }: Reply): void {
    const [plain = "", query = ""] = path.split("?");
    const operation = operationOf(method, plain);
    // Cursors, drafts and whatever else Conduit does not have is asked for by the request.
    if (operation === undefined || query.includes("cursor")) return;
    const what = `${method} ${path} -> ${status} ${JSON.stringify(body)}`;
    assert.ok(status in operation.responses, `A status of no response that is specified: ${what}`);
    const shape = operation.responses[status]!;
    if (shape === null) assert.equal(body, null, what);
    else if (!isDraft(body)) assert.deepEqual(shape.safeParse(body).error?.issues ?? [], [], what);
    this.seen.add(`${method} ${operation.path} ${status}`);
  }
}

function isDraft(body: any): boolean {
  return body?.article?.draft === true;
}
