/**
 * Bundles programs as whoever uses the packages does: with the modules of the workspace in the place of
 * the npm packages, which say of themselves that nothing happens when they are imported.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Metafile, type PluginBuild } from "esbuild";
import { members, ROOT } from "./workspace.ts";

/** A file of a bundle. */
export interface BundledFile {
  /** Its name, without a folder. */
  readonly name: string;
  readonly contents: Uint8Array;
  /** Whether the program loads it when it starts, and not by a dynamic import. */
  readonly atStart: boolean;
}

/** What is bundled. */
export interface BundleOptions {
  /** The text of each program, by the name of its file, without the extension. */
  readonly programs: Readonly<Record<string, string>>;
  /** Whether Kysely and drivers are part of the bundle. Default: they are left to be imported. */
  readonly withPeers?: boolean | undefined;
  /** Whether what is imported lazily becomes files of its own. Default true. */
  readonly splitting?: boolean | undefined;
}

/** Bundles and minifies programs. */
export async function bundle(
  { programs, withPeers = false, splitting = true }: BundleOptions,
): Promise<readonly BundledFile[]> {
  const options: BuildOptions & { readonly metafile: true; readonly write: false } = {
    entryPoints: Object.keys(programs).map((name) => ({ in: `program:${name}`, out: name })),
    outdir: join(ROOT, ".bundle"),
    bundle: true,
    splitting,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    plugins: [
      { name: "programs", setup: (build) => givePrograms(build, programs) },
      { name: "workspace", setup: (build) => resolveWorkspace(build, withPeers) },
    ],
  };
  const { outputFiles, metafile } = await build(options);
  const atStart = loadedAtStart(metafile);
  return outputFiles.map(({ path, contents }) => {
    const name = path.slice(path.replaceAll("\\", "/").lastIndexOf("/") + 1);
    return { name, contents, atStart: atStart.has(name) };
  });
}

/** Returns the names of the files that an entry imports, by way of others as well. */
function loadedAtStart({ outputs }: Metafile): ReadonlySet<string> {
  const paths = new Set(
    Object.keys(outputs).filter((path) => outputs[path]!.entryPoint?.startsWith("program:")),
  );
  for (const path of paths) {
    for (const { path: imported, kind } of outputs[path]!.imports) {
      if (kind === "import-statement" && imported in outputs) paths.add(imported);
    }
  }
  return new Set([...paths].map((path) => path.slice(path.lastIndexOf("/") + 1)));
}

function givePrograms(
  { onResolve, onLoad }: PluginBuild,
  programs: BundleOptions["programs"],
): void {
  onResolve({ filter: /^program:/ }, ({ path }) => ({ path: path.slice(8), namespace: "program" }));
  onLoad({ filter: /.*/, namespace: "program" }, ({ path }) => ({
    contents: programs[path]!,
    resolveDir: ROOT,
  }));
}

/** Finds the packages in the workspace; what is not of it is somebody else's to load. */
function resolveWorkspace({ onResolve }: PluginBuild, withPeers: boolean): void {
  const entries = new Map(
    members().flatMap(({ dir, exports, name }) =>
      Object.entries(exports).map(([entry, file]) => [name + entry.slice(1), join(dir, file)])
    ),
  );
  onResolve({ filter: /.*/ }, ({ path, importer }) => {
    if (path.startsWith("program:")) return undefined;
    if (path.startsWith(".")) {
      return { path: resolve(dirname(importer), path), sideEffects: false };
    }
    const entry = entries.get(path);
    if (entry !== undefined) return { path: entry, sideEffects: false };
    if (!withPeers || path.startsWith("node:")) return { path, external: true };
    return { path: fileURLToPath(import.meta.resolve(path)), sideEffects: false };
  });
}
