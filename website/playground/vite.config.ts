import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { typeFiles } from "./build/types.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../..");
const DATA = "virtual:pglite-data";
const TYPES = "virtual:types";
/** PostgreSQL and TypeScript are loaded when they are used, and these files of SQLite never. */
const NOT_AT_FIRST = /pglite|initdb|postgres-data|types|sqlite3-opfs|sqlite3-worker/;

/** The address of the data directory of a fresh PGlite: making one takes seconds, and is done here. */
function pgliteData(): Plugin {
  return {
    name: "pglite-data",
    resolveId: (id) => id === DATA ? `\0${DATA}` : undefined,
    async load(id) {
      if (id !== `\0${DATA}`) return undefined;
      const { version } = JSON.parse(
        readFileSync(join(HERE, "node_modules/@electric-sql/pglite/package.json"), "utf8"),
      );
      const file = join(HERE, `.cache/postgres-data-${version}.bin`);
      if (!existsSync(file)) await writeData(file);
      return `export { default } from ${JSON.stringify(`${file}?url`)};`;
    },
  };
}

async function writeData(file: string): Promise<void> {
  const { PGlite } = await import("@electric-sql/pglite");
  const pglite = await PGlite.create();
  const data = await pglite.dumpDataDir("gzip");
  await pglite.close();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, new Uint8Array(await data.arrayBuffer()));
  renameSync(`${file}.${process.pid}`, file);
}

/** The address of the declarations that the editor's TypeScript reads. */
function types(): Plugin {
  return {
    name: "types",
    resolveId: (id) => id === TYPES ? `\0${TYPES}` : undefined,
    load(id) {
      if (id !== `\0${TYPES}`) return undefined;
      const file = join(HERE, ".cache/types.json");
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(typeFiles(HERE, new Map(entries()))));
      return `export { default } from ${JSON.stringify(`${file}?url`)};`;
    },
  };
}

/** Writes the service worker, which knows the files of the build. */
function serviceWorker(): Plugin {
  let out = "";
  return {
    name: "service-worker",
    apply: "build",
    configResolved(config) {
      out = join(config.root, config.build.outDir);
    },
    closeBundle() {
      const files = filesIn(out).map((file) => relative(out, file).replaceAll("\\", "/")).sort()
        .filter((file) => file !== "service_worker.js" && !NOT_AT_FIRST.test(file));
      const version = createHash("sha256");
      for (const file of files) version.update(file).update(readFileSync(join(out, file)));
      const source = readFileSync(join(HERE, "app/service_worker.js"), "utf8");
      const list = JSON.stringify(["./", ...files.filter((file) => file !== "index.html")]);
      const name = JSON.stringify(version.digest("hex").slice(0, 16));
      writeFileSync(
        join(out, "service_worker.js"),
        `const VERSION = ${name};\nconst FILES = ${list};\n\n${source}`,
      );
    },
  };
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The entries of the packages of this repository, by name, and their files. */
function entries(): [name: string, file: string][] {
  const { workspace } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as {
    workspace: string[];
  };
  return workspace.flatMap((member) => {
    const { name, exports } = JSON.parse(readFileSync(join(ROOT, member, "deno.json"), "utf8")) as {
      name: string;
      exports: string | Record<string, string>;
    };
    const paths = typeof exports === "string" ? { ".": exports } : exports;
    return Object.entries(paths).map(([key, path]): [string, string] => [
      name + key.slice(1),
      join(ROOT, member, path),
    ]);
  });
}

/** Both databases call their main file "dist". */
function nameOf({ moduleIds }: { readonly moduleIds: readonly string[] }): string {
  const isPglite = moduleIds.some((id) => id.includes("@electric-sql"));
  return isPglite ? "assets/pglite-[hash].js" : "assets/[name]-[hash].js";
}

export default defineConfig({
  root: HERE,
  // The site says where it is served.
  base: "./",
  plugins: [pgliteData(), types(), serviceWorker()],
  resolve: {
    alias: [
      ...entries().map(([name, replacement]) => ({ find: new RegExp(`^${name}$`), replacement })),
      // The sources of the packages are outside of this folder, and their dependencies are in it.
      { find: /^(kysely|diff)$/, replacement: `${HERE}/node_modules/$1` },
      {
        find: /^kysely\/helpers\/(\w+)$/,
        replacement: `${HERE}/node_modules/kysely/dist/helpers/$1.js`,
      },
    ],
    dedupe: ["kysely"],
  },
  optimizeDeps: { exclude: ["@electric-sql/pglite", "@sqlite.org/sqlite-wasm"] },
  worker: {
    format: "es",
    plugins: () => [pgliteData(), types()],
    rolldownOptions: {
      output: {
        chunkFileNames: nameOf,
        entryFileNames: ({ facadeModuleId = "" }) => {
          const name = /app\/types\/main/.test(facadeModuleId ?? "") ? "types-worker" : "[name]";
          return `assets/${name}-[hash].js`;
        },
      },
    },
  },
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1_500 },
  server: { fs: { allow: [ROOT] } },
});
