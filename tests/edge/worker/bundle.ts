import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Bundles a worker for Cloudflare's runtime, with a stand-in for `node:test`.
 *
 * @param entry the module of the worker, or its text
 * @param external what the runtime has itself
 * @param more what else specifiers stand for
 * @returns the text, or why there is none
 */
export async function bundleWorker(
  entry: URL | string,
  external: readonly string[] = ["node:assert/strict"],
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly text?: string; readonly skip?: string }> {
  if (process.versions["deno"] === undefined) return { skip: "the bundler is Deno's" };
  try {
    await import("miniflare");
  } catch (error) {
    return { skip: `miniflare does not load: ${error instanceof Error ? error.message : error}` };
  }
  const root = new URL("../../../", import.meta.url);
  const directory = mkdtempSync(join(tmpdir(), "kysera-worker-"));
  try {
    const map = join(directory, "import_map.json");
    const output = join(directory, "worker.js");
    const program = typeof entry === "string" ? join(directory, "entry.js") : fileURLToPath(entry);
    if (typeof entry === "string") writeFileSync(program, entry);
    writeFileSync(map, JSON.stringify({ imports: { ...importsOf(root), ...more } }));
    const { status, stderr } = spawnSync(process.execPath, [
      "bundle",
      "--quiet",
      "--no-lock",
      "--platform=browser",
      `--import-map=${map}`,
      ...external.map((specifier) => `--external=${specifier}`),
      `--output=${output}`,
      program,
    ], { cwd: fileURLToPath(root), encoding: "utf8" });
    if (status !== 0) throw new Error(`Cannot bundle the worker: ${stderr}`);
    return { text: readFileSync(output, "utf8") };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The import map of the workspace, its packages by the paths of their entry points. */
function importsOf(root: URL): Record<string, string> {
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), "utf8"));
  const { workspace, imports } = read("deno.json") as {
    workspace: string[];
    imports: Record<string, string>;
  };
  const packages = workspace.flatMap((path) => {
    const { name, exports } = read(`${path}/deno.json`);
    const entries = typeof exports === "string" ? { ".": exports } : exports;
    return Object.entries<string>(entries).map(([entry, file]) => [
      `${name}${entry.slice(1)}`,
      new URL(`${path}/${file}`, root).href,
    ]);
  });
  return {
    ...imports,
    ...Object.fromEntries(packages),
    "node:test": new URL("./test_stand_in.ts", import.meta.url).href,
  };
}
