import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** Files by their path in the file system of the editor's TypeScript. */
export type TypeFiles = Record<string, string>;

/** What there is besides the language: what most programs of the playground use of the platform. */
const GLOBALS = `
interface Console {
  debug(...values: unknown[]): void;
  error(...values: unknown[]): void;
  info(...values: unknown[]): void;
  log(...values: unknown[]): void;
  table(...values: unknown[]): void;
  warn(...values: unknown[]): void;
}
declare var console: Console;
interface AbortSignal { readonly aborted: boolean; readonly reason: unknown }
declare var crypto: { randomUUID(): string };
declare function setTimeout(run: () => void, delay?: number): number;
declare function queueMicrotask(run: () => void): void;
`;

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  stripInternal: true,
};

/**
 * Returns the declarations of the language, of Kysely, and of the packages that programs can import.
 *
 * @param here the folder of the playground
 * @param entries the main files of the packages, by name
 */
export function typeFiles(here: string, entries: ReadonlyMap<string, string>): TypeFiles {
  const files: TypeFiles = { "/globals.d.ts": GLOBALS };
  const libraries = join(here, "node_modules/typescript/lib");
  for (const name of readdirSync(libraries)) {
    if (/^lib\.(?:es\d+|esnext|decorators)(?:\.[\w.]+)?\.d\.ts$/.test(name) && !/full/.test(name)) {
      files[`/lib/${name}`] = readFileSync(join(libraries, name), "utf8");
    }
  }
  const kysely = join(here, "node_modules/kysely/dist");
  for (const name of readdirSync(kysely, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts")) {
      files[`/kysely/${name}`] = readFileSync(join(kysely, name), "utf8");
    }
  }
  const root = join(here, "../..");
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    const source = readFileSync(file, "utf8");
    const { outputText } = ts.transpileDeclaration(source, {
      compilerOptions: OPTIONS,
      fileName: file,
    });
    files[`/kysera/${relative(root, file)}`] = outputText;
    // Declarations name fewer files than their sources do.
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      const entry = entries.get(fileName);
      if (entry !== undefined) visit(entry);
      else if (fileName.startsWith(".")) visit(join(dirname(file), fileName));
    }
  };
  for (const name of PACKAGES) visit(entries.get(name)!);
  return files;
}

/** The packages that programs can import. */
const PACKAGES = [
  "audit",
  "core",
  "dal",
  "executor",
  "repository",
  "rls",
  "soft-delete",
  "timestamps",
].map((name) => `@kysera/${name}`);
