import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileFailure } from "../contract/_file_failure.ts";

/**
 * Writes a file so that it is there as a whole or not at all, whenever the process ends.
 *
 * @throws {CliError} if it cannot be written
 */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const half = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(half, text);
    await rename(half, path);
  } catch (error) {
    // Where it could not be created, it may not be possible to look for it either.
    await rm(half, { force: true }).catch(() => {});
    throw fileFailure(error, { action: "write", path }) ?? error;
  }
}
