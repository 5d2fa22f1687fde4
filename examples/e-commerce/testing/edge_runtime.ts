import type { D1Database } from "@kysera/dialects";

/** Cloudflare's runtime, a process that has to be ended with `close()`. */
export interface EdgeRuntime {
  /** Returns the D1 database. */
  openD1(): Promise<D1Database>;
  close(): Promise<void>;
}

/** A runtime, or why there is none. */
type EdgeRuntimeResult =
  | { readonly runtime: EdgeRuntime; readonly skip?: undefined }
  | { readonly runtime?: undefined; readonly skip: string };

/** Starts Cloudflare's runtime, with a D1 database. */
export async function startEdgeRuntime(): Promise<EdgeRuntimeResult> {
  try {
    const { Miniflare } = await import("miniflare");
    const miniflare = new Miniflare({
      modules: true,
      script: "export default { fetch: () => new Response() };",
      compatibilityDate: "2026-01-01",
      d1Databases: ["DB"],
    });
    try {
      await miniflare.ready;
    } catch (error) {
      await miniflare.dispose();
      throw error;
    }
    return {
      runtime: {
        openD1: () => miniflare.getD1Database("DB"),
        close: () => miniflare.dispose(),
      },
    };
  } catch (error) {
    return { skip: `miniflare does not run: ${error instanceof Error ? error.message : error}` };
  }
}
