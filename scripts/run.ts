/**
 * Runs programs for the scripts.
 *
 * @module
 */
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import process from "node:process";

const running = new Set<ChildProcess>();

/** So long a program may take to end by itself once it was asked to. */
const GRACE_MS = 5_000;

/** How a program ended. */
export interface RunResult {
  readonly code: number;
  /** Standard output and error together; empty when they went to the terminal. */
  readonly output: string;
}

/** How to run a program. */
export interface RunOptions extends SpawnOptions {
  /** Called with the process once it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with everything that is collected of its output, as it comes. */
  readonly onOutput?: (chunk: string) => void;
}

/**
 * Runs a program to its end. It does not throw when the program fails.
 *
 * @param command The program and its arguments.
 * @param options How to run it. With `stdio: "inherit"` its output goes to the terminal, otherwise
 * it is collected.
 * @returns The exit code (128 plus when a signal ended it, as shells count) and the output.
 */
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const { onStart, onOutput, ...spawnOptions } = options;
    const [program, ...args] = command;
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"], ...spawnOptions });
    running.add(child);
    let output = "";
    const collect = (chunk: string) => {
      output += chunk;
      onOutput?.(chunk);
    };
    child.stdout?.setEncoding("utf8").on("data", collect);
    child.stderr?.setEncoding("utf8").on("data", collect);
    child.once("error", reject);
    const finish = (code: number | null) => {
      running.delete(child);
      resolve({ code: code ?? 130, output });
    };
    child.once("close", finish);
    // What it has started may outlive it and keep the pipes open.
    child.once("exit", (code) => {
      const timer = setTimeout(finish, GRACE_MS, code);
      child.once("close", () => clearTimeout(timer));
    });
    onStart?.(child);
  });
}

/** How to watch a program. */
export interface WatchOptions extends RunOptions {
  /** So long the program may go without a sign of progress. */
  readonly limitMs: number;
  /** Whether a line of the output, or its beginning, is a sign of progress. */
  readonly isProgress: (line: string) => boolean;
}

/** How a program ended that was watched. */
export interface WatchResult extends RunResult {
  /** Whether it was ended because it made no progress. */
  readonly hung: boolean;
  readonly seconds: number;
}

/**
 * Runs a program, and ends it with everything that it has started when it makes no progress: it is
 * interrupted, and killed when that does not help.
 *
 * @param command The program and its arguments.
 * @param options How to run and watch it.
 * @returns How it ended.
 */
export async function runWatched(
  command: readonly string[],
  options: WatchOptions,
): Promise<WatchResult> {
  const { limitMs, isProgress, ...runOptions } = options;
  const started = performance.now();
  let child: ChildProcess | undefined;
  let hung = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      hung = true;
      end(child!, "SIGINT");
    }, limitMs);
  };
  let line = "";
  try {
    const result = await run(command, {
      ...runOptions,
      // A process group of its own, so that nothing that it has started stays behind.
      detached: true,
      onStart: (process) => {
        child = process;
        rest();
      },
      onOutput: (chunk) => {
        const lines = (line + chunk).split("\n");
        line = lines.at(-1)!;
        if (!hung && lines.some(isProgress)) rest();
      },
    });
    return { ...result, hung, seconds: (performance.now() - started) / 1000 };
  } finally {
    clearTimeout(timer);
  }
}

/** Asks a program to end, and kills it when it does not. */
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  send(child, signal);
  const timer = setTimeout(() => send(child, "SIGKILL"), GRACE_MS);
  child.once("close", () => clearTimeout(timer));
}

/** Sends a signal to a program, and to what it has started where it leads a process group. */
function send(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    child.kill(signal);
  }
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
  options: RunOptions = {},
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
      for (const child of running) end(child, name);
    });
  }
  return () => interrupted;
}
