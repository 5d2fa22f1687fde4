import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** A server of static files. */
export interface StaticServer {
  /** Where the playground is. */
  readonly url: string;
  /** Sends a content security policy with every answer from now on, or none. */
  setPolicy(policy: string | undefined): void;
  /** Ends it, and every connection. */
  close(): Promise<void>;
}

/**
 * Serves a folder under `/playground/`, as the site does.
 *
 * @param root the folder
 */
export async function serve(root: string): Promise<StaticServer> {
  let policy: string | undefined;
  const answer = async ({ url = "/" }: IncomingMessage, response: ServerResponse) => {
    const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
    const name = path.replace(/^\/playground\//, "");
    if (name === path) return response.writeHead(404).end();
    const file = name === "" ? "index.html" : name;
    try {
      const body = await readFile(join(root, file));
      response.writeHead(200, {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        "cache-control": "no-cache",
        ...policy === undefined ? {} : { "content-security-policy": policy },
      }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/playground/`,
    setPolicy: (given) => policy = given,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
