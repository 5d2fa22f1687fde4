/**
 * Reads the built site.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DIST } from "./paths.ts";
import { BASE } from "./site.ts";

/** A page as it was built. */
export interface BuiltPage {
  /** Its file: `guide/rls.html`. */
  readonly path: string;
  readonly html: string;
}

/**
 * Reads every page of the built site, without the playground, which has tests of its own.
 *
 * @returns the pages
 */
export function builtPages(): BuiltPage[] {
  return filesOf("")
    .filter((path) => path.endsWith(".html") && !path.startsWith("playground/"))
    .map((path) => ({ path, html: readFileSync(join(DIST, path), "utf8") }));
}

function filesOf(directory: string): string[] {
  return readdirSync(join(DIST, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
    return entry.isDirectory() ? filesOf(path) : [path];
  });
}

/**
 * Finds the file that a server sends for an address.
 *
 * @param pathname the path of the address, with the base of the site
 * @returns the file in the built site; `undefined` where there is none
 */
export function fileAt(pathname: string): string | undefined {
  if (!pathname.startsWith(BASE)) return undefined;
  const path = decodeURI(pathname.slice(BASE.length));
  const candidates = path === "" || path.endsWith("/")
    ? [`${path}index.html`]
    : /\.\w+$/.test(path)
    ? [path, `${path}.html`]
    : [`${path}.html`];
  return candidates.find((candidate) => existsSync(join(DIST, candidate)));
}
