/**
 * Cloudflare's runtime, for the databases that exist there alone.
 *
 * @module
 */
import type { D1Database } from "@kysera/dialects";

/** A runtime that was started. */
export interface EdgeRuntime {
  /** Returns an empty D1 database, another one each time. */
  openD1(): Promise<D1Database>;
  /** Ends the runtime. */
  close(): Promise<void>;
}

/** A runtime, or why there is none. */
export type EdgeRuntimeResult =
  | { readonly runtime: EdgeRuntime; readonly skip?: undefined }
  | { readonly runtime?: undefined; readonly skip: string };

/**
 * Starts Cloudflare's runtime, a process that has to be ended with `close()`.
 *
 * @param databases how many D1 databases it has
 * @returns the runtime, or why there is none
 */
export async function startEdgeRuntime(databases: number): Promise<EdgeRuntimeResult> {
  try {
    const { Miniflare } = await import("miniflare");
    const names = Array.from({ length: databases }, (_, i) => `DB${i}`);
    const miniflare = new Miniflare({
      modules: true,
      script: "export default { fetch: () => new Response() };",
      compatibilityDate: "2026-01-01",
      d1Databases: names,
    });
    try {
      await miniflare.ready;
    } catch (error) {
      await miniflare.dispose();
      throw error;
    }
    const left = [...names];
    return {
      runtime: {
        async openD1() {
          const name = left.shift();
          if (name === undefined) throw new Error("No database is left: start with more");
          return await miniflare.getD1Database(name);
        },
        close: () => miniflare.dispose(),
      },
    };
  } catch (error) {
    return { skip: `miniflare does not run: ${error instanceof Error ? error.message : error}` };
  }
}
