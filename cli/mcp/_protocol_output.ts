import { Console } from "node:console";
import process from "node:process";
import { Writable } from "node:stream";

/** The standard output, which the protocol has to itself. */
export interface ProtocolOutput {
  readonly stream: Writable;
  /** Ends that. */
  release(): void;
}

/**
 * Reserves the standard output for the protocol. What anything else prints, such as a file of the
 * project that logs when it is loaded, goes to the standard error.
 */
export function reserveOutput(): ProtocolOutput {
  const { stdout, stderr } = process;
  const { write } = stdout;
  const toOutput = write.bind(stdout) as (chunk: Uint8Array, done: () => void) => boolean;
  const former = globalThis.console;
  const stream = new Writable({
    write: (chunk: Uint8Array, _, done) => void toOutput(chunk, () => done()),
  });
  stdout.write = stderr.write.bind(stderr) as typeof write;
  globalThis.console = new Console({ stdout: stderr, stderr });
  return {
    stream,
    release() {
      stdout.write = write;
      globalThis.console = former;
    },
  };
}
