import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { installLine } from "../connect/_import_driver.ts";
import { refusal } from "../contract/_cli_error.ts";
import { flag, type Option, text } from "../contract/_options.ts";
import { writeWholeFile } from "../files/_write_whole_file.ts";
import type { CommandResult } from "../program/_command.ts";
import type { Context } from "../program/_context.ts";
import { isAgent } from "../terminal/_is_agent.ts";
import type { ExecutorFile } from "./_find_file.ts";
import { type Edit, edited, parseFile } from "./_source.ts";

/** The options of commands that change a file of the program. */
export const CHANGE_OPTIONS: {
  readonly file: Option<string | undefined>;
  readonly dryRun: Option<boolean>;
  readonly yes: Option<boolean>;
} = {
  file: text("-f, --file <path>", "the file that creates the executor, where it is not found"),
  dryRun: flag("--dry-run", "show the change, and write nothing"),
  yes: flag("-y, --yes", "do not ask"),
};

/**
 * Shows a change of a file, and makes it when it is confirmed. All but the edits stays as it is, and
 * the file is there as a whole or not at all.
 */
export async function changeFile(
  context: Context,
  { path, shown, text: before }: ExecutorFile,
  edits: readonly Edit[],
  { dryRun, yes }: { readonly dryRun: boolean; readonly yes: boolean },
): Promise<CommandResult> {
  const after = edited(before, edits);
  // What cannot be read any more is not written.
  parseFile(after, shown);
  const { createTwoFilesPatch } = await import("diff");
  const diff = createTwoFilesPatch(shown, shown, before, after);
  const data = { file: path, diff };
  if (dryRun) return { data: { ...data, changed: false }, text: diff };
  const canAsk = context.host.isInteractive && !isAgent(context.host.env) && !context.shared.json;
  if (!yes) {
    if (!canAsk) {
      throw refusal(`This changes "${shown}", and nobody can be asked`, {
        hint: "Look at it with --dry-run, and add --yes.",
      });
    }
    const { askYesNo } = await import("../terminal/_prompts.ts");
    context.say(diff);
    if (!await askYesNo(`Change ${shown}?`)) {
      throw refusal("Nothing was done: it was not confirmed");
    }
  }
  await writeWholeFile(path, after);
  return { data: { ...data, changed: true }, text: canAsk && !yes ? `Wrote ${shown}` : diff };
}

/** Warns of a package that the project does not have. */
export async function warnIfMissing(context: Context, name: string): Promise<void> {
  const { root } = await context.settings();
  const [scope, ...rest] = name.split("/");
  const path = name.startsWith("@") ? [scope!, rest[0] ?? ""] : [scope!];
  if (existsSync(join(root, "node_modules", ...path))) return;
  try {
    createRequire(join(root, "package.json")).resolve(name);
  } catch {
    context.warn(
      `The package "${name}" may not be installed: run \`${installLine([name], root)}\``,
    );
  }
}
