import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { importsOf, parseSource, sourceFiles } from "../../scripts/source.ts";
import { members } from "../../scripts/workspace.ts";

/** One import of a package's file by another. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Returns the imports between the files of a package, by their paths in it. */
export function arrowsOf(packageName: string): readonly Arrow[] {
  const member = members().find(({ name }) => name === packageName)!;
  return sourceFiles(member).flatMap((file) =>
    importsOf(parseSource(file))
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier, typeOnly }) => ({
        from: relative(member.dir, file),
        to: relative(member.dir, join(dirname(file), specifier)),
        typeOnly,
      }))
  );
}

/** Returns the first part of a path: a folder, or a file beside the folders. */
export function folderOf(path: string): string {
  return path.split("/")[0]!;
}

/** Asserts that the folders are those of a table, and import from those that it names only. */
export function assertLayers(
  arrows: readonly Arrow[],
  mayImport: Readonly<Record<string, readonly string[]>>,
): void {
  const found = new Set(arrows.flatMap(({ from, to }) => [folderOf(from), folderOf(to)]));
  assert.deepEqual([...found].sort(), Object.keys(mayImport).sort());
  const up = arrows.filter(({ from, to }) =>
    folderOf(from) !== folderOf(to) && !mayImport[folderOf(from)]!.includes(folderOf(to))
  );
  assert.deepEqual(up.map(({ from, to }) => `${from} imports ${to}`), []);
}

/** Asserts that no file needs itself at run time; returns how many files were looked at. */
export function assertNoCircle(arrows: readonly Arrow[]): number {
  const values = new Map<string, string[]>();
  for (const { from, to, typeOnly } of arrows) {
    if (!typeOnly) values.set(from, [...values.get(from) ?? [], to]);
  }
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): void => {
    const start = path.indexOf(file);
    assert.equal(start, -1, `a circle: ${[...path.slice(start), file].join(" -> ")}`);
    if (done.has(file)) return;
    path.push(file);
    for (const next of values.get(file) ?? []) walk(next);
    path.pop();
    done.add(file);
  };
  for (const file of values.keys()) walk(file);
  return done.size;
}
