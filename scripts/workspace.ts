/**
 * The workspace as its deno.json files describe it.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The directory of the repository. */
export const ROOT: string = resolve(import.meta.dirname!, "..");

/** One package of the workspace. */
export interface Member {
  /** Its directory relative to the root: `plugins/soft-delete`, or `.` for the root package. */
  readonly path: string;
  /** The absolute directory. */
  readonly dir: string;
  /** `@kysera/soft-delete`. */
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Public name of an entry (`.`, `./errors`) to its source file. */
  readonly exports: Readonly<Record<string, string>>;
  /** Name of a program that the package brings to its source file. */
  readonly bin: Readonly<Record<string, string>>;
  /** The member's own import map: what it may import beside Kysely and its siblings. */
  readonly imports: Readonly<Record<string, string>>;
}

interface Config {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly exports: string | Record<string, string>;
  readonly bin?: Record<string, string>;
  readonly workspace?: string[];
  readonly imports?: Record<string, string>;
}

function readConfig(path: string): Config {
  return JSON.parse(readFileSync(join(ROOT, path, "deno.json"), "utf8"));
}

/**
 * The import map of the root: Kysely, and what only tests and scripts import.
 *
 * @returns Bare specifier to target.
 */
export function rootImports(): Record<string, string> {
  return readConfig(".").imports ?? {};
}

/**
 * Every package, the root package last because it names the others.
 *
 * @returns The packages in the order of the workspace.
 */
export function members(): Member[] {
  const paths = readConfig(".").workspace ?? [];
  return [...paths.map((path) => path.replace(/^\.\//, "")), "."].map((path) => {
    const config = readConfig(path);
    return {
      path,
      dir: join(ROOT, path),
      name: config.name,
      version: config.version,
      license: config.license ?? "MIT",
      exports: typeof config.exports === "string" ? { ".": config.exports } : config.exports,
      bin: config.bin ?? {},
      imports: path === "." ? {} : config.imports ?? {},
    };
  });
}

/**
 * Absolute paths of every public entry of every package.
 *
 * @returns The source files.
 */
export function entryFiles(): string[] {
  return members().flatMap((member) =>
    Object.values(member.exports).map((file) => join(member.dir, file))
  );
}

/**
 * What users write to import each public entry: `@kysera/core`, `@kysera/core/errors`.
 *
 * @returns The specifiers.
 */
export function entryNames(): string[] {
  return members().flatMap((member) =>
    Object.keys(member.exports).map((entry) => member.name + entry.slice(1))
  );
}
