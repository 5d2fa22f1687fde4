/**
 * The way from an empty folder to a migrated project, as the `kysera` command prints it.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { run } from "../run.ts";
import { ROOT } from "../workspace.ts";
import { terminalSvg } from "./_ansi.ts";

/** Where the picture is, for the README and the site. */
export const TERMINAL: string = join(ROOT, "website/public/terminal.svg");

/** The same as text. */
export const TERMINAL_TEXT: string = join(ROOT, "website/public/terminal.txt");

/** A command: what a reader types, and what stands for it here. */
interface Step {
  readonly typed: string;
  readonly args: readonly string[];
  readonly folder: string;
}

const PROJECT = "my-app";
const STEPS: readonly Step[] = [
  {
    typed: "npx @kysera/cli init my-app",
    args: ["init", PROJECT, "--runtime", "node", "--no-install", "--no-git"],
    folder: ".",
  },
  ...["migrate up", "migrate status", "generate types --output src/types.ts --verify", "doctor"]
    .map((command) => ({
      typed: `npx kysera ${command}`,
      args: command.split(" "),
      folder: PROJECT,
    })),
];
/** What `init` says at its end: the packages come from the sources here. */
const ENTERS = `cd ${PROJECT} && npm install`;

/**
 * Runs the commands.
 *
 * @returns the lines of the terminal, with colors; times are the same in each run
 */
export async function recordTerminal(): Promise<string[]> {
  const scratch = mkdtempSync(join(tmpdir(), "kysera-terminal-"));
  try {
    const lines: string[] = [];
    for (const { typed, args, folder } of STEPS) {
      const { code, output } = await run([
        ...[process.execPath, "run", "--allow-all", "--no-check", "--no-lock"],
        ...["--config", join(ROOT, "deno.json"), join(ROOT, "cli/bin.ts"), ...args],
      ], {
        cwd: join(scratch, folder),
        env: { ...process.env, FORCE_COLOR: "1", NO_COLOR: undefined },
      });
      // `doctor` has findings, and says so.
      if (code !== 0 && code !== 3) throw new Error(`${typed} ended with ${code}:\n${output}`);
      const [before] = output.split("What comes next:");
      lines.push(`$ ${typed}`, ...steady(before!).trimEnd().split("\n"), "");
      if (typed.includes(" init ")) lines.push(`$ ${ENTERS}`, "");
    }
    return lines.slice(0, -1);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Takes out what is another in each run. */
function steady(output: string): string {
  return output.replaceAll(/\b\d+ ms\b/g, "7 ms")
    .replaceAll(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, "2026-12-01 12:00:00Z");
}

/**
 * Draws the picture.
 *
 * @param lines what {@linkcode recordTerminal} has given
 * @returns the picture, with the commands as its label
 */
export function drawTerminal(lines: readonly string[]): string {
  const commands = lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  return terminalSvg(lines, `A terminal: ${commands.join("; ")}`);
}

/**
 * Returns what {@linkcode recordTerminal} has given as text without colors.
 *
 * @param lines the lines
 */
export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${stripVTControlCharacters(line)}\n`).join("");
}
