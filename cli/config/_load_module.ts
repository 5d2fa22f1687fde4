import { statSync } from "node:fs";
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

/** Loads a module as its file is now, whatever has been loaded before. */
export async function loadFresh(url: string): Promise<unknown> {
  const path = fileURLToPath(url);
  if (!/\.[cm]?ts$/.test(url) || readsTypeScript()) {
    const { mtimeMs, size } = statSync(path);
    // Bun takes what stands behind a URL for nothing.
    const file = "bun" in process.versions ? path : url;
    return await import(`${file}?${mtimeMs}-${size}`);
  }
  const { createJiti } = await import("jiti");
  return await createJiti(import.meta.url, { fsCache: false, moduleCache: false }).import(path);
}
