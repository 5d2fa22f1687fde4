import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { failure } from "../contract/_cli_error.ts";

/**
 * Imports a package of the project.
 *
 * @param name the package
 * @param root the folder of the project
 * @param what what it is needed for
 * @param install which version runs here, and what else there is to do; by default the newest
 * @throws {CliError} if the project does not have it; the hint is the line that installs it
 */
export async function importDriver<T>(
  name: string,
  root: string,
  what: string,
  { version = "", instead = "" }: { version?: string; instead?: string } = {},
): Promise<T> {
  let found: string;
  try {
    found = pathToFileURL(createRequire(join(root, "package.json")).resolve(name)).href;
  } catch {
    // On Deno a project names its packages in an import map, and need not have them in a folder.
    found = name;
  }
  try {
    return await import(found);
  } catch (cause) {
    throw failure(`Cannot open ${what}: the package "${name}" is not installed`, {
      cause,
      hint: `Run \`${installLine([`${name}${version}`], root)}\`${instead}.`,
    });
  }
}

/** Returns the line that installs packages with the package manager of the project. */
export function installLine(names: readonly string[], root: string, isDev = false): string {
  const manager = packageManager(root);
  if (manager === "deno") return `deno add ${names.map((name) => `npm:${name}`).join(" ")}`;
  const add = manager === "npm" ? "npm install" : `${manager} add`;
  return `${add}${isDev ? " -D" : ""} ${names.join(" ")}`;
}

/** Returns the package manager of a project: by its lock file, or else by the runtime. */
export function packageManager(root: string): "npm" | "pnpm" | "yarn" | "bun" | "deno" {
  const has = (name: string): boolean => existsSync(join(root, name));
  if (has("pnpm-lock.yaml")) return "pnpm";
  if (has("yarn.lock")) return "yarn";
  if (has("bun.lock") || has("bun.lockb")) return "bun";
  if (has("package-lock.json")) return "npm";
  if ("deno" in process.versions) return "deno";
  return "bun" in process.versions ? "bun" : "npm";
}
