import process from "node:process";
import { fileURLToPath } from "node:url";
import { bundle } from "../../../scripts/bundle.ts";

/**
 * Bundles a worker for Cloudflare's runtime, with a stand-in for `node:test`.
 *
 * @param entry the module of the worker, or its text
 * @param external what the runtime has itself
 * @returns the text, or why there is none
 */
export async function bundleWorker(
  entry: URL | string,
  external: readonly string[] = ["node:assert/strict"],
): Promise<{ readonly text?: string; readonly skip?: string }> {
  if (process.versions["deno"] === undefined) return { skip: "the bundler is Deno's" };
  try {
    await import("miniflare");
  } catch (error) {
    return { skip: `miniflare does not load: ${error instanceof Error ? error.message : error}` };
  }
  const imports = { "node:test": new URL("./test_stand_in.ts", import.meta.url).href };
  const program = typeof entry === "string" ? { text: entry } : { file: fileURLToPath(entry) };
  return { text: bundle(program, { external, imports }) };
}
