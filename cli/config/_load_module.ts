import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Loads a module of the project by the URL of its file. Node that does not read TypeScript gets it
 * translated.
 */
export async function loadModule(url: string): Promise<unknown> {
  if (!/\.[cm]?ts$/.test(url) || readsTypeScript()) return await import(url);
  const { createJiti } = await import("jiti");
  // The cache would be written into the node_modules of the project.
  return await createJiti(import.meta.url, { fsCache: false }).import(fileURLToPath(url));
}

function readsTypeScript(): boolean {
  if ("deno" in process.versions || "bun" in process.versions) return true;
  const { features } = process as { features?: { typescript?: unknown } };
  return Boolean(features?.typescript);
}
