import { type AppProcess, startApp } from "./app_process.ts";

/** Processes of the application, some of which are killed now and then. */
export interface Fleet {
  /** Waits for a process that runs, and returns its origin. */
  origin(): Promise<string>;
  /** Kills one of the processes, and starts another one in its place. */
  replaceOne(): Promise<void>;
  /**
   * Asks all of them to end.
   *
   * @returns the codes they have ended with
   */
  stop(): Promise<(number | null)[]>;
  /** Kills all that are left. */
  kill(): Promise<void>;
}

/** Starts a fleet. */
export async function startFleet(
  size: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Fleet> {
  const running: AppProcess[] = [];
  let changed = Promise.withResolvers<void>();
  const add = async () => {
    running.push(await startApp(env));
    changed.resolve();
    changed = Promise.withResolvers();
  };
  // The first one migrates; each of the others would find that done.
  for (let i = 0; i < size; i++) await add();
  let next = 0;
  return {
    async origin() {
      while (running.length === 0) await changed.promise;
      return running[next++ % running.length]!.origin;
    },
    async replaceOne() {
      await running.shift()?.kill();
      await add();
    },
    stop: () => Promise.all(running.splice(0).map((app) => app.stop())),
    kill: async () => {
      await Promise.all(running.splice(0).map((app) => app.kill()));
    },
  };
}
