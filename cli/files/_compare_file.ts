import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { CommandResult } from "../program/_command.ts";
import type { Context } from "../program/_context.ts";
import { ExitCodes } from "../contract/_exit_codes.ts";
import { writeWholeFile } from "./_write_whole_file.ts";

/** A file that holds what was found once, and what is found now. */
export interface Snapshot {
  readonly path: string;
  readonly text: string;
  /** What the text comes from, as the difference shows it. */
  readonly source: string;
  /** Whether the file is written where it differs. */
  readonly isUpdated: boolean;
  /** What has to be done to write it: `run the command with --update`. */
  readonly cure: string;
}

/** Compares a text with a file that is kept of it; a difference is a finding. */
export async function compareFile(
  context: Context,
  { path, text, source, isUpdated, cure }: Snapshot,
  data: object,
): Promise<CommandResult> {
  const file = resolve(context.host.cwd, path);
  const shown = relative(context.host.cwd, file);
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  // Whoever checks files out on Windows has other ends of lines.
  const isSame = before?.replaceAll("\r\n", "\n") === text;
  if (isSame) {
    return { data: { ...data, file, upToDate: true }, text: `${shown} is up to date` };
  }
  if (isUpdated) {
    await writeWholeFile(file, text);
    return { data: { ...data, file, upToDate: true }, text: `Wrote ${shown}` };
  }
  const { createTwoFilesPatch } = await import("diff");
  const diff = createTwoFilesPatch(shown, source, before ?? "", text);
  context.say(
    before === undefined
      ? `There is no ${shown} yet: ${cure}`
      : `${shown} differs: ${cure} if that is meant`,
  );
  return {
    data: { ...data, file, upToDate: false, diff },
    text: diff,
    exitCode: ExitCodes.FINDINGS,
  };
}
