import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { refusal } from "../../contract/_cli_error.ts";
import { flag, type Option } from "../../contract/_options.ts";
import type { CommandResult } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";

/** The options of commands that write files of code. */
export const WRITE_OPTIONS: {
  readonly force: Option<boolean>;
  readonly overwrite: Option<boolean>;
  readonly dryRun: Option<boolean>;
} = {
  force: flag("--force", "overwrite files that are there, without asking"),
  overwrite: flag("--overwrite", "the same as --force"),
  dryRun: flag("--dry-run", "show what would be written"),
};

/** A file to write. */
export interface CodeFile {
  /** Its absolute path. */
  readonly path: string;
  readonly text: string;
  /** Whether others need it, and it is left as it is where it is there. */
  readonly isNeeded?: boolean | undefined;
}

/** What is to be done with a file. */
interface Change extends CodeFile {
  readonly shown: string;
  readonly before: string | undefined;
  readonly action: "write" | "overwrite" | "keep" | "none";
}

/** Values of {@linkcode WRITE_OPTIONS}. */
export interface WriteValues {
  readonly force: boolean;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

/**
 * Writes files of code. One that is there and is another one is overwritten only where that was asked
 * for, or is confirmed; if it is refused, nothing is written.
 *
 * @param data what `--json` prints beside the files
 * @throws {CliError} if a file would have to be overwritten
 */
export async function writtenFiles(
  context: Context,
  files: readonly CodeFile[],
  values: WriteValues,
  data: Readonly<Record<string, unknown>> = {},
): Promise<CommandResult> {
  const changes = files.map((file) => changeOf(context, file));
  if (values.dryRun) return await shown(changes, data);
  const overwritten = changes.filter(({ action }) => action === "overwrite");
  if (overwritten.length > 0 && !values.force && !values.overwrite) {
    await confirmOverwriting(context, overwritten.map((change) => change.shown));
  }
  for (const { action, path, text } of changes) {
    if (action === "write" || action === "overwrite") await writeWholeFile(path, text);
  }
  return {
    data: { ...data, files: changes.map(({ path, action }) => ({ file: path, action })) },
    text: changes.map(lineOf).join("\n"),
  };
}

function changeOf({ host }: Context, file: CodeFile): Change {
  const path = resolve(host.cwd, file.path);
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  // Whoever checks files out on Windows has other ends of lines.
  const isSame = before?.replaceAll("\r\n", "\n") === file.text;
  const action = before === undefined
    ? "write"
    : isSame
    ? "none"
    : file.isNeeded
    ? "keep"
    : "overwrite";
  return { ...file, path, shown: relative(host.cwd, path), before, action };
}

function lineOf({ action, shown }: Change): string {
  switch (action) {
    case "write":
      return `Wrote ${shown}`;
    case "overwrite":
      return `Overwrote ${shown}`;
    case "keep":
      return `Kept ${shown}, which was there`;
    case "none":
      return `${shown} is up to date`;
  }
}

async function shown(
  changes: readonly Change[],
  data: Readonly<Record<string, unknown>>,
): Promise<CommandResult> {
  const { createTwoFilesPatch } = await import("diff");
  const patches = changes.filter(({ action }) => action === "write" || action === "overwrite")
    .map(({ shown: name, before, text }) =>
      createTwoFilesPatch(before === undefined ? "/dev/null" : name, name, before ?? "", text)
        .replace(/^=+\n/, "")
    );
  return {
    data: {
      ...data,
      files: changes.map(({ path, action, text }) => ({ file: path, action, text })),
    },
    text: patches.length === 0 ? "Nothing would be written" : patches.join("\n"),
  };
}

async function confirmOverwriting({ host, shared }: Context, names: string[]): Promise<void> {
  const what = names.length === 1 ? `${names[0]} is` : `${names.join(", ")} are`;
  if (!host.isInteractive || shared.json) {
    throw refusal(`${what} there already, and nothing was written`, {
      hint: "Add --force to overwrite, or --dry-run to see the difference.",
    });
  }
  const { askYesNo } = await import("../../terminal/_prompts.ts");
  if (!await askYesNo(`${what} there already. Overwrite?`)) {
    throw refusal("Nothing was written: it was not confirmed");
  }
}
