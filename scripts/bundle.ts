/**
 * Bundles a program of the workspace, by the bundler that Deno has.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { members, ROOT, rootImports } from "./workspace.ts";

/** How a program is bundled. */
export interface BundleOptions {
  /** Specifiers that stay imports. */
  readonly external?: readonly string[] | undefined;
  /** Specifiers that mean something else than in the workspace. */
  readonly imports?: Readonly<Record<string, string>> | undefined;
}

/**
 * Bundles a program into one text, as for a browser.
 *
 * @param entry The path of its module, or its text.
 * @param options See {@link BundleOptions}.
 * @returns The text of the bundle.
 */
export function bundle(
  entry: { readonly file: string } | { readonly text: string },
  { external = [], imports = {} }: BundleOptions = {},
): string {
  const directory = mkdtempSync(join(tmpdir(), "kysera-bundle-"));
  try {
    const [map, output, text] = ["map.json", "out.js", "entry.js"].map((name) =>
      join(directory, name)
    ) as [string, string, string];
    writeFileSync(map, JSON.stringify({ imports: { ...workspaceImports(), ...imports } }));
    if ("text" in entry) writeFileSync(text, entry.text);
    const { status, stderr } = spawnSync(process.execPath, [
      "bundle",
      "--quiet",
      "--no-lock",
      "--platform=browser",
      `--import-map=${map}`,
      ...external.map((specifier) => `--external=${specifier}`),
      `--output=${output}`,
      "file" in entry ? entry.file : text,
    ], { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) throw new Error(`Cannot bundle the program: ${stderr}`);
    return readFileSync(output, "utf8");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The import map of the workspace, its packages by the paths of their entries. */
function workspaceImports(): Record<string, string> {
  const entries = members().flatMap(({ dir, exports, name }) =>
    Object.entries(exports).map(([entry, file]) => [
      name + entry.slice(1),
      pathToFileURL(join(dir, file)).href,
    ])
  );
  return { ...rootImports(), ...Object.fromEntries(entries) };
}
