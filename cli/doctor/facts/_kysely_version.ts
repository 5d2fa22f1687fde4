import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Returns the version of Kysely that a project has: of its installed package, or else of the lock file
 * of Deno. Resolving the package would find that of this program where the project has none.
 */
export function kyselyVersionOf(root: string): string | undefined {
  for (let folder = root;; folder = dirname(folder)) {
    const version = installedVersion(folder) ?? lockedVersion(folder);
    if (version !== undefined || dirname(folder) === folder) return version;
  }
}

function installedVersion(folder: string): string | undefined {
  return textOf(readJson(join(folder, "node_modules", "kysely", "package.json"))?.["version"]);
}

function lockedVersion(folder: string): string | undefined {
  const specifiers = readJson(join(folder, "deno.lock"))?.["specifiers"];
  if (typeof specifiers !== "object" || specifiers === null) return undefined;
  return textOf(Object.entries(specifiers).find(([name]) => /^npm:kysely@/.test(name))?.[1]);
}

function readJson(path: string): Record<string, unknown> | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // What cannot be read says nothing.
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
