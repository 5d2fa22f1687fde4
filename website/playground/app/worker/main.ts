/** The worker: opens the database that it is named after, and runs programs on it. */
import type { Engine } from "../../runtime/run/program.ts";
import { runProgram } from "../../runtime/run/run_program.ts";
import { errorOf, jsonText } from "../../runtime/run/shown.ts";
import type { EngineName, RunRequest, WorkerMessage } from "../protocol.ts";
import { compileProgram, SourceError } from "./compile.ts";
import { openEngine } from "./engines.ts";
import { isolate } from "./isolate.ts";
import { forbiddenByPolicy } from "./policy.ts";

// The page chooses the name from these.
const name = self.name as EngineName;
// A program may replace what it finds.
const post = (message: WorkerMessage) => self.postMessage(message);
const MOST_OUTPUT = 100;

const engine = open();

self.addEventListener("message", async ({ data }: MessageEvent<RunRequest>) => {
  const opened = await engine;
  if (opened !== undefined) await run(data, opened);
});

async function open(): Promise<Engine | undefined> {
  const start = performance.now();
  const reason = forbiddenByPolicy();
  if (reason !== undefined) {
    post({ type: "unavailable", reason });
    return undefined;
  }
  try {
    const opened = await openEngine[name]();
    isolate();
    post({ type: "opened", duration: performance.now() - start });
    return opened;
  } catch (error) {
    post({
      type: "unavailable",
      reason: `The database cannot be opened: ${errorOf(error).message}`,
    });
    return undefined;
  }
}

async function run({ id, files, options }: RunRequest, opened: Engine): Promise<void> {
  post({ type: "started", id });
  const output: string[] = [];
  let evaluations = 0;
  try {
    // The first evaluation is the one that runs with the plugins; the others would say the same.
    const load = compileProgram(files, () => consoleOf(++evaluations === 1 ? output : []));
    const outcome = await runProgram(opened, load, options);
    post({ type: "finished", id, outcome, output });
  } catch (error) {
    const file = error instanceof SourceError ? error.file : undefined;
    post({ type: "failed", id, failure: { error: errorOf(error), file } });
  }
}

/** Returns a console whose methods write lines of text. */
function consoleOf(output: string[]): object {
  const write = (...values: unknown[]) => {
    if (output.length >= MOST_OUTPUT) return;
    output.push(
      values.map((value) => typeof value === "string" ? value : jsonText(value, 2)).join(" "),
    );
  };
  return Object.fromEntries(
    ["debug", "error", "info", "log", "table", "trace", "warn"].map((method) => [method, write]),
  );
}
