/**
 * Runs programs for the scripts.
 *
 * @module
 */
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import process from "node:process";

const running = new Set<ChildProcess>();

/** How a program ended. */
export interface RunResult {
  readonly code: number;
  /** Standard output and error together; empty when they went to the terminal. */
  readonly output: string;
}

/**
 * Runs a program to its end. It does not throw when the program fails.
 *
 * @param command The program and its arguments.
 * @param options How to run it. With `stdio: "inherit"` its output goes to the terminal, otherwise
 * it is collected.
 * @returns The exit code (128 plus when a signal ended it, as shells count) and the output.
 */
export function run(command: readonly string[], options: SpawnOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command;
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    running.add(child);
    let output = "";
    const collect = (chunk: string) => {
      output += chunk;
    };
    child.stdout?.setEncoding("utf8").on("data", collect);
    child.stderr?.setEncoding("utf8").on("data", collect);
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code: code ?? 130, output });
    });
  });
}

/**
 * Like {@linkcode run}, for a program that has to succeed.
 *
 * @param command The program and its arguments.
 * @param options How to run it.
 * @returns What it wrote.
 * @throws When it fails; the message carries its output.
 */
export async function mustRun(
  command: readonly string[],
  options: SpawnOptions = {},
): Promise<string> {
  const { code, output } = await run(command, options);
  if (code !== 0) {
    throw new Error(`Cannot run "${command.join(" ")}": it ended with ${code}\n${output}`);
  }
  return output;
}

/**
 * From now on a signal that asks this process to end is handed to the programs it runs, and this
 * process goes on to tidy up after them.
 *
 * @returns Whether such a signal has come.
 */
export function outliveSignals(): () => boolean {
  let interrupted = false;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      interrupted = true;
      for (const child of running) child.kill(name);
    });
  }
  return () => interrupted;
}
