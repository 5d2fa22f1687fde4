type Send = (request: Request) => Promise<Response>;

const ORIGIN = "http://localhost";

/** What a page was answered with. */
export interface PageReply {
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
  /** The path of the page, after redirections. */
  readonly path: string;
}

/** Sends what a browser would send: cookies, forms, and the origin of the page. */
export class Browser {
  readonly #send: Send;
  #cookie = "";

  constructor(send: Send) {
    this.#send = send;
  }

  get(path: string): Promise<PageReply> {
    return this.#request(path, {});
  }

  /** Submits a form, and follows the redirection. */
  submit(
    path: string,
    form: Readonly<Record<string, string>> = {},
    origin: string = ORIGIN,
  ): Promise<PageReply> {
    return this.#request(path, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { origin },
    });
  }

  async #request(path: string, init: RequestInit): Promise<PageReply> {
    const request = new Request(ORIGIN + path, { ...init, redirect: "manual" });
    if (this.#cookie !== "") request.headers.set("cookie", this.#cookie);
    const response = await this.#send(request);
    const cookie = response.headers.get("set-cookie");
    if (cookie !== null) this.#cookie = cookie.includes("Max-Age=0") ? "" : cookie.split(";")[0]!;
    const location = response.headers.get("location");
    if (response.status === 303 && location !== null) {
      await response.body?.cancel();
      return await this.get(location.split("#")[0]!);
    }
    return {
      status: response.status,
      html: await response.text(),
      headers: response.headers,
      path,
    };
  }
}
