/**
 * The data directory of a fresh PGlite, made once. Test files that start from it are ready in a
 * fraction of the time that PGlite takes to make its own.
 *
 *   deno run -A scripts/pglite_data.ts FILE
 *
 * @module
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { PGlite } from "@electric-sql/pglite";
import { mustRun } from "./run.ts";
import { ROOT, rootImports } from "./workspace.ts";

/**
 * Makes the file, unless it is there already.
 *
 * @returns Its path.
 */
export async function pgliteData(): Promise<string> {
  const version = rootImports()["@electric-sql/pglite"]!.replaceAll(/[^\d.]+/g, "");
  const file = join(ROOT, ".tmp", `pglite-${version}.tar`);
  // A process of its own gives the memory back at its end.
  if (!existsSync(file)) {
    await mustRun([process.execPath, "run", "-A", import.meta.filename!, file]);
  }
  return file;
}

if (import.meta.main) {
  const file = process.argv[2]!;
  const pglite = await PGlite.create();
  const data = await pglite.dumpDataDir("none");
  await pglite.close();
  mkdirSync(dirname(file), { recursive: true });
  // Another run may be doing the same: a name of our own, and then all at once.
  writeFileSync(`${file}.${process.pid}`, new Uint8Array(await data.arrayBuffer()));
  renameSync(`${file}.${process.pid}`, file);
}
