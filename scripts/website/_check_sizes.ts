/**
 * Measures what a first visit of a page transfers: the page, its styles and its scripts, compressed.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BuiltPage, fileAt } from "./_built.ts";
import { DIST } from "./paths.ts";

/** So much a first visit may transfer, in bytes. */
export const LIMIT = 300_000;

/** How large a page is. */
export interface Size {
  readonly path: string;
  /** What a first visit transfers, in bytes. */
  readonly transferred: number;
}

/**
 * Measures pages.
 *
 * @param pages the built pages
 * @returns their sizes, the largest first
 */
export function sizesOf(pages: readonly BuiltPage[]): Size[] {
  const files = new Map<string, number>();
  const compressed = (file: string): number => {
    const known = files.get(file) ?? gzipSync(readFileSync(join(DIST, file))).length;
    files.set(file, known);
    return known;
  };
  return pages.map(({ path, html }) => {
    const assets = [...html.matchAll(/<(?:script|link)\b[^>]*\s(?:src|href)="([^"]+)"[^>]*>/g)]
      .filter(([tag]) => /^<script|rel="(?:stylesheet|modulepreload|preload|icon)/.test(tag))
      .flatMap(([, address]) => fileAt(address!) ?? []);
    return {
      path,
      transferred: [path, ...new Set(assets)].reduce((sum, file) => sum + compressed(file), 0),
    };
  }).sort((a, b) => b.transferred - a.transferred);
}
