import { watch } from "chokidar";
import { basename } from "node:path";

/**
 * How long to wait for what is saved together, in milliseconds. The watcher tells of a file once in 50:
 * what is saved within that time has to be read with the first.
 */
const SETTLE = 60;

/**
 * Yields the names of the files of a folder that were changed since the last time, at first none, until
 * a signal is aborted.
 */
export async function* changedFiles(
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const watcher = watch(folder, { ignoreInitial: true });
  const changed = new Set<string>();
  let wake: () => void = () => {};
  const isOver = () => signal.aborted;
  try {
    await new Promise<void>((resolve, reject) => {
      watcher.once("ready", () => resolve());
      watcher.once("error", reject);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    watcher.on("all", (_, path) => {
      changed.add(basename(path));
      wake();
    });
    signal.addEventListener("abort", () => wake(), { once: true });
    if (!isOver()) yield [];
    while (!isOver()) {
      if (changed.size === 0) await new Promise<void>((resolve) => wake = resolve);
      if (isOver()) return;
      await new Promise((resolve) => setTimeout(resolve, SETTLE));
      const names = [...changed];
      changed.clear();
      yield names;
    }
  } finally {
    await watcher.close();
  }
}
