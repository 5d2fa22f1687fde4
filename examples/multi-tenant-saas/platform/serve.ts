type Fetch = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export interface Server {
  readonly port: number;
  /** Stops taking connections, and waits for the requests that have begun. */
  close(): Promise<void>;
}

/** What of `Deno` and `Bun` is used, where the program runs on one of them. */
interface Runtimes {
  readonly Deno?: {
    serve(options: { port: number; onListen: () => void }, handler: Fetch): {
      readonly addr: { readonly port: number };
      shutdown(): Promise<void>;
    };
  };
  readonly Bun?: {
    serve(options: { port: number; fetch: Fetch }): {
      readonly port: number;
      stop(closeActiveConnections?: boolean): Promise<void>;
    };
  };
}

/**
 * Serves an application by what the runtime has: `Deno.serve`, `Bun.serve`, or Node's `http` through
 * `@hono/node-server`.
 *
 * @param fetch the application
 * @param port the port; 0 for one that is free
 */
export async function serve(fetch: Fetch, port: number): Promise<Server> {
  // Deno and Bun declare their own globals, and each of them only its own.
  const { Deno, Bun } = globalThis as unknown as Runtimes;
  if (Deno !== undefined) {
    const server = Deno.serve({ port, onListen: () => {} }, fetch);
    return { port: server.addr.port, close: () => server.shutdown() };
  }
  if (Bun !== undefined) {
    const server = Bun.serve({ port, fetch });
    return { port: server.port, close: () => server.stop() };
  }
  const { serve } = await import("@hono/node-server");
  return await new Promise((resolve, reject) => {
    const server = serve({ fetch, port }, (address) => {
      resolve({
        port: address.port,
        close: () =>
          new Promise((closed, failed) => {
            server.close((error) => error === undefined ? closed() : failed(error));
          }),
      });
    });
    server.once("error", reject);
  });
}
