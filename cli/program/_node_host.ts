import process from "node:process";
import type { Host, HostStream } from "../contract/_host.ts";

/** Returns the process that the program runs in, on Deno, Node and Bun. */
export function nodeHost(): Host {
  return {
    args: process.argv.slice(2),
    cwd: process.cwd(),
    pid: process.pid,
    env: process.env,
    stdout: streamOf(process.stdout),
    stderr: streamOf(process.stderr),
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true &&
      !isSet(process.env["CI"]),
    onInterrupt: (callback) => {
      const signals = ["SIGINT", "SIGTERM"] as const;
      for (const signal of signals) process.on(signal, callback);
      return () => signals.forEach((signal) => process.off(signal, callback));
    },
    readInput: async () => {
      const chunks: string[] = [];
      process.stdin.setEncoding("utf8");
      for await (const chunk of process.stdin) chunks.push(String(chunk));
      return chunks.join("");
    },
  };
}

function streamOf(stream: NodeJS.WriteStream): HostStream {
  let isClosed = false;
  // Whoever reads a pipe may stop: `kysera migrate list | head -1` is not a failure.
  stream.on("error", () => isClosed = true);
  return {
    isTTY: stream.isTTY === true,
    // A terminal that does not know says 0.
    columns: stream.columns || undefined,
    write: (text) =>
      new Promise((resolve) => {
        if (isClosed) resolve();
        else stream.write(text, () => resolve());
      }),
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0" && value !== "false";
}
