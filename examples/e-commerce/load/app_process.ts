import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

/** The application in a process of its own. */
export interface AppProcess {
  /** `http://localhost:<port>` */
  readonly origin: string;
  /** Ends it at once, whatever it is doing. */
  kill(): Promise<void>;
  /**
   * Asks it to end.
   *
   * @returns the code it has ended with
   */
  stop(): Promise<number | null>;
}

/**
 * Starts the application on a free port.
 *
 * @param env what it is told, beside the environment of this process
 * @throws {Error} if it ends before it listens, with what it has said
 */
export async function startApp(
  env: Readonly<Record<string, string | undefined>>,
): Promise<AppProcess> {
  const program = "deno" in process.versions ? ["run", "-A", "main.ts"] : ["main.ts"];
  const child = spawn(process.execPath, program, {
    cwd: FOLDER,
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit") as Promise<[number | null]>;
  const said: string[] = [];
  // Also, a pipe that nobody reads stops the process when it is full.
  child.stderr.on("data", (chunk) => {
    said.push(String(chunk));
    if (said.length > 100) said.shift();
  });
  const origin = await originOf(child);
  if (origin === undefined) {
    await ended;
    throw new Error(`Cannot start the application: ${said.join("")}`);
  }
  return {
    origin,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    stop: async () => {
      // Of `child.kill()` Deno tells that the signal ended the process, whatever the process did.
      process.kill(child.pid!, "SIGTERM");
      const [code] = await ended;
      return code;
    },
  };
}

/** Waits for the line that says where the application listens. */
async function originOf({ stdout }: ChildProcess): Promise<string | undefined> {
  for await (const line of createInterface({ input: stdout! })) {
    const [origin] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (origin !== undefined) return origin;
  }
  return undefined;
}
