import { completionScript, SHELLS } from "../completion/_tab.ts";
import { didYouMean } from "@kysera/core";
import { usageError } from "../contract/_cli_error.ts";
import { type Command, defineCommand } from "../program/_command.ts";

/** `kysera completions`. */
export const command: Command = defineCommand({
  description:
    "The program has to be on the path by its name, as after `npm install -g @kysera/cli`.",
  arguments: [{ name: "shell", description: "bash, zsh, fish or powershell" }],
  options: {},
  examples: [
    ["kysera completions bash > ~/.local/share/bash-completion/completions/kysera", "install it"],
    ["kysera completions zsh > ~/.zfunc/_kysera", "install it, with ~/.zfunc in $fpath"],
    ["kysera completions fish > ~/.config/fish/completions/kysera.fish", "install it"],
  ],
  run({ args: [shell = ""] }) {
    const known: readonly string[] = SHELLS;
    if (!known.includes(shell)) {
      throw usageError(`There are no completions for "${shell}"${didYouMean(shell, known)}`, {
        hint: `The shells are ${known.join(", ")}.`,
      });
    }
    const script = completionScript(shell);
    return Promise.resolve({ data: { shell, script }, text: script });
  },
});
