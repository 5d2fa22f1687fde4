import tab, { script } from "@bomb.sh/tab";
import type { CommandEntry, CommandTree } from "../program/_command.ts";
import { longFlag, type Options, shortFlag } from "../contract/_options.ts";
import { SHARED_OPTIONS } from "../program/_shared_options.ts";

/** The shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** Returns the script by which a shell asks the program what can come next. */
export function completionScript(shell: string): string {
  return printed(() => script(shell, "kysera", "kysera"));
}

/** Returns what can come next, as the scripts read it. */
export async function completionsOf(given: readonly string[], tree: CommandTree): Promise<string> {
  const words = [...given];
  // `g types` is completed as `generate types` is.
  const meant = Object.keys(tree).find((name) => tree[name]!.aliases?.includes(words[0] ?? ""));
  if (meant !== undefined && words.length > 1) words[0] = meant;
  for (const [name, entry] of Object.entries(tree)) {
    if (!("loadGroup" in entry)) {
      await add(name, entry);
      continue;
    }
    tab.command(name, entry.summary);
    // Of the other groups nothing can come next.
    if (words[0] !== name) continue;
    const { group } = await entry.loadGroup();
    for (const [child, each] of Object.entries(group)) await add(`${name} ${child}`, each);
  }
  return printed(() => tab.parse(words));
}

async function add(name: string, entry: CommandEntry): Promise<void> {
  if (entry.isHidden) return;
  const command = tab.command(name, entry.summary);
  const { options } = (await entry.load()).command;
  const all: Options = { ...SHARED_OPTIONS, ...options };
  for (const { flags, description, choices, isHidden } of Object.values(all)) {
    if (isHidden) continue;
    const long = longFlag(flags).slice(2);
    const short = shortFlag(flags)?.slice(1);
    const args = short === undefined ? [] : [short] as const;
    if (!flags.includes("<")) command.option(long, description, ...args);
    else {command.option(long, description, (complete) =>
        choices?.forEach((each) =>
          complete(each, "")
        ), ...args);}
  }
}

/** Returns what a function prints: the library writes to the console itself. */
function printed(print: () => void): string {
  const { log } = console;
  const lines: string[] = [];
  console.log = (...words: unknown[]) => void lines.push(words.join(" "));
  try {
    print();
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}
