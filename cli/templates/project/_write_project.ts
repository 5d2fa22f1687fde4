import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { failure } from "../../contract/_cli_error.ts";
import { messageOf } from "../../contract/_message_of.ts";
import type { ProjectFile } from "./_project_files.ts";

/** What was done with the files of a project, by their paths. */
export interface WrittenProject {
  readonly written: string[];
  /** Those that were there, and have been added to. */
  readonly added: string[];
  /** Those that were there, and have been left as they are. */
  readonly kept: string[];
}

/**
 * Writes the files of a project. No file that is there is overwritten. What is to be added to is read
 * before anything is written.
 *
 * @throws {CliError} if a file that is to be added to cannot be read
 */
export async function writeProject(
  root: string,
  files: readonly ProjectFile[],
): Promise<WrittenProject> {
  const result: WrittenProject = { written: [], added: [], kept: [] };
  const texts = files.map((file) => ({ file, ...textsOf(root, file) }));
  for (const { file, before, text } of texts) {
    if (before !== undefined && (!file.isMerged || text === before)) {
      result.kept.push(file.path);
      continue;
    }
    await writeWholeFile(join(root, file.path), text);
    (before === undefined ? result.written : result.added).push(file.path);
  }
  return result;
}

function textsOf(
  root: string,
  file: ProjectFile,
): { readonly before: string | undefined; readonly text: string } {
  const path = join(root, file.path);
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  try {
    return { before, text: file.text(before) };
  } catch (cause) {
    throw failure(`Cannot add to "${file.path}": ${messageOf(cause)}`, { cause });
  }
}
